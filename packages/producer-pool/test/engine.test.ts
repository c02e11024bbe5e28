/** What the parts do when they are asked for what cannot happen through the pool. */
import { settle } from '@busbar-tooling/test-kit/manual-clock';
import { expect, test } from 'vitest';

import { Engine } from '../src/engine.ts';
import { resolveProducerPoolOptions } from '../src/index.ts';
import { LaneRunner } from '../src/lane-runner.ts';
import { StickyPartitioner } from '../src/partitioner.ts';
import { PoolCounters } from '../src/stats.ts';
import { memoryDriver } from '../src/testing/index.ts';

const engineOn = (topics: readonly string[]): Engine => {
  const options = resolveProducerPoolOptions({ driver: memoryDriver({ topics: { events: 1 } }) });
  let producers = 0;
  return new Engine({
    options: { ...options, topics },
    counters: new PoolCounters(1),
    nextProducerId: () => `p-${(producers += 1)}`,
    refusal: () => undefined,
    isStarting: () => false,
    onProgress: () => undefined,
  });
};

test('R-KP-6 a lane that has nothing to send gives its slot back', async () => {
  const engine = engineOn(['events']);
  engine.connect();
  await settle();
  const topic = engine.topics.peek('events');
  expect(topic?.partitions.length).toBe(1);
  if (topic === undefined) return;
  const runner = engine.dispatcher.lanes.lane(topic, 0);
  runner.lane.phase = 'ready';
  engine.dispatcher.apply(runner, { type: 'flush' });
  await settle();
  expect([runner.lane.phase, runner.producer, engine.placement.producers[0]?.calls]).toEqual(['idle', undefined, 0]);
  await engine.close(1_000);
});

test('R-KP-6 a batch without a producer is no call', async () => {
  const engine = engineOn(['events']);
  engine.connect();
  await settle();
  const topic = engine.topics.peek('events');
  if (topic === undefined) return;
  const runner = engine.dispatcher.lanes.lane(topic, 0);
  const entry = {
    record: { key: null, value: 'a', headers: {}, timestampMs: 0 },
    topic: 'events',
    partition: 0,
    keyId: undefined,
    sizeBytes: 81,
    ownTimestamp: false,
    call: undefined,
    recipient: { acknowledged: () => undefined, failed: () => undefined },
    publishedAtMs: 0,
    deadlineAtMs: Number.POSITIVE_INFINITY,
    answered: false,
    gone: false,
    sequence: 0,
    earlier: undefined,
    later: undefined,
  };
  engine.dispatcher.apply(runner, { type: 'enqueue', entry });
  engine.dispatcher.apply(runner, { type: 'flush' });
  engine.dispatcher.apply(runner, { type: 'send' });
  expect(engine.dispatcher.outstandingCalls).toBe(0);
  await engine.close(1_000);
});

test('R-KP-2 what goes first: seats without a producer, then degraded ones, then the youngest', async () => {
  const engine = engineOn([]);
  const { seats } = engine.placement;
  engine.connect();
  await settle();
  seats.resize(5, 'scaled-down');
  await settle();
  const [, second, third] = seats.producers();
  if (second === undefined || third === undefined) return;
  second.slot = { state: 'degraded', faultsInRow: 3 };
  seats.holding(third)?.retire('broken', false);
  const left = new Set(['p-1']);
  expect(seats.mostLeft([left, new Set(['p-3'])])?.current?.id).toBe('p-1');
  const ids = (): readonly string[] => seats.producers().map(({ id }) => id);
  expect(ids()).toEqual(['p-1', 'p-2', 'p-4', 'p-5']);
  seats.resize(4, 'scaled-down');
  expect(ids()).toEqual(['p-1', 'p-2', 'p-4', 'p-5']);
  seats.resize(3, 'scaled-down');
  expect(ids()).toEqual(['p-1', 'p-4', 'p-5']);
  seats.resize(2, 'scaled-down');
  expect(ids()).toEqual(['p-1', 'p-4']);
  await engine.close(1_000);
});

test('R-KP-3 a name that is none is not asked for', async () => {
  const engine = engineOn(['not a name']);
  engine.connect();
  await settle();
  expect(engine.topics.brokerCount).toBe(0);
  await engine.close(1_000);
});

test('R-KP-6 a waiting room has no leader', () => {
  const engine = engineOn([]);
  const topic = engine.topics.get('events');
  expect(typeof topic === 'string' ? undefined : new LaneRunner(topic, undefined).leader).toBe(-1);
});

test('R-KP-6 without candidates a record without a key goes to the first partition', () => {
  const sticky = new StickyPartitioner(() => 0.9, { maxBatchRecords: 1, maxBatchBytes: 1 });
  expect(sticky.next('events', 1, () => [])).toBe(0);
});
