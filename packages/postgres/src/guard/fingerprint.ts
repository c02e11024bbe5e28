import * as textHash from './text-hash.ts';
import * as layout from './tokens.ts';

// V8 makes constants of what belongs to the module itself, not of what it imports.
const { fieldAt, FIELDS, FIRST, SECOND, TOLD, tokens } = layout;
const { FIRST_BASIS, firstAfter, hexOf, SECOND_BASIS, secondAfter } = textHash;

/**
 * A hash of 64 bits over the hashes of the tokens of a statement that are told. It names statements in statistics; it is not made against somebody
 * who looks for two texts with one fingerprint, so nothing is ever executed by it.
 */
export class Fingerprint {
  #first = FIRST_BASIS;
  #second = SECOND_BASIS;

  begin(): void {
    this.#first = FIRST_BASIS;
    this.#second = SECOND_BASIS;
  }

  /** Takes in the batch, whose told tokens are marked. */
  read(): void {
    let first = this.#first | 0;
    let second = this.#second | 0;
    const end = tokens.count * FIELDS;
    for (let token = 0; token < end; token += FIELDS) {
      if (fieldAt(token + TOLD) === 0) continue;
      first = firstAfter(first, fieldAt(token + FIRST));
      second = secondAfter(second, fieldAt(token + SECOND));
    }
    this.#first = first;
    this.#second = second;
  }

  /** 16 hexadecimal digits. */
  digest(): string {
    return hexOf({ first: this.#first, second: this.#second });
  }
}
