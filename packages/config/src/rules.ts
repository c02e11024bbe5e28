import type { TObject } from 'typebox';

import type { Issue } from './issue.ts';
import type { Profile } from './profiles.ts';
import type { Settled } from './resolve.ts';
import type { Path, ValuesAt } from './setting-path.ts';
import { showValue } from './show.ts';

/** What a rule answers: false if it holds, else what is wrong and what to do. */
export type RuleVerdict = false | { readonly message: string; readonly help?: string };

/** A rule over several settings, whatever their schema. */
export interface AnyRule {
  readonly code: string;
  readonly needs: readonly string[];
  /** Default: error. */
  readonly severity?: 'error' | 'warning';
  /** The profiles under which it holds. Default: all. */
  readonly profiles?: readonly Profile[];
  readonly check: (...values: never) => RuleVerdict;
}

/** A rule over several settings. It runs only if all of them are sound; a secret reaches it as `Secret`. */
export interface Rule<S extends TObject> extends AnyRule {
  readonly needs: readonly Path<S>[];
}

/** A rule whose `check` receives the values of `needs`, in that order and typed. */
export interface RuleInput<S extends TObject, N extends readonly Path<S>[]> extends Omit<AnyRule, 'needs' | 'check'> {
  readonly needs: N;
  readonly check: (...values: ValuesAt<S, N>) => RuleVerdict;
}

/** Ties a rule to its schema, so that a wrong path or a wrong parameter does not compile. */
export const defineRule = <S extends TObject, const N extends readonly Path<S>[]>(
  _schema: S,
  rule: RuleInput<S, N>,
): Rule<S> => rule;

/** The issues of all rules that are violated, in the order of the rules. */
export const violatedRules = (
  rules: readonly AnyRule[],
  profile: Profile,
  settled: ReadonlyMap<string, Settled>,
): readonly Issue[] => {
  const issues: Issue[] = [];
  for (const rule of rules) {
    if (rule.profiles?.includes(profile) === false) continue;
    const inputs = rule.needs.map((path) => settled.get(path)).filter((input) => input !== undefined);
    if (inputs.some((input) => input.problem !== undefined || input.undetermined)) continue;
    const verdict = verdictOf(rule, inputs);
    if (verdict !== false) issues.push(ruleIssue(rule, inputs, verdict));
  }
  return issues;
};

const verdictOf = (rule: AnyRule, inputs: readonly Settled[]): RuleVerdict => {
  try {
    const verdict: unknown = Reflect.apply(
      rule.check,
      undefined,
      inputs.map((input) => input.value),
    );
    return isVerdict(verdict)
      ? verdict
      : { message: 'the rule gave no verdict', help: 'correct the rule in the program' };
  } catch (error) {
    // The message of the error may repeat a value, even a secret one: its name has to do.
    return {
      message: `the rule itself failed: ${error instanceof Error ? error.name : typeof error}`,
      help: 'correct the rule in the program',
    };
  }
};

const isVerdict = (verdict: unknown): verdict is RuleVerdict =>
  verdict === false ||
  (typeof verdict === 'object' && verdict !== null && 'message' in verdict && typeof verdict.message === 'string');

const ruleIssue = (rule: AnyRule, inputs: readonly Settled[], verdict: Exclude<RuleVerdict, false>): Issue => ({
  code: rule.code,
  severity: rule.severity ?? 'error',
  message: verdict.message,
  ...(verdict.help === undefined ? {} : { help: verdict.help }),
  because: inputs.map(({ node, value, candidates }) => ({
    path: node.path,
    value: showValue(node, value),
    ...(candidates[0] === undefined ? {} : { source: candidates[0].source }),
  })),
});
