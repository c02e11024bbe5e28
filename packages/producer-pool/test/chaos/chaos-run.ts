/** Thousands of keyed records through a cluster with faults, by the pool or by kafkajs alone, and what became of them. */
import { setTimeout as sleep } from 'node:timers/promises';

import { seededRandom } from '@busbar-tooling/test-kit/seeded-random';
import { Kafka, logLevel, type Message } from 'kafkajs';

import { createProducerPool, type ProducerDriver } from '../../src/index.ts';
import { type FakeCluster, startFakeCluster } from '../../src/testing/index.ts';
import { chaosFaults } from './chaos-faults.ts';
import { publishKey } from './chaos-publish.ts';
import { type ChaosRecord, type ChaosReport, chaosReport, nameOf, partitionOf, type Told } from './chaos-report.ts';

const TOPIC = 't';
const PARTITIONS = 6;
const KEYS = 60;
const RECORDS = 2_000;
const CONCURRENT = 100;
/** The least that the pool takes. */
const REQUEST_TIMEOUT_MS = 1_000;
const LATE_MS = 1_150;
/** Above this a batch is refused, and so is a record that is too large alone. */
const MAX_MESSAGE_BYTES = 40_000;
const POISON_RATIO = 0.005;
const ABORT_RATIO = 0.01;
const RECORDS_AT_ONCE = 5;
/** Before what was not accepted is published again. */
const WAIT_MS = 5;

export interface ChaosOptions {
  readonly seed: number;
  readonly idempotent: boolean;
}

type Publish = (cluster: FakeCluster, records: readonly ChaosRecord[], random: () => number) => Promise<Told[]>;

const makeRecords = (random: () => number, poisonRatio: number): readonly ChaosRecord[] => {
  const next = new Map<string, number>();
  return Array.from({ length: RECORDS }, () => {
    const key = `k${Math.floor(random() * KEYS)}`;
    const n = next.get(key) ?? 0;
    next.set(key, n + 1);
    const name = nameOf({ key, n });
    return { key, n, value: random() < poisonRatio ? `${name} `.padEnd(2 * MAX_MESSAGE_BYTES) : name };
  });
};

/** Calls `work` with each item in order, with a limited number under way. */
const inOrder = async <T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> => {
  const running = new Set<Promise<void>>();
  for (const item of items) {
    const one = work(item).finally(() => running.delete(one));
    running.add(one);
    // oxlint-disable-next-line no-await-in-loop -- the limit
    if (running.size >= CONCURRENT) await Promise.race(running);
  }
  await Promise.all(running);
};

interface Conditions {
  readonly poisonRatio: number;
  readonly spoiltAnswers: boolean;
}

const run = async (o: ChaosOptions, under: Conditions, publish: Publish): Promise<ChaosReport> => {
  await using cluster = await startFakeCluster({
    topics: { [TOPIC]: { partitions: PARTITIONS, maxMessageBytes: MAX_MESSAGE_BYTES } },
  });
  const records = makeRecords(seededRandom(o.seed), under.poisonRatio);
  const faults = chaosFaults(cluster, {
    random: seededRandom(o.seed + 1),
    lateMs: LATE_MS,
    spoiltAnswers: under.spoiltAnswers,
  });
  cluster.script(faults.script);
  const told = await publish(cluster, records, seededRandom(o.seed + 2));
  await faults.over();
  const batches = cluster.requests('Produce').flatMap(({ targets }) => targets.map(({ count = 0 }) => count));
  return chaosReport(cluster.log(TOPIC), told, {
    seed: o.seed,
    faults: faults.count(),
    duplicatesAllowed: faults.count() * Math.max(...batches),
    violations: cluster.violations(),
  });
};

export interface PoolChaosOptions extends ChaosOptions {
  readonly driver: (brokers: readonly string[]) => ProducerDriver;
  readonly producers: { readonly min: number; readonly max: number };
}

export const chaosOfPool = (o: PoolChaosOptions): Promise<ChaosReport> =>
  run(o, { poisonRatio: POISON_RATIO, spoiltAnswers: true }, async (cluster, records, random) => {
    await using pool = createProducerPool({
      driver: o.driver(cluster.bootstrap),
      idempotent: o.idempotent,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      connectTimeoutMs: 500,
      retry: { baseMs: 5, maxMs: 50 },
      pool: { ...o.producers, replaceBaseMs: 5, replaceMaxMs: 50, scaleWindowMs: 100, scaleUpCooldownMs: 100 },
      random,
    });
    await pool.start();
    const keys = [...Map.groupBy(records, ({ key }) => key).values()];
    const how = {
      pool,
      topic: TOPIC,
      random,
      abortRatio: ABORT_RATIO,
      recordsAtOnce: RECORDS_AT_ONCE,
      waitMs: WAIT_MS,
    };
    const told: Told[] = [];
    await Promise.all(keys.map((own) => publishKey(own, { ...how, onAck: (one) => told.push(one) })));
    return told;
  });

/** `each`: a `send()` per record, a hundred under way. `batches`: one `send()` of 60 after the other. */
export type RawStrategy = 'each' | 'batches';

const BATCH_RECORDS = 60;
/** What kafkajs has not sent by then counts neither as acknowledged nor as lost. */
const RAW_RUN_MS = 15_000;

const inBatches = (records: readonly ChaosRecord[], size: number): ChaosRecord[][] =>
  Array.from({ length: Math.ceil(records.length / size) }, (_, n) => records.slice(n * size, (n + 1) * size));

/** kafkajs alone; what it rejects is sent again, which it does not promise to be harmless. */
export const chaosOfKafkaJs = (o: ChaosOptions & { readonly strategy: RawStrategy }): Promise<ChaosReport> =>
  run(o, { poisonRatio: 0, spoiltAnswers: false }, async (cluster, records) => {
    const kafka = new Kafka({
      clientId: 'raw',
      brokers: [...cluster.bootstrap],
      requestTimeout: REQUEST_TIMEOUT_MS,
      retry: { retries: 5, initialRetryTime: 20, maxRetryTime: 100 },
      logLevel: logLevel.NOTHING,
    });
    const producer = kafka.producer({
      allowAutoTopicCreation: false,
      ...(o.idempotent ? { idempotent: true, maxInFlightRequests: 1 } : {}),
    });
    await producer.connect();
    const told: Told[] = [];
    const over = new AbortController();
    const send = async (batch: readonly ChaosRecord[]): Promise<void> => {
      const messages: Message[] = batch.map(({ key, value }) => ({
        key,
        value,
        partition: partitionOf(key, PARTITIONS),
      }));
      while (!over.signal.aborted) {
        try {
          // oxlint-disable-next-line no-await-in-loop -- until it is accepted
          await producer.send({ topic: TOPIC, messages });
          told.push(...batch.map((record) => ({ record })));
          return;
        } catch {
          // oxlint-disable-next-line no-await-in-loop -- and again
          await sleep(10);
        }
      }
    };
    const sendAll = async (): Promise<void> => {
      if (o.strategy === 'each') return inOrder(records, (record) => send([record]));
      // oxlint-disable-next-line no-await-in-loop -- one after the other is the strategy
      for (const batch of inBatches(records, BATCH_RECORDS)) await send(batch);
    };
    // Some runs never end: a producer whose sequence numbers are wrong is refused for ever, a lock is never released.
    await Promise.race([sendAll(), sleep(RAW_RUN_MS, undefined, { ref: false })]);
    over.abort();
    await producer.disconnect();
    return told;
  });
