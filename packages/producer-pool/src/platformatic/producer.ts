/**
 * One producer. The client keeps sequence numbers per producer id, and takes both apart from each other when something happens between
 * them: it remembers the id, waits for metadata, and only then takes the next numbers. If another call has failed meanwhile, the numbers
 * begin anew under the old id, and a broker may take the batch for one it has. So a call here is made only when id and metadata are there:
 * then the client takes both in one go.
 */
import type { MessageToProduce, ProduceResult } from '@platformatic/kafka';

import type { DriverAck, DriverCall, DriverProducer, FrozenRecord } from '../driver.ts';
import { DUPLICATE_SEQUENCE, LEADER_NOT_AVAILABLE, UNKNOWN_TOPIC } from '../kafka-errors.ts';
import type { Client } from './client.ts';
import { isDuplicate } from './error-map.ts';
import { ThrottleWatch } from './throttle-watch.ts';

/** How often something may come between id and metadata before a call gives up. */
const MAX_PREPARATIONS = 3;
const ACKS = { all: -1, leader: 1 } as const;

const asBuffer = (part: string | Uint8Array): Buffer => {
  if (typeof part === 'string') return Buffer.from(part);
  return Buffer.isBuffer(part) ? part : Buffer.from(part.buffer, part.byteOffset, part.byteLength);
};

const toHeaders = (headers: FrozenRecord['headers']): Pick<MessageToProduce, 'headers'> => {
  const entries = Object.entries(headers);
  // Most records have none, and the client makes an empty map of its own.
  if (entries.length === 0) return {};
  return { headers: new Map(entries.map(([name, value]) => [Buffer.from(name), asBuffer(value)])) };
};

const toMessage = ({ key, value, timestampMs, headers }: FrozenRecord, topic: string, partition: number) => {
  const message: MessageToProduce = { topic, partition, timestamp: BigInt(timestampMs), ...toHeaders(headers) };
  if (key !== null) message.key = asBuffer(key);
  if (value !== null) message.value = asBuffer(value);
  return message;
};

/** A partition that is not there, for which the client would take another one, or that has no leader. */
class NotWritable extends Error {
  readonly apiCode: number;

  constructor(partition: string, apiCode: number) {
    super(`${partition} cannot be written to`);
    this.apiCode = apiCode;
  }
}

class NeverReady extends Error {}

export const toAck = ({ topic, partition }: DriverCall, { offsets = [] }: ProduceResult): DriverAck | undefined => {
  const own = offsets.find((one) => one.topic === topic && one.partition === partition);
  if (own === undefined) return undefined;
  return { topic, partition, errorCode: 0, baseOffset: own.offset < 0n ? undefined : own.offset };
};

export class PlatformaticDriverProducer implements DriverProducer {
  readonly id: string;
  readonly #client: Client;
  readonly #idempotent: boolean;
  readonly #throttle: ThrottleWatch;

  constructor(id: string, client: Client, idempotent: boolean) {
    this.id = id;
    this.#client = client;
    this.#idempotent = idempotent;
    this.#throttle = new ThrottleWatch(client.connections);
  }

  async send(call: DriverCall): Promise<DriverAck | undefined> {
    const { topic, partition } = call;
    try {
      const ack = toAck(call, await this.#client.track(this.#produce(call)));
      const throttleMs = this.#throttle.takeMs(topic, partition);
      return ack === undefined || throttleMs === 0 ? ack : { ...ack, throttleMs };
    } catch (error) {
      // The client throws what is a success: the broker has these records already.
      if (isDuplicate(error)) return { topic, partition, errorCode: DUPLICATE_SEQUENCE, baseOffset: undefined };
      throw error;
    }
  }

  connections(): number {
    return this.#client.openSockets;
  }

  async kill(): Promise<void> {
    this.#throttle.stop();
    await this.#client.kill();
  }

  async close({ deadlineMs }: { readonly deadlineMs: number }): Promise<void> {
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, deadlineMs);
    await Promise.race([this.#client.idle(), late.promise]);
    clearTimeout(timer);
    await this.kill();
  }

  #produce(call: DriverCall): Promise<ProduceResult> {
    const { inner: producer } = this.#client;
    const { topic, partition, records, compression, acks } = call;
    return new Promise((resolve, reject) => {
      const prepare = (left: number, forceUpdate: boolean): void => {
        if (left === 0) return reject(new NeverReady('metadata and producer id are never there together'));
        producer.metadata(
          { topics: [topic], ...(forceUpdate ? { forceUpdate, retries: 0 } : {}) },
          (error, metadata) => {
            if (error !== null) return reject(error);
            if (this.#idempotent && producer.producerId === undefined) return initialize(left);
            const known = metadata?.topics.get(topic)?.partitions[partition];
            if (known !== undefined && known.leader >= 0) return send();
            // The topic may have grown, or the partition may have found a leader since.
            if (!forceUpdate) return prepare(left - 1, true);
            return reject(
              new NotWritable(`${topic}-${partition}`, known === undefined ? UNKNOWN_TOPIC : LEADER_NOT_AVAILABLE),
            );
          },
        );
      };
      const initialize = (left: number): void => {
        producer.initIdempotentProducer({}, (error) => {
          if (error === null) prepare(left - 1, false);
          else reject(error);
        });
      };
      const send = (): void => {
        const messages = records.map((record) => toMessage(record, topic, partition));
        producer.send({ messages, acks: ACKS[acks], compression }, (error, result) => {
          if (error === null) resolve(result ?? {});
          else reject(error);
        });
      };
      prepare(MAX_PREPARATIONS, false);
    });
  }
}
