import { AbortedError } from '@busbar/errors';

import { reportOf, runChecks, type Check, type RunChecksOptions } from './checks.ts';
import { systemClock, systemTimers, type Timers } from './clock.ts';
import { configChannels } from './diagnostics.ts';
import type { CheckReport, CheckRow } from './report-schema.ts';
import { dependencyOf, type StartupPolicy } from './startup-verdict.ts';

export interface StartupChecksOptions extends Pick<
  RunChecksOptions,
  'signal' | 'config' | 'clock' | 'timers' | 'wallClock'
> {
  readonly policy: StartupPolicy;
  /** First and longest wait between two tries of an unreachable dependency. Defaults: 100 ms and 2_000 ms. */
  readonly retryBaseMs?: number;
  readonly retryMaxMs?: number;
  /** Spreads the waits of processes that start together. Default: `Math.random`. */
  readonly random?: () => number;
}

const DEFAULT_RETRY_BASE_MS = 100;
const DEFAULT_RETRY_MAX_MS = 2000;
/** For a dependency without a policy. */
const DEFAULT_TIMEOUT_MS = 30_000;

/**
 * Checks every dependency until it answers or its time is over, all of them in parallel, and reports on the last try.
 * Only what is unreachable is tried again; waiting ends with the first success. A check depends on checks of its own
 * dependency only. Whether the service may start is for `startupVerdict` to say.
 * @throws {@link ConfigDefinitionError} for an unknown or cyclic `dependsOn`.
 * @throws `AbortedError` as soon as the caller's signal fires.
 */
export const runStartupChecks = async (
  checks: readonly Check[],
  options: StartupChecksOptions,
): Promise<CheckReport> => {
  const clock = options.clock ?? systemClock;
  const startedAt = (options.wallClock ?? Date.now)();
  const startedMs = clock.now();
  const groups = Map.groupBy(checks, (check) => dependencyOf(check.id));
  const rowsOfGroups = await Promise.all(
    [...groups].map(([dependency, group]) => checkDependency(dependency, group, options)),
  );
  const rows = new Map(rowsOfGroups.flat().map((row) => [row.id, row] as const));
  const inOrder = checks.flatMap((check) => rows.get(check.id) ?? []);
  const report: CheckReport = {
    ...reportOf(inOrder),
    ...options.config,
    startedAt,
    durationMs: clock.now() - startedMs,
  };
  if (configChannels.report.hasSubscribers) configChannels.report.publish({ kind: 'startup', report });
  return report;
};

const checkDependency = async (
  dependency: string,
  checks: readonly Check[],
  options: StartupChecksOptions,
): Promise<readonly CheckRow[]> => {
  const { mode, timeoutMs } = options.policy[dependency] ?? { mode: 'require', timeoutMs: DEFAULT_TIMEOUT_MS };
  if (mode === 'skip')
    return checks.map(({ id, title }) => ({ id, title, status: 'skip', message: 'skipped by policy' }));
  const clock = options.clock ?? systemClock;
  const endMs = clock.now() + timeoutMs;
  for (let attempt = 1; ; attempt += 1) {
    // oxlint-disable-next-line no-await-in-loop -- each try waits for the one before it
    const report = await runChecks(checks, { ...options, deadlineMs: endMs - clock.now() });
    const delayMs = retryDelayMs(attempt, options);
    const failures = report.checks.filter((check) => check.status === 'fail');
    const mayHelp = failures.length > 0 && failures.every((check) => check.category === 'unreachable');
    if (!mayHelp || clock.now() + delayMs >= endMs) return report.checks;
    // oxlint-disable-next-line no-await-in-loop -- the pause between two tries
    await pause(delayMs, options);
  }
};

/** Exponential, with equal jitter: half of it is certain, half of it is chance. */
const retryDelayMs = (attempt: number, o: StartupChecksOptions): number => {
  const ceilingMs = Math.min(
    o.retryMaxMs ?? DEFAULT_RETRY_MAX_MS,
    (o.retryBaseMs ?? DEFAULT_RETRY_BASE_MS) * 2 ** (attempt - 1),
  );
  return ceilingMs / 2 + ((o.random ?? Math.random)() * ceilingMs) / 2;
};

const pause = (
  delayMs: number,
  { signal, timers = systemTimers }: { readonly signal?: AbortSignal; readonly timers?: Timers },
): Promise<void> =>
  new Promise((resolve, reject) => {
    const onAbort = (): void => {
      timers.clear(timer);
      reject(new AbortedError({ what: 'the wait for a dependency', reason: 'signal' }, { cause: signal?.reason }));
    };
    const timer = timers.set(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, delayMs);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
