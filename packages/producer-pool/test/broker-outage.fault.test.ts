import { setTimeout as sleep } from 'node:timers/promises';

import { type ConsoleRecord, type KafkaCluster, startKafka } from '@busbar-tooling/dev-services';
import { requireService } from '@busbar-tooling/test-kit/require-service';
import { testTopic } from '@busbar-tooling/test-kit/test-topic';
import { afterAll, describe, expect, test } from 'vitest';

import { createProducerPool, type ProducerPool, type ProducerPoolOptions } from '../src/index.ts';
import { kafkaJsDriver } from '../src/kafkajs/index.ts';

const KEYS = 12;

/** Publishes numbered records of some keys, in order per key, and sends again what is not acknowledged, until told to stop. */
class Load {
  readonly acknowledged = new Set<string>();
  readonly #pool: ProducerPool;
  readonly #topic: string;
  readonly #publishers: readonly Promise<void>[];
  readonly #off = new AbortController();

  constructor(pool: ProducerPool, topic: string) {
    this.#pool = pool;
    this.#topic = topic;
    this.#publishers = Array.from({ length: KEYS }, (_, key) => this.#publisher(`key-${key}`));
  }

  async stop(): Promise<void> {
    this.#off.abort();
    await Promise.all(this.#publishers);
  }

  async #publisher(key: string): Promise<void> {
    for (let n = 0; !this.#off.signal.aborted; n += 20) {
      let values = Array.from({ length: 20 }, (_, index) => `${key}/${n + index}`);
      while (values.length > 0) {
        const records = values.map((value) => ({ topic: this.#topic, key, value }));
        // oxlint-disable no-await-in-loop -- the next batch follows the answer of the last
        const settlements = await this.#pool.publishBatch(records, { deliveryTimeoutMs: 1_500 });
        for (const [index, { ok }] of settlements.entries()) if (ok) this.acknowledged.add(values[index] ?? '');
        values = values.filter((value) => !this.acknowledged.has(value));
        await sleep(values.length > 0 ? 50 : 2);
        // oxlint-enable no-await-in-loop
      }
    }
  }
}

/** What is wrong with a log: acknowledged records that are missing, first occurrences of a key out of order. */
const problemsOf = (log: readonly ConsoleRecord[], acknowledged: ReadonlySet<string>): readonly string[] => {
  const problems: string[] = [];
  const next = new Map<string, number>();
  const seen = new Set<string>();
  for (const record of log) {
    const value = String(record.value);
    if (seen.has(value)) continue;
    seen.add(value);
    const [key = '', number] = value.split('/');
    const expected = next.get(key) ?? 0;
    if (Number(number) !== expected) problems.push(`${value} stands where ${key}/${expected} belongs`);
    next.set(key, Number(number) + 1);
  }
  for (const value of acknowledged) if (!seen.has(value)) problems.push(`${value} was acknowledged and is not there`);
  return problems;
};

const options = (brokers: readonly string[], o: Partial<ProducerPoolOptions>): ProducerPoolOptions => ({
  driver: kafkaJsDriver({ brokers, clientId: 'busbar-test' }),
  requestTimeoutMs: 2_000,
  connectTimeoutMs: 1_000,
  deliveryTimeoutMs: 30_000,
  ...o,
});

/** One broker of its own for both rows: it costs more to start than to break. */
let starting: Promise<KafkaCluster> | undefined;
afterAll(async () => {
  await (await starting)?.[Symbol.asyncDispose]();
});

describe.each([{ idempotent: true }, { idempotent: false }])(
  'broker killed and restarted, idempotent: $idempotent',
  ({ idempotent }) => {
    test('R-KP-6 nothing acknowledged is lost and the order per key stands', { timeout: 120_000 }, async (ctx) => {
      await requireService(ctx, 'kafka');
      starting ??= startKafka();
      const kafka = await starting;
      const topic = await testTopic(kafka, { partitions: 4 });
      await using pool = createProducerPool(options(kafka.brokers, { idempotent }));
      await pool.start();
      const load = new Load(pool, topic.name);
      await sleep(1_500);
      await kafka.node(1).kill();
      await sleep(2_500);
      expect(pool.health().status).not.toBe('healthy');
      await kafka.node(1).start();
      await sleep(2_000);
      await load.stop();
      const report = await pool.close();
      expect(report.unknown).toBe(0);
      const log = await topic.read();
      await ctx.annotate(
        `${load.acknowledged.size} acknowledged, ${log.length - new Set(log.map(({ value }) => String(value))).size} duplicates`,
      );
      expect(load.acknowledged.size).toBeGreaterThan(500);
      expect(problemsOf(log, load.acknowledged)).toEqual([]);
      expect(pool.stats()).toMatchObject({ buffered: { records: 0, bytes: 0 }, connections: 0 });
    });
  },
);
