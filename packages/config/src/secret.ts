import { createHash, timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';

const digest = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();

/**
 * A text that never prints: string conversion, JSON, `inspect`, `structuredClone` and `v8.serialize` show none of it.
 * Only {@link Secret.reveal} gives it away, so every place that uses it can be found by name.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The text itself. Call it where the text is handed to a client, never earlier. */
  reveal(): string {
    return this.#value;
  }

  /** Whether both hold the same text, compared in constant time. */
  equals(other: Secret): boolean {
    return timingSafeEqual(digest(this.#value), digest(other.#value));
  }

  toString(): '[secret]' {
    return '[secret]';
  }

  toJSON(): '[secret]' {
    return '[secret]';
  }

  [Symbol.toPrimitive](): '[secret]' {
    return '[secret]';
  }

  [inspect.custom](): '[secret]' {
    return '[secret]';
  }
}
