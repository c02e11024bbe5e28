import { admittedConnects, gateAfterFailure } from './connect-gate.ts';
import {
  NEVER,
  type LeaseEffect,
  type LeasePoolState,
  type RefusalReason,
  type RetireReason,
  type Slot,
  type SlotState,
  type Waiter,
} from './lease-model.ts';

// The moves of `lease-state.ts`: what may happen to a waiter and to a slot, each in one place.

/** One run of the core: the pool, the time, and the effects collected so far. */
export interface Step {
  readonly pool: LeasePoolState;
  readonly nowMs: number;
  readonly effects: LeaseEffect[];
}

export const due = (pool: LeasePoolState, atMs: number): void => {
  if (atMs < pool.dueAtMs) pool.dueAtMs = atMs;
};

export const move = ({ pool, nowMs }: Step, slot: Slot, to: { state: SlotState; limitMs?: number }): void => {
  pool.counts[slot.state] -= 1;
  pool.counts[to.state] += 1;
  slot.state = to.state;
  slot.sinceMs = nowMs;
  slot.dueAtMs = to.limitMs === undefined ? NEVER : nowMs + to.limitMs;
  due(pool, slot.dueAtMs);
};

const opening = (pool: LeasePoolState): number => pool.counts.connecting + pool.counts.setup;

/** Connections that can serve somebody, now or after their present use. */
export const usable = (pool: LeasePoolState): number =>
  pool.counts.idle + pool.counts.leased + pool.counts.validating + pool.counts.resetting;

// ---- waiters

export const leaveQueue = (pool: LeasePoolState, waiter: Waiter): void => {
  pool.waiters.delete(waiter.id);
  // Tombstones are dropped once they outnumber the living, so that the array stays small under a storm of aborts.
  if (pool.queue.length > 2 * pool.waiters.size + 64) {
    pool.queue = pool.queue.slice(pool.head).filter((id) => pool.waiters.has(id));
    pool.head = 0;
  }
};

const oldestWaiter = (pool: LeasePoolState): Waiter | undefined => {
  while (pool.head < pool.queue.length) {
    const waiter = pool.waiters.get(Number(pool.queue[pool.head]));
    if (waiter !== undefined) return waiter;
    pool.head += 1;
  }
  return undefined;
};

export const refuse = ({ pool, nowMs, effects }: Step, waiter: Waiter, reason: RefusalReason): void => {
  leaveQueue(pool, waiter);
  effects.push({ do: 'refuse', waiter: waiter.id, reason, waitedMs: nowMs - waiter.enqueuedAtMs });
};

export const refuseAll = (step: Step, reason: RefusalReason): void => {
  for (let waiter = oldestWaiter(step.pool); waiter !== undefined; waiter = oldestWaiter(step.pool))
    refuse(step, waiter, reason);
};

// ---- slots

export const retire = (step: Step, slot: Slot, how: { do: 'terminate' | 'destroy'; reason: RetireReason }): void => {
  const { pool } = step;
  if (slot.state === 'idle') pool.idle.splice(pool.idle.indexOf(slot), 1);
  move(step, slot, { state: 'closing', ...(how.do === 'terminate' ? { limitMs: pool.limits.closeTimeoutMs } : {}) });
  step.effects.push({ ...how, slot: slot.id });
};

const grant = (step: Step, slot: Slot, waiter: Waiter): void => {
  const { pool, nowMs, effects } = step;
  leaveQueue(pool, waiter);
  move(step, slot, { state: 'leased' });
  effects.push({ do: 'grant', slot: slot.id, waiter: waiter.id, waitedMs: nowMs - waiter.enqueuedAtMs });
};

/** A borrowed connection serves one lease, and is never idle: others wait for it where it came from. */
const offerBorrowed = (step: Step, slot: Slot): void => {
  const { pool } = step;
  // It was opened before the pool's connections were to be replaced.
  if (slot.generation !== pool.generation) return retire(step, slot, { do: 'destroy', reason: 'generation' });
  const waiter = pool.phase === 'open' && slot.state === 'setup' ? oldestWaiter(pool) : undefined;
  if (waiter === undefined) retire(step, slot, { do: 'terminate', reason: 'returned' });
  else grant(step, slot, waiter);
};

