import type { Producer, RecordMetadata } from 'kafkajs';

import type { DriverAck, DriverCall, DriverProducer } from '../driver.ts';
import { DUPLICATE_SEQUENCE, LEADER_NOT_AVAILABLE } from '../kafka-errors.ts';
import { type Client, disconnect } from './client.ts';
import { CODEC_NUMBERS } from './codecs.ts';
import { isBrokerMissing, MayBeWritten, protocolCodeOf } from './error-map.ts';
import { ProducerKilled } from './kill-switch.ts';
import { laneMessages } from './lane-messages.ts';

export const toAck = (call: DriverCall, answers: readonly RecordMetadata[]): DriverAck | undefined => {
  const own = answers.find((answer) => answer.topicName === call.topic && answer.partition === call.partition);
  if (own === undefined) return undefined;
  const offset = own.baseOffset ?? own.offset;
  const baseOffset = offset === undefined || offset.startsWith('-') ? undefined : BigInt(offset);
  return { topic: own.topicName, partition: own.partition, errorCode: own.errorCode, baseOffset };
};

/** Named as kafkajs names what a broker answers. */
class NoLeader extends Error {
  override readonly name = 'KafkaJSProtocolError';
  readonly code = LEADER_NOT_AVAILABLE;
}

/** Calls under way, which can be told that they are over: kafkajs goes on trying for a while when it cannot connect any more. */
class Pending {
  readonly #rejects = new Set<(reason: Error) => void>();
  #idle: PromiseWithResolvers<void> | undefined;

  async run<T>(work: Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#rejects.add(reject);
    work.then(resolve, reject);
    try {
      return await promise;
    } finally {
      this.#rejects.delete(reject);
      if (this.#rejects.size === 0) this.#idle?.resolve();
    }
  }

  /** Resolves when none is under way. */
  async idle(): Promise<void> {
    if (this.#rejects.size === 0) return;
    this.#idle ??= Promise.withResolvers();
    await this.#idle.promise;
  }

  reject(reason: Error): void {
    for (const reject of this.#rejects) reject(reason);
  }
}

export class KafkaJsProducer implements DriverProducer {
  readonly id: string;
  readonly #client: Client;
  readonly #producer: Producer;
  readonly #pending = new Pending();

  constructor(id: string, client: Client, producer: Producer) {
    this.id = id;
    this.#client = client;
    this.#producer = producer;
  }

  async send(call: DriverCall): Promise<DriverAck | undefined> {
    const { topic, partition } = call;
    const { answers } = this.#client.killSwitch;
    answers.callBegins(topic, partition);
    try {
      const sending = this.#producer.send({
        topic,
        messages: laneMessages(call.records, partition),
        acks: call.acks === 'all' ? -1 : 1,
        timeout: call.timeoutMs,
        compression: CODEC_NUMBERS[call.compression],
      });
      return answers.throttleTimes.addTo(toAck(call, await this.#pending.run(sending)));
    } catch (error) {
      // kafkajs throws what is a success: the broker has these records already.
      if (protocolCodeOf(error) === DUPLICATE_SEQUENCE)
        return { topic, partition, errorCode: DUPLICATE_SEQUENCE, baseOffset: undefined };
      // kafkajs looks for the broker that leads it, and says that there is no such broker.
      const reason =
        isBrokerMissing(error) && answers.isLeaderless(topic, partition)
          ? new NoLeader(`${topic}-${partition} has no leader`, { cause: error })
          : error;
      if (!answers.mayBeWritten(topic, partition)) throw reason;
      throw new MayBeWritten('an attempt had no answer', { cause: reason });
    }
  }

  connections(): number {
    return this.#client.killSwitch.connections;
  }

  async kill(reason: string): Promise<void> {
    await this.#client.killSwitch.kill(reason);
    this.#pending.reject(new ProducerKilled(reason));
  }

  async close({ deadlineMs }: { readonly deadlineMs: number }): Promise<void> {
    const close = async (): Promise<void> => {
      await this.#pending.idle();
      await this.#producer.disconnect();
    };
    await disconnect({ disconnect: close }, this.#client, deadlineMs);
    this.#pending.reject(new ProducerKilled('closed'));
  }
}
