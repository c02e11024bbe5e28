/**
 * One producer. The client keeps sequence numbers per producer id, and takes both apart from each other when something happens between
 * them: it remembers the id, waits for metadata, and only then takes the next numbers. If another call has failed meanwhile, the numbers
 * begin anew under the old id, and a broker may take the batch for one it has. So a call here is made only when id and metadata are there:
 * then the client takes both in one go.
 */
import { systemTimers } from '@busbar/retry';
import type { ProduceResult } from '@platformatic/kafka';

import type { DriverAck, DriverCall, DriverProducer } from '../driver.ts';
import { DUPLICATE_SEQUENCE, LEADER_NOT_AVAILABLE, UNKNOWN_TOPIC } from '../kafka-errors.ts';
import { within } from '../within.ts';
import type { Client } from './client.ts';
import { isDuplicate } from './error-map.ts';
import { ThrottleWatch } from './throttle-watch.ts';

/** A partition that is not there, for which the client would take another one, or that has no leader. */
class NotWritable extends Error {
  readonly apiCode: number;

  constructor(partition: string, apiCode: number) {
    super(`${partition} cannot be written to`);
    this.apiCode = apiCode;
  }
}

export const toAck = ({ topic, partition }: DriverCall, result: ProduceResult | undefined): DriverAck | undefined => {
  const own = result?.offsets?.find((one) => one.topic === topic && one.partition === partition);
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
      return this.#throttle.times.addTo(toAck(call, await this.#client.track(this.#produce(call))));
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
    await within(this.#client.idle(), deadlineMs, systemTimers);
    await this.kill();
  }

  /** Something may come between id and metadata again and again; who does not want to wait kills the producer. */
  #produce(call: DriverCall): Promise<ProduceResult | undefined> {
    const { inner: producer } = this.#client;
    const { topic, partition } = call;
    return new Promise((resolve, reject) => {
      const prepare = (forceUpdate: boolean): void => {
        producer.metadata(
          { topics: [topic], ...(forceUpdate ? { forceUpdate, retries: 0 } : {}) },
          (error, metadata) => {
            if (error !== null) return reject(error);
            if (this.#idempotent && producer.producerId === undefined) return initialize();
            const known = metadata?.topics.get(topic)?.partitions[partition];
            if (known !== undefined && known.leader >= 0) return send();
            // The topic may have grown, or the partition may have found a leader since.
            if (!forceUpdate) return prepare(true);
            return reject(
              new NotWritable(`${topic}-${partition}`, known === undefined ? UNKNOWN_TOPIC : LEADER_NOT_AVAILABLE),
            );
          },
        );
      };
      const initialize = (): void => {
        producer.initIdempotentProducer({}, (error) => {
          if (error === null) prepare(false);
          else reject(error);
        });
      };
      const send = (): void => {
        producer.sendRecords(call, (error, result) => {
          if (error === null) resolve(result);
          else reject(error);
        });
      };
      prepare(false);
    });
  }
}
