import { Fingerprint } from './fingerprint.ts';
import { Normalizer, type Piece } from './normalize.ts';
import { SCORED, type ScoreCounts, type Scored } from './score-counts.ts';
import { sqlBytes, textOf, type SqlBytes } from './sql-bytes.ts';
import type { Operation } from './statement-words.ts';
import { Structure } from './structure.ts';
import { Tokenizer } from './tokenizer.ts';

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

const reasonsOf = ({ of: counts, total }: ScoreCounts, weights: GuardWeights): readonly ScoreReason[] => {
  if (total === 0) return NO_REASONS;
  const names = SCORED.filter((name) => counts[name] > 0 && weights[name] > 0);
  return Object.freeze(names.map((name) => ({ name, count: counts[name], score: counts[name] * weights[name] })));
};

/** What reads one statement. */
const readersOf = (sql: SqlBytes) => {
  const token = new Tokenizer(sql);
  const fingerprint = new Fingerprint();
  return { token, structure: new Structure(token), fingerprint, normalizer: new Normalizer(fingerprint) };
};

/**
 * V8 drops compiled code with the last object of a shape that it was compiled for, and no reader outlives its statement: without these each full
 * collection would be followed by compiling the guard anew.
 */
let keptShapes: ReturnType<typeof readersOf> | undefined;

/** One pass over the text, linear in its length. Total: of text that is no SQL it says something harmless. */
export const judge = (text: string, weights: GuardWeights): Verdict => judgeBytes(sqlBytes(text), weights);

export const judgeBytes = (sql: SqlBytes, weights: GuardWeights): Verdict => {
  keptShapes ??= readersOf({ bytes: new Uint8Array(1), length: 0 });
  const { token, structure, fingerprint, normalizer } = readersOf(sql);
  let params = 0;
  for (let kind = token.next(); kind !== 'end'; kind = token.next()) {
    if (kind === 'parameter' && token.parameter > params) params = token.parameter;
    structure.accept();
    normalizer.accept(token);
  }
  structure.finish();
  normalizer.lists.finish(sql.length);
  const { kind } = structure;
  const reasons = reasonsOf(structure.counts, weights);
  return Object.freeze({
    score: reasons.reduce((sum, { score }) => sum + score, 0),
    reasons,
    operation: kind.operation,
    keyword: kind.firstWord,
    txControl: kind.txControl,
    session: kind.session,
    statements: kind.statements,
    params,
    fingerprint: fingerprint.digest(),
    summary: structure.summary.toString(),
    bytes: sql.length - normalizer.lists.repeatedBytes,
  });
};

/** In place of a quoted name: it can be a value whose quotes were mistaken. */
const QUOTED = '"?"';

class NormalText {
  readonly #sql: SqlBytes;
  readonly #pieces: string[] = [];
  #chars = 0;

  constructor(sql: SqlBytes) {
    this.#sql = sql;
  }

  get chars(): number {
    return this.#chars;
  }

  piece({ start, end }: Piece): void {
    const piece = textOf(this.#sql, start, end);
    this.#add(piece.endsWith('"') ? QUOTED : piece);
  }

  value(): void {
    this.#add('?');
  }

  toString(): string {
    return this.#pieces.join(' ');
  }

  #add(piece: string): void {
    this.#pieces.push(piece);
    this.#chars += piece.length + 1;
  }
}

/** The statement without its literals, quoted names and comments, at most `maxChars` long and a little of its last word. */
export const statementSkeleton = (text: string, maxChars: number): string => {
  const sql = sqlBytes(text);
  const token = new Tokenizer(sql);
  const pieces = new NormalText(sql);
  const normalizer = new Normalizer(pieces);
  for (let kind = token.next(); kind !== 'end' && pieces.chars <= maxChars + 1; kind = token.next())
    normalizer.accept(token);
  const whole = pieces.toString();
  return whole.length <= maxChars ? whole : `${whole.slice(0, maxChars - 1)}…`;
};
