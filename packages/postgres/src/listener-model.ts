import { OPEN_GATE, type ConnectGate } from './connect-gate.ts';

// The data of `listener-state.ts`: its struct, what happens to it, and what it wants done.

/**
 * Why a subscriber may have missed notifications: the connection ended (`lost`) or no longer answered (`silent`), the server refused LISTEN on the
 * new one (`refused`) or stopped being what `targetSessionAttrs` asks for (`demoted`), or `recycle()` replaced it (`recycled`).
 */
export type GapReason = 'lost' | 'silent' | 'refused' | 'demoted' | 'recycled';

export interface Subscriber {
  readonly id: number;
  readonly channel: string;
  /** End of the wait for the server's first word; never once that was heard. */
  deadlineAtMs: number;
  confirmed: boolean;
  /** Since when, and why, nothing can arrive; until the server has confirmed the channel again. */
  gap?: { readonly reason: GapReason; readonly sinceMs: number };
}

/** Sent as one statement list, so all of it takes effect or nothing; both empty = the heartbeat. */
export interface ListenCommand {
  readonly listen: readonly string[];
  readonly unlisten: readonly string[];
}

export interface ListenerLimits {
  readonly connectTimeoutMs: number;
  /** A connection that was said goodbye is cut off after this. */
  readonly closeTimeoutMs: number;
  /** A connection that had nothing to answer for this long is asked. */
  readonly heartbeatMs: number;
  /** Longest wait for any answer. */
  readonly answerTimeoutMs: number;
}

export interface ListenerState {
  readonly limits: ListenerLimits;
  readonly random: () => number;
  phase: 'offline' | 'connecting' | 'online' | 'closing' | 'closed';
  /** Number of the connection that is open or was open last. Events of another one are late echoes. */
  connection: number;
  readonly subscribers: Map<number, Subscriber>;
  /** Subscriptions that were ended, by the channel that may still arrive. */
  readonly leaving: Map<number, string>;
  /** What the server has confirmed on this connection, less what it is being told to forget. */
  readonly heard: Set<string>;
  /** The one that the server has not answered yet. */
  command: ListenCommand | undefined;
  gate: ConnectGate;
  /** End of the present wait: for a connection, an answer, the next heartbeat, or the end of a goodbye. */
  limitAtMs: number;
  closeRequested: boolean;
  /** The time at which `sweep` has something to do. */
  dueAtMs: number;
}

export type ListenerEvent =
  | { readonly type: 'subscribe'; readonly subscriber: number; readonly channel: string; readonly deadlineAtMs: number }
  | { readonly type: 'unsubscribe'; readonly subscriber: number }
  /** `answered`: the command took effect. `refused`: it did not, and the connection is fine. */
  | { readonly type: 'connected' | 'answered' | 'refused'; readonly connection: number }
  /** Its socket is closed. `permanent`: the next attempt will fail the same way (a wrong password). */
  | { readonly type: 'connect-failed'; readonly connection: number; readonly permanent: boolean }
  /** It must not be used any more. */
  | { readonly type: 'broken'; readonly connection: number; readonly reason: GapReason }
  /** Its socket is closed. */
  | { readonly type: 'gone'; readonly connection: number }
  | { readonly type: 'recycle' | 'sweep' }
  | { readonly type: 'close'; readonly deadlineAtMs: number };

export type ListenRefusal = 'deadline' | 'unreachable' | 'refused' | 'closed';

export type ListenerEffect =
  | { readonly do: 'connect'; readonly connection: number }
  | { readonly do: 'send'; readonly command: ListenCommand }
  /** The server hears the channel for it from now on. */
  | { readonly do: 'confirm'; readonly subscriber: number }
  | { readonly do: 'refuse'; readonly subscriber: number; readonly reason: ListenRefusal }
  /** The server hears the channel again. */
  | { readonly do: 'gap'; readonly subscriber: number; readonly reason: GapReason; readonly lastedMs: number }
  /** The server no longer sends for it. */
  | { readonly do: 'left'; readonly subscriber: number }
  /** A goodbye, or an end at once. `timedOut`: the server did not complete the connection in time. */
  | { readonly do: 'terminate' }
  | { readonly do: 'destroy'; readonly timedOut: boolean }
  | { readonly do: 'closed' };

export const NEVER = Number.POSITIVE_INFINITY;

export const createListenerState = (limits: ListenerLimits, random: () => number): ListenerState => ({
  limits,
  random,
  phase: 'offline',
  connection: 0,
  subscribers: new Map(),
  leaving: new Map(),
  heard: new Set(),
  command: undefined,
  gate: OPEN_GATE,
  limitAtMs: NEVER,
  closeRequested: false,
  dueAtMs: NEVER,
});
