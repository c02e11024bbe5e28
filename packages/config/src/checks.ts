/**
 * Connectivity checks: everything whose dependencies passed runs in parallel, each check under its own timeout and all
 * under one deadline.
 *
 * A check ends once: `run` → pass | warn | fail | skip, or `not run` → skip with `causedBy`. A failure turns all dependants
 * into skips, so the report names the cause and not its symptoms; a warning or a skip of its own does not. The report is
 * in the order of declaration, whatever ended first. A result that comes after its timeout is ignored.
 */
import { AbortedError, serializeError } from '@busbar/errors';

import { planChecks } from './check-plan.ts';
import { systemClock, systemTimers, type Clock, type Timers } from './clock.ts';
import { configChannels } from './diagnostics.ts';
import type { Profile } from './profiles.ts';
import type { CheckCategory, CheckReport, CheckRow, CheckStatus } from './report-schema.ts';

export interface CheckOutcome {
  readonly status: CheckStatus;
  /** One sentence about what was found, without secrets. */
  readonly message: string;
  readonly help?: string;
  readonly data?: Readonly<Record<string, string | number | boolean>>;
  /** What kind of failure it is. Default for `fail`: internal. */
  readonly category?: CheckCategory;
}

/** One thing to look at. Structural, so that a package can offer checks without importing this one. */
export interface Check {
  /** Unique; its first word names the dependency: `pg.tcp`. */
  readonly id: string;
  readonly title: string;
  /** Ids of checks that must not fail before this one makes sense. */
  readonly dependsOn?: readonly string[];
  /** Default: 5_000 ms. */
  readonly timeoutMs?: number;
  /** Looks, changing nothing. The signal fires when nobody waits for the answer any more. */
  run(context: { readonly signal: AbortSignal }): Promise<CheckOutcome>;
}

export interface RunChecksOptions {
  readonly signal?: AbortSignal;
  /** Over all checks. Default: 10_000 ms. */
  readonly deadlineMs?: number;
  /** Ids of the checks to run; what they depend on runs as well. Default: all. */
  readonly only?: readonly string[];
  /** The configuration the checks are about, for the report. */
  readonly config?: { readonly profile: Profile; readonly fingerprint: string };
  /** Default: the system's. */
  readonly clock?: Clock;
  readonly timers?: Timers;
  /** Epoch milliseconds, for `startedAt` alone. Default: `Date.now`. */
  readonly wallClock?: () => number;
}

const DEFAULT_TIMEOUT_MS = 5000;
const DEFAULT_DEADLINE_MS = 10_000;

/**
 * Runs checks and reports on them; a failing check is a row of the report, never a rejection.
 * @throws {@link ConfigDefinitionError} at once, for an unknown or cyclic `dependsOn`.
 * @throws `AbortedError` as soon as the caller's signal fires.
 */
export const runChecks = async (checks: readonly Check[], options: RunChecksOptions = {}): Promise<CheckReport> => {
  const plan = planChecks(checks, options.only);
  const clock = options.clock ?? systemClock;
  const startedAt = (options.wallClock ?? Date.now)();
  const startedMs = clock.now();
  const run: Run = {
    clock,
    timers: options.timers ?? systemTimers,
    endMs: startedMs + (options.deadlineMs ?? DEFAULT_DEADLINE_MS),
    signal: options.signal,
    rows: new Map(),
  };
  const rows: Promise<CheckRow>[] = [];
  for (const check of plan.ordered) {
    const row = checkAfterItsDependencies(check, run);
    run.rows.set(check.id, row);
  }
  for (const { id } of plan.declared) {
    const row = run.rows.get(id);
    if (row !== undefined) rows.push(row);
  }
  const settled = await Promise.all(rows);
  if (options.signal?.aborted === true) throw abortedBy(options.signal);
  return { ...reportOf(settled), ...options.config, startedAt, durationMs: clock.now() - startedMs };
};

