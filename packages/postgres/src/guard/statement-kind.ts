/** What the statements of a text do, from their first words and the few words behind them that say more. */
import { keywordOf, typeOf } from './keywords.ts';
import { endOfChars, textOf } from './sql-bytes.ts';
import { statementWord, type Operation } from './statement-words.ts';
import { fieldAt, START, STOP, tokens, TYPE } from './tokens.ts';

const MAX_WORD_BYTES = 32;

const EXPLAIN = typeOf('explain');
const CREATE = typeOf('create');

/** Of a word that is no keyword. */
const shortWord = (token: number): string => {
  const { sql } = tokens;
  const start = fieldAt(token + START);
  const end = Math.min(fieldAt(token + STOP), start + MAX_WORD_BYTES);
  return textOf(sql, start, endOfChars(sql.bytes, end)).toLowerCase();
};

export class StatementKind {
  /** The first word of the first statement, in lower case. */
  firstWord = '';
  statements = 0;
  /** Begins or ends a transaction or savepoint. */
  txControl = false;
  /** Leaves something behind on the session. */
  session = false;
  /** Type of the first word of this statement. */
  first = 0;
  hasBegun = false;
  #writes = false;
  /** EXPLAIN that runs what it explains. */
  #isAnalyzed = false;
  #setsSession = false;

  begin(): void {
    this.firstWord = '';
    this.statements = 0;
    this.txControl = false;
    this.session = false;
    this.#writes = false;
    this.#isAnalyzed = false;
    this.#setsSession = false;
    this.end();
  }

  get operation(): Operation {
    const { operation } = statementWord(this.firstWord);
    const isRun = this.firstWord !== 'explain' || this.#isAnalyzed;
    return operation === 'read' && this.#writes && isRun ? 'write' : operation;
  }

  /** The token is the first word of a statement. */
  beginWith(token: number): void {
    this.hasBegun = true;
    this.first = fieldAt(token + TYPE);
    this.statements += 1;
    const text = keywordOf(this.first) ?? shortWord(token);
    if (this.statements === 1) this.firstWord = text;
    const { txControl, session } = statementWord(text);
    if (txControl) this.txControl = true;
    this.#setsSession = session;
  }

  end(): void {
    if (this.#setsSession) this.session = true;
    this.#setsSession = false;
    this.hasBegun = false;
    this.first = 0;
  }

  /** It holds a statement that writes. */
  write(): void {
    this.#writes = true;
  }

  analyze(): void {
    if (this.first === EXPLAIN) this.#isAnalyzed = true;
  }

  /** What it sets ends with the transaction. */
  setLocally(): void {
    this.#setsSession = false;
  }

  createTemporary(): void {
    if (this.first === CREATE) this.#setsSession = true;
  }
}
