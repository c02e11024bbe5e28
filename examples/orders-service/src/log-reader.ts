import { createHash, randomUUID } from 'node:crypto';

import { patchIdleTimer } from '@busbar/producer-pool/kafkajs';
import { Kafka, logLevel, type KafkaMessage } from 'kafkajs';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';

import type { LoggedOrder } from './verdict.ts';

/** A record as bytes, wherever it was read. */
export interface RawRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
}

const OrderCreated = Compile(
  Type.Object({
    orderId: Type.String(),
    customerId: Type.String(),
    customerSeq: Type.Integer(),
    totalCents: Type.Integer(),
  }),
);

/** Reads the event of a record; throws on a record that no orders service wrote. */
export const toLoggedOrder = (record: RawRecord): LoggedOrder => {
  const data: unknown = JSON.parse(record.value);
  if (!OrderCreated.Check(data))
    throw new TypeError(`record ${record.partition}:${record.offset} is no order.created event`);
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([record.key, Object.entries(record.headers), record.value]))
    .digest('base64');
  return {
    partition: record.partition,
    offset: record.offset,
    eventId: record.headers['ce_id'] ?? '',
    orderId: data.orderId,
    customerId: data.customerId,
    customerSeq: data.customerSeq,
    fingerprint,
  };
};

const headerText = (value: Buffer | string | (Buffer | string)[] | undefined): string =>
  Array.isArray(value) ? headerText(value[0]) : (value?.toString() ?? '');

const toRaw = (partition: number, message: KafkaMessage): RawRecord => ({
  partition,
  offset: Number(message.offset),
  key: message.key?.toString() ?? '',
  value: message.value?.toString() ?? '',
  headers: Object.fromEntries(Object.entries(message.headers ?? {}).map(([name, value]) => [name, headerText(value)])),
});

const inLogOrder = (a: RawRecord, b: RawRecord): number => a.partition - b.partition || a.offset - b.offset;

/** Reads every partition of a topic from the beginning to its present end, by a consumer group of its own. */
export const readTopic = async (o: {
  brokers: readonly string[];
  topic: string;
  timeoutMs: number;
}): Promise<readonly RawRecord[]> => {
  patchIdleTimer(); // it warns of itself otherwise
  const kafka = new Kafka({ clientId: 'orders-verifier', brokers: [...o.brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const ends = new Map(
    (await admin.fetchTopicOffsets(o.topic)).map(({ partition, high }) => [partition, Number(high)]),
  );
  await admin.disconnect();
  const open = new Set([...ends].filter(([, high]) => high > 0).map(([partition]) => partition));
  const records: RawRecord[] = [];
  if (open.size === 0) return records;

  const consumer = kafka.consumer({ groupId: `orders-verifier-${randomUUID()}` });
  const finished = Promise.withResolvers<undefined>();
  const timeout = setTimeout(
    () => finished.reject(new Error(`the topic was not read to its end within ${o.timeoutMs} ms`)),
    o.timeoutMs,
  );
  try {
    await consumer.connect();
    await consumer.subscribe({ topic: o.topic, fromBeginning: true });
    await consumer.run({
      eachBatch: ({ batch }) => {
        for (const message of batch.messages) records.push(toRaw(batch.partition, message));
        if (Number(batch.lastOffset()) + 1 >= (ends.get(batch.partition) ?? 0)) open.delete(batch.partition);
        if (open.size === 0) finished.resolve(undefined);
        return Promise.resolve();
      },
    });
    await finished.promise;
  } finally {
    clearTimeout(timeout);
    await consumer.disconnect();
  }
  return records.toSorted(inLogOrder);
};
