import type { Call, Calls } from './call.ts';
import type { Connection } from './connection.ts';
import { publish } from './diagnostics.ts';
import type { PostgresError } from './errors.ts';
import type { ExecutionOutcome } from './execution.ts';
import { withoutLogins } from './guard/shown-verdict.ts';
import { statementSkeleton } from './guard/verdict.ts';
import { hideLogins } from './known-secrets.ts';
import { LeaseBusyError } from './lease-errors.ts';
import { errorOfOutcome } from './outcome.ts';
import type { GroupStatement } from './pipeline.ts';
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
  before?(): readonly GroupStatement[];
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

const run = async (connection: Connection, calls: Calls, how: Submission): Promise<ExecutionOutcome> => {
  const [{ deadlineAtMs, signal, statement: first }] = calls;
  const isUnprepared = calls.length === 1 && first.prefix === undefined;
  let owed: readonly GroupStatement[] = [];
  if (calls.some(({ verdict }) => verdict.session)) connection.sessionChanged = true;
  const outcome = await connection.run({
    build: () => {
      owed = how.before?.() ?? (connection.status === 'I' ? how.target.transactionSettings : []);
      return [...owed, ...calls.map(({ statement }) => statement)];
    },
    deadlineAtMs,
    signal,
    split: isUnprepared && how.target.sampling.wants(),
    atLimit: 'cancel',
  });
  return owed.length === 0 ? outcome : { ...outcome, results: outcome.results.slice(owed.length) };
};

const runPrepared = async (connection: Connection, calls: Calls, how: Submission): Promise<ExecutionOutcome> => {
  const outcome = await run(connection, calls, how);
  if (outcome.outdated !== true) return outcome;
  how.target.statements.reprepared += 1;
  // Outside of a transaction it is as if nothing of it had ever been sent.
  return outcome.status === 'I' ? run(connection, calls, how) : outcome;
};

const errorOf = (outcome: ExecutionOutcome, calls: Calls, how: Submission): PostgresError | undefined => {
  const [{ label, deadlineMs, signal }] = calls;
  const { inTransaction, target } = how;
  const error = errorOfOutcome(outcome, { pool: target.pool, label, deadlineMs, signal, inTransaction });
  if (error !== undefined) return error;
  const cutOff = calls[outcome.results.findIndex(({ suspended }) => suspended)];
  return cutOff === undefined ? undefined : tooManyRows(cutOff, calls, how.inTransaction);
};

/** Each statement that has run; the bytes go to the first one, the error to the one that failed. */
const recordAll = (
  calls: Calls,
  how: Submission,
  o: { readonly outcome: ExecutionOutcome; readonly error: PostgresError | undefined; readonly place: Place },
): void => {
  const { outcome, error, place } = o;
  const { results, bytes, split } = outcome;
  const share = Math.min(calls.length, results.length + 1);
  for (const [index, call] of calls.entries()) {
    const result = results[index];
    if (result === undefined && (index > results.length || error === undefined)) return;
    const failed = result === undefined || result.suspended;
    recordCall(call, how, {
      rows: result?.rows.length ?? 0,
      bytes: index === 0 ? bytes : undefined,
      split,
      place,
      share,
      error: failed ? error : undefined,
    });
  }
};

const submitGroup = async (connection: Connection, calls: Calls, how: Submission): Promise<Result<AnyRow>[]> => {
  refuseLent(connection, { pool: how.target.pool, label: calls[0].label });
  const outcome = await runPrepared(connection, calls, how);
  const error = errorOf(outcome, calls, how);
  recordAll(calls, how, { outcome, error, place: connection.place });
  if (error !== undefined) throw error;
  return outcome.results.map(({ rows, rowCount, command, shape: { fields } }) => ({ rows, rowCount, command, fields }));
};

/**
 * Submits statements to a connection as one group, and tells their outcome: the results, or one of our errors. Outside of a transaction the group
 * is one by itself: an error in one statement undoes those before it. Statements of a batch have no `rowMode`: their rows are objects.
 */
export function submitAll(connection: Connection, calls: Calls, how: Submission): Promise<Result[]>;
export function submitAll(connection: Connection, calls: Calls, how: Submission): Promise<Result<AnyRow>[]> {
  return submitGroup(connection, calls, how);
}

const NO_RESULT: Result<AnyRow> = Object.freeze({ rows: [], rowCount: 0, command: '', fields: [] });

/** Submits one statement. */
export const submit = async (connection: Connection, call: Call, how: Submission): Promise<Result<AnyRow>> => {
  const [result] = await submitGroup(connection, [call], how);
  /* v8 ignore next -- a group without an error has a result for each statement @preserve */
  return result ?? NO_RESULT;
};
