/** The defects of kafkajs 2.2.4 that cost time; see `regressions.fault.test.ts`. In serial fault tests nothing else competes for it. */
import { setTimeout as sleep } from 'node:timers/promises';

import { seededRandom } from '@busbar-tooling/test-kit/seeded-random';
import { describe, expect, test, vi } from 'vitest';

import { murmur2 } from '../../src/murmur2.ts';
import { ofKafkaJs } from './of-kafkajs.ts';
import { clusterOf, on, rawClient, startedPool, TOPIC } from './raw-client.ts';

/** The shortest of some runs: what disturbs a run only makes it longer. */
const shortestMs = (run: () => void): number =>
  Math.min(
    ...Array.from({ length: 3 }, () => {
      const startedAtMs = performance.now();
      run();
      return performance.now() - startedAtMs;
    }),
  );

describe('what kafkajs takes its time for', () => {
  test('R-KP-6 C1 an idle pool does not spin', async () => {
    const timersIn = async (idleMs: number): Promise<number> => {
      const timers = vi.spyOn(globalThis, 'setTimeout');
      await sleep(idleMs);
      const { length } = timers.mock.calls;
      timers.mockRestore();
      return length;
    };
    await using cluster = await clusterOf(1, 1);
    {
      await using raw = await rawClient(cluster);
      await raw.send(on(0, 'a'));
      expect(await timersIn(200)).toBeGreaterThan(50);
    }
    await cluster.disconnected();
    await using pool = await startedPool(cluster, { patchIdleTimer: true });
    await pool.publish(on(0, 'b'));
    expect(await timersIn(200)).toBeLessThan(10);
  });

  test('R-KP-6 P1 batches stay out of the quadratic zone', async () => {
    const group = ofKafkaJs('producer/groupMessagesPerPartition.js');
    const groupingMs = (count: number): number => {
      const messages = Array.from({ length: count }, () => ({ value: 'x' }));
      return shortestMs(() => group({ topic: TOPIC, partitionMetadata: [{}], messages, partitioner: () => 0 }));
    };
    expect(groupingMs(8_000) / groupingMs(500)).toBeGreaterThan(2 * (8_000 / 500));
    await using cluster = await clusterOf(1, 1);
    await using pool = await startedPool(cluster);
    await pool.publishBatch(Array.from({ length: 4_000 }, (_, n) => on(0, `${n}`)));
    const counts = cluster.requests('Produce').map(({ targets }) => targets[0]?.count ?? 0);
    expect(counts.reduce((sum, count) => sum + count)).toBe(4_000);
    expect(Math.max(...counts)).toBeLessThanOrEqual(500);
  });

  test("R-KP-6 P2 int32 murmur2 equals Java's", () => {
    const theirs = ofKafkaJs('producer/partitioners/default/murmur2.js');
    const random = seededRandom(7);
    const keys = Array.from({ length: 20_000 }, () =>
      Buffer.from(Array.from({ length: Math.floor(random() * 73) }, () => Math.floor(random() * 256))),
    );
    expect(keys.filter((key) => murmur2(key) !== theirs(key))).toEqual([]);
    const some = keys.slice(0, 1_000);
    const theirsMs = shortestMs(() => some.forEach(theirs));
    const oursMs = shortestMs(() => some.forEach((key) => murmur2(key)));
    expect(theirsMs / oursMs).toBeGreaterThan(10);
  });
});
