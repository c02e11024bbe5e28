import type { Call, Calls } from './call.ts';
import type { Connection } from './connection.ts';
import { publish } from './diagnostics.ts';
import type { PostgresError } from './errors.ts';
import type { ExecutionOutcome, ExecutionRequest } from './execution.ts';
import { withoutLogins } from './guard/shown-verdict.ts';
import { statementSkeleton } from './guard/skeleton.ts';
import { hideLogins } from './known-secrets.ts';
import { LeaseBusyError } from './lease-errors.ts';
import { errorOfOutcome } from './outcome.ts';
import type { GroupStatement, StatementResult } from './pipeline.ts';
import type { WireBytes } from './pool-port.ts';
import type { Result } from './queries.ts';
import type { QueryStatistics } from './query-stats.ts';
import type { AnyRow } from './row-decoder.ts';
import type { SplitSampling, StatementSplit } from './split.ts';
import type { Counters } from './stats.ts';
import type { Place } from './targets.ts';
import { TooManyRowsError } from './usage-errors.ts';

/** Where statements go, for what is published about them. */
export interface QueryTarget {
  readonly pool: string;
  readonly database: string;
  readonly clock: { now(): number };
  readonly operations: Counters['operations'];
  readonly statements: Counters['statements'];
  readonly statistics: QueryStatistics;
  readonly slowQueryMs: number;
  readonly sampling: SplitSampling;
  /** Sent before the first statement of each transaction. */
  readonly transactionSettings: readonly GroupStatement[];
}

export interface Submission {
  readonly target: QueryTarget;
  readonly inTransaction: boolean;
  readonly acquireMs: number;
  readonly attempt: number;
  /** Statements that go before this one in the same Sync group, taken when its turn comes; may throw to refuse the call. */
  readonly before?: (() => readonly GroupStatement[]) | undefined;
}

/** A read that was cut off leaves nothing behind; what was written beside it outside of a transaction stays. */
export const tooManyRows = (call: Call, calls: Calls, inTransaction: boolean): TooManyRowsError => {
  const wrote = calls.some(({ mayWrite }) => mayWrite);
  const outcome = wrote && !inTransaction ? 'unknown' : 'rejected';
  return new TooManyRowsError({ maxRows: call.maxRows }, { label: call.label, outcome });
};

const MAX_STATEMENT_CHARS = 2_000;

export interface Recorded {
  readonly rows: number;
  readonly bytes: WireBytes | undefined;
  /** How many statements share the time. */
  readonly share: number;
  readonly error: PostgresError | undefined;
  readonly split: StatementSplit | undefined;
  readonly place: Place;
}

const count = (call: Call, how: Submission, o: { readonly recorded: Recorded; readonly durationMs: number }): void => {
  const { operations, statistics } = how.target;
  const counters = operations[call.verdict.operation];
  const { rows, bytes, error, split } = o.recorded;
  counters.count += 1;
  counters.rows += rows;
  counters.bytesRead += bytes?.bytesRead ?? 0;
  counters.bytesWritten += bytes?.bytesWritten ?? 0;
  if (error !== undefined) counters.errors += 1;
  counters.durationMs.record(o.durationMs);
  counters.acquireMs.record(how.acquireMs);
  if (split !== undefined) {
    counters.parseMs.record(split.parseMs);
    counters.planMs.record(split.planMs);
    counters.executeMs.record(split.executeMs);
  }
  statistics.record(call.verdict, {
    durationMs: o.durationMs - how.acquireMs,
    rows,
    failed: error !== undefined,
  });
};

/** Counts one statement, and publishes what it was like. */
export const recordCall = (call: Call, how: Submission, o: Recorded): void => {
  const { target, acquireMs, attempt } = how;
  const { pool, database } = target;
  const { host, port } = o.place;
  const { verdict, label } = call;
  const durationMs = acquireMs + (target.clock.now() - call.startedAtMs - acquireMs) / o.share;
  count(call, how, { recorded: o, durationMs });
  publish('query', () => ({
    pool,
    verdict: withoutLogins(verdict),
    label,
    durationMs,
    acquireMs,
    ...(o.split === undefined ? {} : { split: o.split }),
    rows: o.rows,
    ...(o.error?.sqlState === undefined ? {} : { sqlState: o.error.sqlState }),
    ...(o.error === undefined ? {} : { code: o.error.code }),
    attempt,
    host,
    port,
    database,
  }));
  if (durationMs - acquireMs < target.slowQueryMs) return;
  publish('query-slow', () => ({
    pool,
    verdict: withoutLogins(verdict),
    label,
    durationMs: durationMs - acquireMs,
    rows: o.rows,
    statement: hideLogins(statementSkeleton(call.statement.text, MAX_STATEMENT_CHARS)),
  }));
};

/**
 * A statement behind an open stream or COPY would wait for its own caller.
 * @throws {@link LeaseBusyError}
 */
export const refuseLent = (
  connection: Connection,
  o: { readonly pool: string; readonly label?: string | undefined },
): void => {
  if (connection.isLent)
    throw new LeaseBusyError({ pool: o.pool, use: 'statement' }, { label: o.label, outcome: 'not-sent' });
};

