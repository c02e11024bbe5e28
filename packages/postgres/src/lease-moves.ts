import { admittedConnects, gateAfterFailure } from './connect-gate.ts';
import {
  NEVER,
  type LeaseEffect,
  type LeasePoolState,
  type RefusalReason,
  type RetireReason,
  type Slot,
  type SlotState,
} from './lease-model.ts';
import type { Waiter } from './waiter-queue.ts';

// The moves of `lease-state.ts`: what may happen to a waiter and to a slot, each in one place.

export interface Moment {
  readonly pool: LeasePoolState;
  readonly nowMs: number;
}

/** One run of the core, with the effects collected so far. */
export interface Step extends Moment {
  readonly effects: LeaseEffect[];
}

export const due = (pool: LeasePoolState, atMs: number): void => {
  if (atMs < pool.dueAtMs) pool.dueAtMs = atMs;
};

export const move = ({ pool, nowMs }: Moment, slot: Slot, to: { state: SlotState; limitMs?: number }): void => {
  if (slot.state !== to.state) {
    pool.counts[slot.state] -= 1;
    pool.counts[to.state] += 1;
    slot.state = to.state;
  }
  slot.sinceMs = nowMs;
  slot.dueAtMs = to.limitMs === undefined ? NEVER : nowMs + to.limitMs;
  due(pool, slot.dueAtMs);
};

const opening = (pool: LeasePoolState): number => pool.counts.connecting + pool.counts.setup;

/** Connections that can serve somebody, now or after their present use. */
export const usable = (pool: LeasePoolState): number =>
  pool.counts.idle + pool.counts.leased + pool.counts.validating + pool.counts.resetting;

// ---- waiters

export const refuse = ({ pool, nowMs, effects }: Step, waiter: Waiter, reason: RefusalReason): void => {
  pool.waiters.leave(waiter);
  effects.push({ do: 'refuse', waiter, reason, waitedMs: nowMs - waiter.enqueuedAtMs });
};

export const refuseAll = (step: Step, reason: RefusalReason): void => {
  for (const waiter of step.pool.waiters) refuse(step, waiter, reason);
};

// ---- slots

export const retire = (step: Step, slot: Slot, how: { do: 'terminate' | 'destroy'; reason: RetireReason }): void => {
  const { pool } = step;
  if (slot.state === 'idle') pool.idle.splice(pool.idle.indexOf(slot), 1);
  move(step, slot, { state: 'closing', ...(how.do === 'terminate' ? { limitMs: pool.limits.closeTimeoutMs } : {}) });
  step.effects.push({ ...how, slot: slot.id });
};

const lease = (at: Moment, slot: Slot, waiter: Waiter): void => {
  at.pool.waiters.leave(waiter);
  move(at, slot, { state: 'leased' });
};

const grant = (step: Step, slot: Slot, waiter: Waiter): void => {
  lease(step, slot, waiter);
  step.effects.push({ do: 'grant', slot, waiter });
};

/** A borrowed connection serves one lease, and is never idle: others wait for it where it came from. */
const offerBorrowed = (step: Step, slot: Slot): void => {
  const { pool } = step;
  // It was opened before the pool's connections were to be replaced.
  if (slot.generation !== pool.generation) return retire(step, slot, { do: 'destroy', reason: 'generation' });
  const waiter = pool.phase === 'open' && slot.state === 'setup' ? pool.waiters.oldest() : undefined;
  if (waiter === undefined) retire(step, slot, { do: 'terminate', reason: 'returned' });
  else grant(step, slot, waiter);
};

/** Why a connection that is known to be good is not kept. */
const unwanted = ({ pool, nowMs }: Moment, slot: Slot): RetireReason | undefined => {
  if (pool.phase !== 'open') return 'close';
  if (slot.generation !== pool.generation) return 'generation';
  return slot.retireAtMs <= nowMs ? 'lifetime' : undefined;
};

/** To the oldest waiter, who is returned, or on top of the idle stack. */
const keep = (at: Moment, slot: Slot): Waiter | undefined => {
  const { pool, nowMs } = at;
  slot.lastUsedAtMs = nowMs;
  const waiter = pool.waiters.oldest();
  if (waiter !== undefined) {
    lease(at, slot, waiter);
    return waiter;
  }
  move(at, slot, { state: 'idle' });
  pool.idle.push(slot);
  due(pool, slot.retireAtMs);
  const [coldest] = pool.idle;
  if (coldest !== undefined && pool.idle.length > pool.limits.minIdle)
    due(pool, coldest.lastUsedAtMs + pool.limits.idleTimeoutMs);
  return undefined;
};

/** A connection that is known to be good is kept, if it may be. */
export const offer = (step: Step, slot: Slot): void => {
  if (step.pool.limits.returns === true) return offerBorrowed(step, slot);
  const reason = unwanted(step, slot);
  if (reason !== undefined) return retire(step, slot, { do: 'terminate', reason });
  const waiter = keep(step, slot);
  if (waiter !== undefined) step.effects.push({ do: 'grant', slot, waiter });
};

const isFresh = ({ pool, nowMs }: Moment, slot: Slot): boolean =>
  nowMs - slot.lastUsedAtMs < pool.limits.validateAfterIdleMs;

/** The idle stack serves the queue. One that was idle for long is probed first, as long as fewer are on their way than wait. */
export const serveWaiters = (step: Step): void => {
  const { pool, nowMs, effects } = step;
  for (let waiter = pool.waiters.oldest(); waiter !== undefined; waiter = pool.waiters.oldest()) {
    const slot = pool.idle.at(-1);
    if (slot === undefined) return;
    if (slot.retireAtMs <= nowMs) retire(step, slot, { do: 'terminate', reason: 'lifetime' });
    else if (isFresh(step, slot)) {
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

// ---- shortcuts: what `step` does for `acquire` and `released` in a busy pool, without an event and without effects

/**
 * Leases the connection on top of the idle stack: while it is fresh, nobody waits (I3). Nothing where `step` would do more: probe or end a
 * connection, open another, or let the caller wait.
 */
export const takeFresh = (at: Moment): Slot | undefined => {
  const { pool, nowMs } = at;
  const slot = pool.idle.at(-1);
  if (slot === undefined || slot.retireAtMs <= nowMs || !isFresh(at, slot)) return undefined;
  if (pool.idle.length <= pool.limits.minIdle && pool.slots.size < pool.limits.max) return undefined; // one is to be opened instead
  pool.idle.pop();
  move(at, slot, { state: 'leased' });
  return slot;
};

/** Lets him wait for one of the connections that are leased, as all are. False where `step` would do more: refuse him, or open another. */
export const enqueue = ({ pool }: Moment, waiter: Waiter): boolean => {
  const { waiters, limits, counts } = pool;
  if (counts.leased < limits.max || pool.phase !== 'open' || waiters.size >= limits.maxQueue) return false;
  waiters.push(waiter);
  due(pool, waiter.deadlineAtMs);
  return true;
};

/** Takes a clean connection back: `kept`, or the waiter who has it now. Nothing where `step` would end it. */
export const handBack = (at: Moment, slot: Slot): Waiter | 'kept' | undefined => {
  const isKept = slot.state === 'leased' && at.pool.limits.returns !== true && unwanted(at, slot) === undefined;
  return isKept ? (keep(at, slot) ?? 'kept') : undefined;
};
