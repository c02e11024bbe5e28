/**
 * `db.query.summary` of the OpenTelemetry conventions for databases: the verbs of a statement and the tables they touch, in the order of the text, as
 * in `SELECT orders customers`. Names only, at most 255 characters; no literal can get in.
 */
import type { Keyword } from './keywords.ts';
import { BEFORE_TABLE } from './syntax-words.ts';

const MAX_CHARS = 255;
/** Names of the server are no longer. */
const MAX_NAME_CHARS = 63;
const NAME_QUOTE = 34;

interface Place {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const nameAt = ({ text, start, end }: Place): string => {
  const name =
    text.charCodeAt(start) === NAME_QUOTE ? text.slice(start + 1, end - 1) : text.slice(start, end).toLowerCase();
  return name.slice(0, MAX_NAME_CHARS);
};

export class Summary {
  #text = '';
  #place: 'elsewhere' | 'before-table' | 'behind-table' | 'behind-dot' = 'elsewhere';

  get expectsTable(): boolean {
    return this.#place === 'before-table';
  }

  verb(word: string): void {
    this.#add(` ${word.slice(0, MAX_NAME_CHARS).toUpperCase()}`);
    this.#place = 'elsewhere';
  }

  expectTable(): void {
    this.#place = 'before-table';
  }

  name(token: Place): void {
    if (this.#place === 'before-table') this.#add(` ${nameAt(token)}`);
    else if (this.#place === 'behind-dot') this.#add(`.${nameAt(token)}`);
    else {
      this.#place = 'elsewhere';
      return;
    }
    this.#place = 'behind-table';
  }

  dot(): void {
    this.#place = this.#place === 'behind-table' ? 'behind-dot' : 'elsewhere';
  }

  /** A keyword that begins no statement. */
  keyword(word: Keyword): void {
    if (this.#place !== 'elsewhere' && !BEFORE_TABLE.has(word)) this.#place = 'elsewhere';
  }

  /** Any other token. */
  pass(): void {
    this.#place = 'elsewhere';
  }

  /** A copy: pieces cut out of a text would keep all of it in memory. */
  toString(): string {
    return Buffer.from(this.#text.trimStart()).toString();
  }

  #add(words: string): void {
    if (this.#text.length + words.length <= MAX_CHARS + 1) this.#text += words;
  }
}
