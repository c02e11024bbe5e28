/**
 * One group of statements on its way through a connection, under a deadline and a signal.
 *
 *   queued ──turn──► running ──answer──► answered
 *     └─limit─► settled, never sent        └─limit─► stopping ──answer or SWEEP_MS──► settled ··· ──► answered
 *
 * `settled` is what the caller waits for, `answered` is when the server owes nothing any more. A caller whose limit passed gets the server's
 * verdict if it comes within one sweep (a cancelled statement answers in milliseconds), so that he learns whether it took effect; after
 * that he is let go, and the clean-up continues behind him.
 *
 * No cancel is ever sent for a COMMIT: with synchronous replication a cancelled wait still reports COMMIT. It gets a grace, then the
 * connection is destroyed and the outcome is unknown.
 */
import { SWEEP_MS, type Housekeeper, type Sweepable } from './housekeeper.ts';
import type { RetireReason } from './lease-model.ts';
import { SyncGroup, type GroupStatement, type NamedGroup, type StatementResult } from './pipeline.ts';
import type { TransactionStatus, WireBytes, WireConnection } from './pool-port.ts';
import type { StatementSplit } from './split.ts';

/** `given-up`: nobody wants the rest of a stream or COPY any more. */
export type StopCause = 'deadline' | 'abort' | 'given-up';

export interface ExecutionRequest {
  /** Builds the group when its turn comes; an exception refuses it, and nothing is sent. */
  build(): readonly GroupStatement[];
  /** Makes a group that stays open while the caller reads from it or writes to it; without this it is sent and answered as a whole. */
  readonly exchange?: (wire: WireConnection, group: NamedGroup) => SyncGroup;
  readonly deadlineAtMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Tell parse, plan and execution apart, if it is one statement that is not prepared. */
  readonly split?: boolean;
  /** At the limit: cancel the statement, wait the grace of a COMMIT, or destroy the connection. */
  readonly atLimit: 'cancel' | 'commit-grace' | 'destroy';
}

export interface ExecutionOutcome {
  readonly results: readonly StatementResult[];
  /** The first error: the driver's, or what `build` threw. */
  readonly error?: unknown;
  /** The bytes were handed to the socket. */
  readonly written: boolean;
  /** The connection ended before the server was done. */
  readonly lost?: boolean | undefined;
  /** The limit that passed, where the caller was let go or the statement ended because of it. */
  readonly stopped?: StopCause | undefined;
  /** A prepared statement was out of date: nothing of it was executed, and it will be prepared again. */
  readonly outdated?: boolean;
  /** Since the answer to the group before it. */
  readonly bytes?: WireBytes | undefined;
  readonly split?: StatementSplit | undefined;
  /** ReadyForQuery's status behind the group. */
  readonly status: TransactionStatus | null;
}

export interface ExecutionHooks {
  readonly clock: { now(): number };
  readonly housekeeper: Housekeeper;
  readonly commitGraceMs: number;
  leave(execution: Execution): void;
  cancel(): void;
  destroy(reason: RetireReason): void;
}

const NEVER = Number.POSITIVE_INFINITY;

export class Execution implements Sweepable {
  readonly settled: Promise<ExecutionOutcome>;
  startedAtMs = 0;
  dueAtMs: number;
  position: number | undefined = undefined;
  /** The caller has his answer; what follows is cleaned up behind him. */
  isSettled = false;
  readonly #request: ExecutionRequest;
  readonly #hooks: ExecutionHooks;
  #state: 'queued' | 'running' | 'stopping' | 'answered' = 'queued';
  #stopped: StopCause | undefined;
  readonly #settle: (outcome: ExecutionOutcome) => void;
  /** Made for who asks for it: hardly anybody does. */
  #answered: PromiseWithResolvers<void> | undefined;

