/**
 * What a statement does and what of it can become expensive, from its tokens alone: no grammar, but a stack of parentheses, each of which knows the
 * query that it holds and the clause it is in. It never fails: of text that is no SQL it says something harmless.
 *
 * Counted is what stands in the syntax, not what its words look like: nothing in a string, a comment or a quoted name, no word behind a dot, no
 * label behind AS. An advisory count, which the server's own limits stand behind.
 */
import { Frames, type Frame } from './frames.ts';
import type { Keyword } from './keywords.ts';
import { statementWord, type Operation } from './statement-words.ts';
import { Summary } from './summary.ts';
import {
  BEFORE_PATTERN,
  END_OF_FROM,
  EXPENSIVE,
  isFunction,
  isSetOperator,
  LIKE_OPERATORS,
  REGEX_OPERATORS,
  RETURNS_ROWS,
  SESSION_FUNCTIONS,
  TABLE_NAMES,
  WRITES,
} from './syntax-words.ts';
import type { Tokenizer } from './tokenizer.ts';

/** What is counted, in the order of `guard.weights`. */
export const SCORED = [
  'join',
  'subselect',
  'union',
  'leadingWildcard',
  'regex',
  'expensiveFunction',
  'unlimitedOrder',
  'unfilteredWrite',
] as const;
export type Scored = (typeof SCORED)[number];

const OPEN_PARENTHESIS = 40;
const CLOSE_PARENTHESIS = 41;
const COMMA = 44;
const DOT = 46;
const SEMICOLON = 59;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const PERCENT = 37;

/** The operators that are looked for begin with one of these, and none is longer than four. */
const TILDE = 126;
const EXCLAMATION_MARK = 33;
const MAX_OPERATOR_CHARS = 4;
const MAX_WORD_CHARS = 32;

/** A copy, since a piece of the text would keep all of it in memory. */
const shortWord = ({ text, start, end }: Tokenizer): string =>
  Buffer.from(text.slice(start, Math.min(end, start + MAX_WORD_CHARS)).toLowerCase()).toString();

type Effect = (on: Structure, top: Frame) => void;

