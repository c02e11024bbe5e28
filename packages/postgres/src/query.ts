import type { Call } from './call.ts';
import type { Connection } from './connection.ts';
import { publish } from './diagnostics.ts';
import type { PostgresError } from './errors.ts';
import type { ExecutionOutcome } from './execution.ts';
import { statementSkeleton } from './guard/verdict.ts';
import { errorOfOutcome } from './outcome.ts';
import type { GroupStatement } from './pipeline.ts';
import type { WireBytes } from './pool-port.ts';
import type { Result } from './queries.ts';
import type { QueryStatistics } from './query-stats.ts';
import type { Counters } from './stats.ts';
import { TooManyRowsError } from './usage-errors.ts';

/** Where statements go, for what is published about them. */
export interface QueryTarget {
  readonly pool: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly clock: { now(): number };
  readonly operations: Counters['operations'];
  readonly statements: Counters['statements'];
  readonly statistics: QueryStatistics;
  readonly slowQueryMs: number;
}

export interface Submission {
  readonly target: QueryTarget;
  readonly inTransaction: boolean;
  readonly acquireMs: number;
  readonly attempt: number;
  /** Statements that go before this one in the same Sync group, taken when its turn comes; may throw to refuse the call. */
  before?(): readonly GroupStatement[];
  /** Sees the outcome before the caller does. */
  observe?(outcome: ExecutionOutcome): void;
}

/** A suspended read has no effect that could be lost; inside a transaction the error ends the callback. */
const tooManyRows = (call: Call): TooManyRowsError =>
  new TooManyRowsError({ maxRows: call.maxRows }, { label: call.label });

const MAX_STATEMENT_CHARS = 2_000;

interface Recorded {
  readonly rows: number;
  readonly bytes: WireBytes | undefined;
  readonly error: PostgresError | undefined;
}

const count = (call: Call, how: Submission, o: Recorded & { durationMs: number }): void => {
  const { operations, statistics } = how.target;
  const counters = operations[call.verdict.operation];
  counters.count += 1;
  counters.rows += o.rows;
  counters.bytesRead += o.bytes?.bytesRead ?? 0;
  counters.bytesWritten += o.bytes?.bytesWritten ?? 0;
  if (o.error !== undefined) counters.errors += 1;
  counters.durationMs.record(o.durationMs);
  counters.acquireMs.record(how.acquireMs);
  statistics.record(call.verdict, {
    durationMs: o.durationMs - how.acquireMs,
    rows: o.rows,
    failed: o.error !== undefined,
  });
};

const record = (call: Call, how: Submission, o: Recorded): void => {
  const { target, acquireMs, attempt } = how;
  const { pool, host, port, database } = target;
  const { verdict, label } = call;
  const durationMs = target.clock.now() - call.startedAtMs;
  count(call, how, { ...o, durationMs });
  publish('query', () => ({
    pool,
    verdict,
    label,
    durationMs,
    acquireMs,
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
    verdict,
    label,
    durationMs: durationMs - acquireMs,
    rows: o.rows,
    statement: statementSkeleton(call.statement.text, MAX_STATEMENT_CHARS),
  }));
};

const run = (connection: Connection, call: Call, how: Submission): Promise<ExecutionOutcome> =>
  connection.run({
    build: () => [...(how.before?.() ?? []), call.statement],
    deadlineAtMs: call.deadlineAtMs,
    signal: call.signal,
    atLimit: 'cancel',
  });

/** Submits one statement to a connection and tells its outcome: the result, or one of our errors. */
export const submit = async (connection: Connection, call: Call, how: Submission): Promise<Result> => {
  let outcome = await run(connection, call, how);
  if (outcome.outdated === true) {
    how.target.statements.reprepared += 1;
    // Outside of a transaction it is as if it had never been sent.
    if (outcome.status === 'I') outcome = await run(connection, call, how);
  }
  how.observe?.(outcome);
  const result = outcome.results.at(-1);
  let error = errorOfOutcome(outcome, { ...call, pool: how.target.pool, inTransaction: how.inTransaction });
  if (error === undefined && result?.suspended === true) error = tooManyRows(call);
  record(call, how, { rows: result?.rows.length ?? 0, bytes: outcome.bytes, error });
  if (error !== undefined) throw error;
  if (result === undefined) return { rows: [], rowCount: 0, command: '', fields: [] };
  const { rows, rowCount, command, fields } = result;
  return { rows, rowCount, command, fields };
};
