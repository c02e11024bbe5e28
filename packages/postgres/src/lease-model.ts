import { OPEN_GATE, type ConnectGate } from './connect-gate.ts';
import { WaiterQueue, type Waiter } from './waiter-queue.ts';

// The data of `lease-state.ts`: its struct, what happens to it, and what it wants done.

export type SlotState = 'connecting' | 'setup' | 'idle' | 'validating' | 'leased' | 'resetting' | 'closing';

export type RetireReason =
  | ('idle' | 'lifetime' | 'generation' | 'leak' | 'error' | 'dirty' | 'cancel-race' | 'cancel-timeout' | 'validation')
  | ('setup' | 'connect' | 'connect-timeout' | 'busy' | 'user' | 'close')
  /** Given back to the pool that it was taken from. */
  | 'returned';

export interface Slot {
  readonly id: number;
  /** That of the pool when it was begun; in use only while it is still the pool's. */
  readonly generation: number;
  state: SlotState;
  /** Start of the present state. */
  sinceMs: number;
  lastUsedAtMs: number;
  /** End of its lifetime, jitter drawn when it was set up. */
  retireAtMs: number;
  /** When the sweep must act on a state that has a limit. */
  dueAtMs: number;
}

export interface LeaseLimits {
  readonly max: number;
  readonly minIdle: number;
  readonly maxQueue: number;
  readonly acquireTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly setupTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly maxLifetimeMs: number;
  readonly lifetimeJitterRatio: number;
  readonly validateAfterIdleMs: number;
  readonly validationTimeoutMs: number;
  readonly closeTimeoutMs: number;
  readonly connectConcurrency: number;
  /** Longest wait for the ROLLBACK of a dirty release. */
  readonly resetTimeoutMs: number;
  /** How long before the end of `close` running statements are cancelled. */
  readonly cancelGraceMs: number;
  /** Each connection serves one lease and goes back where it came from. Default: false. */
  readonly returns?: boolean;
}

export interface LeasePoolState {
  readonly limits: LeaseLimits;
  readonly random: () => number;
  readonly slots: Map<number, Slot>;
  /** Stack: the last one released is the first one taken, so the cold end can be closed. */
  readonly idle: Slot[];
  readonly waiters: WaiterQueue;
  readonly counts: Record<SlotState, number>;
  gate: ConnectGate;
  phase: 'unused' | 'open' | 'closing' | 'closed';
  closeAtMs: number;
  cancelAtMs: number;
  /** Somebody was turned away while the gate was shut and nothing was open: one connect is tried for the next one. */
  trialWanted: boolean;
  /** Lower bound of the time at which `sweep` has something to do. */
  dueAtMs: number;
  nextSlotId: number;
  /** Connections of an older one are replaced: idle ones at once, others when they come back. */
  generation: number;
}

export type LeaseEvent =
  | { readonly type: 'start' | 'sweep' }
  /** What is open is out of date, for example its login: a new generation begins. */
  | { readonly type: 'recycle' }
  | { readonly type: 'acquire' | 'abort'; readonly waiter: Waiter }
  | { readonly type: 'connected' | 'ready' | 'validated' | 'reset' | 'gone'; readonly slot: number }
  /** The attempt failed and its socket is closed. `permanent`: the next attempt will fail the same way (a wrong password). */
  | { readonly type: 'connect-failed'; readonly slot: number; readonly permanent: boolean }
  | { readonly type: 'released'; readonly slot: number; readonly dirty: boolean }
  /** Must not be used any more; nothing is said to the server. */
  | { readonly type: 'broken'; readonly slot: number; readonly reason: RetireReason }
  | { readonly type: 'close'; readonly deadlineAtMs: number };

export type RefusalReason = 'queue-full' | 'timeout' | 'unreachable' | 'closed';

export type LeaseEffect =
  | { readonly do: 'connect' | 'validate' | 'reset' | 'cancel'; readonly slot: number }
  | { readonly do: 'grant'; readonly slot: Slot; readonly waiter: Waiter }
  | { readonly do: 'refuse'; readonly waiter: Waiter; readonly reason: RefusalReason; readonly waitedMs: number }
  | { readonly do: 'terminate' | 'destroy'; readonly slot: number; readonly reason: RetireReason }
  | { readonly do: 'closed' };

export const NEVER = Number.POSITIVE_INFINITY;

export const createLeaseState = (limits: LeaseLimits, random: () => number): LeasePoolState => ({
  limits,
  random,
  slots: new Map(),
  idle: [],
  waiters: new WaiterQueue(),
  counts: { connecting: 0, setup: 0, idle: 0, validating: 0, leased: 0, resetting: 0, closing: 0 },
  gate: OPEN_GATE,
  phase: 'unused',
  closeAtMs: NEVER,
  cancelAtMs: NEVER,
  trialWanted: false,
  dueAtMs: NEVER,
  nextSlotId: 1,
  generation: 1,
});
