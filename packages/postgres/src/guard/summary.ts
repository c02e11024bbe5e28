/**
 * `db.query.summary` of the OpenTelemetry conventions for databases: the verbs of a statement and the tables they touch, in the order of the text, as
 * in `SELECT orders customers`. Names only, at most 255 bytes; no literal can get in.
 */
import { DOT, NAME_QUOTE } from './lexical.ts';
import { byteAt, endOfChars } from './sql-bytes.ts';
import type { Tokenizer } from './tokenizer.ts';

const MAX_BYTES = 255;
/** Names of the server are no longer. */
const MAX_NAME_BYTES = 63;
/** No verb is longer: what is cut off is none. */
const MAX_VERB_BYTES = 32;
const BLANK = 32;
const UPPER_CASE_A = 65;
const LOWER_CASE_A = 97;
const LETTERS = 26;
/** Between the two cases of a letter. */
const CASE_BIT = 32;

/** Reused, since statements are read one at a time. In front of the first word stands a blank as well. */
const written = Buffer.alloc(1 + MAX_BYTES);

export class Summary {
  readonly #token: Tokenizer;
  #length = 0;

  /** Each method adds the token as it is then. */
  constructor(token: Tokenizer) {
    this.#token = token;
  }

  verb(): void {
    this.add(BLANK, MAX_VERB_BYTES, LOWER_CASE_A);
  }

  table(): void {
    this.addName(BLANK);
  }

  /** The name behind the dot behind a table. */
  part(): void {
    this.addName(DOT);
  }

  toString(): string {
    return written.toString('utf8', 1, Math.max(1, this.#length));
  }

  /** Quoted names stay as they are. */
  private addName(separator: number): void {
    this.add(separator, MAX_NAME_BYTES, this.#token.kind === 'word' ? UPPER_CASE_A : undefined);
  }

  /** The 26 letters from `flipped` on get the other case. */
  private add(separator: number, maxBytes: number, flipped = 256): void {
    const { sql, code, start, end } = this.#token;
    const quotes = code === NAME_QUOTE ? 1 : 0;
    const from = start + quotes;
    const to = endOfChars(sql, Math.min(end - quotes, from + maxBytes));
    let length = this.#length;
    if (length + 1 + to - from > written.length) return;
    written[length] = separator;
    for (let at = from; at < to; at += 1) {
      const byte = byteAt(sql, at);
      length += 1;
      written[length] = byte >= flipped && byte < flipped + LETTERS ? byte ^ CASE_BIT : byte;
    }
    this.#length = length + 1;
  }
}
