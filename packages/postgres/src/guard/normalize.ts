/**
 * Which tokens of a statement say what it is: names, keywords, operators, and of literals that there is one. An allow-list: what is not told here is
 * dropped, and comments never get this far. Of lists the first element counts, of `VALUES (…), (…)` the first row, and a sign in front of a
 * number belongs to it.
 *
 * Equal outputs for texts that differ only in literals and their signs, parameter numbers, blanks, comments, the case of unquoted words, the length
 * of value lists, and a semicolon at the end.
 *
 * States: open → muted (from a comma of the list) → open (its end). Nothing is muted outside of such a list.
 */
import * as meaningBits from './meanings.ts';
import * as tokenTypes from './token-types.ts';
import * as layout from './tokens.ts';

// V8 makes constants of what belongs to the module itself, not of what it imports.
const { CLOSE, COMMA, END, NUMBER, OPEN, SEMICOLON, SIGN } = tokenTypes;
const { fieldAt, FIELDS, START, TOLD, tokens, TYPE } = layout;
const { IS_QUERY, PRECEDES_LIST, PRECEDES_ROWS, PRECEDES_VALUE, meaningOf } = meaningBits;
const { fields } = tokens;
const NONE = -1;

export class Normalizer {
  /** What the rows of VALUES behind the first one take in the text. */
  repeatedBytes = 0;
  #depth = 0;
  /** Depth of the elements of the list that is watched, or muted. */
  #listDepth = NONE;
  /** Depth at which the rows of VALUES stand. */
  #rowsDepth = NONE;
  #mutedFrom = NONE;
  #mutesRows = false;
  /** In front of the next token. */
  #previous = END;
  /** The same, of those that are not muted. */
  #previousOpen = END;

  begin(): void {
    this.repeatedBytes = 0;
    this.#depth = 0;
    this.#listDepth = NONE;
    this.#rowsDepth = NONE;
    this.#mutedFrom = NONE;
    this.#mutesRows = false;
    this.#previous = END;
    this.#previousOpen = END;
  }

  /** Marks the tokens of the batch that are told. */
  read(): void {
    const end = tokens.count * FIELDS;
    for (let token = 0; token < end; token += FIELDS) {
      const type = fieldAt(token + TYPE);
      const meaning = meaningOf(type);
      if (type >= OPEN && type <= COMMA) this.onPunctuation(type, token);
      else if (this.#depth === this.#rowsDepth || (meaning & (PRECEDES_ROWS | IS_QUERY)) !== 0)
        this.onOther(meaning, token);
      this.#previous = type;
      if (this.#mutedFrom !== NONE) fields[token + TOLD] = 0;
      else {
        fields[token + TOLD] = type === SIGN || type === SEMICOLON ? this.isTold(type, token) : 1;
        this.#previousOpen = type;
      }
    }
  }

  /** To be called behind the last batch, with the length of the text. */
  finish(length: number): void {
    this.endRowsAt(length);
  }

  /** A sign in front of a number is not told, nor is a semicolon at the end or in front of another one. */
  private isTold(type: number, token: number): number {
    const next = fieldAt(token + FIELDS + TYPE);
    if (type === SEMICOLON) return Number(next !== SEMICOLON && next !== END);
    return Number(next !== NUMBER || (meaningOf(this.#previousOpen) & PRECEDES_VALUE) === 0);
  }

  private onOther(meaning: number, token: number): void {
    if ((meaning & PRECEDES_ROWS) !== 0 && this.#mutedFrom === NONE) this.#rowsDepth = this.#depth;
    else if (this.#depth === this.#rowsDepth) this.endRowsAt(fieldAt(token + START));
    // A query in place of the list. In a muted list it comes too late to be one.
    if ((meaning & IS_QUERY) !== 0 && this.#depth === this.#listDepth) this.#listDepth = NONE;
  }

  private onPunctuation(type: number, token: number): void {
    const start = fieldAt(token + START);
    if (type === COMMA) {
      if (this.#mutedFrom === NONE) this.onComma(start);
    } else if (type === CLOSE) this.close(start);
    else {
      this.#depth += 1;
      const isList = (meaningOf(this.#previous) & PRECEDES_LIST) !== 0;
      if (isList && this.#mutedFrom === NONE) this.#listDepth = this.#depth;
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
