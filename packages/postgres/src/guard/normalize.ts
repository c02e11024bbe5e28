/**
 * The words of a statement that may be told: names, keywords, operators and parameters; of literals only that there is one. An allow-list: what is
 * not named here is dropped, and comments never get this far.
 *
 * Equal outputs for texts that differ only in literals and their signs, parameter numbers, blanks, comments, the case of unquoted words, the length
 * of value lists, and a semicolon at the end.
 */
import { ListCollapse } from './list-collapse.ts';
import type { TextHash } from './text-hash.ts';
import type { TokenKind, Tokenizer } from './tokenizer.ts';
import { NAME } from './words.ts';

/** What is told of a token: where it stands, and its hash. */
export interface Piece extends TextHash {
  readonly start: number;
  readonly end: number;
}

/** Takes the pieces that are told. */
export interface PieceSink {
  /** A piece of the text as it stands there; unquoted words in either case. */
  piece(piece: Piece): void;
  /** In place of a literal or parameter. */
  value(): void;
}

const SEMICOLON = 59;
const CLOSE_PARENTHESIS = 41;
const CLOSE_BRACKET = 93;
const PLUS = 43;
const MINUS = 45;

const isSign = ({ code, start, end }: Tokenizer): boolean => end === start + 1 && (code === PLUS || code === MINUS);

export class Normalizer {
  readonly lists = new ListCollapse();
  readonly #sink: PieceSink;
  /** A sign or semicolon that is told only if the next token asks for it. */
  #held: Piece | undefined;
  #holdsSign = false;
  /** What was accepted last, to be looked at only where it matters: for a sign. */
  #previousKind: TokenKind = 'end';
  #previousCode = 0;
  #previousWord = NAME;

  constructor(sink: PieceSink) {
    this.#sink = sink;
  }

  accept(token: Tokenizer): void {
    if (!this.lists.takes(token)) return;
    const { kind, code } = token;
    if (kind === 'punctuation' && code === SEMICOLON) {
      this.onSemicolon(token);
      return;
    }
    if (this.#held !== undefined) this.release(this.#held, kind);
    if (kind === 'operator' && isSign(token) && !this.isBehindOperand) this.hold(token, true);
    else if (kind === 'string' || kind === 'number' || kind === 'parameter') this.#sink.value();
    else this.#sink.piece(token);
    this.#previousKind = kind;
    this.#previousCode = code;
    this.#previousWord = token.word;
  }

  /** What stands before could be the left side of an operator. */
  private get isBehindOperand(): boolean {
    const kind = this.#previousKind;
    if (kind === 'end' || kind === 'operator') return false;
    if (kind === 'punctuation') return this.#previousCode === CLOSE_PARENTHESIS || this.#previousCode === CLOSE_BRACKET;
    return !this.#previousWord.precedesValue;
  }

  /** One of several in a row is told, and none at the end. */
  private onSemicolon(token: Tokenizer): void {
    if (this.#held !== undefined && !this.#holdsSign) return;
    if (this.#held !== undefined) this.release(this.#held, token.kind);
    this.hold(token, false);
    this.#previousKind = 'end';
  }

  private hold({ start, end, first, second }: Tokenizer, isSignOfNumber: boolean): void {
    this.#held = { start, end, first, second };
    this.#holdsSign = isSignOfNumber;
  }

  /** Tells what was held, unless it is the sign of the number that comes. */
  private release(held: Piece, next: TokenKind): void {
    if (!this.#holdsSign || next !== 'number') this.#sink.piece(held);
    this.#held = undefined;
    this.#holdsSign = false;
  }
}
