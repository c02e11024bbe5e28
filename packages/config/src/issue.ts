import type { Problem, Source } from './provenance.ts';
import type { SettingNode } from './setting-tree.ts';

/** What can be wrong with a configuration, besides the rules of the application. */
export type IssueCode =
  | Problem['code']
  | 'UNKNOWN_KEY'
  | 'UNKNOWN_ENV'
  | 'UNKNOWN_PROFILE'
  | 'FILE_UNREADABLE'
  | 'FILE_SYNTAX'
  | 'FILE_DUPLICATE_KEY';

/** Codes that no rule may use for itself. */
export const ISSUE_CODES: ReadonlySet<string> = new Set([
  'BAD_VALUE',
  'INVALID',
  'MISSING',
  'AMBIGUOUS',
  'SECRET_FILE_UNREADABLE',
  'SECRET_FILE_EMPTY',
  'SECRET_FILE_TOO_LARGE',
  'UNKNOWN_KEY',
  'UNKNOWN_ENV',
  'UNKNOWN_PROFILE',
  'FILE_UNREADABLE',
  'FILE_SYNTAX',
  'FILE_DUPLICATE_KEY',
] satisfies readonly IssueCode[]);

/** A value that takes part in a violated rule. */
export interface IssueInput {
  readonly path: string;
  readonly value: string;
  readonly source?: Source;
}

/** One thing that is wrong: what, where it came from and what to do. Nothing in it shows a secret. */
export interface Issue {
  /** An {@link IssueCode}, or the code of a rule. */
  readonly code: string;
  readonly severity: 'error' | 'warning';
  /** The setting, and the variable that sets it. */
  readonly path?: string;
  readonly env?: string;
  readonly source?: Source;
  readonly message: string;
  readonly help?: string;
  readonly because?: readonly IssueInput[];
}

/** The issue of a setting whose value is none. */
export const settingIssue = (node: SettingNode, problem: Problem, source: Source | undefined): Issue => ({
  code: problem.code,
  severity: 'error',
  path: node.path,
  env: node.env,
  ...(source === undefined ? {} : { source }),
  message: problem.message,
  ...(problem.help === undefined ? {} : { help: problem.help }),
});

export const isError = (issue: Issue): boolean => issue.severity === 'error';
