/**
 * The primitive types of the Kafka protocol, read and written. A flexible version (KIP-482) has compact lengths and tagged fields where
 * the older ones have fixed lengths and nothing: `flexible` decides once, so that an API is written as one list of fields.
 */

/** What a client sent cannot be read; the broker closes the connection, as a real one does. */
export class WireError extends Error {}

const nonNull = <T>(value: T | null): T => {
  if (value === null) throw new WireError('null where the protocol has none');
  return value;
};

const unZigzag = (value: number): number => (value % 2 === 0 ? value / 2 : -(value + 1) / 2);

export class WireReader {
  flexible: boolean;
  readonly #buffer: Buffer;
  #at = 0;

  constructor(buffer: Buffer, flexible = false) {
    this.#buffer = buffer;
    this.flexible = flexible;
  }

  get remaining(): number {
    return this.#buffer.length - this.#at;
  }

  skip(length: number): void {
    this.#take(length);
  }

  bytes(length: number): Buffer {
    const at = this.#take(length);
    return this.#buffer.subarray(at, at + length);
  }

  int8(): number {
    return this.#buffer.readInt8(this.#take(1));
  }

  int16(): number {
    return this.#buffer.readInt16BE(this.#take(2));
  }

  int32(): number {
    return this.#buffer.readInt32BE(this.#take(4));
  }

  int64(): bigint {
    return this.#buffer.readBigInt64BE(this.#take(8));
  }

  boolean(): boolean {
    return this.int8() !== 0;
  }

  uvarint(): number {
    return this.#unsigned(5);
  }

  /** Zigzag. */
  varint(): number {
    return unZigzag(this.#unsigned(5));
  }

  /** Zigzag, 64 bits; exact up to 2^52. */
  varlong(): number {
    return unZigzag(this.#unsigned(10));
  }

  nullableString(): string | null {
    const length = this.flexible ? this.uvarint() - 1 : this.int16();
    return length < 0 ? null : this.bytes(length).toString('utf8');
  }

  string(): string {
    return nonNull(this.nullableString());
  }

  nullableBytes(): Buffer | null {
    const length = this.#length();
    return length < 0 ? null : this.bytes(length);
  }

  nullableArray<T>(item: () => T): T[] | null {
    const length = this.#length();
    if (length < 0) return null;
    if (length > this.remaining) throw new WireError(`an array of ${length} in ${this.remaining} bytes`);
    return Array.from({ length }, item);
  }

  array<T>(item: () => T): T[] {
    return nonNull(this.nullableArray(item));
  }

  /** Skips tagged fields; nothing if the version has none. */
  tags(): void {
    if (!this.flexible) return;
    for (let left = this.uvarint(); left > 0; left -= 1) {
      this.uvarint();
      this.bytes(this.uvarint());
    }
  }

  /** Where the next bytes begin, which are then taken. */
  #take(length: number): number {
    if (length < 0 || length > this.remaining) throw new WireError(`${length} bytes wanted, ${this.remaining} left`);
    this.#at += length;
    return this.#at - length;
  }

  #unsigned(maxBytes: number): number {
    let value = 0;
    for (let count = 0, scale = 1; count < maxBytes; count += 1, scale *= 0x80) {
      const byte = this.#buffer.readUInt8(this.#take(1));
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new WireError(`a varint of more than ${maxBytes} bytes`);
  }

  #length(): number {
    return this.flexible ? this.uvarint() - 1 : this.int32();
  }
}

export class WireWriter {
  readonly #flexible: boolean;
  readonly #parts: Buffer[] = [];

  constructor(flexible = false) {
    this.#flexible = flexible;
  }

  bytes(part: Buffer): this {
    this.#parts.push(part);
    return this;
  }

  int8(value: number): this {
    return this.#fixed(1, (part) => part.writeInt8(value));
  }

  int16(value: number): this {
    return this.#fixed(2, (part) => part.writeInt16BE(value));
  }

  int32(value: number): this {
    return this.#fixed(4, (part) => part.writeInt32BE(value));
  }

  int64(value: bigint): this {
    return this.#fixed(8, (part) => part.writeBigInt64BE(value));
  }

  boolean(value: boolean): this {
    return this.int8(Number(value));
  }

  uvarint(value: number): this {
    const bytes: number[] = [];
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
    return this.bytes(Buffer.from([...bytes, rest]));
  }

  string(value: string | null): this {
    const part = value === null ? null : Buffer.from(value);
    if (this.#flexible) this.uvarint((part?.length ?? -1) + 1);
    else this.int16(part?.length ?? -1);
    return part === null ? this : this.bytes(part);
  }

  lengthAndBytes(part: Buffer): this {
    return this.#length(part.length).bytes(part);
  }

  array<T>(items: readonly T[], item: (value: T) => void): this {
    this.#length(items.length);
    for (const value of items) item(value);
    return this;
  }

  emptyArray(): this {
    return this.#length(0);
  }

  /** No tagged fields. */
  tags(): this {
    return this.#flexible ? this.uvarint(0) : this;
  }

  end(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #length(length: number): this {
    return this.#flexible ? this.uvarint(length + 1) : this.int32(length);
  }

  #fixed(length: number, write: (part: Buffer) => void): this {
    const part = Buffer.allocUnsafe(length);
    write(part);
    return this.bytes(part);
  }
}
