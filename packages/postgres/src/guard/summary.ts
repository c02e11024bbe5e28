/**
 * `db.query.summary` of the OpenTelemetry conventions for databases: the verbs of a statement and the tables they touch, in the order of the text, as
 * in `SELECT orders customers`. Names only, at most 255 bytes; no literal can get in.
 */
import { NAME_QUOTE, POINT } from './lexical.ts';
import { byteAt, endOfChars } from './sql-bytes.ts';
import { QUOTED_NAME } from './token-types.ts';
import * as layout from './tokens.ts';

// V8 makes constants of what belongs to the module itself, not of what it imports.
const { fieldAt, START, STOP, tokens, TYPE } = layout;

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
/** Above all bytes. */
const NOTHING = 256;

/** Reused, since statements are read one at a time. In front of the first word stands a blank as well. */
const written = Buffer.alloc(1 + MAX_BYTES);

export class Summary {
  #length = 0;

  begin(): void {
    this.#length = 0;
  }

  verb(token: number): void {
    this.add(token, MAX_VERB_BYTES, LOWER_CASE_A);
  }

  /** Quoted names stay as they are. */
  table(token: number): void {
    this.add(token, MAX_NAME_BYTES, fieldAt(token + TYPE) === QUOTED_NAME ? NOTHING : UPPER_CASE_A);
  }

  /** The name behind the dot behind a table. */
  part(token: number): void {
    const end = this.#length;
    this.table(token);
    if (this.#length > end) written[end] = POINT;
  }

  toString(): string {
    return written.toString('utf8', 1, Math.max(1, this.#length));
  }

  /** Behind a blank; the 26 letters from `flipped` on get the other case. */
  private add(token: number, maxBytes: number, flipped: number): void {
    const { bytes } = tokens.sql;
    const start = fieldAt(token + START);
    const quotes = bytes[start] === NAME_QUOTE ? 1 : 0;
    const from = start + quotes;
    const to = endOfChars(bytes, Math.min(fieldAt(token + STOP) - quotes, from + maxBytes));
    let length = this.#length;
    if (length + 1 + to - from > written.length) return;
    written[length] = BLANK;
    for (let at = from; at < to; at += 1) {
      const byte = byteAt(bytes, at);
      length += 1;
      written[length] = byte >= flipped && byte < flipped + LETTERS ? byte ^ CASE_BIT : byte;
    }
    this.#length = length + 1;
  }
}
