/**
 * One connection's life: its statements one after the other, its end seen once, whatever the driver emits.
 *
 * A connection is `quiet` when the server owes it nothing: no group is unanswered and no cancel request is under way. Only a quiet
 * connection may be handed on; otherwise the answer, or the cancel, would reach the next borrower (H6, H31).
 */
import { Active, answerOf, missingAnswer } from './active-group.ts';
import { cancelUntilOver } from './cancel-loop.ts';
import type { ConnectionContext } from './connection-context.ts';
import { Execution, type ExecutionHooks, type ExecutionOutcome, type ExecutionRequest } from './execution.ts';
import { GroupPlan } from './group-plan.ts';
import type { Held } from './holders.ts';
import { alarm, type Sweepable } from './housekeeper.ts';
import type { RetireReason } from './lease-model.ts';
import type { ConnectionUse } from './lifecycle.ts';
import type { GroupStatement } from './pipeline.ts';
import { bytesSince, type TransactionStatus, type WireBytes } from './pool-port.ts';
import type { OpenedSession, Session } from './session-port.ts';
import { specimen } from './specimen.ts';
import { SplitWatch } from './split.ts';
import { isConnectionFatal, sqlStateOf } from './sqlstate.ts';
import type { Place, ServerRole } from './targets.ts';

export class Connection {
  /** Unique in the process: `<pool>-<n>`. */
  readonly id: string;
  readonly pid: number;
  /** Something was left behind on the session. */
  sessionChanged = false;
  hold: Held | undefined;
  /** Held, and never used: so the code that it was compiled for stays compiled while nothing runs. */
  readonly specimen: Active;
  readonly use: ConnectionUse = { uses: 0, activeMs: 0, leasedMs: 0, waitMs: 0 };
  readonly #opened: OpenedSession;
  readonly #context: ConnectionContext;
  readonly #hooks: ExecutionHooks;
  readonly #queue: Execution[] = [];
  #quietWaiters: (() => void)[] = [];
  #active: Active | undefined;
  /** What had gone over the socket when the last group was answered. */
  #bytesSeen: WireBytes;
  #cancelling = false;
  #stopping = false;
  #lost: unknown;
  #lastError: unknown;
  #ending = false;
  #ended = false;
  #retireReason: RetireReason | undefined;

