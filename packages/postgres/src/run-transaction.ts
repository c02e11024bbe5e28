import { causes } from '@busbar/errors';
import { nextDelayMs, resolveBackoff, sleep, type Backoff } from '@busbar/retry';

import { deadlineOf } from './call.ts';
import type { Connection } from './connection.ts';
import type { PoolContext } from './context.ts';
import { publish } from './diagnostics.ts';
import type { TxRetryCause } from './options.ts';
import { OutcomeUnknownError } from './outcome-errors.ts';
import { resolveTxRetry } from './resolve-options.ts';
import { Transaction, type TransactionSettings } from './transaction.ts';
import { beginStatement, repeatableFailure, TxHandle, type RepeatableFailure, type Tx, type TxOptions } from './tx.ts';

/** One call of `tx()`: its attempts, and what they may still cost. */
interface Run {
  readonly context: PoolContext;
  readonly settings: TransactionSettings;
  readonly deadlineMs: number;
  readonly startedAtMs: number;
  readonly maxAttempts: number;
  readonly backoff: Backoff;
  readonly on: readonly TxRetryCause[];
  /** The last delay, for the backoff. */
  previousMs: number;
}

type Attempt<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };
type Verdict = 'commit' | 'rollback' | 'unknown';

const createRun = (context: PoolContext, o: TxOptions): Run => {
  const { clock, retry, name, timeouts } = context.options;
  const { maxAttempts, baseMs, maxMs, on } =
    o.retry === false ? { ...retry, maxAttempts: 1 } : resolveTxRetry(o.retry, { base: retry, name });
  const startedAtMs = clock.now();
  const deadlineMs = deadlineOf(o, timeouts.queryDeadlineMs);
  const deadlineAtMs = o.deadlineMs === undefined ? Number.POSITIVE_INFINITY : startedAtMs + deadlineMs;
  const { label, signal, maxRows } = o;
  return {
    context,
    settings: { begin: beginStatement(o), label, signal, maxRows, deadlineAtMs },
    deadlineMs,
    startedAtMs,
    maxAttempts,
    backoff: resolveBackoff({ baseMs, factor: 2, maxMs, jitter: 'full' }),
    on,
    previousMs: baseMs,
  };
};

const acquire = ({ context, settings, deadlineMs }: Run): Connection | Promise<Connection> =>
  context.leases.acquire({
    label: settings.label,
    deadlineMs,
    deadlineAtMs: Math.min(settings.deadlineAtMs, context.options.clock.now() + deadlineMs),
    signal: settings.signal,
    watched: true,
  });

/** Runs callback and COMMIT once, and settles the attempt. Never rejects. */
const attemptOnce = async <T>(run: Run, transaction: Transaction, fn: (tx: Tx) => Promise<T>): Promise<Attempt<T>> => {
  const handle = new TxHandle(transaction, { scope: transaction.scope, pool: run.context.options.name });
  try {
    const value = await fn(handle);
    handle.end();
    await transaction.commit();
    finish(run, transaction, { verdict: 'commit', error: undefined });
    return { ok: true, value };
  } catch (error) {
    handle.end();
    const verdict = error instanceof OutcomeUnknownError ? 'unknown' : 'rollback';
    if (verdict === 'rollback') await transaction.rollback();
    finish(run, transaction, { verdict, error });
    return { ok: false, error };
  }
};

const finish = (run: Run, transaction: Transaction, o: { verdict: Verdict; error: unknown }): void => {
  const { counters, options } = run.context;
  if (o.verdict === 'commit') counters.committed += 1;
  else if (o.verdict === 'rollback') counters.rolledBack += 1;
  else counters.unknown += 1;
  transaction.settle(o.verdict, o.error);
  publish('tx', () => ({
    pool: options.name,
    label: run.settings.label,
    outcome: o.verdict,
    durationMs: options.clock.now() - run.startedAtMs,
    attempts: transaction.attempt,
    statements: transaction.statements,
  }));
};

/** The failure behind an error of the callback that a repetition can cure: a user may have wrapped it. */
const repeatable = (run: Run, error: unknown): RepeatableFailure | undefined => {
  for (const link of causes(error)) {
    const failure = repeatableFailure(link);
    if (failure !== undefined && run.on.includes(failure.cause)) return failure;
  }
  return undefined;
};

/** Waits for the next attempt; false if there is none. */
const waitForRetry = async (run: Run, error: unknown, attempt: number): Promise<boolean> => {
  const { options, counters } = run.context;
  const found = attempt < run.maxAttempts ? repeatable(run, error) : undefined;
  if (found === undefined) return false;
  const delayMs = nextDelayMs(run.backoff, { retry: attempt, previousMs: run.previousMs }, options.random);
  run.previousMs = delayMs;
  if (options.clock.now() + delayMs >= run.settings.deadlineAtMs) return false;
  const { signal, label } = run.settings;
  if (signal?.aborted === true) return false;
  const { sqlState } = found;
  const key = sqlState ?? found.cause;
  counters.retries[key] = (counters.retries[key] ?? 0) + 1;
  publish('tx-retry', () => ({ pool: options.name, label, sqlState, attempt, delayMs }));
  try {
    await sleep(delayMs, { timers: options.timers, ...(signal === undefined ? {} : { signal }) });
    return true;
  } catch {
    return false; // aborted while waiting: the failure of the attempt is the answer
  }
};

const reusable = (connection: Connection): boolean =>
  connection.lost === undefined &&
  connection.retireReason === undefined &&
  connection.status === 'I' &&
  !connection.busy;

/**
 * Runs `fn` in a transaction and commits it. The whole callback is repeated after a failure of `retry.on`, on the same connection where it is
 * clean. Resolves only after the server has answered COMMIT; an error of the callback is rethrown as it is.
 */
export const runTransaction = async <T>(context: PoolContext, o: TxOptions, fn: (tx: Tx) => Promise<T>): Promise<T> => {
  const run = createRun(context, o);
  let connection = await acquire(run);
  try {
    for (let attempt = 1; ; attempt += 1) {
      const transaction = new Transaction(context, run.settings, { connection, attempt });
      // oxlint-disable-next-line no-await-in-loop -- attempts follow each other
      const result = await attemptOnce(run, transaction, fn);
      if (result.ok) return result.value;
      // oxlint-disable-next-line no-await-in-loop -- attempts follow each other
      if (!(await waitForRetry(run, result.error, attempt))) throw result.error;
      if (!reusable(connection)) {
        context.leases.releaseWhenQuiet(connection);
        // oxlint-disable-next-line no-await-in-loop -- attempts follow each other
        connection = await acquire(run);
      }
    }
  } finally {
    context.leases.releaseWhenQuiet(connection);
  }
};
