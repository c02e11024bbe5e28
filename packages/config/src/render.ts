import { styleText } from 'node:util';

import { isError, type Issue } from './issue.ts';
import { describeSource } from './provenance.ts';

export interface RenderOptions {
  /** ANSI colors, whatever the terminal. Default: false. */
  readonly color?: boolean;
  /** A JSON document for programs instead of text for people. Default: false. */
  readonly json?: boolean;
}

/** All issues as text, or as JSON in the shape of `terraform validate -json`. */
export const renderIssues = (issues: readonly Issue[], options: RenderOptions = {}): string =>
  options.json === true
    ? renderJson(issues)
    : issues.map((issue) => renderIssue(issue, options.color ?? false)).join('\n');

const renderIssue = (issue: Issue, color: boolean): string => {
  const label = `${issue.severity}[${issue.code}]`;
  const colored = color ? styleText(isError(issue) ? 'red' : 'yellow', label, { validateStream: false }) : label;
  const subject = issue.path ?? issue.env;
  const lines = [`  ${colored} ${subject === undefined ? '' : `${subject}: `}${issue.message}`];
  if (issue.source !== undefined) lines.push(`     from: ${describeSource(issue.source)}`);
  else if (issue.path !== undefined && issue.env !== undefined) lines.push(`     set it by: ${issue.env}`);
  for (const input of issue.because ?? [])
    lines.push(
      `     with: ${input.path} = ${input.value}${input.source === undefined ? '' : ` (${describeSource(input.source)})`}`,
    );
  if (issue.help !== undefined) lines.push(`     help: ${issue.help}`);
  return lines.join('\n');
};

const renderJson = (issues: readonly Issue[]): string => {
  const errors = issues.filter(isError).length;
  return JSON.stringify({
    format_version: '1.0',
    valid: errors === 0,
    error_count: errors,
    warning_count: issues.length - errors,
    diagnostics: issues.map((issue) => ({
      severity: issue.severity,
      code: issue.code,
      summary: issue.message,
      path: issue.path,
      env: issue.env,
      source: issue.source,
      help: issue.help,
      because: issue.because,
    })),
  });
};
