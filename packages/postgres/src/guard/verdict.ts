import { Fingerprint } from './fingerprint.ts';
import { keywordAt } from './keywords.ts';
import { Normalizer } from './normalize.ts';
import type { Operation } from './statement-words.ts';
import { SCORED, Structure, type Scored } from './structure.ts';
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

const MAX_PARAMETER_DIGITS = 9;

/** The number of a `$n`; one of more digits than any server takes is only large. */
const parameterNumber = ({ text, start, end }: Tokenizer): number =>
  Number(text.slice(start + 1, Math.min(end, start + 1 + MAX_PARAMETER_DIGITS)));

const reasonsOf = (counts: Readonly<Record<Scored, number>>, weights: GuardWeights): readonly ScoreReason[] =>
  SCORED.filter((name) => counts[name] > 0 && weights[name] > 0).map((name) => ({
    name,
    count: counts[name],
    score: counts[name] * weights[name],
  }));

/** What reads one statement. */
const readersOf = (text: string) => {
  const fingerprint = new Fingerprint(text);
  return {
    token: new Tokenizer(text),
    structure: new Structure(),
    fingerprint,
    normalizer: new Normalizer(fingerprint),
  };
};

/**
 * V8 drops compiled code with the last object of a shape that it was compiled for, and no reader outlives its statement: without these each full
 * collection would be followed by compiling the guard anew.
 */
let keptShapes: ReturnType<typeof readersOf> | undefined;

/** One pass over the text, linear in its length. Total: of text that is no SQL it says something harmless. */
export const judge = (text: string, weights: GuardWeights): Verdict => {
  keptShapes ??= readersOf('');
  const { token, structure, fingerprint, normalizer } = readersOf(text);
  let params = 0;
  for (let kind = token.next(); kind !== 'end'; kind = token.next()) {
    const keyword = kind === 'word' ? keywordAt(text, token.start, token.end) : undefined;
    if (kind === 'parameter') params = Math.max(params, parameterNumber(token));
    structure.accept(token, keyword);
    normalizer.accept(token, keyword);
  }
  structure.finish();
  normalizer.lists.finish(text.length);
  let bytes = Buffer.byteLength(text);
  for (const [from, to] of normalizer.lists.rowSpans) bytes -= Buffer.byteLength(text.slice(from, to));
  const reasons = reasonsOf(structure.counts, weights);
  return Object.freeze({
    score: reasons.reduce((sum, { score }) => sum + score, 0),
    reasons: Object.freeze(reasons),
    operation: structure.operation,
    keyword: structure.firstWord,
    txControl: structure.txControl,
    session: structure.session,
    statements: structure.statements,
    params,
    fingerprint: fingerprint.digest(),
    summary: structure.summary.toString(),
    bytes,
  });
};

/** In place of a quoted name: it can be a value whose quotes were mistaken. */
const QUOTED = '"?"';

class NormalText {
  readonly #text: string;
  readonly #pieces: string[] = [];
  #chars = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get chars(): number {
    return this.#chars;
  }

  piece({ start, end }: { readonly start: number; readonly end: number }): void {
    const name = this.#text.charAt(end - 1) === '"' ? QUOTED : this.#text.slice(start, end);
    this.#add(name);
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
  const token = new Tokenizer(text);
  const pieces = new NormalText(text);
  const normalizer = new Normalizer(pieces);
  for (let kind = token.next(); kind !== 'end' && pieces.chars <= maxChars + 1; kind = token.next())
    normalizer.accept(token, kind === 'word' ? keywordAt(text, token.start, token.end) : undefined);
  const whole = pieces.toString();
  return whole.length <= maxChars ? whole : `${whole.slice(0, maxChars - 1)}…`;
};
