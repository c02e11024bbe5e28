/**
 * One connection's life: its statements one after the other, its end seen once, whatever the driver emits.
 *
 * A connection is `quiet` when the server owes it nothing: no group is unanswered and no cancel request is under way. Only a quiet
 * connection may be handed on; otherwise the answer, or the cancel, would reach the next borrower (H6, H31).
 */
import type { OpenedClient } from './connector.ts';
import { Execution, type ExecutionOutcome, type ExecutionRequest } from './execution.ts';
import { GroupPlan } from './group-plan.ts';
import { alarm, SWEEP_MS, type Housekeeper } from './housekeeper.ts';
import type { RetireReason } from './lease-model.ts';
import type { ConnectionUse } from './lifecycle.ts';
import { SyncGroup } from './pipeline.ts';
import type { TransactionStatus, WireBytes } from './pool-port.ts';
import { SplitWatch } from './split.ts';
import { isConnectionFatal, sqlStateOf } from './sqlstate.ts';
import type { StatementCache } from './statement-cache.ts';
import type { Place, ServerRole } from './targets.ts';

export interface ConnectionContext {
  readonly housekeeper: Housekeeper;
  readonly clock: { now(): number };
  readonly cancelGraceMs: number;
  readonly commitGraceMs: number;
  readonly statements: StatementCache;
  /** Sends a cancel request for the session; resolves with whether the server took note of it. */
  cancel(o: { processId: number; secretKey: number }): Promise<boolean>;
  /** The server may have become a standby, or a primary. */
  onRoleChange(): void;
  /** A statement was refused because it writes. */
  onReadOnly(): void;
  /** The connection must not be used any more. */
  onBroken(reason: RetireReason): void;
  /** The socket is closed, and that of a cancel request too. */
  onGone(): void;
}

const bytesSince = (before: WireBytes, now: WireBytes): WireBytes => ({
  bytesRead: now.bytesRead - before.bytesRead,
  bytesWritten: now.bytesWritten - before.bytesWritten,
});

interface Active {
  readonly execution: Execution;
  readonly group: SyncGroup;
  readonly plan: GroupPlan;
  readonly bytesBefore: WireBytes;
  readonly watch: SplitWatch | undefined;
}

export class Connection {
  /** Unique in the process: `<pool>-<n>`. */
  readonly id: string;
  readonly pid: number;
  /** Something was left behind on the session. */
  sessionChanged = false;
  readonly use: ConnectionUse = { uses: 0, activeMs: 0, leasedMs: 0, waitMs: 0 };
  readonly #opened: OpenedClient;
  readonly #context: ConnectionContext;
  readonly #queue: Execution[] = [];
  readonly #quietWaiters: (() => void)[] = [];
  #active: Active | undefined;
  #cancelling = false;
  #stopping = false;
  #lost: unknown;
  #lastError: unknown;
  #ending = false;
  #ended = false;
  #retireReason: RetireReason | undefined;