const abortedBy = (signal: AbortSignal): AbortedError =>
  new AbortedError({ what: 'a run of checks', reason: 'signal' }, { cause: signal.reason });

interface Run {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly endMs: number;
  readonly signal: AbortSignal | undefined;
  readonly rows: Map<string, Promise<CheckRow>>;
}

const isPresent = <T>(value: T | undefined): value is T => value !== undefined;

const checkAfterItsDependencies = async (check: Check, run: Run): Promise<CheckRow> => {
  const dependencies = await Promise.all((check.dependsOn ?? []).map((id) => run.rows.get(id)).filter(isPresent));
  const causes = new Set(dependencies.flatMap((row) => row.causedBy ?? (row.status === 'fail' ? [row.id] : [])));
  const row = causes.size > 0 ? skippedRow(check, [...causes]) : await executedRow(check, run);
  if (configChannels.check.hasSubscribers) configChannels.check.publish(row);
  return row;
};

const skippedRow = ({ id, title }: Check, causedBy: string[]): CheckRow => ({
  id,
  title,
  status: 'skip',
  message: `not run, because ${causedBy.join(', ')} failed`,
  causedBy,
});

const executedRow = async (check: Check, run: Run): Promise<CheckRow> => {
  const startedMs = run.clock.now();
  const limitMs = Math.min(check.timeoutMs ?? DEFAULT_TIMEOUT_MS, run.endMs - startedMs);
  const outcome = limitMs <= 0 ? notReached : await outcomeWithin(check, run, limitMs);
  return { id: check.id, title: check.title, latencyMs: run.clock.now() - startedMs, ...outcome };
};

type Outcome = Omit<CheckRow, 'id' | 'title' | 'latencyMs'>;

const notReached: Outcome = { status: 'fail', category: 'unreachable', message: 'not started before the deadline' };

/** The first of: the check's own answer, its limit, the caller's abort. Whatever comes later finds the promise settled. */
const outcomeWithin = (check: Check, run: Run, limitMs: number): Promise<Outcome> =>
  new Promise((resolve) => {
    const abort = new AbortController();
    const end = (outcome: Outcome): void => {
      run.timers.clear(timer);
      run.signal?.removeEventListener('abort', onAbort);
      resolve(outcome);
    };
    const onAbort = (): void => {
      end({ status: 'skip', message: 'aborted' });
      abort.abort(run.signal?.reason);
    };
    const timer = run.timers.set(() => {
      end({ status: 'fail', category: 'unreachable', message: `timed out after ${Math.round(limitMs)} ms` });
      abort.abort();
    }, limitMs);
    run.signal?.addEventListener('abort', onAbort, { once: true });
    if (run.signal?.aborted === true) onAbort();
    else answerOf(check, abort.signal).then(end, (error: unknown) => end(thrownOutcome(error)));
  });

/** `async`, so that a check that throws at once is a rejection like any other. */
const answerOf = async (check: Check, signal: AbortSignal): Promise<Outcome> => {
  const { status, message, help, data, category } = await check.run({ signal });
  return {
    status,
    message,
    ...(help === undefined ? {} : { help }),
    ...(data === undefined ? {} : { data: { ...data } }),
    ...(category === undefined ? (status === 'fail' ? { category: 'internal' } : {}) : { category }),
  };
};

const thrownOutcome = (error: unknown): Outcome => ({
  status: 'fail',
  category: 'internal',
  message: 'the check itself failed',
  error: serializeError(error),
});

/** Everything about rows that does not depend on time. */
export const reportOf = (checks: CheckRow[]): Omit<CheckReport, 'startedAt' | 'durationMs'> => {
  const counts = { pass: 0, warn: 0, fail: 0, skip: 0 };
  for (const { status } of checks) counts[status] += 1;
  const withoutFailure = counts.warn > 0 ? 'warn' : 'pass';
  return {
    format_version: '1.0',
    ok: counts.fail === 0,
    status: counts.fail > 0 ? 'fail' : withoutFailure,
    counts,
    checks,
  };
};
