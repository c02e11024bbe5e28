import { hideLogins } from '../known-secrets.ts';
import { KEYWORDS } from './keywords.ts';
import type { Verdict } from './verdict.ts';

/** These are no secret, even where they are a password: what is done depends on them. */
const PUBLIC_WORDS: ReadonlySet<string> = new Set(KEYWORDS);

/** The verdict without what a pool of this process logs in with, for who took its password for a name; the same one if there is nothing of it. */
export const withoutLogins = (verdict: Verdict): Verdict => {
  const summary = hideLogins(verdict.summary);
  const keyword = PUBLIC_WORDS.has(verdict.keyword) ? verdict.keyword : hideLogins(verdict.keyword);
  return summary === verdict.summary && keyword === verdict.keyword
    ? verdict
    : Object.freeze({ ...verdict, summary, keyword });
};
