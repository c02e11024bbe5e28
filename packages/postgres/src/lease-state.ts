/**
 * Which connection goes to whom: the pure core. `step(pool, event, nowMs)` changes the struct and returns what the shell must do.
 * No clock, timer or I/O here; equal events at equal times with an equal `random` give equal effects.
 *
 *   connecting → setup → idle ⇄ leased        idle → validating → leased | idle        leased → resetting → leased | idle
 *   any → closing (Terminate written, or the stream destroyed) → gone (the socket's 'close' was seen: only now is the slot free)
 *
 * I1 slots ≤ max, counted by sockets really open.   I2 a connection has at most one lease.
 * I3 after each step: no waiter while a connection is idle, unless one is on its way for every waiter.
 * I4 waiters ≤ maxQueue + connections not in use; served in order of arrival; each ends exactly once, with a grant or a refusal.
 * I5 idle ⇒ set up, nothing in flight, no transaction open (the shell reports `dirty` otherwise), of the pool's generation.
 * I6 acquired = released + lost + held.   I7 closed ⇒ no slot and no waiter.
 *
 * Creation is decoupled from waiters: what is free first serves the oldest, so nobody is bound to his own slow connect. A validation
 * works the same way: the waiter stays in the queue, and a failed probe costs him nothing but the time.
 */
import { gateAfterSuccess } from './connect-gate.ts';
import {
  NEVER,
  type LeaseEffect,
  type LeaseEvent,
  type LeasePoolState,
  type RetireReason,
  type Slot,
  type SlotState,
} from './lease-model.ts';
import {
  breakSlot,
  createConnections,
  due,
  move,
  noteConnectFailure,
  offer,
  refuse,
  refuseAll,
  retire,
  serveWaiters,
  usable,
  type Step,
} from './lease-moves.ts';
import type { Waiter } from './waiter-queue.ts';

const onAcquire = (step: Step, waiter: Waiter): void => {
  const { pool, nowMs } = step;
  if (pool.phase === 'unused') pool.phase = 'open';
  if (pool.phase !== 'open') return refuse(step, waiter, 'closed');
  if (
    usable(pool) === 0 &&
    nowMs - pool.gate.failingSinceMs >= pool.limits.acquireTimeoutMs &&
    pool.gate.failures > 0
  ) {
    pool.trialWanted = true;
    return refuse(step, waiter, 'unreachable');
  }
  const inUse = pool.counts.leased + pool.counts.resetting + pool.counts.closing;
  if (pool.waiters.size >= pool.limits.maxQueue + pool.limits.max - inUse) return refuse(step, waiter, 'queue-full');
  pool.waiters.push(waiter);
  serveWaiters(step);
  if (waiter.isWaiting) due(pool, waiter.deadlineAtMs);
};

const lifetimeMs = ({ limits, random }: LeasePoolState): number =>
  limits.maxLifetimeMs * (1 - limits.lifetimeJitterRatio * random());

const onReady = (step: Step, slot: Slot): void => {
  const { pool, nowMs } = step;
  pool.gate = gateAfterSuccess(pool.gate);
  pool.trialWanted = false;
  slot.retireAtMs = nowMs + lifetimeMs(pool);
  offer(step, slot);
};

/** The socket is closed: only now is the slot free. A failed attempt to connect that was given up before was noted then. */
const onClosed = (step: Step, slot: Slot, permanent: boolean): void => {
  const { pool } = step;
  if (slot.state === 'idle') pool.idle.splice(pool.idle.indexOf(slot), 1);
  pool.slots.delete(slot.id);
  pool.counts[slot.state] -= 1;
  if (slot.state === 'connecting' || slot.state === 'setup') noteConnectFailure(step, permanent);
};

const onReleased = (step: Step, slot: Slot, dirty: boolean): void => {
  if (!dirty) {
    offer(step, slot);
    return;
  }
  move(step, slot, { state: 'resetting', limitMs: step.pool.limits.resetTimeoutMs });
  step.effects.push({ do: 'reset', slot: slot.id });
};

/** The state in which an event means something; in any other it is the late echo of something that was given up. */
const EXPECTED: Readonly<Partial<Record<LeaseEvent['type'], SlotState>>> = {
  connected: 'connecting',
  ready: 'setup',
  validated: 'validating',
  reset: 'resetting',
  released: 'leased',
};

const onSlotEvent = (step: Step, slot: Slot, event: Extract<LeaseEvent, { slot: number }>): void => {
  const expected = EXPECTED[event.type];
  if (expected !== undefined && slot.state !== expected) return;
  switch (event.type) {
    case 'connected':
      move(step, slot, { state: 'setup', limitMs: step.pool.limits.setupTimeoutMs });
      break;
    case 'ready':
      onReady(step, slot);
      break;
    case 'validated':
    case 'reset':
      offer(step, slot);
      break;
    case 'connect-failed':
      onClosed(step, slot, event.permanent);
      break;
    case 'released':
      onReleased(step, slot, event.dirty);
      break;
    case 'broken':
      breakSlot(step, slot, event.reason);
      break;
    case 'gone':
      onClosed(step, slot, false);
      break;
    /* v8 ignore next -- exhausted @preserve */
    default:
      event satisfies never;
  }
};

const OVERDUE: Readonly<Partial<Record<SlotState, RetireReason>>> = {
  connecting: 'connect-timeout',
  setup: 'setup',
  validating: 'validation',
  resetting: 'dirty',
};

