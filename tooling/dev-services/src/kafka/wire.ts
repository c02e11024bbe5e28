/**
 * The little of Kafka's protocol that it takes to ask a broker how it is, written by hand: the launcher must not be checked with a client
 * that is itself under test. Versions with the old encoding where there are such, else the "flexible" one, whose lengths are varints
 * and whose structures end with tags (we send none). https://kafka.apache.org/protocol
 */
import { connect, type Socket } from 'node:net';

/** Writes the protocol's types one after the other. */
export class WireWriter {
  readonly #parts: Buffer[] = [];

  int8(value: number): this {
    return this.#add(1, (part) => part.writeInt8(value));
  }

  int16(value: number): this {
    return this.#add(2, (part) => part.writeInt16BE(value));
  }

  int32(value: number): this {
    return this.#add(4, (part) => part.writeInt32BE(value));
  }

  int64(value: bigint): this {
    return this.#add(8, (part) => part.writeBigInt64BE(value));
  }

  float64(value: number): this {
    return this.#add(8, (part) => part.writeDoubleBE(value));
  }

  string(value: string | null): this {
    if (value === null) return this.int16(-1);
    const text = Buffer.from(value);
    this.int16(text.length).#parts.push(text);
    return this;
  }

  array<T>(items: readonly T[] | null, write: (item: T) => void): this {
    this.int32(items === null ? -1 : items.length);
    for (const item of items ?? []) write(item);
    return this;
  }

  /** The flexible string. */
  compactString(value: string): this {
    const text = Buffer.from(value);
    this.#varint(text.length + 1).#parts.push(text);
    return this;
  }

  /** The flexible array. */
  compactArray<T>(items: readonly T[], write: (item: T) => void): this {
    this.#varint(items.length + 1);
    for (const item of items) write(item);
    return this;
  }

  /** The end of a flexible structure. */
  tags(): this {
    return this.int8(0);
  }

  done(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #varint(value: number): this {
    if (value < 0x80) return this.#add(1, (part) => part.writeUInt8(value));
    return this.#add(1, (part) => part.writeUInt8((value & 0x7f) | 0x80)).#varint(value >>> 7);
  }

  #add(bytes: number, write: (part: Buffer) => void): this {
    const part = Buffer.alloc(bytes);
    write(part);
    this.#parts.push(part);
    return this;
  }
}

/** Reads them back; reading past the end throws a RangeError. */
export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  int8(): number {
    return this.#bytes.readInt8(this.#skip(1));
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#skip(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#skip(4));
  }

  int64(): bigint {
    return this.#bytes.readBigInt64BE(this.#skip(8));
  }

  string(): string | null {
    const length = this.int16();
    if (length < 0) return null;
    const start = this.#skip(length);
    return this.#bytes.toString('utf8', start, start + length);
  }

  array<T>(read: () => T): readonly T[] {
    return Array.from({ length: Math.max(0, this.int32()) }, read);
  }

  compactString(): string | null {
    const length = this.#varint() - 1;
    if (length < 0) return null;
    const start = this.#skip(length);
    return this.#bytes.toString('utf8', start, start + length);
  }

  compactArray<T>(read: () => T): readonly T[] {
    return Array.from({ length: Math.max(0, this.#varint() - 1) }, read);
  }

  /** Passes over the tags at the end of a structure. */
  tags(): void {
    for (let left = this.#varint(); left > 0; left -= 1) {
      this.#varint(); // which
      this.#skip(this.#varint());
    }
  }

  #varint(): number {
    const byte = this.#bytes.readUInt8(this.#skip(1));
    return byte < 0x80 ? byte : (byte & 0x7f) | (this.#varint() << 7);
  }

  #skip(bytes: number): number {
    const start = this.#at;
    this.#at += bytes;
    return start;
  }
}

export interface WireRequest {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly body: WireWriter;
  /** Whether this version has the flexible encoding; its header has tags, and so has the answer's. */
  readonly flexible?: true;
}

const headerOf = ({ apiKey, apiVersion, flexible }: WireRequest): Buffer => {
  const header = new WireWriter().int16(apiKey).int16(apiVersion).int32(1).string('dev-services');
  return (flexible ? header.tags() : header).done();
};

const frameOf = (request: WireRequest): Buffer => {
  const header = headerOf(request);
  const payload = request.body.done();
  const size = new WireWriter().int32(header.length + payload.length).done();
  return Buffer.concat([size, header, payload]);
};

const LENGTH_BYTES = 4;
const CORRELATION_BYTES = 4;

const answerOn = (socket: Socket): Promise<WireReader> =>
  new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < LENGTH_BYTES || received.length < LENGTH_BYTES + received.readInt32BE(0)) return;
      resolve(new WireReader(received.subarray(LENGTH_BYTES + CORRELATION_BYTES)));
    });
    socket.once('error', reject);
    socket.once('timeout', () => reject(new Error('no answer in time')));
    socket.once('close', () => reject(new Error('closed without an answer')));
  });

/** One request on a connection of its own; resolves with the body of the answer. Rejects when refused, cut, or silent for `timeoutMs`. */
export const ask = async (broker: string, request: WireRequest, timeoutMs = 5_000): Promise<WireReader> => {
  const colon = broker.lastIndexOf(':');
  const socket = connect({ host: broker.slice(0, colon), port: Number(broker.slice(colon + 1)), timeout: timeoutMs });
  try {
    socket.write(frameOf(request));
    const answer = await answerOn(socket);
    if (request.flexible) answer.tags();
    return answer;
  } finally {
    socket.destroy();
  }
};
