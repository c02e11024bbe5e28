import type { ConnectivityCheck, ConnectivityOutcome } from './connectivity-checks.ts';

export interface StartupCheck {
  readonly id: string;
  readonly status: ConnectivityOutcome['status'];
  readonly message: string;
  readonly help?: string;
  readonly latencyMs: number;
  readonly data?: Readonly<Record<string, string | number | boolean>>;
}

export interface StartupReport {
  /** No check failed or was skipped because of one that did. */
  readonly ok: boolean;
  readonly durationMs: number;
  readonly checks: readonly StartupCheck[];
}

const DEFAULT_TIMEOUT_MS = 5_000;

const runCheck = async (check: ConnectivityCheck, failed: ReadonlySet<string>): Promise<ConnectivityOutcome> => {
  const cause = check.dependsOn?.find((id) => failed.has(id));
  if (cause !== undefined) return { status: 'skip', message: `not tried: ${cause} failed` };
  return check.run({ signal: AbortSignal.timeout(check.timeoutMs ?? DEFAULT_TIMEOUT_MS) });
};

/** Runs the checks in order; what depends on a failed one is skipped, so that the cause is reported and not its symptoms. */
export const runStartupChecks = async (
  checks: readonly ConnectivityCheck[],
  clock: { now(): number },
): Promise<StartupReport> => {
  const startedAtMs = clock.now();
  const failed = new Set<string>();
  const done: StartupCheck[] = [];
  for (const check of checks) {
    const beganAtMs = clock.now();
    // oxlint-disable-next-line no-await-in-loop -- each may depend on the one before
    const { status, message, help, data } = await runCheck(check, failed);
    if (status === 'fail' || status === 'skip') failed.add(check.id);
    const optional = { ...(help === undefined ? {} : { help }), ...(data === undefined ? {} : { data }) };
    done.push({ id: check.id, status, message, latencyMs: clock.now() - beganAtMs, ...optional });
  }
  return { ok: failed.size === 0, durationMs: clock.now() - startedAtMs, checks: done };
};
