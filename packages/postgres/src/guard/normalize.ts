/**
 * The words of a statement that may be told: names, keywords, operators and parameters; of literals only that there is one. An allow-list: what is
 * not named here is dropped, and comments never get this far.
 *
 * Equal outputs for texts that differ only in literals and their signs, parameter numbers, blanks, comments, the case of unquoted words, the length
 * of value lists, and a semicolon at the end.
 */
import type { Keyword } from './keywords.ts';
import { ListCollapse } from './list-collapse.ts';
import type { TokenKind, Tokenizer } from './tokenizer.ts';

/** Takes the pieces that are told. */
export interface PieceSink {
  /** A piece of the text as it stands there; unquoted words in either case. */
  piece(token: { readonly start: number; readonly end: number }): void;
  /** In place of a literal or parameter. */
  value(): void;
}

const SEMICOLON = 59;
const CLOSERS: ReadonlySet<number> = new Set([41, 93]);
/** Behind these words a sign belongs to the number that follows; behind all others, names among them, it is an operator between two values. */
const BEFORE_VALUE: ReadonlySet<Keyword> = new Set([
  ...(['select', 'distinct', 'all', 'where', 'and', 'or', 'not', 'on', 'having', 'by', 'limit', 'offset'] as const),
  ...(['when', 'then', 'else', 'case', 'between', 'returning', 'set', 'fetch', 'as'] as const),
]);

const isSign = (token: Tokenizer): boolean => {
  const code = token.text.charCodeAt(token.start);
  return token.end === token.start + 1 && (code === 43 || code === 45);
};

interface Piece {
  readonly start: number;
  readonly end: number;
}

export class Normalizer {
  readonly lists = new ListCollapse();
  readonly #sink: PieceSink;
  /** A sign or semicolon that is told only if the next token asks for it. */
  #held: Piece | undefined;
  #holdsSign = false;
  /** What was accepted last, to be looked at only where it matters: for a sign. */
  #previousKind: TokenKind | undefined;
  #previousCode = 0;
  #previousKeyword: Keyword | undefined;

  constructor(sink: PieceSink) {
    this.#sink = sink;
  }

  accept(token: Tokenizer, keyword: Keyword | undefined): void {
    if (!this.lists.takes(token, keyword)) return;
    const { kind } = token;
    if (kind === 'punctuation' && token.code === SEMICOLON) {
      this.#semicolon(token);
      return;
    }
    if (kind === 'number' && this.#holdsSign) this.#held = undefined;
    this.#tellHeld();
    if (kind === 'operator' && isSign(token) && !this.#isBehindOperand) this.#hold(token, true);
    else if (kind === 'string' || kind === 'number' || kind === 'parameter') this.#sink.value();
    else this.#sink.piece(token);
    this.#previousKind = kind;
    this.#previousCode = token.code;
    this.#previousKeyword = keyword;
  }

  /** What stands before could be the left side of an operator. */
  get #isBehindOperand(): boolean {
    const kind = this.#previousKind;
    if (kind === undefined || kind === 'operator') return false;
    if (kind === 'punctuation') return CLOSERS.has(this.#previousCode);
    return this.#previousKeyword === undefined || !BEFORE_VALUE.has(this.#previousKeyword);
  }

  /** One of several in a row is told, and none at the end. */
  #semicolon(token: Tokenizer): void {
    if (this.#held !== undefined && !this.#holdsSign) return;
    this.#tellHeld();
    this.#hold(token, false);
    this.#previousKind = undefined;
  }

  #hold({ start, end }: Tokenizer, isSignOfNumber: boolean): void {
    this.#held = { start, end };
    this.#holdsSign = isSignOfNumber;
  }

  #tellHeld(): void {
    if (this.#held !== undefined) this.#sink.piece(this.#held);
    this.#held = undefined;
    this.#holdsSign = false;
  }
}
