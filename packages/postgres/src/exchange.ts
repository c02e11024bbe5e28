/**
 * A group that stays open while its caller reads from it (stream, COPY TO) or writes to it (COPY FROM).
 *
 * Instead of a Sync a Flush stands behind its statement: a Sync would end the transaction, and the portal with it, and one that is sent ahead of a
 * COPY's data is ignored. Exactly one Sync follows, when the statement is done, refused, or ended before its time: the server answers it with
 * ReadyForQuery, whatever was on its way.
 *
 * Outside of a transaction the server's statement timeout is off for it: its clock would run on while the caller is at work. Instead each wait
 * for the server is limited here, and the caller's own time is not.
 */
import type { Call } from './call.ts';
import type { Connection } from './connection.ts';
import type { PostgresError } from './errors.ts';
import type { Execution, ExecutionOutcome } from './execution.ts';
import { errorOfOutcome, type CallFacts } from './outcome.ts';
import { emptyResult, SyncGroup, type GroupStatement, type NamedGroup, type StatementResult } from './pipeline.ts';
import type { WireConnection } from './pool-port.ts';
import { recordCall, refuseLent, type Submission } from './query.ts';
import { TxEndedError } from './usage-errors.ts';

export abstract class Exchange extends SyncGroup {
  /** The server has said that the statement is done. */
  isComplete = false;
  /** What the statement itself came to, so far. */
  result: StatementResult = emptyResult();
  #isSealed = false;

  /** Nothing more is written but what the server has to be told after that. */
  get isSealed(): boolean {
    return this.#isSealed;
  }

  override handleCommandComplete(message: { readonly text: string }): void {
    const isLast = this.isAtLast;
    super.handleCommandComplete(message);
    if (isLast) this.finish();
  }

  override handleEmptyQuery(): void {
    super.handleEmptyQuery();
    this.finish();
  }

  override handleError(error: unknown): void {
    super.handleError(error);
    this.sync();
  }

  override handleCopyInResponse(): void {
    this.wire.sendCopyFail('there is no source');
    this.sync();
  }

  protected override complete(): StatementResult {
    const isLast = this.isAtLast;
    const result = super.complete();
    if (isLast) this.result = result;
    return result;
  }

  protected override get end(): 'sync' | 'flush' {
    return 'flush';
  }

  protected finish(): void {
    this.isComplete = true;
    this.sync();
  }

  protected sync(): void {
    if (this.#isSealed) return;
    this.#isSealed = true;
    this.wire.sync();
  }
}

/** Gives a piece of work the connection that it needs, and takes it back. */
export type Hold = <T>(call: Call, work: (connection: Connection, how: Submission) => Promise<T>) => Promise<T>;

export interface ExchangeOptions<G extends Exchange> {
  readonly call: Call;
  readonly connection: Connection;
  readonly how: Submission;
  create(wire: WireConnection, group: NamedGroup): G;
}

const NEVER = Number.POSITIVE_INFINITY;
const NO_STATEMENT_TIMEOUT: GroupStatement = {
  text: "select set_config('statement_timeout', '0', true)",
  values: [],
  rowLimit: 0,
};

/** The transaction around it has ended while it was open. */
const takenBack = (facts: CallFacts, { written }: ExecutionOutcome): TxEndedError =>
  new TxEndedError({ pool: facts.pool }, { label: facts.label, outcome: written ? 'rejected' : 'not-sent' });

/** One exchange under way: whose turn it is, and how it ends. */
export class ExchangeRun<G extends Exchange> {
  /** Nothing before its turn has come. */
  group: G | undefined;
  readonly settled: Promise<ExecutionOutcome>;
  readonly #o: ExchangeOptions<G>;
  readonly #execution: Execution;
  #awayMs = 0;
  #awaySinceMs: number | undefined;
  #isUnwanted = false;

  /** @throws {@link LeaseBusyError} when the connection is lent to another one */
  constructor(o: ExchangeOptions<G>) {
    const { call, connection, how } = o;
    refuseLent(connection, { pool: how.target.pool, label: call.label });
    this.#o = o;
    if (call.verdict.session) connection.sessionChanged = true;
    this.#execution = connection.start({
      build: () => [...this.#before(), { ...call.statement, prefix: undefined }],
      exchange: (wire, group) => {
        this.group = o.create(wire, group);
        return this.group;
      },
      deadlineAtMs: call.deadlineAtMs,
      signal: call.signal,
      atLimit: 'cancel',
    });
    this.settled = this.#execution.settled;
  }

  /** The caller is at work: for as long as he likes. */
  pause(): void {
    this.#awaySinceMs ??= this.#now();
    this.#execution.limitAt(NEVER);
  }

  /** The server is waited for: `deadlineMs` from now. */
  resume(): void {
    const nowMs = this.#now();
    this.#awayMs += nowMs - (this.#awaySinceMs ?? nowMs);
    this.#awaySinceMs = undefined;
    const { deadlineMs, latestAtMs = NEVER } = this.#o.call;
    this.#execution.limitAt(Math.min(nowMs + deadlineMs, latestAtMs));
  }

  /** Nobody wants the rest: ends it, and leaves the connection fit for others. */
  giveUp(): void {
    this.resume();
    if (this.group?.isComplete === true) return;
    this.#isUnwanted = true;
    this.#execution.giveUp();
  }

  /**
   * Its end, on the record. `refusal`: why it failed on this side. The caller's own time is no part of its duration.
   * @throws what made it fail
   */
  async end(o: { rows(): number; refusal?(): PostgresError | undefined }): Promise<ExecutionOutcome> {
    const outcome = await this.settled;
    this.resume();
    const { call, connection, how } = this.#o;
    const error = o.refusal?.() ?? this.#errorOf(outcome);
    recordCall({ ...call, startedAtMs: call.startedAtMs + this.#awayMs }, how, {
      rows: o.rows(),
      bytes: outcome.bytes,
      split: undefined,
      place: connection.place,
      share: 1,
      error,
    });
    if (error !== undefined) throw error;
    return outcome;
  }

  #errorOf(outcome: ExecutionOutcome): PostgresError | undefined {
    const { call, how } = this.#o;
    const { pool } = how.target;
    const facts = { ...call, pool, inTransaction: how.inTransaction };
    if (outcome.stopped === 'given-up') return this.#isUnwanted ? undefined : takenBack(facts, outcome);
    const isWhole = this.group?.isComplete === true || outcome.error !== undefined || outcome.lost === true;
    if (isWhole) return errorOfOutcome(outcome, facts);
    // It ended well for the server, and too early for the caller.
    const reason = outcome.stopped === undefined ? { lost: true, error: new Error('the connection was given up') } : {};
    return errorOfOutcome({ ...outcome, status: null, ...reason }, facts);
  }

  #before(): readonly GroupStatement[] {
    const { connection, how } = this.#o;
    const owed = how.before?.();
    if (owed !== undefined) return owed;
    return connection.status === 'I' ? [...how.target.transactionSettings, NO_STATEMENT_TIMEOUT] : [];
  }

  #now(): number {
    return this.#o.how.target.clock.now();
  }
}
