import { setTimeout as sleep } from 'node:timers/promises';

import { type ConsoleRecord, startKafka } from '@busbar-tooling/dev-services';
import { requireService } from '@busbar-tooling/test-kit/require-service';
import { testTopic } from '@busbar-tooling/test-kit/test-topic';
import { expect, test, vi } from 'vitest';

import { createProducerPool, type ProducerPool } from '../src/index.ts';
import { kafkaJsDriver } from '../src/kafkajs/index.ts';

const KEYS = 12;
/** Between the batches of a key; a flood would only make the log long to read. */
const PACE_MS = 30;

/** Longer than a record may wait here, so that some expire. */
const DOWN_MS = 2_000;
const DELIVERY_TIMEOUT_MS = 1_500;

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
        const settlements = await this.#pool.publishBatch(records, { deliveryTimeoutMs: DELIVERY_TIMEOUT_MS });
        for (const [index, { ok }] of settlements.entries()) if (ok) this.acknowledged.add(values[index] ?? '');
        values = values.filter((value) => !this.acknowledged.has(value));
        await sleep(values.length > 0 ? 50 : PACE_MS);
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

const poolOf = (brokers: readonly string[], idempotent: boolean): ProducerPool =>
  createProducerPool({
    driver: kafkaJsDriver({ brokers, clientId: 'busbar-test' }),
    idempotent,
    requestTimeoutMs: 2_000,
    connectTimeoutMs: 1_000,
    deliveryTimeoutMs: 30_000,
    // What counts is what happens when the broker is back, and not how long a pool waits by then.
    pool: { replaceMaxMs: 500 },
  });

/** Long enough for every key to have its turn several times. */
const FLOWING_RECORDS = 1_000;

vi.setConfig({ testTimeout: 120_000 });

test('R-KP-6 a broker is killed and restarted: nothing acknowledged is lost and the order per key stands, idempotent or not', async (ctx) => {
  await requireService(ctx, 'kafka');
  await using kafka = await startKafka();
  const rows = await Promise.all(
    [true, false].map(async (idempotent) => {
      const [topic, pool] = [await testTopic(kafka, { partitions: 4 }), poolOf(kafka.brokers, idempotent)];
      await pool.start();
      return { idempotent, topic, pool, load: new Load(pool, topic.name) };
    }),
  );
  const flowing = async (): Promise<void> => {
    const goals = rows.map(({ load }) => load.acknowledged.size + FLOWING_RECORDS);
    const flow = () => rows.every(({ load }, row) => load.acknowledged.size >= (goals[row] ?? 0));
    await expect.poll(flow, { timeout: 30_000, interval: 20 }).toBe(true);
  };
  await flowing();
  await kafka.node(1).kill();
  await sleep(DOWN_MS);
  const healthy = () => rows.filter(({ pool }) => pool.health().status === 'healthy').length;
  await expect.poll(healthy, { timeout: 10_000, interval: 20 }).toBe(0);
  await kafka.node(1).start();
  await flowing();
  await Promise.all(
    rows.map(async ({ idempotent, topic, pool, load }) => {
      await load.stop();
      const report = await pool.close();
      expect(report.unknown).toBe(0);
      const log = await topic.read();
      const { size } = new Set(log.map(({ value }) => String(value)));
      const duplicates = log.length - size;
      await ctx.annotate(`idempotent: ${idempotent}, ${load.acknowledged.size} acknowledged, ${duplicates} duplicates`);
      expect(problemsOf(log, load.acknowledged)).toEqual([]);
      expect(pool.stats()).toMatchObject({ buffered: { records: 0, bytes: 0 }, connections: 0 });
    }),
  );
});
