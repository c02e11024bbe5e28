/**
 * One Sync group: Parse, Bind, Describe, Execute for each statement, one Sync at the end, all in one write. What is known is not
 * asked for again: no Parse of what is prepared, no Describe where the columns are known.
 *
 * The server skips everything after the first error up to the Sync. So `BEGIN` and the statement behind it belong to one group: with a
 * Sync between them a failed BEGIN would leave the statement to commit by itself (H23). The extended protocol takes one statement per
 * Parse, so a text with several is refused by the server (42601) and cannot smuggle a COMMIT. A statement that is prepared already is sent
 * without Parse; names that are given up are closed in front, since a Sync of their own would be answered in the middle of another group (H27).
 */
import { groupMessages } from './frontend-messages.ts';
import type { Submittable, WireConnection, WireField, WireValue } from './pool-port.ts';
import { rowDecoder, rowShape, type AnyRow, type RowDecoder, type RowDecoding, type RowShape } from './row-decoder.ts';
import type { StatementPlan } from './statement-cache.ts';

export interface GroupStatement {
  readonly text: string;
  readonly values: WireValue[];
  /** Stop after this many rows; 0 = all. */
  readonly rowLimit: number;
  /** Begins the name under which it is prepared; without one it has none. */
  readonly prefix?: string | undefined;
  /** Default: objects, by the driver's type parsers. */
  readonly decoding?: RowDecoding | undefined;
  /** It has no rows, whatever happens: the server is not asked for its columns. */
  readonly isControl?: boolean;
}

/** BEGIN, COMMIT and the like. */
export const control = (text: string): GroupStatement => ({ text, values: [], rowLimit: 0, isControl: true });

export interface StatementResult {
  readonly rows: AnyRow[];
  /** Rows affected or returned, as the command tag says. */
  rowCount: number;
  /** The command tag without its numbers: `INSERT`, `SELECT`, `CREATE TABLE`. */
  command: string;
  shape: RowShape;
  /** The row limit was reached and more rows were there. */
  suspended: boolean;
}

/** With the name it has on the server, or is to get. A class: there is one for each statement, and they are to be alike for the compiler. */
export class NamedStatement implements StatementPlan {
  readonly text: string;
  readonly values: readonly WireValue[];
  readonly rowLimit: number;
  readonly decoding: RowDecoding | undefined;
  readonly isControl: boolean;
  readonly name: string;
  readonly parse: boolean;
  readonly shape: RowShape | undefined;

  constructor(statement: GroupStatement, plan: StatementPlan) {
    this.text = statement.text;
    this.values = statement.values;
    this.rowLimit = statement.rowLimit;
    this.decoding = statement.decoding;
    this.isControl = statement.isControl === true;
    this.name = plan.name;
    this.parse = plan.parse;
    this.shape = plan.shape;
  }
}

export interface NamedGroup {
  readonly statements: readonly NamedStatement[];
  /** Names to close in front of them. */
  readonly closing: readonly string[];
  /** The server is to answer each step of the statement when it is done with it. */
  readonly isSplit: boolean;
}

/** The one tag with two numbers: the first one stands for what is no more. */
const INSERT = 'INSERT ';

/** `INSERT 0 5` → INSERT, 5; `CREATE TABLE` → CREATE TABLE, 0. */
const readTag = (result: StatementResult, tag: string): void => {
  const blank = tag.lastIndexOf(' ');
  const count = blank === -1 ? Number.NaN : Number(tag.slice(blank + 1));
  result.rowCount = count || 0;
  if (Number.isNaN(count)) result.command = tag;
  else result.command = tag.startsWith(INSERT) ? INSERT.trimEnd() : tag.slice(0, blank);
};

const NO_COLUMNS = rowShape([]);

export const emptyResult = (): StatementResult => ({
  rows: [],
  rowCount: 0,
  command: '',
  shape: NO_COLUMNS,
  suspended: false,
});

export class SyncGroup implements Submittable {
  /** One per statement that completed, in order. */
  readonly results: StatementResult[] = [];
  /** The first error, as the driver gave it. */
  error: unknown;
  /** The bytes were handed to the socket. */
  written = false;
  protected readonly wire: WireConnection;
  readonly #group: NamedGroup;
  #current = emptyResult();
  /** Of the running statement; made for its first row. */
  #decode: RowDecoder | undefined;

  constructor(wire: WireConnection, group: NamedGroup) {
    this.wire = wire;
    this.#group = group;
  }

  /** Asks it to end before its time. True: the server waits for nothing but that; false: it is at work, and has to be cancelled. */
  stop(): boolean {
    return false;
  }

  submit(): void {
    const { wire } = this;
    this.written = wire.stream.writable;
    if (this.written) wire.stream.write(groupMessages(this.#group, this.end));
  }

  handleRowDescription(message: { readonly fields: readonly WireField[] }): void {
    this.#current.shape = rowShape(message.fields);
  }

  handleDataRow(message: { readonly fields: readonly (string | null)[] }): void {
    if (this.error !== undefined) return;
    try {
      this.#decode ??= rowDecoder(this.#shape, this.#statement?.decoding);
      this.#current.rows.push(this.#decode(message.fields));
    } catch (error) {
      this.error = error; // a type parser of the user threw: the rest of the group still has to be read
    }
  }

  handleCommandComplete(message: { readonly text: string }): void {
    readTag(this.#current, message.text);
    this.complete();
  }

  handleEmptyQuery(): void {
    this.complete();
  }

  handlePortalSuspended(): void {
    this.#current.suspended = true;
    this.complete();
  }

  handleReadyForQuery(): void {
    // Nothing: the connection itself waits for ReadyForQuery, after an error as well as after success.
  }

  handleError(error: unknown): void {
    this.error ??= error;
  }

  handleCopyInResponse(): void {
    this.wire.sendCopyFail('COPY FROM STDIN needs a source');
    this.wire.sync(); // the server ignored the one that stood behind the statement
  }

  handleCopyData(_message: { readonly chunk: Uint8Array }): void {
    // COPY TO STDOUT as a plain statement: its data has nowhere to go.
  }

  /** What is written behind the statements. */
  protected get end(): 'sync' | 'flush' {
    return 'sync';
  }

  /** All but the last statement are done. */
  protected get isAtLast(): boolean {
    return this.results.length === this.#group.statements.length - 1;
  }

  /** The rows that have come of the running statement since the last call. */
  protected takeRows(): AnyRow[] {
    return this.#current.rows.splice(0);
  }

  /** The running statement is over. */
  protected complete(): StatementResult {
    const result = this.#current;
    result.shape = this.#shape;
    this.results.push(result);
    this.#current = emptyResult();
    this.#decode = undefined;
    return result;
  }

  get #statement(): NamedStatement | undefined {
    return this.#group.statements[this.results.length];
  }

  /** Known before, or described by the server just now. */
  get #shape(): RowShape {
    return this.#statement?.shape ?? this.#current.shape;
  }
}
