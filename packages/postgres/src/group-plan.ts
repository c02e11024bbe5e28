import { NamedStatement, type GroupStatement, type NamedGroup, type StatementResult } from './pipeline.ts';
import { sqlStateOf } from './sqlstate.ts';
import type { StatementCache } from './statement-cache.ts';

/** After one of these no statement of the session has a name any more. */
const DROPS_NAMES: ReadonlySet<string> = new Set(['DEALLOCATE ALL', 'DISCARD ALL']);

/** The server refuses a plan that it made before the schema changed, or does not know the name: nothing was executed. */
const isOutdated = (error: unknown): boolean => {
  const sqlState = sqlStateOf(error);
  if (sqlState === '26000') return true;
  if (sqlState !== '0A000' || typeof error !== 'object' || error === null) return false;
  return Reflect.get(error, 'routine') === 'RevalidateCachedQuery';
};

export interface GroupPlanOptions {
  readonly nowMs: number;
  /** To be sent so that its steps can be told apart; a statement alone that is not prepared. */
  readonly split: boolean;
}

/** How the statements of one group are sent, and what the connection's cache learns from its end. */
export class GroupPlan implements NamedGroup {
  readonly statements: readonly NamedStatement[];
  readonly closing: readonly string[];
  readonly isSplit: boolean;
  readonly #cache: StatementCache;

  constructor(cache: StatementCache, statements: readonly GroupStatement[], o: GroupPlanOptions) {
    const { nowMs } = o;
    this.#cache = cache;
    // Taken first: a name that this very group gives up is still prepared by it.
    this.closing = cache.takeClosing();
    this.statements = statements.map((one) => new NamedStatement(one, cache.plan(one.text, one.prefix, nowMs)));
    this.isSplit = o.split && this.statements.length === 1 && this.statements[0]?.name === '';
  }

  /** To be called when the group has been answered. True: the statement failed only because of its outdated name. */
  settle({ results, error }: { readonly results: readonly StatementResult[]; readonly error: unknown }): boolean {
    let dropsNames = false;
    for (const [index, { text, name, parse, shape }] of this.statements.entries()) {
      const result = results[index];
      if (result === undefined) {
        if (name !== '' && parse) this.#cache.forget(text);
        continue;
      }
      if (name !== '' && shape === undefined) this.#cache.learn(text, result.shape);
      if (DROPS_NAMES.has(result.command)) dropsNames = true;
    }
    if (dropsNames) this.#cache.clear();
    return error !== undefined && this.#isOutdated(this.statements[results.length], error);
  }

  #isOutdated(failed: NamedStatement | undefined, error: unknown): boolean {
    if (failed === undefined || failed.name === '' || failed.parse || !isOutdated(error)) return false;
    this.#cache.forget(failed.text);
    return true;
  }
}
