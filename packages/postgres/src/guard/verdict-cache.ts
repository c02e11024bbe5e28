/**
 * Verdicts by the text of their statement, in bounded memory.
 *
 * Invariants: at most `size` entries and at most 1 MiB of keys; the text of a long statement is not kept, only its SHA-256, but for the one that
 * was asked for last, which needs no digest when it is asked for again. Eviction is second
 * chance: the oldest entry goes unless it was asked for since it last came up, so texts that never come back cannot drive out those that do. A
 * lookup costs the same however full the cache is; an insertion costs as many steps as there were lookups since the last ones, amortised one.
 */
import { hash } from 'node:crypto';

import type { Verdict } from './verdict.ts';

/** A statement that the cache knows. */
export interface KnownStatement {
  readonly verdict: Verdict;
  /** How often it was asked for while it was known. */
  uses: number;
}

interface Entry extends KnownStatement {
  readonly key: string;
  verdict: Verdict;
  wasAsked: boolean;
  /** The one that is next oldest. */
  next: Entry | undefined;
}

const LONG_CHARS = 4_096;
/** A text that is longer is not kept even if it was asked for last. */
const MAX_LAST_CHARS = 32_768;
/** Longest that a string is in memory: two bytes a character. */
const bytesOf = (key: { readonly length: number }): number => key.length * 2;

const KEY_BYTES = 1_048_576 - bytesOf({ length: MAX_LAST_CHARS });

/** No statement that a server accepts holds the character in front, so no text equals a digest. */
const keyOf = (text: string): string => (text.length <= LONG_CHARS ? text : `\0${hash('sha256', text, 'base64')}`);

export class VerdictCache {
  hits = 0;
  misses = 0;
  readonly #size: number;
  readonly #entries = new Map<string, Entry>();
  /** The queue of entries, in the order in which they come up. */
  #oldest: Entry | undefined;
  #newest: Entry | undefined;
  #keyBytes = 0;
  #lastLong: { readonly text: string; readonly entry: Entry } | undefined;

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
    if (this.#lastLong?.text === text) return this.#hit(this.#lastLong.entry);
    const key = keyOf(text);
    const entry = this.#entries.get(key);
    const known = entry === undefined ? this.#add(key, judge(text)) : this.#hit(entry);
    if (text.length > LONG_CHARS && text.length <= MAX_LAST_CHARS) this.#lastLong = { text, entry: known };
    return known;
  }

  /** Each verdict by what is made of it. */
  replace(change: (verdict: Verdict) => Verdict): void {
    for (const entry of this.#entries.values()) entry.verdict = change(entry.verdict);
  }

  #hit(entry: Entry): Entry {
    this.hits += 1;
    entry.uses += 1;
    entry.wasAsked = true;
    return entry;
  }

  #add(key: string, verdict: Verdict): Entry {
    this.misses += 1;
    const entry: Entry = { key, verdict, uses: 1, wasAsked: false, next: undefined };
    this.#makeRoom(bytesOf(key));
    this.#entries.set(key, entry);
    this.#enqueue(entry);
    this.#keyBytes += bytesOf(key);
    return entry;
  }

  #enqueue(entry: Entry): void {
    if (this.#newest === undefined) this.#oldest = entry;
    else this.#newest.next = entry;
    this.#newest = entry;
  }

  /** Takes the oldest one out, which is never the only one: a cache that is full has 16 entries at least, or a megabyte of short keys. */
  #dequeue(entry: Entry): void {
    this.#oldest = entry.next;
    entry.next = undefined;
  }

  #makeRoom(bytes: number): void {
    for (let entry = this.#oldest; entry !== undefined; entry = this.#oldest) {
      if (this.#entries.size < this.#size && this.#keyBytes + bytes <= KEY_BYTES) return;
      this.#dequeue(entry);
      if (entry.wasAsked) {
        entry.wasAsked = false;
        this.#enqueue(entry);
      } else this.#forget(entry);
    }
  }

  #forget(entry: Entry): void {
    this.#entries.delete(entry.key);
    this.#keyBytes -= bytesOf(entry.key);
    if (this.#lastLong?.entry === entry) this.#lastLong = undefined;
  }
}
