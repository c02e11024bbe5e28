import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { manualClock, settle } from '@busbar-tooling/test-kit/manual-clock';
import { describe, expect, test } from 'vitest';

import { type Ack, createProducerPool, type DriverAck, type DriverFault, type ProducerDriver } from '../src/index.ts';
import { FAULTS } from '../src/kafka-errors.ts';
import { memoryDriver } from '../src/testing/index.ts';

const TOPIC = 'events';
const ACK: DriverAck = { topic: TOPIC, partition: 0, errorCode: 0, baseOffset: 7n };

/** A driver that answers the first call as told and every other one truly. */
const answering = (first: () => Promise<DriverAck | undefined>, fault?: DriverFault): ProducerDriver => {
  const driver = memoryDriver({ topics: { [TOPIC]: 1 } });
  let calls = 0;
  return {
    ...driver,
    classify: (error) => fault ?? driver.classify(error),
    open: async (o) => {
      const producer = await driver.open(o);
      return { ...producer, send: (call) => ((calls += 1) === 1 ? first() : producer.send(call)) };
    },
  };
};

/** What becomes of a record whose first call ends like this. */
const publish = async (driver: ProducerDriver) => {
  const clock = manualClock();
  const pool = createProducerPool({ driver, topics: [TOPIC], clock, timers: clock.timers, random: () => 0.5 });
  await pool.start();
  const done: { ack: Ack | undefined } = { ack: undefined };
  const wait = async (): Promise<void> => {
    done.ack = await pool.publish({ topic: TOPIC, value: 'a' });
  };
  const publishing = wait();
  await settle();
  const atOnce = done.ack;
  await clock.advance(5_000);
  await publishing;
  const { ack } = done;
  const stats = pool.stats();
  const closing = pool.close();
  await clock.advance(60_000);
  await closing;
  return { ack, atOnce: atOnce !== undefined, stats };
};

describe('LN-5 an answer counts only if it names this partition without an error', () => {
  test('R-KP-6 it does', async () => {
    const { ack, atOnce, stats } = await publish(answering(() => Promise.resolve(ACK)));
    expect([ack?.offset, ack?.attempts, atOnce]).toEqual([7n, 1, true]);
    expect(stats).toMatchObject({ throttledMs: 0, unacknowledged: 0 });
  });

  test.each<[string, DriverAck | undefined]>([
    ['an empty one', undefined],
    ['one for another topic', { ...ACK, topic: 'other' }],
    ['one for another partition', { ...ACK, partition: 1 }],
  ])('R-KP-6 %s is none: sent again on a new producer', async (_, answer) => {
    const { ack, stats } = await publish(answering(() => Promise.resolve(answer)));
    expect([ack?.attempts, stats.unacknowledged]).toEqual([2, 1]);
    expect(stats.producers.retired).toEqual({ unacknowledged: 1 });
  });

  test('R-KP-6 an error code in the answer is a fault like any other', async () => {
    const { ack, stats } = await publish(answering(() => Promise.resolve({ ...ACK, errorCode: 6 })));
    expect([ack?.attempts, stats.unacknowledged, stats.calls.failed]).toEqual([2, 0, 1]);
    expect(stats.perTopic[0]?.lastErrorCode).toBe('NOT_LEADER_OR_FOLLOWER');
  });

  test.each<[string, Partial<DriverAck>]>([
    ['a duplicate sequence', { errorCode: 46 }],
    ['offset -1', { baseOffset: -1n }],
  ])('R-KP-6 %s is a success without an offset', async (_, answer) => {
    const { ack } = await publish(answering(() => Promise.resolve({ ...ACK, ...answer })));
    expect([ack?.offset, ack?.attempts]).toEqual([undefined, 1]);
  });

  test('R-KP-6 a throttle time is counted, and is no failure', async () => {
    const { atOnce, stats } = await publish(answering(() => Promise.resolve({ ...ACK, throttleMs: 300 })));
    expect([atOnce, stats.throttledMs, stats.calls.failed]).toEqual([true, 300, 0]);
  });
});

test('LN-7 a client that never answers, not even when it is killed, is cut: the batch goes again', async () => {
  const clock = manualClock();
  const driver = answering(() => new Promise(() => undefined));
  const pool = createProducerPool({ driver, topics: [TOPIC], clock, timers: clock.timers });
  await pool.start();
  const publishing = pool.publish({ topic: TOPIC, value: 'a' });
  await clock.advance(60_000);
  expect((await publishing).attempts).toBe(2);
  expect(pool.stats()).toMatchObject({ producers: { killed: 1, retired: { watchdog: 1 } } });
  expect(pool.stats().perTopic[0]?.lastErrorCode).toBe('WATCHDOG');
  const closing = pool.close();
  await clock.advance(60_000);
  await closing;
});

test('R-OB-1 a fault without a name and without a leader is told as far as it is known', async () => {
  const messages: unknown[] = [];
  const listener = (message: unknown): void => {
    messages.push(message);
  };
  for (const event of ['fault', 'send']) subscribe(`busbar:producer-pool:${event}`, listener);
  const { kafkaError: _, ...nameless } = FAULTS.connectionLost;
  const driver = answering(() => Promise.reject(new Error('gone')), nameless);
  const leaderless: ProducerDriver = {
    ...driver,
    metadata: () =>
      Promise.resolve({
        brokers: [],
        topics: new Map([[TOPIC, { errorCode: 0, partitions: [{ leader: undefined, replicas: [1], isr: [] }] }]]),
      }),
  };
  const { ack } = await publish(leaderless);
  for (const event of ['fault', 'send']) unsubscribe(`busbar:producer-pool:${event}`, listener);
  expect(ack?.attempts).toBe(2);
  const [send, fault] = messages;
  expect(send).toMatchObject({ brokerId: undefined, outcome: 'failed' });
  expect(fault).not.toHaveProperty('kafkaError');
});

test('R-KP-6 a context hook that throws fails the attempt, not the process', async () => {
  const clock = manualClock();
  let calls = 0;
  const driver = memoryDriver({ topics: { [TOPIC]: 1 } });
  const pool = createProducerPool({
    driver,
    clock,
    timers: clock.timers,
    runInContext: (fn) => {
      calls += 1;
      if (calls === 3) throw new Error('the hook is broken');
      return fn();
    },
  });
  await pool.start();
  const publishing = pool.publish({ topic: TOPIC, value: 'a' });
  await clock.advance(10_000);
  expect((await publishing).attempts).toBe(2);
  const closing = pool.close();
  await clock.advance(60_000);
  await closing;
});
