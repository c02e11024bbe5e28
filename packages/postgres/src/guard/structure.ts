/**
 * What a statement does and what of it can become expensive, from its tokens alone: no grammar, but what may follow what (here) and the clauses of
 * its queries (`clauses.ts`). It never fails: of text that is no SQL it says something harmless.
 *
 * Counted is what stands in the syntax, not what its words look like: nothing in a string, a comment or a quoted name, no word behind a dot, no
 * label behind AS. An advisory count, which the server's own limits stand behind.
 */
import { Clauses } from './clauses.ts';
import { ScoreCounts } from './score-counts.ts';
import { byteAt } from './sql-bytes.ts';
import { StatementKind } from './statement-kind.ts';
import { Summary } from './summary.ts';
import type { Tokenizer } from './tokenizer.ts';
import { BEGINNING, BEHIND_DOT, NAME, type Word } from './words.ts';

const OPEN_PARENTHESIS = 40;
const CLOSE_PARENTHESIS = 41;
const STAR = 42;
const COMMA = 44;
const DOT = 46;
const SEMICOLON = 59;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const PERCENT = 37;
const TILDE = 126;
const EXCLAMATION_MARK = 33;

/** What the next token may be, seen from those in front of it. */
type Expected =
  | 'anything'
  /** A table, or a function in its place. */
  | 'table'
  /** The dot behind a table. */
  | 'dot'
  /** What follows that dot. */
  | 'part'
  /** A side of UNION. */
  | 'operand'
  /** What LIKE compares with. */
  | 'pattern';

export class Structure {
  readonly counts = new ScoreCounts();
  readonly kind = new StatementKind();
  readonly summary: Summary;
  readonly #token: Tokenizer;
  readonly #clauses: Clauses;
  #expected: Expected = 'anything';
  /** The word directly in front; {@link NAME} for any other token. */
  #previous = BEGINNING;

  /** Each call of `accept` takes the token as it is then. */
  constructor(token: Tokenizer) {
    this.#token = token;
    this.summary = new Summary(token);
    this.#clauses = new Clauses(this);
  }

  accept(): void {
    switch (this.#token.kind) {
      case 'word':
        this.onWord(this.#token.word);
        return;
      case 'punctuation':
        this.onPunctuation(this.#token.code);
        return;
      case 'quoted-name':
        this.onName();
        return;
      case 'operator':
        this.onOperator();
        return;
      case 'string':
        if (this.#expected === 'pattern' && byteAt(this.#token.sql, this.#token.content) === PERCENT)
          this.counts.add('leadingWildcard');
        this.passed();
        return;
      case 'number':
      case 'parameter':
      case 'end':
        this.passed();
    }
  }

  /** To be called behind the last token. */
  finish(): void {
    this.#clauses.finish();
    this.kind.end();
  }

  /** Takes note of a token that was dealt with, and of what may follow. */
  private passed(previous = NAME, expected: Expected = 'anything'): void {
    this.#previous = previous;
    this.#expected = expected;
  }

  private onWord(word: Word): void {
    const isFirstWord = !this.kind.hasBegun;
    if (isFirstWord) this.begin();
    if (word === NAME || this.isNameHere(word)) {
      this.onName();
      return;
    }
    const expected = this.expectedBehind(word);
    this.#clauses.accept(word, this.#previous, isFirstWord);
    this.passed(word, this.#clauses.expectsTable ? 'table' : expected);
  }

  private begin(): void {
    this.kind.begin(this.#token);
    if (this.kind.first !== 'with') this.summary.verb();
  }

  /** Where a keyword stands that is only a name: behind a dot, as a label behind AS, as a table behind FROM. */
  private isNameHere(word: Word): boolean {
    if (this.#previous === BEHIND_DOT) return !word.isFunction;
    if (this.#previous.precedesLabel) return this.#clauses.top.verb !== '';
    return this.#expected === 'table' && word.isTableName;
  }

  private expectedBehind(word: Word): Expected {
    if (word.isSetOperator) return 'operand';
    if (word.isLike) return 'pattern';
    const expected = this.#expected;
    const isStillExpected =
      (expected === 'table' && word.precedesTable) ||
      (expected === 'pattern' && word.precedesPattern) ||
      (expected === 'operand' && word.precedesOperand);
    return isStillExpected ? expected : 'anything';
  }

  private onName(): void {
    const expected = this.#expected;
    this.passed();
    if (expected === 'table') this.summary.table();
    else if (expected === 'part') this.summary.part();
    else return;
    this.#expected = 'dot';
  }

  private onPunctuation(code: number): void {
    switch (code) {
      case OPEN_PARENTHESIS:
      case OPEN_BRACKET:
        this.open();
        return;
      case COMMA:
        this.onComma();
        return;
      case DOT:
        this.passed(BEHIND_DOT, this.#expected === 'dot' ? 'part' : 'anything');
        return;
      case CLOSE_PARENTHESIS:
      case CLOSE_BRACKET:
        this.#clauses.close();
        this.passed();
        return;
      case SEMICOLON:
        this.finish();
        this.passed(BEGINNING);
        return;
      default:
        this.passed();
    }
  }

  private onComma(): void {
    const { isInFrom } = this.#clauses.top;
    if (isInFrom) this.counts.add('join');
    this.passed(NAME, isInFrom ? 'table' : 'anything');
  }

  private open(): void {
    const previous = this.#previous;
    const expected = this.#expected;
    if (previous.isExpensive) this.counts.add('expensiveFunction');
    if (previous.changesSession) this.kind.session = true;
    this.#clauses.open(expected === 'operand' || (previous === BEGINNING && this.#clauses.top.isOperand));
    this.passed(BEGINNING, expected === 'pattern' ? 'pattern' : 'anything');
  }

  /** `~ !~ ~* !~*` are patterns; `~~ !~~ ~~* !~~*` are what LIKE and its kin are called inside. */
  private onOperator(): void {
    const { sql, start, end } = this.#token;
    this.passed();
    let at = byteAt(sql, start) === EXCLAMATION_MARK ? start + 1 : start;
    const tildes = at;
    while (byteAt(sql, at) === TILDE) at += 1;
    const count = at - tildes;
    if (byteAt(sql, at) === STAR) at += 1;
    if (at !== end) return;
    if (count === 1) this.counts.add('regex');
    else if (count === 2) this.#expected = 'pattern';
  }
}
