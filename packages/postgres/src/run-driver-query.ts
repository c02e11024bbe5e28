import type { Call } from './call.ts';
import type { Connection } from './connection.ts';
import { DriverGroup, Told, type DriverQuery } from './driver-query.ts';
import type { PostgresError } from './errors.ts';
import type { ExecutionOutcome } from './execution.ts';
import { OutcomeUnknownError } from './outcome-errors.ts';
import { errorOfOutcome, reasonOf } from './outcome.ts';
import { recordCall, type Submission } from './query.ts';
import { safeCause } from './raised-error.ts';
import { ServerError } from './server-errors.ts';
import { sqlStateOf } from './sqlstate.ts';

const COMMITS: ReadonlySet<string> = new Set(['commit', 'end']);

/** The statement ends a transaction by keeping it. */
export const isCommit = ({ verdict }: Call): boolean => verdict.txControl && COMMITS.has(verdict.keyword);

/** After a COMMIT that was written and not answered nobody knows. */
const failureOf = (call: Call, how: Submission, outcome: ExecutionOutcome): PostgresError | undefined => {
  const { pool } = how.target;
  const failure = errorOfOutcome(outcome, { ...call, pool, inTransaction: how.inTransaction });
  if (!isCommit(call) || failure === undefined || !outcome.written || outcome.status !== null) return failure;
  const details = { pool, reason: reasonOf(outcome.error) };
  return new OutcomeUnknownError(details, {
    cause: safeCause(outcome.error),
    sqlState: sqlStateOf(outcome.error),
    connectionFatal: true,
  });
};

export interface DriverOutcome {
  /** What the caller gets to see: the driver's own error where the server refused the statement, otherwise one of ours. */
  readonly error?: Error;
}

/** Runs a query object behind what runs already. It is told how it ended, once; and so is the caller. Never rejects. */
export const runDriverQuery = async (
  connection: Connection,
  o: { readonly call: Call; readonly query: DriverQuery; readonly how: Submission },
): Promise<DriverOutcome> => {
  const { call, query, how } = o;
  const told = new Told();
  if (call.verdict.session) connection.sessionChanged = true;
  const outcome = await connection.run({
    build: () => [],
    exchange: (wire, group) => new DriverGroup(wire, group, { query, told }),
    deadlineAtMs: call.deadlineAtMs,
    atLimit: isCommit(call) ? 'commit-grace' : 'cancel',
  });
  const failure = failureOf(call, how, outcome);
  const { place } = connection;
  recordCall(call, how, { rows: 0, bytes: outcome.bytes, share: 1, error: failure, split: undefined, place });
  if (failure === undefined) return {};
  const isServers = failure instanceof ServerError && outcome.error instanceof Error;
  const error = isServers && outcome.error instanceof Error ? outcome.error : failure;
  if (told.end()) query.handleError?.(error, connection.driver.connection);
  return { error };
};
