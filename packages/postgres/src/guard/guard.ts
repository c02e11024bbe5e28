import { knownLoginNames } from '../known-secrets.ts';
import type { GuardOptions } from '../options.ts';
import { PostgresOptionsError } from '../usage-errors.ts';
import { resolveGuard, type ResolvedGuard } from './guard-options.ts';
import { withoutLogins } from './shown-verdict.ts';
import { VerdictCache, type KnownStatement } from './verdict-cache.ts';
import { judge, type Verdict } from './verdict.ts';

/** What of a statement is over its limit. */
export type GuardExcess = 'score' | 'length';

export interface GuardStats {
  /** Verdicts that were known. */
  readonly hits: number;
  readonly misses: number;
  /** Statements that were let through without a word. */
  readonly passed: number;
  /** Statements over a limit, whatever the mode made of them; waived ones are not counted. */
  readonly exceeded: number;
  readonly warned: number;
  readonly blocked: number;
}

/** Judges statements by their text. Advisory: what really bounds a statement are parameters, server timeouts, `maxRows` and cancel. */
export interface Guard {
  /** The verdict, from memory where the text is known. Linear in the length of the text, whatever stands in it. */
  judge(text: string): Verdict;
  /** Which limit the statement is over, if any. */
  excess(verdict: Verdict): GuardExcess | undefined;
}

/** A guard with its memory and its counters. */
export class StatementGuard implements Guard {
  readonly options: ResolvedGuard;
  readonly #cache: VerdictCache;
  readonly #counts = { passed: 0, exceeded: 0, warned: 0, blocked: 0 };
  readonly #judge = (text: string): Verdict => withoutLogins(judge(text, this.options.weights));
  /** What the verdicts in memory were cleaned of. */
  #logins = knownLoginNames();

  constructor(options: ResolvedGuard) {
    this.options = options;
    this.#cache = new VerdictCache(options.cacheSize);
  }

  judge(text: string): Verdict {
    return this.know(text).verdict;
  }

  /** The verdict, and how often the text was asked for. */
  know(text: string): KnownStatement {
    const logins = knownLoginNames();
    if (logins !== this.#logins) this.#cache.replace(withoutLogins);
    this.#logins = logins;
    return this.#cache.lookup(text, this.#judge);
  }

  excess({ score, bytes }: Verdict): GuardExcess | undefined {
    if (bytes > this.options.maxTextBytes) return 'length';
    return score > this.options.maxScore ? 'score' : undefined;
  }

  /** What is to be done about a statement that is about to be sent; counted. */
  decide(verdict: Verdict, isWaived: boolean): 'pass' | 'warn' | 'block' {
    const { mode } = this.options;
    const isOver = mode !== 'off' && !isWaived && this.excess(verdict) !== undefined;
    if (isOver) this.#counts.exceeded += 1;
    if (!isOver || mode === 'observe') {
      this.#counts.passed += 1;
      return 'pass';
    }
    if (mode === 'block') this.#counts.blocked += 1;
    else this.#counts.warned += 1;
    return mode === 'block' ? 'block' : 'warn';
  }

  stats(): GuardStats {
    return { hits: this.#cache.hits, misses: this.#cache.misses, ...this.#counts };
  }
}

/**
 * Makes a guard of its own, for example to judge statements in a test.
 * @throws {@link PostgresOptionsError} with every problem of the options
 */
export const createGuard = (options: GuardOptions = {}): Guard => {
  const issues: string[] = [];
  const resolved = resolveGuard(options, issues);
  if (issues.length > 0) throw new PostgresOptionsError({ name: 'guard', issues });
  return new StatementGuard(resolved);
};