  constructor(id: string, opened: OpenedClient, context: ConnectionContext) {
    this.id = id;
    this.#opened = opened;
    this.#context = context;
    const { client } = opened;
    this.pid = client.processID ?? 0;
    // For life: an error event without a listener would end the process (H2).
    client.on('error', (error: Error) => this.#break(error));
    client.connection.on('readyForQuery', () => this.#onReady());
    client.connection.on('parameterStatus', () => context.onRoleChange());
    client.once('end', () => this.#onEnd());
  }

  /** Where its server is. */
  get place(): Place {
    return this.#opened.place;
  }

  get status(): TransactionStatus | null {
    return this.#opened.client.status;
  }

  /** What the session says of its server. */
  get role(): ServerRole {
    return this.#opened.client.role;
  }

  get serverMajorVersion(): number {
    return this.#opened.client.serverMajorVersion;
  }

  /** Why the connection is over, if it is: the server's last words, or the socket's. */
  get lost(): unknown {
    return this.#lost;
  }

  /** What the server said about the last group that it answered, if it refused it. */
  get lastError(): unknown {
    return this.#lastError;
  }

  get busy(): boolean {
    if (this.#ended) return false;
    return this.#active !== undefined || this.#queue.length > 0 || this.#cancelling;
  }

  /** A caller waits for a statement of his. What is cleaned up behind one who has his answer does not count. */
  get isAwaited(): boolean {
    return this.#active?.execution.isSettled === false || this.#queue.length > 0;
  }

  /** Set when it answers but must not be used again, for example because a cancel request may still reach it. */
  get retireReason(): RetireReason | undefined {
    return this.#retireReason;
  }

  /** Runs a group after those before it. Never rejects. */
  run(request: ExecutionRequest): Promise<ExecutionOutcome> {
    const execution = new Execution(request, {
      clock: this.#context.clock,
      housekeeper: this.#context.housekeeper,
      commitGraceMs: this.#context.commitGraceMs,
      leave: (waiting) => this.#leave(waiting),
      cancel: () => this.cancelActive(),
      destroy: (reason) => this.#fail(new Error('the server did not answer in time'), reason),
    });
    this.#queue.push(execution);
    this.#next();
    return execution.settled;
  }

  /** Resolves once nothing is in flight any more, or the socket is closed. */
  whenQuiet(): Promise<void> {
    if (!this.busy) return Promise.resolve();
    return new Promise((resolve) => {
      this.#quietWaiters.push(resolve);
    });
  }

  /**
   * Asks the server to stop the running statement, again and again until it answers: a request that arrives before the server has begun the
   * statement is lost. Never for a COMMIT. The connection is not handed on before the server closed each cancel's own socket, and is retired
   * unless the statement really ended by it: otherwise a cancel could hit the next statement.
   */
  cancelActive(): void {
    const active = this.#active;
    if (active?.execution.cancellable !== true || this.#cancelling) return;
    this.#cancelling = true;
    // A server that told no key cannot be asked; one that is asked with a wrong one does nothing, and the grace ends the connection.
    void this.#cancelUntilAnswered(active, { processId: this.pid, secretKey: this.#opened.client.secretKey ?? 0 });
  }

  async #cancelUntilAnswered(active: Active, session: { processId: number; secretKey: number }): Promise<void> {
    const { housekeeper, clock, cancelGraceMs } = this.#context;
    const grace = alarm(housekeeper, clock.now() + cancelGraceMs, () => {
      if (this.#active !== active) return;
      if (this.#stopping) this.destroy();
      else this.#fail(new Error('the server did not answer after a cancel request'), 'cancel-timeout');
    });
    let noticed = await this.#context.cancel(session);
    while (this.#active === active) {
      const pause = Promise.withResolvers<void>();
      const again = alarm(housekeeper, clock.now() + SWEEP_MS, pause.resolve);
      // oxlint-disable-next-line no-await-in-loop -- one cancel after the other
      await Promise.race([active.execution.answered, pause.promise]);
      housekeeper.delete(again);
      // oxlint-disable-next-line no-await-in-loop -- one cancel after the other
      if (this.#active === active) noticed = (await this.#context.cancel(session)) && noticed;
    }
    housekeeper.delete(grace);
    this.#cancelling = false;
    if (!noticed || sqlStateOf(active.group.error) !== '57014') this.#retireReason ??= 'cancel-race';
    if (this.#ended) this.#context.onGone();
    else if (this.#stopping) this.destroy();
    else this.#next();
  }

  /**
   * Ends it, but not before the server has stopped what it runs, for at most `cancelGraceMs`: a server does not notice a closed socket while
   * it runs a statement. What is queued is not sent any more.
   */
  stop(): void {
    this.#lost ??= new Error('the connection was given up');
    this.cancelActive();
    if (this.#cancelling) this.#stopping = true;
    else this.destroy();
  }

  /** Says goodbye; the server closes the socket. */
  terminate(): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#opened.end();
  }

  /** Ends it at once, also behind a goodbye that was not answered. */
  destroy(): void {
    this.#opened.client.destroySocket();
    this.terminate();
  }

  #next(): void {
    if (this.#active !== undefined || (this.#cancelling && !this.#ended)) return;
    for (let execution = this.#queue.shift(); execution !== undefined; execution = this.#queue.shift()) {
      const statements = this.#lost === undefined ? execution.begin() : execution.loseUnsent(this.#lost);
      if (statements === undefined) continue;
      const { statements: cache, clock } = this.#context;
      const wire = this.#opened.client.connection;
      const plan = new GroupPlan(cache, statements, { nowMs: clock.now(), split: execution.split });
      const group = new SyncGroup(wire, plan);
      const watch = plan.isSplit ? new SplitWatch(wire, clock) : undefined;
      this.#active = { execution, group, plan, bytesBefore: this.bytes, watch };
      this.#opened.client.query(group);
      return;
    }
    for (const resolve of this.#quietWaiters.splice(0)) resolve();
  }

  #leave(execution: Execution): void {
    const index = this.#queue.indexOf(execution);
    if (index !== -1) this.#queue.splice(index, 1);
  }

  #onReady(): void {
    const active = this.#active;
    if (active === undefined) return;
    this.#active = undefined;
    this.#record(active.execution);
    const { results, error: refusal } = active.group;
    const isUnanswered = refusal === undefined && results.length < active.plan.statements.length;
    const error = isUnanswered ? new Error('the server answered fewer statements than it was sent') : refusal;
    this.#lastError = error;
    const outdated = active.plan.settle(active.group);
    const bytes = bytesSince(active.bytesBefore, this.bytes);
    const lost = isUnanswered || (this.#stopping && sqlStateOf(error) === '57014');
    const split = active.watch?.end();
    active.execution.answer({
      results,
      error,
      written: true,
      lost,
      status: this.status,
      outdated,
      bytes,
      ...(split === undefined || error !== undefined ? {} : { split }),
    });
    if (isUnanswered || isConnectionFatal(error)) this.#break(error);
    if (sqlStateOf(error) === '25006') this.#context.onReadOnly();
    this.#next();
  }

  /** What has gone over its socket. */
  get bytes(): WireBytes {
    const { bytesRead, bytesWritten } = this.#opened.client.connection.stream;
    return { bytesRead, bytesWritten };
  }

  #onEnd(): void {
    this.#ended = true;
    const active = this.#active;
    this.#active = undefined;
    const reason = this.#lost ?? active?.group.error ?? new Error('the connection ended');
    this.#lost ??= reason;
    if (active !== undefined) {
      this.#record(active.execution);
      const { results, written } = active.group;
      active.execution.answer({ results, error: reason, written, lost: true, status: null });
    }
    this.#next();
    if (!this.#cancelling) this.#context.onGone(); // else once the cancel's socket is closed as well
  }

  #record(execution: Execution): void {
    this.use.activeMs += this.#context.clock.now() - execution.startedAtMs;
  }

  #break(error: unknown): void {
    this.#lost ??= this.#active?.group.error ?? error;
    this.#context.onBroken('error');
  }

  #fail(error: Error, reason: RetireReason): void {
    this.#lost ??= error;
    this.#context.onBroken(reason);
  }
}
