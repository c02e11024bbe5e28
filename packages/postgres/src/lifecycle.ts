import type { Clock } from '@busbar/retry';

import type { RetireReason } from './lease-model.ts';
import type { WireBytes } from './pool-port.ts';

/** How long the steps of opening a connection took, in milliseconds; 0 for one that was not reached. */
export interface ConnectPhases {
  /** Name resolution and TCP. */
  readonly tcpMs: number;
  /** 0 without TLS. */
  readonly tlsMs: number;
  /** Login, the question for its password included. */
  readonly authMs: number;
  /** `session.setup`. */
  readonly setupMs: number;
}

/** Takes the time of the steps as each of them ends. */
export class PhaseClock {
  readonly startedAtMs: number;
  readonly #clock: Clock;
  readonly #phases = { tcpMs: 0, tlsMs: 0, authMs: 0, setupMs: 0 };
  #lastMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.startedAtMs = clock.now();
    this.#lastMs = this.startedAtMs;
  }

  get phases(): ConnectPhases {
    return { ...this.#phases };
  }

  /** From the start to the end of the step that ended last. */
  get totalMs(): number {
    return this.#lastMs - this.startedAtMs;
  }

  end(phase: keyof ConnectPhases): void {
    const nowMs = this.#clock.now();
    this.#phases[phase] += nowMs - this.#lastMs;
    this.#lastMs = nowMs;
  }
}

/** Times and counts of one connection, in monotonic milliseconds of the pool's clock. */
export interface ConnectionUse {
  uses: number;
  activeMs: number;
  leasedMs: number;
  waitMs: number;
}

/** One connection's life. Times are monotonic milliseconds of the pool's clock. */
export interface ConnectionRecord extends ConnectPhases, WireBytes {
  readonly id: string;
  readonly host: string;
  /** The server process of the session. */
  readonly pid: number;
  /** It is replaced once the pool's is a later one. */
  readonly generation: number;
  readonly createdAtMs: number;
  /** Leases served. */
  readonly uses: number;
  /** With a statement running. */
  readonly activeMs: number;
  /** Set up, and not leased. */
  readonly idleMs: number;
  /** Sum of the waits of those who got it. */
  readonly waitMs: number;
  /** Not of one that lives. */
  readonly closedAtMs?: number;
  /** From the decision to retire it to the closed socket. */
  readonly closeMs?: number;
  /** Set once it is to end. */
  readonly reason?: RetireReason;
  /** SQLSTATE of the server's last words. */
  readonly errorCode?: string;
}

/** Ended connections that are remembered. */
const REMEMBERED = 256;

/** The last connections that have ended, the oldest first. */
export class Lifecycle {
  readonly #ended: ConnectionRecord[] = [];

  get ended(): readonly ConnectionRecord[] {
    return this.#ended;
  }

  note(record: ConnectionRecord): void {
    this.#ended.push(record);
    if (this.#ended.length > REMEMBERED) this.#ended.shift();
  }
}
