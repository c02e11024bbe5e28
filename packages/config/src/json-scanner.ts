/**
 * JSON with the line of every key. `JSON.parse` gives no lines, takes the last of two equal keys in silence, and quotes
 * the text around a fault, which may be a password; this scanner refuses duplicates and names positions only.
 *
 * After a fault the scanner stands at the end of the text, so that every loop ends; the first fault is kept.
 */
const MAX_DEPTH = 16;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/uy;
const SEPARATOR = '\u0000';

/** The key of {@link ScannedJson.lines} for a path. */
export const lineKeyOf = (keys: readonly string[]): string => keys.join(SEPARATOR);

export interface ScannedJson {
  readonly ok: true;
  readonly value: unknown;
  /** The line, from 1, on which the key of a path stands. */
  readonly lines: ReadonlyMap<string, number>;
}

export interface JsonFault {
  readonly ok: false;
  readonly code: 'FILE_SYNTAX' | 'FILE_DUPLICATE_KEY';
  /** What is wrong, without any text of the document but, for a duplicate, its key. */
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

/** Reads a JSON document of at most 16 levels. Never throws. */
export const scanJson = (text: string): ScannedJson | JsonFault => new JsonScanner(text).scan();

class JsonScanner {
  readonly #text: string;
  readonly #lines = new Map<string, number>();
  #at = 0;
  #line = 1;
  #fault: JsonFault | undefined;

  constructor(text: string) {
    this.#text = text.startsWith('\uFEFF') ? text.slice(1) : text;
  }

  scan(): ScannedJson | JsonFault {
    const value = this.#value([]);
    this.#skipSpace();
    if (this.#at < this.#text.length) this.#fail('nothing may follow the first value');
    return this.#fault ?? { ok: true, value, lines: this.#lines };
  }

  #value(keys: readonly string[]): unknown {
    this.#skipSpace();
    if (keys.length > MAX_DEPTH) return this.#fail(`deeper than ${MAX_DEPTH} levels`);
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object(keys);
      case '[':
        return this.#array(keys);
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      case undefined:
      default:
        return this.#number();
    }
  }

  #object(keys: readonly string[]): unknown {
    const entries = new Map<string, unknown>();
    this.#at += 1;
    if (this.#take('}')) return {};
    do {
      this.#skipSpace();
      const keyAt = this.#at;
      const line = this.#line;
      const key = this.#string();
      if (this.#fault !== undefined || key === undefined) return undefined;
      if (entries.has(key))
        return this.#fail(`the key ${JSON.stringify(key)} stands here twice`, keyAt, 'FILE_DUPLICATE_KEY');
      const path = [...keys, key];
      this.#lines.set(lineKeyOf(path), line);
      if (!this.#take(':')) return this.#fail('a colon is missing after a key');
      entries.set(key, this.#value(path));
    } while (this.#take(','));
    if (!this.#take('}')) this.#fail('an object is not closed here, or a comma is missing');
    // fromEntries defines properties, so a key `__proto__` is data like any other.
    return Object.fromEntries(entries);
  }

  #array(keys: readonly string[]): unknown {
    const items: unknown[] = [];
    this.#at += 1;
    if (this.#take(']')) return items;
    do items.push(this.#value([...keys, String(items.length)]));
    while (this.#take(','));
    if (!this.#take(']')) this.#fail('an array is not closed here, or a comma is missing');
    return items;
  }

  #string(): string | undefined {
    const start = this.#at;
    if (this.#text[start] !== '"') return this.#fail('a string in double quotes is expected');
    let end = start + 1;
    while (end < this.#text.length && this.#text[end] !== '"') end += this.#text[end] === '\\' ? 2 : 1;
    if (end >= this.#text.length) return this.#fail('a string is not closed', start);
    this.#at = end + 1;
    try {
      const value: unknown = JSON.parse(this.#text.slice(start, this.#at));
      return typeof value === 'string' ? value : undefined;
    } catch {
      // The parser's message quotes the string; ours gives its place.
      return this.#fail('a string has an invalid escape or a control character', start);
    }
  }

  #number(): number | undefined {
    NUMBER.lastIndex = this.#at;
    const match = NUMBER.exec(this.#text);
    if (match === null) return this.#fail('a value is expected');
    this.#at += match[0].length;
    return Number(match[0]);
  }

  #word<T>(word: string, value: T): T | undefined {
    if (!this.#text.startsWith(word, this.#at)) return this.#fail('a value is expected');
    this.#at += word.length;
    return value;
  }

  #take(character: string): boolean {
    this.#skipSpace();
    if (this.#fault !== undefined || this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #skipSpace(): void {
    for (; ' \t\n\r'.includes(this.#text[this.#at] ?? 'x'); this.#at += 1)
      if (this.#text[this.#at] === '\n') this.#line += 1;
  }

  #fail(message: string, at = this.#at, code: JsonFault['code'] = 'FILE_SYNTAX'): undefined {
    this.#fault ??= { ok: false, code, message, ...this.#position(at) };
    this.#at = this.#text.length;
    return undefined;
  }

  #position(at: number): { readonly line: number; readonly column: number } {
    const before = this.#text.slice(0, at);
    const lineStart = before.lastIndexOf('\n') + 1;
    return { line: before.split('\n').length, column: at - lineStart + 1 };
  }
}
