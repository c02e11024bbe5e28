import { setTimeout as sleep } from 'node:timers/promises';

import { testTopic } from '@busbar-tooling/test-kit/test-topic';
import { expect, test, vi } from 'vitest';

import { createProducerPool } from '../../src/index.ts';
import { kafkaJsDriver } from '../../src/kafkajs/index.ts';

/** Timers that are set in a fifth of a second of doing nothing. */
const timersWhenIdle = async (brokers: readonly string[], topic: string, patchIdleTimer: boolean): Promise<number> => {
  await using pool = createProducerPool({ driver: kafkaJsDriver({ brokers, clientId: 'test', patchIdleTimer }) });
  await pool.start();
  await pool.publish({ topic, value: 'x' });
  const timers = vi.spyOn(globalThis, 'setTimeout');
  await sleep(200);
  const count = timers.mock.calls.length;
  timers.mockRestore();
  await pool.publish({ topic, value: 'y' });
  return count;
};

test('R-PR-1 C1 an idle pool does not spin, while an unpatched client does (kafkajs #1556 #1704 #1751)', async (ctx) => {
  const topic = await testTopic(ctx);
  expect(await timersWhenIdle(topic.brokers, topic.name, false)).toBeGreaterThan(50);
  expect(await timersWhenIdle(topic.brokers, topic.name, true)).toBeLessThan(10);
});
