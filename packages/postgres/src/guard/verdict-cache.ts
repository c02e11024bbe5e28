/**
 * Verdicts by the text of their statement, in bounded memory.
 *
 * Invariants: at most `size` entries and at most KEY_BYTES of keys; the text of a long statement is not kept, only its SHA-256. Eviction is second
 * chance: the oldest entry goes unless it was asked for since it last came up, so texts that never come back cannot drive out those that do. A
 * lookup costs the same however full the cache is; an insertion costs as many steps as there were lookups since the last ones, amortised one.
 */
import { createHash } from 'node:crypto';

import type { Verdict } from './verdict.ts';

/** A statement that the cache knows. */
export interface KnownStatement {
  readonly verdict: Verdict;
  /** How often it was asked for while it was known. */
  uses: number;
}

interface Entry extends KnownStatement {
  wasAsked: boolean;
}

const KEY_BYTES = 1_048_576;
const LONG_CHARS = 4_096;
/** Longest that a string is in memory: two bytes a character. */
const bytesOf = (key: string): number => key.length * 2;

/** No statement that a server accepts holds the character in front, so no text equals a digest. */
const keyOf = (text: string): string =>
  text.length <= LONG_CHARS ? text : `\0${createHash('sha256').update(text).digest('base64')}`;

export class VerdictCache {
  hits = 0;
  misses = 0;
  readonly #size: number;
  readonly #entries = new Map<string, Entry>();
  #keyBytes = 0;

  constructor(size: number) {
    this.#size = size;
  }

  get size(): number {
    return this.#entries.size;
  }

  get keyBytes(): number {
    return this.#keyBytes;
  }

  /** The verdict on a text; `judge` is asked only if it is not known. */
  lookup(text: string, judge: (text: string) => Verdict): KnownStatement {
    const key = keyOf(text);
    const known = this.#entries.get(key);
    if (known !== undefined) {
      this.hits += 1;
      known.uses += 1;
      known.wasAsked = true;
      return known;
    }
    this.misses += 1;
    const entry: Entry = { verdict: judge(text), uses: 1, wasAsked: false };
    this.#makeRoom(bytesOf(key));
    this.#entries.set(key, entry);
    this.#keyBytes += bytesOf(key);
    return entry;
  }

  #makeRoom(bytes: number): void {
    for (const [key, entry] of this.#entries) {
      if (this.#entries.size < this.#size && this.#keyBytes + bytes <= KEY_BYTES) return;
      this.#entries.delete(key);
      if (entry.wasAsked) {
        entry.wasAsked = false;
        this.#entries.set(key, entry); // behind the others: a map iterates over what is added while it runs
      } else this.#keyBytes -= bytesOf(key);
    }
  }
}
