/** A client of no library: it sends any API in any version, and record batches of any kind. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

import { FrameReader } from '../../../src/frame-reader.ts';
import { crc32c } from '../../../src/testing/fake-broker/crc32c.ts';
import { WireReader, WireWriter } from '../../../src/testing/fake-broker/wire.ts';

export interface WireRequest {
  readonly key: number;
  readonly version: number;
  readonly flexible?: boolean;
  /** Whether the answer's header has tags. Default: as `flexible`. */
  readonly flexibleHeader?: boolean;
  readonly body?: (writer: WireWriter) => void;
}

export class WireClient {
  readonly #socket: Socket;
  readonly #answers = new Map<number, (body: Buffer) => void>();
  /** Resolves when the connection is gone. */
  readonly closed: Promise<unknown>;
  #lastId = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.closed = once(socket, 'close');
    socket.on('error', () => undefined);
    const frames = new FrameReader();
    socket.on('data', (chunk: Buffer) => {
      for (const frame of frames.push(chunk)) this.#answers.get(frame.readInt32BE(4))?.(frame.subarray(8));
    });
  }

  /** The answer, behind its header. */
  async request(request: WireRequest): Promise<WireReader> {
    const id = this.send(request);
    const body = await new Promise<Buffer>((resolve) => {
      this.#answers.set(id, resolve);
    });
    const reader = new WireReader(body, request.flexible === true);
    if (request.flexibleHeader ?? request.flexible === true) reader.tags();
    return reader;
  }

  /** Sends, and does not care for an answer; returns the correlation id. */
  send({ key, version, flexible = false, body }: WireRequest): number {
    this.#lastId += 1;
    const header = new WireWriter().int16(key).int16(version).int32(this.#lastId).string('wire').end();
    const writer = new WireWriter(flexible).bytes(header).tags();
    body?.(writer);
    const content = writer.end();
    const length = Buffer.alloc(4);
    length.writeInt32BE(content.length);
    this.raw(Buffer.concat([length, content]));
    return this.#lastId;
  }

  raw(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  close(): void {
    this.#socket.destroy();
  }
}

export const wireClient = async (address: string | undefined): Promise<WireClient> => {
  const socket = connect({ host: '127.0.0.1', port: Number(address?.split(':')[1]) });
  await once(socket, 'connect');
  return new WireClient(socket);
};

const zigzag = (value: number): number => (value < 0 ? -value * 2 - 1 : value * 2);

export interface BatchOptions {
  readonly values: readonly string[];
  readonly timestampMs?: number;
  readonly producerId?: bigint;
  readonly baseSequence?: number;
  /** Default: 2. */
  readonly magic?: number;
  /** Default: none. */
  readonly codec?: number;
  /** Default: as many as there are. */
  readonly count?: number;
}

/** One record batch v2, or something close to it. */
export const batchOf = (o: BatchOptions): Buffer => {
  const records = o.values.map((value) => {
    const record = new WireWriter().int8(0).uvarint(0).uvarint(0).uvarint(zigzag(-1));
    record.uvarint(zigzag(value.length)).bytes(Buffer.from(value)).uvarint(0);
    const content = record.end();
    return new WireWriter().uvarint(zigzag(content.length)).bytes(content).end();
  });
  const timestamp = BigInt(o.timestampMs ?? 1_700_000_000_000);
  const covered = new WireWriter().int16(o.codec ?? 0).int32(o.values.length - 1);
  covered
    .int64(timestamp)
    .int64(timestamp)
    .int64(o.producerId ?? -1n)
    .int16(0)
    .int32(o.baseSequence ?? -1);
  covered.int32(o.count ?? o.values.length).bytes(Buffer.concat(records));
  const content = covered.end();
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crc32c(content));
  const rest = new WireWriter()
    .int32(-1)
    .int8(o.magic ?? 2)
    .bytes(crc)
    .bytes(content)
    .end();
  return new WireWriter().int64(0n).int32(rest.length).bytes(rest).end();
};

export interface ProduceOptions {
  readonly version?: number;
  readonly acks?: number;
  readonly topic?: string;
  readonly partition?: number;
  /** Default: none. */
  readonly records: Buffer | null;
}

export const produceRequest = (o: ProduceOptions): WireRequest => {
  const { version = 7, acks = -1, topic = 't', partition = 0, records } = o;
  const flexible = version >= 9;
  return {
    key: 0,
    version,
    flexible,
    body: (writer) => {
      writer.string(null).int16(acks).int32(1_000);
      writer.array([topic], (name) => {
        writer.string(name);
        writer.array([partition], (index) => {
          writer.int32(index);
          if (records === null) writer.bytes(flexible ? Buffer.from([0]) : Buffer.alloc(4, 0xff));
          else writer.lengthAndBytes(records);
          writer.tags();
        });
        writer.tags();
      });
      writer.tags();
    },
  };
};

export interface ProduceAnswer {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly baseOffset: bigint;
  readonly throttleMs: number;
}

/** The one partition of an answer to Produce; undefined if it has none. */
export const readProduceAnswer = (reader: WireReader, version = 7): ProduceAnswer | undefined => {
  const answers = reader
    .array(() => {
      const topic = reader.string();
      const partitions = reader.array(() => {
        const one = { partition: reader.int32(), errorCode: reader.int16(), baseOffset: reader.int64() };
        reader.int64();
        if (version >= 5) reader.int64();
        if (version >= 8) reader.array(() => reader.int32());
        if (version >= 8) reader.nullableString();
        reader.tags();
        return { topic, ...one };
      });
      reader.tags();
      return partitions;
    })
    .flat();
  const throttleMs = reader.int32();
  reader.tags();
  const [answer] = answers;
  return answer === undefined ? undefined : { ...answer, throttleMs };
};
