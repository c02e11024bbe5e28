/** kafkajs's producer as an arm: one `send` for each record, and batches made by hand. */
import type { Message, Producer } from 'kafkajs';

import { closedLoop } from '../arms/closed-loop.ts';
import {
  keyAt,
  type ProducingArm,
  PUBLISHERS,
  type Sender,
  type SenderPlace,
  VALUE,
} from '../arms/kafka/producing-arm.ts';

const PACKAGE = 'kafkajs';
const BATCH = 500;
/** As many records as the publishers of the other arms have under way. */
const BATCHES_AT_A_TIME = PUBLISHERS / BATCH;

const CAVEAT =
  'Loses records that it acknowledged when a request fails half way, and swaps records of a key; no bound on memory.';

/** A connected producer on the defaults: acks all, the default partitioner, no compression. */
export const connectedProducer = async (
  { bootstrap }: Pick<SenderPlace, 'bootstrap'>,
  idempotent: boolean,
): Promise<Producer> => {
  const { Kafka, logLevel } = await import('kafkajs');
  const kafka = new Kafka({ clientId: 'bench', brokers: [...bootstrap], logLevel: logLevel.NOTHING });
  const producer = kafka.producer(idempotent ? { idempotent: true, maxInFlightRequests: 1 } : {});
  await producer.connect();
  return producer;
};

const messageAt = (index: number): Message => ({ key: keyAt(index), value: VALUE });

const senderOf = (producer: Producer, run: Sender['run']): Sender => ({ run, close: () => producer.disconnect() });

/** `await producer.send()` of one record by each of 1 000 publishers. */
export const kafkaJsSendArm = (on: Pick<ProducingArm, 'target'> & { readonly idempotent?: boolean }): ProducingArm => {
  const { target, idempotent = false } = on;
  return {
    name: 'kafkajs send',
    role: 'baseline',
    package: PACKAGE,
    options: `${idempotent ? 'idempotent, maxInFlightRequests 1' : 'defaults'}; one record a call, ${PUBLISHERS} at a time`,
    caveat: CAVEAT,
    target,
    open: async (place) => {
      const producer = await connectedProducer(place, idempotent);
      const { topic } = place;
      return senderOf(producer, (records) =>
        closedLoop(records, PUBLISHERS, (index) => producer.send({ topic, messages: [messageAt(index)] })),
      );
    },
  };
};

/** `await producer.sendBatch()` of 500 records, two at a time. */
export const kafkaJsBatchArm = ({ target }: Pick<ProducingArm, 'target'>): ProducingArm => ({
  name: 'kafkajs sendBatch',
  role: 'baseline',
  package: PACKAGE,
  options: `defaults; ${BATCH} records a call, ${BATCHES_AT_A_TIME} at a time`,
  caveat: `${CAVEAT} The batches are there from the start: nobody waits for a single record.`,
  target,
  open: async (place) => {
    const producer = await connectedProducer(place, false);
    const { topic } = place;
    return senderOf(producer, (records) =>
      closedLoop(Math.ceil(records / BATCH), BATCHES_AT_A_TIME, (call) => {
        const from = (call - 1) * BATCH;
        const length = Math.min(BATCH, records - from);
        const messages = Array.from({ length }, (_, index) => messageAt(from + index));
        return producer.sendBatch({ topicMessages: [{ topic, messages }] });
      }),
    );
  },
});
