/**
 * The client's Produce API for the records of one lane, which are written in one go (`lane-batch.ts`).
 *
 * The client makes four to six buffers of each record and copies all of them together twice, which is two of the seven microseconds
 * that a record takes. Only that is replaced: connections, metadata, producer ids, sequences, retries and answers are the client's, which
 * counts messages and does not look at their values. What is not written here, it writes itself: compressed batches, versions of the
 * request that came later, numbers of 2³⁰ and more.
 */
import type { API, Connection, Writer } from '@platformatic/kafka';

import { asBuffer } from '../as-buffer.ts';
import type { DriverCall, FrozenRecord } from '../driver.ts';
import { property } from '../foreign-value.ts';
import { type BatchIdentity, laneBatch } from './lane-batch.ts';
import { isKnownVersion, writeRequest } from './produce-request.ts';

const NO_PRODUCER_ID = -1n;

/** The value of each message of a call: all its records. */
export class Lane {
  readonly call: DriverCall;

  constructor(call: DriverCall) {
    this.call = call;
  }
}

/** What the client's own encoder wants of a record. */
interface PlainMessage {
  readonly key: Buffer | undefined;
  readonly value: Buffer | undefined;
  readonly headers: Map<Buffer, Buffer>;
  readonly timestamp: bigint;
}

const toBytes = (part: string | Uint8Array): Buffer => (typeof part === 'string' ? Buffer.from(part) : asBuffer(part));

const plainMessage = ({ key, value, headers, timestampMs }: FrozenRecord): PlainMessage => ({
  key: key === null ? undefined : toBytes(key),
  value: value === null ? undefined : toBytes(value),
  headers: new Map(Object.entries(headers).map(([name, part]) => [Buffer.from(name), toBytes(part)])),
  timestamp: BigInt(timestampMs),
});

/** Lays the records out in the client's own messages, of which there is one for each. */
const layOut = (messages: unknown, records: readonly FrozenRecord[]): void => {
  for (const [index, record] of records.entries())
    Object.assign(Object(property(messages, index)), plainMessage(record));
};

/** In the client's options of a batch; without an id it writes these defaults. */
const identityIn = (options: unknown, { topic, partition }: DriverCall): BatchIdentity => {
  const producerId = property(options, 'producerId');
  const producerEpoch = property(options, 'producerEpoch');
  const sequences = property(options, 'sequences');
  const baseSequence: unknown = sequences instanceof Map ? sequences.get(`${topic}:${partition}`) : undefined;
  return {
    producerId: typeof producerId === 'bigint' ? producerId : NO_PRODUCER_ID,
    producerEpoch: typeof producerEpoch === 'number' ? producerEpoch : 0,
    baseSequence: typeof baseSequence === 'number' ? baseSequence : 0,
  };
};

interface Asked {
  readonly version: number;
  readonly acks: number;
  readonly timeoutMs: number;
  readonly options: unknown;
}

/** The request of a call; undefined if it is not to be written here. */
const requestOf = ({ call }: Lane, { version, acks, timeoutMs, options }: Asked): Writer | undefined => {
  const { topic, partition, records, compression } = call;
  if (!isKnownVersion(version) || compression !== 'none') return undefined;
  const batch = laneBatch(records, identityIn(options, call));
  return batch && writeRequest(version, { acks, timeoutMs, topic, partition, batch });
};

/** The connection, but for what it is given to send. */
const sendingInstead = (connection: Connection, request: Writer): Connection => {
  const send: Connection['send'] = (...[key, version, , ...rest]) => {
    connection.send(key, version, () => request, ...rest);
  };
  return new Proxy(connection, { get: (_, name) => (name === 'send' ? send : property(connection, name)) });
};

/** As the client calls it, with a callback. */
type Arguments = [connection: Connection, acks: number, timeoutMs: number, messages: unknown, options: unknown];

/** The API for messages whose values are lanes. Other messages it leaves alone, as those of a lane that was laid out before a retry. */
export const forLanes = <Request extends unknown[], Response>(api: API<Request, Response>): API<Request, Response> =>
  new Proxy(api, {
    apply: (_, self, args: [...Arguments, ...unknown[]]) => {
      const [connection, acks, timeoutMs, messages, options] = args;
      const { version } = api;
      const lane = property(property(messages, 0), 'value');
      const request = lane instanceof Lane ? requestOf(lane, { version, acks, timeoutMs, options }) : undefined;
      if (lane instanceof Lane && request === undefined) layOut(messages, lane.call.records);
      const to = request === undefined ? connection : sendingInstead(connection, request);
      Reflect.apply(api, self, [to, ...args.slice(1)]);
    },
  });
