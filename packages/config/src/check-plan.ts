import type { Check } from './checks.ts';
import { ConfigDefinitionError } from './errors.ts';

export interface CheckPlan {
  /** The checks to run in the order of their declaration. */
  readonly declared: readonly Check[];
  /** The same, each after those it depends on. */
  readonly ordered: readonly Check[];
}

/**
 * Which checks run, and in which order they may start.
 * @throws {@link ConfigDefinitionError} for a repeated id, an unknown id or a cycle.
 */
export const planChecks = (checks: readonly Check[], only: readonly string[] | undefined): CheckPlan => {
  const byId = new Map(checks.map((check) => [check.id, check] as const));
  const problems: string[] = [];
  if (byId.size < checks.length) problems.push('two checks have the same id');
  const ordered: Check[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const visit = (id: string, wantedBy: string): void => {
    const check = byId.get(id);
    if (check === undefined) problems.push(`${wantedBy}: there is no check ${id}`);
    if (state.get(id) === 'open') problems.push(`${id}: depends on itself`);
    if (check === undefined || state.has(id)) return;
    state.set(id, 'open');
    for (const dependency of check.dependsOn ?? []) visit(dependency, id);
    state.set(id, 'done');
    ordered.push(check);
  };
  for (const id of only ?? byId.keys()) visit(id, 'the selection');
  if (problems.length > 0) throw new ConfigDefinitionError('the checks', problems);
  const chosen = new Set(ordered);
  return { declared: checks.filter((check) => chosen.has(check)), ordered };
};