  constructor(request: ExecutionRequest, hooks: ExecutionHooks) {
    const { promise, resolve } = Promise.withResolvers<ExecutionOutcome>();
    this.settled = promise;
    this.#settle = resolve;
    this.#request = request;
    this.#hooks = hooks;
    this.dueAtMs = request.deadlineAtMs;
    hooks.housekeeper.add(this);
    request.signal?.addEventListener('abort', this);
  }

  /** Resolves when the server owes nothing any more. */
  get answered(): Promise<void> {
    this.#answered ??= Promise.withResolvers<void>();
    if (this.#state === 'answered') this.#answered.resolve();
    return this.#answered.promise;
  }

  /** Whether the server may be asked to stop it. */
  get cancellable(): boolean {
    return this.#request.atLimit === 'cancel';
  }

  get split(): boolean {
    return this.#request.split === true;
  }

  /** The caller decides how long it lasts: nothing may be queued behind it. */
  get isExchange(): boolean {
    return this.#request.exchange !== undefined;
  }

  createGroup(wire: WireConnection, group: NamedGroup): SyncGroup {
    return this.#request.exchange?.(wire, group) ?? new SyncGroup(wire, group);
  }

  /** An exchange whose caller is at work, not the server. */
  get isPaused(): boolean {
    return this.isExchange && this.#state === 'running' && this.dueAtMs === NEVER;
  }

  /** Moves the limit of what runs: an exchange has none while its caller is at work. */
  limitAt(dueAtMs: number): void {
    if (this.#state !== 'running') return;
    this.dueAtMs = dueAtMs;
    this.#hooks.housekeeper.add(this);
  }

  /** Ends it before its time. */
  giveUp(): void {
    this.#stop('given-up');
  }

  /** Its turn: the statements to send, or nothing if it ended meanwhile or refuses. */
  begin(nowMs: number): readonly GroupStatement[] | undefined {
    if (this.#request.signal?.aborted === true) {
      this.#stop('abort');
      return undefined;
    }
    try {
      const statements = this.#request.build();
      this.#state = 'running';
      this.startedAtMs = nowMs;
      return statements;
    } catch (error) {
      this.answer({ results: [], error, written: false, status: null });
      return undefined;
    }
  }

  /** The connection was over before its turn came. */
  loseUnsent(error: unknown): undefined {
    this.answer({ results: [], error, written: false, lost: true, status: null });
  }

  /** The last word of the server, or of the socket. */
  answer(outcome: ExecutionOutcome): void {
    this.#state = 'answered';
    this.#finish(this.#stopped === undefined ? outcome : { ...outcome, stopped: this.#stopped });
    this.#answered?.resolve();
  }

  #finish(outcome: ExecutionOutcome): void {
    this.#hooks.housekeeper.delete(this);
    this.#request.signal?.removeEventListener('abort', this);
    this.isSettled = true;
    this.#settle(outcome);
  }

  /** The signal was aborted. */
  handleEvent(): void {
    this.#stop('abort');
  }

  /** Its limit is over. */
  onDue(): void {
    if (this.#state !== 'stopping') this.#stop('deadline');
    else if (this.#request.atLimit === 'cancel') {
      this.dueAtMs = NEVER;
      this.#finish({ results: [], written: true, status: null, stopped: this.#stopped });
    } else {
      this.dueAtMs = NEVER;
      this.#hooks.destroy('error');
    }
  }

  #stop(cause: StopCause): void {
    if (this.#state === 'queued') {
      this.#stopped = cause;
      this.answer({ results: [], written: false, status: null });
      this.#hooks.leave(this);
    } else if (this.#state === 'running') {
      const { atLimit } = this.#request;
      this.#state = 'stopping';
      this.#stopped = cause;
      const graceMs = { cancel: SWEEP_MS, 'commit-grace': this.#hooks.commitGraceMs, destroy: 0 }[atLimit];
      this.dueAtMs = this.#hooks.clock.now() + graceMs;
      this.#hooks.housekeeper.add(this);
      if (atLimit === 'cancel') this.#hooks.cancel();
    }
  }
}
