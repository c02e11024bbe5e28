/**
 * A topic of one's own on the run's shared broker: per test, or per file or suite.
 *
 *     test('…', async (ctx) => {
 *       const topic = await testTopic(ctx, { partitions: 3 });       // { name, brokers, partitions, kafka, read }
 *       … produce to topic.name through topic.brokers …
 *       const records = await topic.read();                          // all records, as Apache's own Java consumer sees them (1–2 s)
 *       // [{ partition, offset, timestampMs, key: Buffer | null, value: Buffer | null, headers: [{ name, value }] }], by partition and offset
 *     });
 *     const topic = useTestTopic({ partitions: 1 });                 // at the top of a file or describe; in tests: topic().name
 *
 * Instead of a context brokers are taken too: `testTopic(await requireService(ctx, 'kafka-3'))`, `testTopic(await startKafka())`.
 * The topic is there on every broker, with leaders and full replicas, when the promise resolves. It is not deleted: our brokers go with
 * the run, and a name is used once.
 */
import { randomBytes } from 'node:crypto';

import type { ConsoleRecord, KafkaAccess } from '@busbar-tooling/dev-services';

import { requireService, type ServiceUser, suiteResource } from './require-service.ts';

export interface TestTopicOptions {
  /** Default: 1. */
  readonly partitions?: number;
  /** Default: one per broker of ours. */
  readonly replicationFactor?: number;
  /** Topic settings: `{ 'max.message.bytes': '1000' }`. */
  readonly configs?: Readonly<Record<string, string>>;
}

export interface TestTopic {
  readonly name: string;
  readonly partitions: number;
  /** `host:port` each. */
  readonly brokers: readonly string[];
  readonly kafka: KafkaAccess;
  /** The records of the topic through the Java console consumer; `maxRecords` default: all that are there at the time of the call. */
  read(o?: { readonly maxRecords?: number }): Promise<readonly ConsoleRecord[]>;
}

/** Creates a topic for the caller alone. In a suite or test without Kafka it skips or fails like `requireService`. */
export const testTopic = async (on: ServiceUser | KafkaAccess, o: TestTopicOptions = {}): Promise<TestTopic> => {
  const kafka = 'brokers' in on ? on : await requireService(on, 'kafka');
  const name = `busbar-test-${randomBytes(6).toString('hex')}`;
  const partitions = o.partitions ?? 1;
  await kafka.createTopic(name, { ...o, partitions });
  return { name, partitions, brokers: kafka.brokers, kafka, read: (options) => kafka.readWithJava(name, options) };
};

/** {@link testTopic} for all tests of a file or suite: call it where `beforeAll` may be called, and the result inside the tests. */
export const useTestTopic = (o: TestTopicOptions = {}): (() => TestTopic) =>
  suiteResource((suite) => testTopic(suite, o));
