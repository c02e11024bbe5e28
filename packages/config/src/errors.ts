import { BusbarError, brandError, type ErrorSpec } from '@busbar/errors';

import { isError, type Issue } from './issue.ts';
import type { Profile } from './profiles.ts';
import { renderIssues } from './render.ts';
import type { CheckReport } from './report-schema.ts';
import type { ExitCode } from './startup-verdict.ts';

/** The codes of every error that this package throws. */
export type ConfigErrorCode =
  | 'BUSBAR_CONFIG_INVALID'
  | 'BUSBAR_CONFIG_DEFINITION_INVALID'
  | 'BUSBAR_STARTUP_CHECK_FAILED';

const headline = (issues: readonly Issue[], profile: Profile): string => {
  const count = issues.filter(isError).length;
  return `${count} ${count === 1 ? 'problem' : 'problems'} in the configuration (profile ${profile})`;
};

/** The configuration is invalid; {@link ConfigError.issues} holds every problem and warning, in a fixed order. */
export class ConfigError extends BusbarError<
  'BUSBAR_CONFIG_INVALID',
  { readonly problems: number; readonly profile: Profile }
> {
  static override readonly spec = {
    name: 'ConfigError',
    code: 'BUSBAR_CONFIG_INVALID',
    retryable: false,
    when: 'One or more settings are missing, wrong or contradict each other.',
    remedy: 'Correct every listed setting at the source that the issue names.',
    fields: ['issues'],
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }

  readonly issues: readonly Issue[];

  constructor(issues: readonly Issue[], profile: Profile) {
    super(`${headline(issues, profile)}\n${renderIssues(issues)}`, {
      problems: issues.filter(isError).length,
      profile,
    });
    this.issues = Object.freeze([...issues]);
  }

  /** The report as text for people, colored on request. */
  format(options: { readonly color?: boolean } = {}): string {
    return `${this.code}: ${headline(this.issues, this.details.profile)}\n${renderIssues(this.issues, options)}`;
  }
}

/** A definition of settings, rules or checks contradicts itself: a mistake of the program, not of its configuration. */
export class ConfigDefinitionError extends BusbarError<
  'BUSBAR_CONFIG_DEFINITION_INVALID',
  { readonly issues: readonly string[] }
> {
  static override readonly spec = {
    name: 'ConfigDefinitionError',
    code: 'BUSBAR_CONFIG_DEFINITION_INVALID',
    retryable: false,
    when: 'A schema, rule, derived default or check is defined wrongly, for example with two settings of one variable.',
    remedy: 'Correct the definition in the program.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }

  constructor(what: string, issues: readonly string[]) {
    super(`the definition of ${what} is invalid: ${issues.join('; ')}`, { issues });
  }
}

interface StartupCheckDetails {
  readonly exitCode: ExitCode;
  readonly failed: readonly string[];
  readonly [key: string]: number | readonly string[];
}

/** The verdict over the start-up checks is no; {@link StartupCheckError.report} says what was checked and how it went. */
export class StartupCheckError extends BusbarError<'BUSBAR_STARTUP_CHECK_FAILED', StartupCheckDetails> {
  static override readonly spec = {
    name: 'StartupCheckError',
    code: 'BUSBAR_STARTUP_CHECK_FAILED',
    retryable: false,
    when: 'A required dependency did not pass its checks before the deadline of the start-up.',
    remedy: 'Read the failed checks of the report; each says what to do. Retryable if all of them are unreachable.',
    fields: ['report'],
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }

  readonly report: CheckReport;
  readonly exitCode: ExitCode;

  constructor(report: CheckReport, exitCode: ExitCode) {
    const failed = report.checks.filter((check) => check.status === 'fail');
    super(
      `start-up refused: ${failed.map((check) => `${check.id}: ${check.message}`).join('; ')}`,
      { exitCode, failed: failed.map((check) => check.id) },
      { retryable: failed.length > 0 && failed.every((check) => check.category === 'unreachable') },
    );
    this.report = report;
    this.exitCode = exitCode;
  }
}