const NOTHING: readonly GroupStatement[] = Object.freeze([]);

const NO_RESULT: Result<AnyRow> = Object.freeze({ rows: [], rowCount: 0, command: '', fields: [] });

/**
 * Statements of callers on their way through a connection, as one group behind what is owed. Each hop of a promise costs a short statement as much
 * as its statistics do, so there is one wait from the submission to the outcome.
 */
class CallGroup implements ExecutionRequest {
  readonly deadlineAtMs: number;
  readonly signal: AbortSignal | undefined;
  readonly split: boolean;
  readonly atLimit = 'cancel';
  readonly #connection: Connection;
  readonly #calls: Calls;
  readonly #how: Submission;
  /** Statements in front of those of the calls. */
  #owed = 0;

  constructor(connection: Connection, calls: Calls, how: Submission) {
    const [{ deadlineAtMs, signal, statement }] = calls;
    this.deadlineAtMs = deadlineAtMs;
    this.signal = signal;
    this.split = calls.length === 1 && statement.prefix === undefined && how.target.sampling.wants();
    this.#connection = connection;
    this.#calls = calls;
    this.#how = how;
  }

  /** @throws {@link LeaseBusyError} */
  send(): Promise<ExecutionOutcome> {
    const calls = this.#calls;
    refuseLent(this.#connection, { pool: this.#how.target.pool, label: calls[0].label });
    for (const { verdict } of calls) if (verdict.session) this.#connection.sessionChanged = true;
    return this.#connection.run(this);
  }

  build(): readonly GroupStatement[] {
    const owed = this.#before();
    this.#owed = owed.length;
    const own = this.#calls.map(({ statement }) => statement);
    return owed.length === 0 ? own : [...owed, ...own];
  }

  /** A plan was out of date. Outside of a transaction it is as if nothing of it had ever been sent, so that it is sent again. */
  async again(outcome: ExecutionOutcome): Promise<ExecutionOutcome> {
    this.#how.target.statements.reprepared += 1;
    return outcome.status === 'I' ? this.#connection.run(this) : outcome;
  }

  /** Puts it on the record. @throws what made it fail */
  finish(outcome: ExecutionOutcome): Result<AnyRow>[] {
    const results = this.#owed === 0 ? outcome.results : outcome.results.slice(this.#owed);
    const error = this.#errorOf(outcome, results);
    this.#record(outcome, results, error);
    if (error !== undefined) throw error;
    return results.map(({ rows, rowCount, command, shape }) => ({ rows, rowCount, command, fields: shape.fields }));
  }

  #before(): readonly GroupStatement[] {
    const { before, target } = this.#how;
    if (before !== undefined) return before();
    return this.#connection.status === 'I' ? target.transactionSettings : NOTHING;
  }

  #errorOf(outcome: ExecutionOutcome, results: readonly StatementResult[]): PostgresError | undefined {
    const [{ label, deadlineMs, signal }] = this.#calls;
    const { inTransaction, target } = this.#how;
    const error = errorOfOutcome(outcome, { pool: target.pool, label, deadlineMs, signal, inTransaction });
    if (error !== undefined) return error;
    const cutOff = this.#calls[results.findIndex(({ suspended }) => suspended)];
    return cutOff === undefined ? undefined : tooManyRows(cutOff, this.#calls, inTransaction);
  }

  /** Each statement that has run; the bytes go to the first one, the error to the one that failed. */
  #record({ bytes, split }: ExecutionOutcome, results: readonly StatementResult[], error?: PostgresError): void {
    const share = Math.min(this.#calls.length, results.length + 1);
    const { place } = this.#connection;
    let index = 0;
    for (const call of this.#calls) {
      const result = results[index];
      if (result === undefined && (index > results.length || error === undefined)) return;
      const failed = result === undefined || result.suspended;
      recordCall(call, this.#how, {
        rows: result?.rows.length ?? 0,
        bytes: index === 0 ? bytes : undefined,
        split,
        place,
        share,
        error: failed ? error : undefined,
      });
      index += 1;
    }
  }
}

const submitGroup = async (group: CallGroup): Promise<Result<AnyRow>[]> => {
  const outcome = await group.send();
  return group.finish(outcome.outdated === true ? await group.again(outcome) : outcome);
};

/**
 * Submits statements to a connection as one group, and tells their outcome: the results, or one of our errors. Outside of a transaction the group
 * is one by itself: an error in one statement undoes those before it. Statements of a batch have no `rowMode`: their rows are objects.
 */
export function submitAll(connection: Connection, calls: Calls, how: Submission): Promise<Result[]>;
export function submitAll(connection: Connection, calls: Calls, how: Submission): Promise<Result<AnyRow>[]> {
  return submitGroup(new CallGroup(connection, calls, how));
}

/** Submits one statement. */
export const submit = async (connection: Connection, call: Call, how: Submission): Promise<Result<AnyRow>> => {
  const group = new CallGroup(connection, [call], how);
  const outcome = await group.send();
  const [result] = group.finish(outcome.outdated === true ? await group.again(outcome) : outcome);
  /* v8 ignore next -- a group without an error has a result for each statement @preserve */
  return result ?? NO_RESULT;
};
