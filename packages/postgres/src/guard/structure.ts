/**
 * What a statement does and what of it can become expensive, from its tokens alone: no grammar, but what may follow what (here) and the clauses of
 * its queries (`clauses.ts`). It never fails: of text that is no SQL it says something harmless.
 *
 * Counted is what stands in the syntax, not what its words look like: nothing in a string, a comment or a quoted name, no word behind a dot, no
 * label behind AS. An advisory count, which the server's own limits stand behind.
 */
import { Clauses } from './clauses.ts';
import { typeOf } from './keywords.ts';
import { contentOf } from './lexical.ts';
import * as meaningBits from './meanings.ts';
import { ScoreCounts } from './score-counts.ts';
import { byteAt } from './sql-bytes.ts';
import { StatementKind } from './statement-kind.ts';
import { Summary } from './summary.ts';
import * as tokenTypes from './token-types.ts';
import * as layout from './tokens.ts';

// V8 makes constants of what belongs to the module itself, not of what it imports.
const { CLOSE, COMMA, DOT, END, FIRST_KEYWORD, NAME, OPEN, QUOTED_NAME, SEMICOLON, STRING, TILDE_OPERATOR } =
  tokenTypes;
const { fieldAt, FIELDS, START, STOP, tokens, TYPE } = layout;
const { CHANGES_SESSION, IS_BEGINNING, IS_EXPENSIVE, IS_LIKE, IS_PLAIN, IS_SET_OPERATOR, IS_TABLE_NAME } = meaningBits;
const { meaningOf, PRECEDES_OPERAND, PRECEDES_PATTERN, PRECEDES_TABLE } = meaningBits;
const AS = typeOf('as');
const WITH = typeOf('with');

const STAR = 42;
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
  counts = new ScoreCounts();
  readonly kind = new StatementKind();
  readonly summary = new Summary();
  readonly #clauses = new Clauses(this);
  #expected: Expected = 'anything';
  /** Type of the token in front; `NAME` where that is a keyword that is only a name. */
  #previous = END;

  begin(): void {
    this.counts = new ScoreCounts();
    this.kind.begin();
    this.summary.begin();
    this.passed(END);
  }

  /** Takes in the batch. */
  read(): void {
    const end = tokens.count * FIELDS;
    for (let token = 0; token < end; token += FIELDS) {
      const type = fieldAt(token + TYPE);
      const isPlain = (meaningOf(type) & IS_PLAIN) !== 0;
      if (isPlain && this.#expected === 'anything' && this.kind.hasBegun) this.#previous = type;
      else this.accept(token, type);
    }
  }

  /** To be called behind the last batch. */
  finish(): void {
    this.#clauses.finish();
    this.kind.end();
  }

  private accept(token: number, type: number): void {
    if (type === NAME || type >= FIRST_KEYWORD) {
      this.onWord(token, type);
      return;
    }
    switch (type) {
      case OPEN:
        this.open();
        return;
      case CLOSE:
        this.#clauses.close();
        this.passed(CLOSE);
        return;
      case COMMA:
        this.onComma();
        return;
      case DOT:
        this.passed(DOT, this.#expected === 'dot' ? 'part' : 'anything');
        return;
      case SEMICOLON:
        this.finish();
        this.passed(SEMICOLON);
        return;
      case QUOTED_NAME:
        this.onName(token);
        return;
      case TILDE_OPERATOR:
        this.onTildeOperator(token);
        return;
    }
    if (type === STRING) this.onString(token);
    this.passed(type);
  }

  /** Takes note of a token that was dealt with, and of what may follow. */
  private passed(previous: number, expected: Expected = 'anything'): void {
    this.#previous = previous;
    this.#expected = expected;
  }

  private onWord(token: number, type: number): void {
    const isFirstWord = !this.kind.hasBegun;
    if (isFirstWord) this.beginWith(token);
    if (type === NAME || this.isNameHere(type)) {
      this.onName(token);
      return;
    }
    const expected = this.expectedBehind(type);
    this.#clauses.accept(token, this.#previous, isFirstWord);
    this.passed(type, this.#clauses.expectsTable ? 'table' : expected);
  }

  private beginWith(token: number): void {
    this.kind.beginWith(token);
    if (this.kind.first !== WITH) this.summary.verb(token);
  }

  /** Where a keyword stands that is only a name: behind a dot, as a label behind AS, as a table behind FROM. */
  private isNameHere(type: number): boolean {
    const meaning = meaningOf(type);
    if (this.#previous === DOT) return (meaning & (IS_EXPENSIVE | CHANGES_SESSION)) === 0;
    if (this.#previous === AS) return this.#clauses.top.verb !== 0;
    return this.#expected === 'table' && (meaning & IS_TABLE_NAME) !== 0;
  }

  private expectedBehind(type: number): Expected {
    const meaning = meaningOf(type);
    if ((meaning & IS_SET_OPERATOR) !== 0) return 'operand';
    if ((meaning & IS_LIKE) !== 0) return 'pattern';
    const expected = this.#expected;
    const isStillExpected =
      (expected === 'table' && (meaning & PRECEDES_TABLE) !== 0) ||
      (expected === 'pattern' && (meaning & PRECEDES_PATTERN) !== 0) ||
      (expected === 'operand' && (meaning & PRECEDES_OPERAND) !== 0);
    return isStillExpected ? expected : 'anything';
  }

  private onName(token: number): void {
    const expected = this.#expected;
    this.passed(NAME);
    if (expected === 'table') this.summary.table(token);
    else if (expected === 'part') this.summary.part(token);
    else return;
    this.#expected = 'dot';
  }

  private onString(token: number): void {
    if (this.#expected !== 'pattern') return;
    const { bytes } = tokens.sql;
    if (byteAt(bytes, contentOf(bytes, fieldAt(token + START))) === PERCENT) this.counts.leadingWildcard += 1;
  }

  private onComma(): void {
    const { isInFrom } = this.#clauses.top;
    if (isInFrom) this.counts.join += 1;
    this.passed(COMMA, isInFrom ? 'table' : 'anything');
  }

  private open(): void {
    const previous = meaningOf(this.#previous);
    const expected = this.#expected;
    if ((previous & IS_EXPENSIVE) !== 0) this.counts.expensiveFunction += 1;
    if ((previous & CHANGES_SESSION) !== 0) this.kind.session = true;
    this.#clauses.open(expected === 'operand' || ((previous & IS_BEGINNING) !== 0 && this.#clauses.top.isOperand));
    this.passed(OPEN, expected === 'pattern' ? 'pattern' : 'anything');
  }

  /** `~ !~ ~* !~*` are patterns; `~~ !~~ ~~* !~~*` are what LIKE and its kin are called inside. */
  private onTildeOperator(token: number): void {
    const { bytes } = tokens.sql;
    const start = fieldAt(token + START);
    this.passed(TILDE_OPERATOR);
    const tildes = byteAt(bytes, start) === EXCLAMATION_MARK ? start + 1 : start;
    let at = tildes;
    while (byteAt(bytes, at) === TILDE) at += 1;
    const count = at - tildes;
    if (byteAt(bytes, at) === STAR) at += 1;
    if (at !== fieldAt(token + STOP)) return;
    if (count === 1) this.counts.regex += 1;
    else if (count === 2) this.#expected = 'pattern';
  }
}