export class Structure {
  /** What a keyword changes, besides the end of a FROM clause. */
  static readonly #effects: ReadonlyMap<Keyword, Effect> = new Map<Keyword, Effect>([
    ['select', (on, top) => on.#query('select', top)],
    ['insert', (on, top) => on.#write('insert', top)],
    ['update', (on, top) => on.#write('update', top)],
    ['delete', (on, top) => on.#write('delete', top)],
    ['merge', (on, top) => on.#write('merge', top)],
    ['values', (on, top) => on.#query('values', top)],
    ['with', (_, top) => void (top.verb = top.isFresh ? 'with' : top.verb)],
    ['from', (on, top) => on.#from(top)],
    ['join', (on) => on.#join()],
    ['into', (on, top) => on.#into(top)],
    ['table', (on) => on.summary.expectTable()],
    ['copy', (on) => on.#firstWord()],
    ['truncate', (on) => on.#firstWord()],
    ['where', (_, top) => void (top.hasWhere = true)],
    ['union', (on) => void (on.counts.union += 1)],
    ['intersect', (on) => void (on.counts.union += 1)],
    ['except', (on) => void (on.counts.union += 1)],
    ['similar', (on) => void (on.counts.regex += 1)],
    ['recursive', (on) => void (on.counts.expensiveFunction += Number(on.#previous === 'with'))],
    ['order', (on, top) => void (on.#isOrdered ||= on.#isOutermost && on.#returnsRows(top))],
    ['limit', (on) => void (on.#isLimited ||= on.#isOutermost)],
    ['fetch', (on) => void (on.#isLimited ||= on.#isOutermost)],
    ['analyze', (on) => void (on.#isAnalyzed ||= on.#first === 'explain')],
    ['local', (on) => void (on.#setsSession &&= on.#previous !== 'set')],
    ['transaction', (on) => on.#transaction()],
    ['temp', (on) => on.#temporary()],
    ['temporary', (on) => on.#temporary()],
  ]);
  readonly counts: Record<Scored, number> = {
    join: 0,
    subselect: 0,
    union: 0,
    leadingWildcard: 0,
    regex: 0,
    expensiveFunction: 0,
    unlimitedOrder: 0,
    unfilteredWrite: 0,
  };
  readonly summary = new Summary();
  /** The first word of the first statement, in lower case. */
  firstWord = '';
  statements = 0;
  txControl = false;
  session = false;
  #writes = false;
  readonly #frames = new Frames();
  /** The first word of this statement. */
  #first: Keyword | undefined;
  #hasBegun = false;
  #isFirstWord = false;
  /** EXPLAIN that runs what it explains. */
  #isAnalyzed = false;
  #setsSession = false;
  #isOrdered = false;
  #isLimited = false;
  #previous: Keyword | 'dot' | undefined;
  /** Directly behind UNION and its kin. */
  #awaitsOperand = false;
  /** Behind LIKE. */
  #awaitsPattern = false;
  #calls: Keyword | undefined;

  get operation(): Operation {
    const { operation } = statementWord(this.firstWord);
    const isRun = this.firstWord !== 'explain' || this.#isAnalyzed;
    return operation === 'read' && this.#writes && isRun ? 'write' : operation;
  }

  accept(token: Tokenizer, keyword: Keyword | undefined): void {
    switch (token.kind) {
      case 'punctuation':
        this.#punctuation(token.code);
        return;
      case 'word':
        this.#word(token, keyword);
        return;
      case 'operator':
        this.#operator(token);
        return;
      case 'quoted-name':
        this.#name(token);
        return;
      case 'string':
      case 'number':
      case 'parameter':
      case 'end':
        if (token.kind === 'string' && this.#awaitsPattern && token.text.charCodeAt(token.content) === PERCENT)
          this.counts.leadingWildcard += 1;
        this.summary.pass();
        this.#passed(undefined);
    }
  }

  /** To be called behind the last token. */
  finish(): void {
    for (const frame of this.#frames.reset()) this.#endFrame(frame);
    if (this.#isOrdered && !this.#isLimited) this.counts.unlimitedOrder += 1;
    if (this.#setsSession) this.session = true;
    this.#setsSession = false;
    this.#hasBegun = false;
    this.#isOrdered = false;
    this.#isLimited = false;
    this.#first = undefined;
  }

  /** Takes note of a token that was dealt with. */
  #passed(keyword: Keyword | 'dot' | undefined): void {
    this.#frames.top.isFresh = false;
    this.#previous = keyword;
    this.#awaitsOperand = false;
    this.#awaitsPattern = false;
    this.#calls = undefined;
  }

  #name(token: Tokenizer): void {
    this.summary.name(token);
    this.#passed(undefined);
  }

  #word(token: Tokenizer, word: Keyword | undefined): void {
    this.#isFirstWord = !this.#hasBegun;
    if (this.#isFirstWord) this.#begin(token, word);
    const { top } = this.#frames;
    if (word === undefined || this.#isNameHere(word, top)) {
      this.#name(token);
      return;
    }
    const awaitsOperand = isSetOperator(word) || (this.#awaitsOperand && (word === 'all' || word === 'distinct'));
    const awaitsPattern = word === 'like' || word === 'ilike' || (this.#awaitsPattern && BEFORE_PATTERN.has(word));
    this.summary.keyword(word);
    this.#keyword(word, top);
    this.#passed(word);
    if (isFunction(word)) this.#calls = word;
    this.#awaitsOperand = awaitsOperand;
    this.#awaitsPattern = awaitsPattern;
  }

  /** Where a keyword stands that is only a name: behind a dot, as a label behind AS, as a table behind FROM. */
  #isNameHere(word: Keyword, top: Frame): boolean {
    if (this.#previous === 'dot') return !isFunction(word);
    if (this.#previous === 'as') return top.verb !== undefined;
    return this.summary.expectsTable && TABLE_NAMES.has(word);
  }

  #begin(token: Tokenizer, word: Keyword | undefined): void {
    this.#hasBegun = true;
    this.#first = word;
    this.statements += 1;
    const text = word ?? shortWord(token);
    if (this.statements === 1) this.firstWord = text;
    if (text !== 'with') this.summary.verb(text);
    const { txControl, session } = statementWord(text);
    if (txControl) this.txControl = true;
    this.#setsSession = session;
  }

  #keyword(keyword: Keyword, top: Frame): void {
    if (top.isInFrom && END_OF_FROM.has(keyword)) top.isInFrom = false;
    Structure.#effects.get(keyword)?.(this, top);
  }

  get #isOutermost(): boolean {
    return this.#frames.depth === 0;
  }

  #returnsRows({ verb }: Frame): boolean {
    return this.#first !== undefined && RETURNS_ROWS.has(this.#first) && (verb === undefined || !WRITES.has(verb));
  }

  #from(top: Frame): void {
    if (top.verb === undefined || this.#previous === 'distinct') return; // extract(… from …), IS DISTINCT FROM
    top.isInFrom = true;
    this.summary.expectTable();
  }

  /** COPY and TRUNCATE. */
  #firstWord(): void {
    if (this.#isFirstWord) this.summary.expectTable();
  }

  #join(): void {
    this.counts.join += 1;
    this.summary.expectTable();
  }

  #into(top: Frame): void {
    if (top.verb === 'select') this.#writes = true;
    this.summary.expectTable();
  }

  /** PREPARE TRANSACTION ends one, SET TRANSACTION ends with it. */
  #transaction(): void {
    if (this.#previous === 'prepare') this.txControl = true;
    this.#setsSession &&= this.#previous !== 'set';
  }

  #temporary(): void {
    if (this.#first === 'create' && this.#isOutermost) this.#setsSession = true;
  }

  /** A query begins: at the beginning of its parenthesis, behind a WITH, or anywhere in a statement that holds one. */
  #query(verb: Keyword, top: Frame): void {
    if (top.verb !== undefined && top.verb !== 'with') return;
    if (verb === 'select' && !this.#isOutermost && !top.isOperand) this.counts.subselect += 1;
    this.#startQuery(verb, top);
  }

  /** Elsewhere the word is a part of GRANT, FOR UPDATE, ON CONFLICT, a trigger, … */
  #write(verb: Keyword, top: Frame): void {
    const behindPrefix = top.verb === undefined && (this.#first === 'explain' || this.#first === 'prepare');
    if (!top.isFresh && top.verb !== 'with' && !behindPrefix) return;
    this.#writes = true;
    this.#startQuery(verb, top);
    if (verb === 'update') this.summary.expectTable();
  }

  #startQuery(verb: Keyword, top: Frame): void {
    if (!this.#isFirstWord) this.summary.verb(verb);
    top.verb = verb;
  }

  #punctuation(code: number): void {
    const { top } = this.#frames;
    switch (code) {
      case OPEN_PARENTHESIS:
      case OPEN_BRACKET:
        this.#open(top);
        return;
      case CLOSE_PARENTHESIS:
      case CLOSE_BRACKET:
        this.#endFrame(this.#frames.close());
        break;
      case COMMA:
        this.#comma(top);
        return;
      case DOT:
        this.summary.dot();
        this.#passed('dot');
        return;
      case SEMICOLON:
        this.finish();
        break;
      default:
    }
    this.summary.pass();
    this.#passed(undefined);
  }

  #comma(top: Frame): void {
    this.#passed(undefined);
    if (!top.isInFrom) {
      this.summary.pass();
      return;
    }
    this.counts.join += 1;
    this.summary.expectTable();
  }

  #open(top: Frame): void {
    if (this.#calls !== undefined) {
      if (EXPENSIVE.has(this.#calls)) this.counts.expensiveFunction += 1;
      if (SESSION_FUNCTIONS.has(this.#calls)) this.session = true;
    }
    const awaitsPattern = this.#awaitsPattern;
    const isOperand = this.#awaitsOperand || (top.isFresh && top.isOperand);
    this.#passed(undefined);
    this.#awaitsPattern = awaitsPattern;
    this.summary.pass();
    this.#frames.open(isOperand);
  }

  #endFrame(frame: Frame | undefined): void {
    if ((frame?.verb === 'update' || frame?.verb === 'delete') && !frame.hasWhere) this.counts.unfilteredWrite += 1;
  }

  #operator(token: Tokenizer): void {
    this.summary.pass();
    this.#passed(undefined);
    const code = token.text.charCodeAt(token.start);
    if ((code !== TILDE && code !== EXCLAMATION_MARK) || token.end - token.start > MAX_OPERATOR_CHARS) return;
    const operator = token.text.slice(token.start, token.end);
    if (REGEX_OPERATORS.has(operator)) this.counts.regex += 1;
    this.#awaitsPattern = LIKE_OPERATORS.has(operator);
  }
}
