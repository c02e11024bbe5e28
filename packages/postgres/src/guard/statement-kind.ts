/** What the statements of a text do, from their first words and the few words behind them that say more. */
import type { Keyword } from './keywords.ts';
import { textOf, endOfChars } from './sql-bytes.ts';
import { statementWord, type Operation } from './statement-words.ts';
import type { Tokenizer } from './tokenizer.ts';

const MAX_WORD_BYTES = 32;

const shortWord = ({ sql, start, end }: Tokenizer): string =>
  textOf(sql, start, endOfChars(sql, Math.min(end, start + MAX_WORD_BYTES))).toLowerCase();

export class StatementKind {
  /** The first word of the first statement, in lower case. */
  firstWord = '';
  statements = 0;
  /** Begins or ends a transaction or savepoint. */
  txControl = false;
  /** Leaves something behind on the session. */
  session = false;
  /** The first word of this statement; empty if it is no keyword. */
  first: Keyword | '' = '';
  #hasBegun = false;
  #writes = false;
  /** EXPLAIN that runs what it explains. */
  #isAnalyzed = false;
  #setsSession = false;

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  get operation(): Operation {
    const { operation } = statementWord(this.firstWord);
    const isRun = this.firstWord !== 'explain' || this.#isAnalyzed;
    return operation === 'read' && this.#writes && isRun ? 'write' : operation;
  }

  /** The token is the first word of a statement. */
  begin(token: Tokenizer): void {
    this.#hasBegun = true;
    this.first = token.word.keyword;
    this.statements += 1;
    const text = this.first === '' ? shortWord(token) : this.first;
    if (this.statements === 1) this.firstWord = text;
    const { txControl, session } = statementWord(text);
    if (txControl) this.txControl = true;
    this.#setsSession = session;
  }

  end(): void {
    if (this.#setsSession) this.session = true;
    this.#setsSession = false;
    this.#hasBegun = false;
    this.first = '';
  }

  /** It holds a statement that writes. */
  write(): void {
    this.#writes = true;
  }

  analyze(): void {
    if (this.first === 'explain') this.#isAnalyzed = true;
  }

  /** What it sets ends with the transaction. */
  setLocally(): void {
    this.#setsSession = false;
  }

  createTemporary(): void {
    if (this.first === 'create') this.#setsSession = true;
  }
}