const sweepSlots = (step: Step): void => {
  const { pool, nowMs, effects } = step;
  for (const slot of pool.slots.values()) {
    if (slot.state === 'idle' && slot.retireAtMs <= nowMs) retire(step, slot, { do: 'terminate', reason: 'lifetime' });
    if (slot.dueAtMs > nowMs) continue;
    if (slot.state === 'closing') {
      slot.dueAtMs = NEVER;
      effects.push({ do: 'destroy', slot: slot.id, reason: 'close' });
      continue;
    }
    const reason = OVERDUE[slot.state];
    /* v8 ignore else -- no other state has a limit @preserve */
    if (reason !== undefined) breakSlot(step, slot, reason);
  }
  for (
    let [coldest] = pool.idle;
    coldest !== undefined && pool.idle.length > pool.limits.minIdle;
    [coldest] = pool.idle
  ) {
    if (nowMs - coldest.lastUsedAtMs < pool.limits.idleTimeoutMs) break;
    retire(step, coldest, { do: 'terminate', reason: 'idle' });
  }
};

const sweepWaiters = (step: Step): void => {
  const { pool, nowMs } = step;
  const reason = usable(pool) === 0 && pool.gate.failures > 0 ? 'unreachable' : 'timeout';
  for (const waiter of pool.waiters) if (waiter.deadlineAtMs <= nowMs) refuse(step, waiter, reason);
};

const sweepClose = (step: Step): void => {
  const { pool, nowMs, effects } = step;
  if (pool.cancelAtMs <= nowMs) {
    pool.cancelAtMs = NEVER;
    for (const slot of pool.slots.values()) if (slot.state === 'leased') effects.push({ do: 'cancel', slot: slot.id });
  }
  if (pool.closeAtMs > nowMs) return;
  pool.closeAtMs = NEVER;
  for (const slot of pool.slots.values()) {
    if (slot.state !== 'closing') retire(step, slot, { do: 'destroy', reason: 'close' });
    else {
      slot.dueAtMs = NEVER;
      effects.push({ do: 'destroy', slot: slot.id, reason: 'close' });
    }
  }
};

/** The exact time of the next sweep; between sweeps `dueAtMs` is only ever lowered. */
const nextDueAtMs = (pool: LeasePoolState): number => {
  let atMs = Math.min(pool.closeAtMs, pool.cancelAtMs);
  for (const slot of pool.slots.values()) atMs = Math.min(atMs, slot.state === 'idle' ? slot.retireAtMs : slot.dueAtMs);
  for (const waiter of pool.waiters) atMs = Math.min(atMs, waiter.deadlineAtMs);
  const [coldest] = pool.idle;
  if (coldest !== undefined && pool.idle.length > pool.limits.minIdle)
    atMs = Math.min(atMs, coldest.lastUsedAtMs + pool.limits.idleTimeoutMs);
  return atMs;
};

const onClose = (step: Step, deadlineAtMs: number): void => {
  const { pool } = step;
  if (pool.phase === 'closing' || pool.phase === 'closed') return;
  pool.phase = 'closing';
  pool.closeAtMs = deadlineAtMs;
  pool.cancelAtMs = deadlineAtMs - pool.limits.cancelGraceMs;
  due(pool, pool.cancelAtMs);
  refuseAll(step, 'closed');
  for (const slot of pool.slots.values()) {
    if (slot.state === 'idle') retire(step, slot, { do: 'terminate', reason: 'close' });
    else if (slot.state === 'connecting' || slot.state === 'setup' || slot.state === 'validating')
      retire(step, slot, { do: 'destroy', reason: 'close' });
  }
};

const onPoolEvent = (step: Step, event: Exclude<LeaseEvent, { slot: number }>): void => {
  const { pool } = step;
  switch (event.type) {
    case 'start':
      if (pool.phase === 'unused') pool.phase = 'open';
      break;
    case 'acquire':
      onAcquire(step, event.waiter);
      break;
    case 'abort':
      pool.waiters.leave(event.waiter);
      break;
    case 'recycle':
      pool.generation += 1;
      for (const slot of Array.from(pool.idle)) retire(step, slot, { do: 'terminate', reason: 'generation' });
      break;
    case 'close':
      onClose(step, event.deadlineAtMs);
      break;
    case 'sweep':
      sweepSlots(step);
      sweepWaiters(step);
      sweepClose(step);
      pool.dueAtMs = nextDueAtMs(pool);
      break;
    /* v8 ignore next -- exhausted @preserve */
    default:
      event satisfies never;
  }
};

/** Applies one event. Events for a slot that is gone are ignored: a late callback of a dead socket changes nothing. */
export const step = (pool: LeasePoolState, event: LeaseEvent, nowMs: number): readonly LeaseEffect[] => {
  const run: Step = { pool, nowMs, effects: [] };
  if ('slot' in event) {
    const slot = pool.slots.get(event.slot);
    if (slot === undefined) return run.effects;
    onSlotEvent(run, slot, event);
  } else onPoolEvent(run, event);
  serveWaiters(run);
  createConnections(run);
  if (pool.phase === 'closing' && pool.slots.size === 0) {
    pool.phase = 'closed';
    pool.closeAtMs = NEVER;
    pool.cancelAtMs = NEVER;
    pool.dueAtMs = NEVER;
    run.effects.push({ do: 'closed' });
  }
  return run.effects;
};
