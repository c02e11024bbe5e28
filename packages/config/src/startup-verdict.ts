import type { CheckCategory, CheckReport, CheckRow } from './report-schema.ts';

/** What a process exits with, after sysexits(3); only 69 says that a restart alone may help. */
export type ExitCode = 0 | 69 | 70 | 76 | 77 | 78;

/** What a start-up does about one dependency. */
export interface DependencyPolicy {
  /**
   * `require`: the start-up fails without it. `degraded`: it goes on without it if it cannot be reached.
   * `skip`: it is not checked.
   */
  readonly mode: 'require' | 'degraded' | 'skip';
  /** How long to wait for it, in milliseconds. */
  readonly timeoutMs: number;
}

/** The policy of each dependency; the key is the first word of its check ids: `pg` for `pg.tcp`. Others are required. */
export type StartupPolicy = Readonly<Record<string, DependencyPolicy>>;

export interface StartupVerdict {
  readonly proceed: boolean;
  /** The dependencies the service starts without. */
  readonly degraded: readonly string[];
  /** 0 if the start-up proceeds. */
  readonly exitCode: ExitCode;
}

/** The dependency a check belongs to. */
export const dependencyOf = (checkId: string): string =>
  checkId.slice(0, checkId.includes('.') ? checkId.indexOf('.') : undefined);

/** Of several, the first wins: what no restart can cure comes before what one may. */
const EXIT_CODES: readonly (readonly [CheckCategory, ExitCode])[] = [
  ['internal', 70],
  ['config', 78],
  ['auth', 77],
  ['incompatible', 76],
  ['unreachable', 69],
];

/**
 * Whether a start-up goes on after its checks. A dependency under `degraded` may be away, but not misconfigured:
 * waiting does not cure a wrong password, so any other failure than `unreachable` refuses the start.
 */
export const startupVerdict = (report: CheckReport, policy: StartupPolicy): StartupVerdict => {
  const degraded = new Set<string>();
  const refusals: CheckRow[] = [];
  for (const check of report.checks) {
    if (check.status !== 'fail') continue;
    const dependency = dependencyOf(check.id);
    const mode = policy[dependency]?.mode ?? 'require';
    if (mode === 'degraded' && check.category === 'unreachable') degraded.add(dependency);
    else if (mode !== 'skip') refusals.push(check);
  }
  const exitCode = refusals.length === 0 ? 0 : exitCodeOf(refusals);
  return { proceed: refusals.length === 0, degraded: [...degraded], exitCode };
};

const exitCodeOf = (refusals: readonly CheckRow[]): ExitCode =>
  EXIT_CODES.find(([category]) => refusals.some((check) => (check.category ?? 'internal') === category))?.[1] ?? 70;
