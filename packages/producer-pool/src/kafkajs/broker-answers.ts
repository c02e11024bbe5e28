/**
 * What brokers answer and kafkajs keeps to itself, read from the frames of its sockets; there is no event or result of it that tells.
 *
 * - The throttle time of a produce answer.
 * - Partitions without a leader: kafkajs fails every metadata answer that speaks of one, and with it the whole topic. Here such a
 *   partition is remembered, and its error code taken out of the answer, so that the others of the topic can be written to.
 */
import type { Socket } from 'node:net';

import { ThrottleTimes } from '../throttle-times.ts';

const PRODUCE = 0;
const METADATA = 3;
/** Since then a produce answer ends with the throttle time, and a metadata answer begins with it; kafkajs knows versions up to 7 and 6. */
const KNOWN_SINCE = 3;
const LENGTH_BYTES = 4;
const CORRELATION_ID_AT = 8;
const HEADER_BYTES = 12;
const OFFLINE_REPLICAS_SINCE = 5;
/** Offset, append time and start of the log; the last since version 5. */
const PRODUCE_OFFSETS = { untilV4: 16, sinceV5: 24 };
const THROTTLE_BYTES = 4;

interface Request {
  readonly api: number;
  readonly version: number;
}

/** Undefined for what is not read: other requests, and old ways to log in, which have no header. */
const requestIn = (frame: Buffer): Request | undefined => {
  if (frame.length < HEADER_BYTES) return undefined;
  const request = { api: frame.readInt16BE(LENGTH_BYTES), version: frame.readInt16BE(LENGTH_BYTES + 2) };
  return (request.api === PRODUCE || request.api === METADATA) && request.version >= KNOWN_SINCE ? request : undefined;
};

/** A frame from its front to its end. */
class Cursor {
  readonly frame: Buffer;
  at = LENGTH_BYTES;

  constructor(frame: Buffer) {
    this.frame = frame;
  }

  int16(): number {
    this.at += 2;
    return this.frame.readInt16BE(this.at - 2);
  }

  int32(): number {
    this.at += 4;
    return this.frame.readInt32BE(this.at - 4);
  }

  skip(bytes: number): void {
    this.at += bytes;
  }

  /** Null is nothing. */
  text(): string {
    const start = this.at + 2;
    this.at = start + Math.max(0, this.int16());
    return this.frame.toString('utf8', start, this.at);
  }

  ids(): void {
    this.skip(4 * this.int32());
  }

  each(read: () => void): void {
    for (let left = this.int32(); left > 0; left -= 1) read();
  }
}

const nameOf = (topic: string, partition: number): string => `${topic}-${partition}`;

export class BrokerAnswers {
  readonly throttleTimes = new ThrottleTimes();
  readonly #leaderless = new Set<string>();

  /** Reads what is written to the socket from now on; what it returns wants every answer before kafkajs has it. */
  watch(socket: Socket): (frame: Buffer) => void {
    const requests = new Map<number, Request>();
    const write = socket.write.bind(socket);
    Object.defineProperty(socket, 'write', {
      configurable: true,
      // Node.js puts one of its own in place of this when the broker has closed its side.
      writable: true,
      value: (request: Buffer, encoding: BufferEncoding): boolean => {
        const asked = requestIn(request);
        if (asked !== undefined) requests.set(request.readInt32BE(CORRELATION_ID_AT), asked);
        return write(request, encoding);
      },
    });
    return (frame) => {
      const cursor = new Cursor(frame);
      const id = cursor.int32();
      const request = requests.get(id);
      requests.delete(id);
      if (request?.api === PRODUCE) this.#readProduce(cursor, request.version);
      else if (request?.api === METADATA) this.#readMetadata(cursor, request.version);
    };
  }

  /** By the latest metadata. */
  isLeaderless(topic: string, partition: number): boolean {
    return this.#leaderless.has(nameOf(topic, partition));
  }

  #readProduce(cursor: Cursor, version: number): void {
    const throttleMs = cursor.frame.readInt32BE(cursor.frame.length - THROTTLE_BYTES);
    if (throttleMs <= 0) return;
    const offsets = version >= 5 ? PRODUCE_OFFSETS.sinceV5 : PRODUCE_OFFSETS.untilV4;
    cursor.each(() => {
      const topic = cursor.text();
      cursor.each(() => {
        this.throttleTimes.set(topic, cursor.int32(), throttleMs);
        cursor.skip(2 + offsets);
      });
    });
  }

  #readMetadata(cursor: Cursor, version: number): void {
    cursor.skip(THROTTLE_BYTES);
    cursor.each(() => {
      cursor.skip(4);
      cursor.text();
      cursor.skip(4);
      cursor.text();
    });
    cursor.text();
    cursor.skip(4);
    cursor.each(() => {
      cursor.skip(2);
      const topic = cursor.text();
      cursor.skip(1);
      cursor.each(() => this.#readPartition(cursor, topic, version));
    });
  }

  #readPartition(cursor: Cursor, topic: string, version: number): void {
    const errorAt = cursor.at;
    cursor.skip(2);
    const name = nameOf(topic, cursor.int32());
    if (cursor.int32() < 0) {
      this.#leaderless.add(name);
      cursor.frame.writeInt16BE(0, errorAt);
    } else {
      this.#leaderless.delete(name);
    }
    cursor.ids();
    cursor.ids();
    if (version >= OFFLINE_REPLICAS_SINCE) cursor.ids();
  }
}
