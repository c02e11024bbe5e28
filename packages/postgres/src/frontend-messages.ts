/**
 * The messages of one group as one block of bytes, so that they go to the socket in one write: the driver's own `parse`, `bind` and so on cost a
 * buffer and a write each, which is a tenth of the CPU time of a short statement. The bytes are the same.
 *
 * PostgreSQL documentation, "Message Formats". Numbers are big-endian; the length of a message counts itself and not the code before it.
 */
import type { NamedGroup, NamedStatement } from './pipeline.ts';
import type { WireValue } from './pool-port.ts';

const PARSE = 0x50; // P
const BIND = 0x42; // B
const DESCRIBE = 0x44; // D
const EXECUTE = 0x45; // E
const CLOSE = 0x43; // C
const STATEMENT = 0x53; // S
const PORTAL = 0x50; // P
const TEXT = 0;
const BINARY = 1;

/** What asks the server for its answer. */
export const END = { sync: 0x53, flush: 0x48 } as const;

/** A code and a length. */
const HEAD = 5;
const INT16 = 2;
const INT32 = 4;
const NUL = 1;
const IS_NULL = 0xffff_ffff;
/** Describe, Execute, and a Flush behind Parse and Bind. */
const MAX_FIXED = HEAD + 1 + NUL + (HEAD + NUL + INT32) + 2 * HEAD;

const isBytes = (value: WireValue): value is Buffer => typeof value === 'object' && value !== null;

const valueSize = (value: WireValue): number => {
  if (value === null) return 0;
  return isBytes(value) ? value.length : Buffer.byteLength(value);
};

const bindSize = (nameSize: number, values: readonly WireValue[]): number => {
  let size = HEAD + NUL + nameSize + NUL + INT16 + INT16 + INT16 + INT16 + values.length * (INT16 + INT32);
  for (const value of values) size += valueSize(value);
  return size;
};

/** At most so many bytes: not every message is wanted. */
const statementSize = ({ name, text, values, parse }: NamedStatement): number => {
  const nameSize = name === '' ? 0 : Buffer.byteLength(name);
  const parseSize = parse ? HEAD + nameSize + NUL + Buffer.byteLength(text) + NUL + INT16 : 0;
  return parseSize + bindSize(nameSize, values) + MAX_FIXED;
};

const NOTHING = Buffer.alloc(0);

class MessageWriter {
  #bytes = NOTHING;
  #at = 0;
  /** Where the length of the present message stands. */
  #lengthAt = 0;

  /** Begins a block of at most so many bytes. */
  open(size: number): void {
    this.#bytes = Buffer.allocUnsafe(size);
    this.#at = 0;
  }

  begin(code: number): void {
    this.#bytes[this.#at] = code;
    this.#lengthAt = this.#at + 1;
    this.#at += HEAD;
  }

  end(): void {
    this.#putInt32(this.#lengthAt, this.#at - this.#lengthAt);
  }

  /** A message without anything in it. */
  empty(code: number): void {
    this.begin(code);
    this.end();
  }

  int8(value: number): void {
    this.#bytes[this.#at] = value;
    this.#at += 1;
  }

  int16(value: number): void {
    this.#bytes[this.#at] = value >>> 8;
    this.#bytes[this.#at + 1] = value;
    this.#at += INT16;
  }

  int32(value: number): void {
    this.#putInt32(this.#at, value);
    this.#at += INT32;
  }

  /** With the NUL that ends it. */
  text(text: string): void {
    if (text !== '') this.#at += this.#bytes.write(text, this.#at);
    this.#bytes[this.#at] = 0;
    this.#at += NUL;
  }

  /** With its length in front. */
  value(value: WireValue): void {
    if (value === null) return this.int32(IS_NULL);
    const lengthAt = this.#at;
    this.#at += INT32;
    if (isBytes(value)) this.#at += value.copy(this.#bytes, this.#at);
    else if (value !== '') this.#at += this.#bytes.write(value, this.#at);
    this.#putInt32(lengthAt, this.#at - lengthAt - INT32);
  }

  /** All that was written since `open`; it belongs to the caller. */
  take(): Buffer {
    const written = this.#bytes.subarray(0, this.#at);
    this.#bytes = NOTHING;
    return written;
  }

  #putInt32(at: number, value: number): void {
    this.#bytes[at] = value >>> 24;
    this.#bytes[at + 1] = value >>> 16;
    this.#bytes[at + 2] = value >>> 8;
    this.#bytes[at + 3] = value;
  }
}

/** One for all: V8 throws compiled code away when the last object of its kind is collected, and each pause would begin with compiling it anew. */
const writer = new MessageWriter();

const writeParse = ({ name, text }: NamedStatement): void => {
  writer.begin(PARSE);
  writer.text(name);
  writer.text(text);
  writer.int16(0); // the server infers the types of the parameters
  writer.end();
};

/** Bytes go as they are, everything else as text; so does every column. */
const writeBind = ({ name, values }: NamedStatement): void => {
  writer.begin(BIND);
  writer.text('');
  writer.text(name);
  writer.int16(values.length);
  for (const value of values) writer.int16(isBytes(value) ? BINARY : TEXT);
  writer.int16(values.length);
  for (const value of values) writer.value(value);
  writer.int16(1); // one format for all columns
  writer.int16(TEXT);
  writer.end();
};

const writeDescribe = (): void => {
  writer.begin(DESCRIBE);
  writer.int8(PORTAL);
  writer.text('');
  writer.end();
};

const writeExecute = (rowLimit: number): void => {
  writer.begin(EXECUTE);
  writer.text('');
  writer.int32(rowLimit);
  writer.end();
};

const writeClose = (name: string): void => {
  writer.begin(CLOSE);
  writer.int8(STATEMENT);
  writer.text(name);
  writer.end();
};

const writeStatement = (statement: NamedStatement, isSplit: boolean): void => {
  if (statement.parse) writeParse(statement);
  if (isSplit) writer.empty(END.flush);
  writeBind(statement);
  if (isSplit) writer.empty(END.flush);
  if (statement.shape === undefined && !statement.isControl) writeDescribe();
  writeExecute(statement.rowLimit);
};

/** Close for the names that are given up; for each statement Parse, Bind, Describe and Execute, as far as they are wanted; what ends the group. */
export const groupMessages = ({ closing, statements, isSplit }: NamedGroup, end: keyof typeof END): Buffer => {
  let size = HEAD;
  for (const name of closing) size += HEAD + 1 + Buffer.byteLength(name) + NUL;
  for (const statement of statements) size += statementSize(statement);
  writer.open(size);
  for (const name of closing) writeClose(name);
  for (const statement of statements) writeStatement(statement, isSplit);
  writer.empty(END[end]);
  return writer.take();
};