/** A connection that is known to be good goes to the oldest waiter, or on top of the idle stack. */
export const offer = (step: Step, slot: Slot): void => {
  const { pool, nowMs } = step;
  slot.lastUsedAtMs = nowMs;
  if (pool.limits.returns === true) return offerBorrowed(step, slot);
  if (pool.phase !== 'open') return retire(step, slot, { do: 'terminate', reason: 'close' });
  if (slot.generation !== pool.generation) return retire(step, slot, { do: 'terminate', reason: 'generation' });
  if (slot.retireAtMs <= nowMs) return retire(step, slot, { do: 'terminate', reason: 'lifetime' });
  const waiter = oldestWaiter(pool);
  if (waiter !== undefined) return grant(step, slot, waiter);
  move(step, slot, { state: 'idle' });
  pool.idle.push(slot);
  due(pool, slot.retireAtMs);
  const [coldest] = pool.idle;
  if (coldest !== undefined && pool.idle.length > pool.limits.minIdle)
    due(pool, coldest.lastUsedAtMs + pool.limits.idleTimeoutMs);
};

/** The idle stack serves the queue. One that was idle for long is probed first, as long as fewer are on their way than wait. */
export const serveWaiters = (step: Step): void => {
  const { pool, nowMs, effects } = step;
  for (let waiter = oldestWaiter(pool); waiter !== undefined; waiter = oldestWaiter(pool)) {
    const slot = pool.idle.at(-1);
    if (slot === undefined) return;
    if (slot.retireAtMs <= nowMs) retire(step, slot, { do: 'terminate', reason: 'lifetime' });
    else if (nowMs - slot.lastUsedAtMs < pool.limits.validateAfterIdleMs) {
      pool.idle.pop();
      grant(step, slot, waiter);
    } else {
      if (pool.waiters.size <= opening(pool) + pool.counts.validating) return;
      pool.idle.pop();
      move(step, slot, { state: 'validating', limitMs: pool.limits.validationTimeoutMs });
      effects.push({ do: 'validate', slot: slot.id });
    }
  }
};

const missing = (pool: LeasePoolState): number => {
  const coming = opening(pool) + pool.counts.validating;
  const wanted = pool.waiters.size + pool.limits.minIdle - pool.counts.idle - coming;
  return Math.min(pool.trialWanted && coming === 0 ? Math.max(1, wanted) : wanted, pool.limits.max - pool.slots.size);
};

export const createConnections = ({ pool, nowMs, effects }: Step): void => {
  if (pool.phase !== 'open') return;
  const { limits } = pool;
  const wanted = missing(pool);
  if (wanted <= 0) return;
  const count = Math.min(
    wanted,
    admittedConnects(pool.gate, { nowMs, opening: opening(pool), limit: limits.connectConcurrency }),
  );
  if (count === 0 && opening(pool) === 0) due(pool, pool.gate.openAtMs);
  for (let n = 0; n < count; n += 1) {
    const id = pool.nextSlotId;
    pool.nextSlotId += 1;
    pool.trialWanted = false;
    pool.slots.set(id, {
      id,
      generation: pool.generation,
      state: 'connecting',
      sinceMs: nowMs,
      lastUsedAtMs: nowMs,
      retireAtMs: NEVER,
      dueAtMs: nowMs + limits.connectTimeoutMs,
    });
    pool.counts.connecting += 1;
    due(pool, nowMs + limits.connectTimeoutMs);
    effects.push({ do: 'connect', slot: id });
  }
};

export const noteConnectFailure = (step: Step, permanent: boolean): void => {
  const { pool, nowMs } = step;
  pool.gate = gateAfterFailure(pool.gate, nowMs, pool.random);
  // Who waits for a server that will refuse everybody need not wait for his deadline.
  if (permanent && usable(pool) === 0) refuseAll(step, 'unreachable');
};

/** A connection that must not be used any more; during set-up that is a failed attempt to connect. */
export const breakSlot = (step: Step, slot: Slot, reason: RetireReason): void => {
  if (slot.state === 'closing') return;
  const settingUp = slot.state === 'connecting' || slot.state === 'setup';
  retire(step, slot, { do: 'destroy', reason });
  if (settingUp) noteConnectFailure(step, false);
};
