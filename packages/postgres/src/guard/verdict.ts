import { Fingerprint } from './fingerprint.ts';
import { learnMeanings } from './meanings.ts';
import { Normalizer } from './normalize.ts';
import { SCORED, type ScoreCounts, type Scored } from './score-counts.ts';
import { sqlBytes, type SqlBytes } from './sql-bytes.ts';
import type { Operation } from './statement-words.ts';
import { Structure } from './structure.ts';
import { Tokenizer } from './tokenizer.ts';
import { isLastBatch } from './tokens.ts';

/** Points for each occurrence; 0 = not counted. */
export type GuardWeights = Readonly<Record<Scored, number>>;

/** One sort of thing that made a statement score. */
export interface ScoreReason {
  readonly name: Scored;
  /** Occurrences. */
  readonly count: number;
  /** `count` times its weight. */
  readonly score: number;
}

/** What is known of a statement from its text alone. Holds no literal and no piece of the text but names of tables. */
export interface Verdict {
  /** Sum of the reasons. */
  readonly score: number;
  readonly reasons: readonly ScoreReason[];
  readonly operation: Operation;
  /** The first word, in lower case. */
  readonly keyword: string;
  /** Begins or ends a transaction or savepoint. */
  readonly txControl: boolean;
  /** Changes the session: settings, prepared statements, LISTEN, temporary tables, advisory locks. */
  readonly session: boolean;
  readonly statements: number;
  /** The highest `$n`. */
  readonly params: number;
  /** 16 hexadecimal digits: equal for texts that differ only in literals, blanks, comments, and the length of value lists. */
  readonly fingerprint: string;
  /** Verbs and tables, as in `SELECT orders customers`; at most 255 characters. */
  readonly summary: string;
  /** Length of the text in UTF-8, rows of VALUES behind the first one not counted. */
  readonly bytes: number;
}

const NO_REASONS: readonly ScoreReason[] = Object.freeze([]);

const reasonsOf = (counts: ScoreCounts, weights: GuardWeights): readonly ScoreReason[] => {
  if (counts.total === 0) return NO_REASONS;
  const reasons: ScoreReason[] = [];
  for (const name of SCORED) {
    const count = counts[name];
    if (count > 0 && weights[name] > 0) reasons.push({ name, count, score: count * weights[name] });
  }
  return Object.freeze(reasons);
};

const createReaders = () => {
  learnMeanings();
  return {
    tokenizer: new Tokenizer(),
    structure: new Structure(),
    normalizer: new Normalizer(),
    fingerprint: new Fingerprint(),
  };
};

/** What reads all statements, one at a time: made for the first one. */
let readers: ReturnType<typeof createReaders> | undefined;

/** One pass over the text, linear in its length. Total: of text that is no SQL it says something harmless. */
export const judge = (text: string, weights: GuardWeights): Verdict => judgeBytes(sqlBytes(text), weights);

export const judgeBytes = (sql: SqlBytes, weights: GuardWeights): Verdict => {
  const { tokenizer, structure, normalizer, fingerprint } = (readers ??= createReaders());
  tokenizer.begin(sql);
  structure.begin();
  normalizer.begin();
  fingerprint.begin();
  do {
    tokenizer.read();
    structure.read();
    normalizer.read();
    fingerprint.read();
  } while (!isLastBatch());
  structure.finish();
  normalizer.finish(sql.length);
  tokenizer.end();
  const { kind, counts, summary } = structure;
  const reasons = reasonsOf(counts, weights);
  let total = 0;
  for (const { score } of reasons) total += score;
  return Object.freeze({
    score: total,
    reasons,
    operation: kind.operation,
    keyword: kind.firstWord,
    txControl: kind.txControl,
    session: kind.session,
    statements: kind.statements,
    params: tokenizer.params,
    fingerprint: fingerprint.digest(),
    summary: summary.toString(),
    bytes: sql.length - normalizer.repeatedBytes,
  });
};
