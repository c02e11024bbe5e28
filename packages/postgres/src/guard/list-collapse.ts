/**
 * Which tokens of a statement say what it is, and which only how long its lists are: of `IN (…)` and `ARRAY[…]` the first element counts, of
 * `VALUES (…), (…)` the first row. So a statement has one fingerprint for every number of values.
 *
 * States: open → muted (from a comma of the list) → open (its end). Nothing is muted outside of such a list.
 */
import type { Tokenizer } from './tokenizer.ts';

const OPEN_PARENTHESIS = 40;
const CLOSE_PARENTHESIS = 41;
const COMMA = 44;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const NONE = -1;

export class ListCollapse {
  /** What the rows of VALUES behind the first one take in the text. */
  repeatedBytes = 0;
  #depth = 0;
  /** The previous word stands in front of a list. */
  #isBeforeList = false;
  /** Depth of the elements of the list that is watched, or muted. */
  #listDepth = NONE;
  /** Depth at which the rows of VALUES stand. */
  #rowsDepth = NONE;
  #mutedFrom = NONE;
  #mutesRows = false;

  /** Takes note of the next token; false if it is one of the repetitions. */
  takes(token: Tokenizer): boolean {
    if (token.kind === 'punctuation') this.onPunctuation(token);
    else {
      const { precedesRows, beginsQuery } = token.word;
      if (precedesRows && this.#mutedFrom === NONE) this.#rowsDepth = this.#depth;
      else if (this.#depth === this.#rowsDepth) this.endRowsAt(token.start);
      // A query in place of the list. In a muted list it comes too late to be one.
      if (beginsQuery && this.#depth === this.#listDepth) this.#listDepth = NONE;
    }
    this.#isBeforeList = token.word.precedesList;
    return this.#mutedFrom === NONE;
  }

  /** To be called behind the last token. */
  finish(end: number): void {
    this.endRowsAt(end);
  }

  private onPunctuation({ code, start }: Tokenizer): void {
    switch (code) {
      case OPEN_PARENTHESIS:
      case OPEN_BRACKET:
        this.#depth += 1;
        if (this.#isBeforeList && this.#mutedFrom === NONE) this.#listDepth = this.#depth;
        break;
      case CLOSE_PARENTHESIS:
      case CLOSE_BRACKET:
        this.close(start);
        break;
      case COMMA:
        if (this.#mutedFrom === NONE) this.onComma(start);
        break;
      default:
        if (this.#depth === this.#rowsDepth) this.endRowsAt(start);
    }
  }

  private close(at: number): void {
    if (this.#depth === this.#rowsDepth) this.endRowsAt(at);
    if (this.#depth === this.#listDepth) {
      this.#listDepth = NONE;
      this.#mutedFrom = NONE;
    }
    if (this.#depth > 0) this.#depth -= 1;
  }

  private onComma(at: number): void {
    this.#mutesRows = this.#depth === this.#rowsDepth;
    if (this.#mutesRows || this.#depth === this.#listDepth) this.#mutedFrom = at;
  }

  /** A token at the depth of the rows that belongs to no row is behind them. */
  private endRowsAt(at: number): void {
    this.#rowsDepth = NONE;
    if (!this.#mutesRows) return;
    this.repeatedBytes += at - this.#mutedFrom;
    this.#mutesRows = false;
    this.#mutedFrom = NONE;
  }
}
