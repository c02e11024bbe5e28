/**
 * A batch is appended, its answer is lost, and what the client sends again is refused for good: nothing is left to repeat, and whoever goes
 * on with the same producer gives the next batch the sequence numbers of the lost one. A broker takes it for that one then, and calls it
 * written. No other fault shows that: as long as a batch is repeated until it is answered, its numbers are its own.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import type { BreakableKafka } from '@busbar-tooling/dev-services';
import { Kafka, logLevel } from 'kafkajs';

import type { ProducerPool } from '../../src/index.ts';
import { type ChaosReport, chaosReport, type Told } from './chaos-report.ts';

const LARGE_BYTES = 40_000;
const MAX_BYTES = '20000';
/** Brokers apply a new limit a moment after the controller has taken it. */
const APPLIED_MS = 300;
const APPENDED_WITHIN_MS = 5_000;

const untilCount = async (kafka: BreakableKafka, topic: string, count: number): Promise<void> => {
  const admin = new Kafka({ brokers: [...kafka.brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const givesUpAtMs = performance.now() + APPENDED_WITHIN_MS;
  // oxlint-disable no-await-in-loop -- until it is there
  for (let high = 0; high < count && performance.now() < givesUpAtMs; await sleep(10)) {
    const [partition] = await admin.fetchTopicOffsets(topic);
    high = Number(partition?.high);
  }
  // oxlint-enable no-await-in-loop
  await admin.disconnect();
};

/** Of a topic of its own with one record a batch: one before, one that is appended and refused, one after. */
export const refuseAfterAppend = async (o: {
  readonly kafka: BreakableKafka;
  readonly pool: ProducerPool;
  readonly topic: string;
}): Promise<ChaosReport> => {
  const { kafka, pool, topic } = o;
  const told: Told[] = [];
  const publish = async (n: number, value: string): Promise<string> => {
    try {
      const { partition, offset } = await pool.publish({ topic, key: 'k', value });
      told.push({ record: { key: 'k', n, value }, partition, offset });
      return 'acknowledged';
    } catch (error) {
      return error instanceof Error && 'code' in error ? String(error.code) : String(error);
    }
  };
  await kafka.createTopic(topic, { partitions: 1 });
  await publish(0, 'k/0');
  const proxies = kafka.nodes.flatMap(({ proxy }) => proxy ?? []);
  for (const proxy of proxies) proxy.dropResponses();
  const doubtful = publish(1, 'k/1 '.padEnd(LARGE_BYTES));
  await untilCount(kafka, topic, 2);
  await kafka.configureTopic(topic, { 'max.message.bytes': MAX_BYTES });
  await sleep(APPLIED_MS);
  for (const proxy of proxies) proxy.pass();
  for (const proxy of proxies) proxy.reset();
  const refusal = await doubtful;
  await kafka.configureTopic(topic, { 'max.message.bytes': undefined });
  await publish(2, 'k/2');
  const log = await kafka.readWithJava(topic);
  const cameAbout = refusal === 'BUSBAR_PRODUCER_RECORD_TOO_LARGE' && String(log[1]?.value).startsWith('k/1 ');
  const violations = cameAbout ? [] : [`the doubtful record is ${refusal}, and ${log.length} records are in the log`];
  return chaosReport(log, told, { seed: 0, faults: 1, duplicatesAllowed: 1, violations });
};
