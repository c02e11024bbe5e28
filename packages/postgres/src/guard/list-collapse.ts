/**
 * Which tokens of a statement say what it is, and which only how long its lists are: of `IN (…)` and `ARRAY[…]` the first element counts, of
 * `VALUES (…), (…)` the first row. So a statement has one fingerprint for every number of values.
 *
 * States: open → muted (from a comma of the list) → open (its end). Nothing is muted outside of such a list.
 */
import type { Keyword } from './keywords.ts';
import type { Tokenizer } from './tokenizer.ts';

const OPEN_PARENTHESIS = 40;
const CLOSE_PARENTHESIS = 41;
const COMMA = 44;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const NONE = -1;
/** With one of these first, `IN (…)` holds a query. In a muted list they come too late to be one. */
const QUERY: ReadonlySet<Keyword> = new Set(['select', 'with', 'values', 'table']);

export class ListCollapse {
  /** What the rows of VALUES behind the first one take in the text, as [from, to) pairs. */
  readonly rowSpans: (readonly [from: number, to: number])[] = [];
  #depth = 0;
  #previous: Keyword | undefined;
  /** Depth of the elements of the list that is watched, or muted. */
  #listDepth = NONE;
  /** Depth at which the rows of VALUES stand. */
  #rowsDepth = NONE;
  #mutedFrom = NONE;
  #mutesRows = false;

  /** Takes note of the next token; false if it is one of the repetitions. */
  takes(token: Tokenizer, keyword: Keyword | undefined): boolean {
    const previous = this.#previous;
    this.#previous = keyword;
    if (token.kind !== 'punctuation') {
      if (keyword === 'values' && this.#mutedFrom === NONE) this.#rowsDepth = this.#depth;
      else this.#endRowsAt(token.start);
      if (this.#depth === this.#listDepth && keyword !== undefined && QUERY.has(keyword)) this.#listDepth = NONE;
      return this.#mutedFrom === NONE;
    }
    return this.#punctuation(token, previous);
  }

  /** To be called behind the last token. */
  finish(end: number): void {
    this.#depth = this.#rowsDepth;
    this.#endRowsAt(end);
  }

  #punctuation(token: Tokenizer, previous: Keyword | undefined): boolean {
    switch (token.code) {
      case OPEN_PARENTHESIS:
      case OPEN_BRACKET:
        this.#depth += 1;
        if (this.#mutedFrom === NONE && (previous === 'in' || previous === 'array')) this.#listDepth = this.#depth;
        break;
      case CLOSE_PARENTHESIS:
      case CLOSE_BRACKET:
        this.#close(token.start);
        break;
      case COMMA:
        this.#comma(token.start);
        break;
      default:
        this.#endRowsAt(token.start);
    }
    return this.#mutedFrom === NONE;
  }

  #close(at: number): void {
    if (this.#depth === this.#rowsDepth) this.#endRowsAt(at);
    if (this.#depth === this.#listDepth) {
      this.#listDepth = NONE;
      this.#mutedFrom = NONE;
    }
    this.#depth = Math.max(0, this.#depth - 1);
  }

  #comma(at: number): void {
    if (this.#mutedFrom !== NONE) return;
    this.#mutesRows = this.#depth === this.#rowsDepth;
    if (this.#mutesRows || this.#depth === this.#listDepth) this.#mutedFrom = at;
  }

  /** A token at the depth of the rows that belongs to no row is behind them. */
  #endRowsAt(at: number): void {
    if (this.#depth !== this.#rowsDepth) return;
    this.#rowsDepth = NONE;
    if (!this.#mutesRows) return;
    this.rowSpans.push([this.#mutedFrom, at]);
    this.#mutesRows = false;
    this.#mutedFrom = NONE;
  }
}
