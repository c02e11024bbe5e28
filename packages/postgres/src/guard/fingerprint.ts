import type { Piece, PieceSink } from './normalize.ts';
import { FIRST_BASIS, firstAfter, hexOf, SECOND_BASIS, secondAfter } from './text-hash.ts';

/** In place of a literal. */
const VALUE = 63;

/**
 * A hash of 64 bits over the hashes of the pieces of a normalised statement. It names statements in statistics; it is not made against somebody who
 * looks for two texts with one fingerprint, so nothing is ever executed by it.
 */
export class Fingerprint implements PieceSink {
  #first = FIRST_BASIS;
  #second = SECOND_BASIS;

  piece({ first, second }: Piece): void {
    this.#first = firstAfter(this.#first, first);
    this.#second = secondAfter(this.#second, second);
  }

  value(): void {
    this.#first = firstAfter(this.#first, VALUE);
    this.#second = secondAfter(this.#second, VALUE);
  }

  /** 16 hexadecimal digits. */
  digest(): string {
    return hexOf({ first: this.#first, second: this.#second });
  }
}