  constructor(id: string, opened: OpenedSession, context: ConnectionContext) {
    this.id = id;
    this.#opened = opened;
    this.#context = context;
    const { client } = opened;
    this.#hooks = {
      clock: context.clock,
      housekeeper: context.housekeeper,
      commitGraceMs: context.commitGraceMs,
      leave: (waiting) => this.#leave(waiting),
      cancel: () => this.cancelActive(),
      destroy: (reason) => this.#fail(new Error('the server did not answer in time'), reason),
    };
    this.#bytesSeen = this.bytes;
    this.specimen = specimen(client.connection, this.#hooks);
    this.pid = client.processID ?? 0;
    // For life: an error event without a listener would end the process (H2).
    client.on('error', (error: Error) => this.#break(error));
    client.onReady(() => this.#onReady());
    client.onParameter(() => context.onRoleChange());
    client.once('end', () => this.#onEnd());
  }

  /** Where its server is. */
  get place(): Place {
    return this.#opened.place;
  }

  /** The driver's client, for who runs objects of the driver's on it, and for its events. */
  get driver(): Session {
    return this.#opened.client;
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

  get #lent(): Execution[] {
    const all = this.#active === undefined ? this.#queue : [this.#active.execution, ...this.#queue];
    return all.filter(({ isExchange }) => isExchange);
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

  /** A stream or COPY has it, or is about to: only its caller knows for how long. */
  get isLent(): boolean {
    return this.busy && this.#lent.some((execution) => !execution.isSettled);
  }

  /** Its caller is at work, and the server waits for him. */
  get isIdle(): boolean {
    return this.#active?.execution.isPaused === true;
  }

  /** Ends the streams and COPYs whose callers did not end them. */
  takeBack(): void {
    for (const execution of this.#lent) execution.giveUp();
  }

  /** Runs a group after those before it. Never rejects. */
  run(request: ExecutionRequest): Promise<ExecutionOutcome> {
    return this.start(request).settled;
  }

  /** As `run`, for a caller who has to do with it while it runs. */
  start(request: ExecutionRequest): Execution {
    const execution = new Execution(request, this.#hooks);
    this.#queue.push(execution);
    this.#next();
    return execution;
  }

  /** Resolves once nothing is in flight any more, or the socket is closed. */
  whenQuiet(): Promise<void> {
    if (!this.busy) return Promise.resolve();
    return new Promise((resolve) => {
      this.#quietWaiters.push(resolve);
    });
  }

  /**
   * Asks the server to stop the running statement until it answers; never for a COMMIT. The connection is not handed on before the server closed
   * each cancel's own socket, and is retired unless the statement really ended by it: otherwise a cancel could hit the next statement.
   */
  cancelActive(): void {
    const active = this.#active;
    if (active?.execution.cancellable !== true || this.#cancelling) return;
    if (active.group.stop()) {
      const grace = this.#grace(active);
      void active.execution.answered.then(() => this.#context.housekeeper.delete(grace));
      return;
    }
    this.#cancelling = true;
    // A server that told no key cannot be asked; one that is asked with a wrong one does nothing, and the grace ends the connection.
    void this.#cancelUntilAnswered(active, { processId: this.pid, secretKey: this.#opened.client.secretKey ?? 0 });
  }

  async #cancelUntilAnswered(active: Active, session: { processId: number; secretKey: number }): Promise<void> {
    const { housekeeper, clock } = this.#context;
    const grace = this.#grace(active);
    const noticed = await cancelUntilOver({
      housekeeper,
      clock,
      send: () => this.#context.cancel(session),
      isOver: () => this.#active !== active,
      over: active.execution.answered,
    });
    housekeeper.delete(grace);
    this.#cancelling = false;
    if (!noticed || sqlStateOf(active.group.error) !== '57014') this.#retireReason ??= 'cancel-race';
    if (this.#ended) this.#context.onGone();
    else if (this.#stopping) this.destroy();
    else this.#next();
  }

  /** The end of the connection, unless the server answers in time. */
  #grace(active: Active): Sweepable {
    const { housekeeper, clock, cancelGraceMs } = this.#context;
    return alarm(housekeeper, clock.now() + cancelGraceMs, () => {
      if (this.#active !== active) return;
      if (this.#stopping) this.destroy();
      else this.#fail(new Error('the server did not answer after a cancel request'), 'cancel-timeout');
    });
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
      const nowMs = this.#context.clock.now();
      const statements = this.#lost === undefined ? execution.begin(nowMs) : execution.loseUnsent(this.#lost);
      if (statements === undefined) continue;
      this.#send(execution, statements, nowMs);
      return;
    }
    if (this.#quietWaiters.length === 0) return;
    const waiters = this.#quietWaiters;
    this.#quietWaiters = [];
    for (const resolve of waiters) resolve();
  }

  #send(execution: Execution, statements: readonly GroupStatement[], nowMs: number): void {
    const { statements: cache, clock } = this.#context;
    const { client } = this.#opened;
    const plan = new GroupPlan(cache, statements, { nowMs, split: execution.split });
    const group = execution.createGroup(client.connection, plan);
    const watch = plan.isSplit ? new SplitWatch(client.connection, clock) : undefined;
    this.#active = new Active(execution, { group, plan, watch });
    client.query(group);
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
    const unanswered = missingAnswer(active);
    const error = unanswered ?? active.group.error;
    this.#lastError = error;
    const isCutOff = this.#stopping && sqlStateOf(error) === '57014';
    const lost = unanswered !== undefined || isCutOff;
    active.execution.answer(answerOf(active, { error, lost, status: this.status, bytes: this.#takeBytes() }));
    if (error !== undefined) this.#onRefused(error, unanswered);
    this.#next();
  }

  #onRefused(error: unknown, unanswered: Error | undefined): void {
    if (unanswered !== undefined || isConnectionFatal(error)) this.#break(error);
    if (sqlStateOf(error) === '25006') this.#context.onReadOnly();
  }

  /** What has gone over its socket since the last call. */
  #takeBytes(): WireBytes {
    const before = this.#bytesSeen;
    this.#bytesSeen = this.bytes;
    return bytesSince(before, this.#bytesSeen);
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
