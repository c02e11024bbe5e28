/**
 * What brokers answer and kafkajs keeps to itself, read from the frames of its sockets; there is no event or result of it that tells.
 *
 * - The throttle time of a produce answer.
 * - Attempts without an answer. kafkajs tries again inside a call and tells of the last attempt alone: that it could not connect, say, of
 *   records that were written by the first.
 * - Partitions without a leader: kafkajs fails every metadata answer that speaks of one, and with it the whole topic. Here such a
 *   partition is remembered, and its error code taken out of the answer, so that the others of the topic can be written to.
 */
import type { Socket } from 'node:net';

import { faultOfCode } from '../kafka-errors.ts';
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
const COUNT_BYTES = 4;
const ACKS_AND_TIMEOUT_BYTES = 6;

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

/** The partition that a produce request is for: of this driver's requests, one each. */
const targetOf = (request: Buffer): string => {
  const cursor = new Cursor(request);
  cursor.skip(HEADER_BYTES - LENGTH_BYTES);
  cursor.text();
  cursor.text();
  cursor.skip(ACKS_AND_TIMEOUT_BYTES + COUNT_BYTES);
  const topic = cursor.text();
  cursor.skip(COUNT_BYTES);
  return nameOf(topic, cursor.int32());
};

export class BrokerAnswers {
  readonly throttleTimes = new ThrottleTimes();
  /** Attempts of the call under way that may have been written, by partition. */
  readonly #doubts = new Map<string, number>();
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
        if (asked?.api === PRODUCE) this.#doubt(targetOf(request), 1);
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

  /** A call for the partition begins; what came of earlier ones is forgotten. */
  callBegins(topic: string, partition: number): void {
    this.#doubts.delete(nameOf(topic, partition));
  }

  /** Whether an attempt of the call may have been written: every one that no broker has refused for certain. */
  mayBeWritten(topic: string, partition: number): boolean {
    return (this.#doubts.get(nameOf(topic, partition)) ?? 0) > 0;
  }

  /** By the latest metadata. */
  isLeaderless(topic: string, partition: number): boolean {
    return this.#leaderless.has(nameOf(topic, partition));
  }

  #doubt(name: string, more: number): void {
    this.#doubts.set(name, (this.#doubts.get(name) ?? 0) + more);
  }

  #readProduce(cursor: Cursor, version: number): void {
    const throttleMs = cursor.frame.readInt32BE(cursor.frame.length - THROTTLE_BYTES);
    const offsets = version >= 5 ? PRODUCE_OFFSETS.sinceV5 : PRODUCE_OFFSETS.untilV4;
    cursor.each(() => {
      const topic = cursor.text();
      cursor.each(() => {
        const partition = cursor.int32();
        const code = cursor.int16();
        cursor.skip(offsets);
        if (throttleMs > 0) this.throttleTimes.set(topic, partition, throttleMs);
        if (code !== 0 && faultOfCode(code).outcome !== 'unknown') this.#doubt(nameOf(topic, partition), -1);
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
