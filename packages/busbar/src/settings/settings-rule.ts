/* oxlint-disable max-params -- the check of a rule gets one parameter for each setting it needs */
import { defineRule, type Path, type Profile, type Rule, type RuleVerdict, type ValuesAt } from '@busbar/config';

import { settingsSchema, type BusbarSettingsSchema as S } from './schema.ts';

interface RuleInput<N extends readonly Path<S>[]> {
  readonly code: string;
  readonly needs: N;
  readonly severity?: 'error' | 'warning';
  readonly profiles?: readonly Profile[];
  readonly check: (...values: ValuesAt<S, N>) => RuleVerdict;
}

/** A rule over the settings of Busbar; its check gets the values of the settings that it needs, in that order. */
export const settingsRule = <const N extends readonly Path<S>[]>(input: RuleInput<N>): Rule<S> =>
  defineRule(settingsSchema, input);
