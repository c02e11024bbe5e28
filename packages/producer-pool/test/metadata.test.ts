import { settle } from '@busbar-tooling/test-kit/manual-clock';
import { describe, expect, test } from 'vitest';

import { ScriptedPool, TOPIC } from './scripted-pool.ts';

describe('PT-4 a topic that is not known yet', () => {
  test('R-KP-3 its records wait in the order of their calls', async () => {
    await using scripted = new ScriptedPool({ maxBatchRecords: 10 }, 2);
    await scripted.start();
    const fates = ['a', 'b', 'c'].map((value) => scripted.publish(value));
    const all = await Promise.all(fates);
    await scripted.end('ok');
    expect(scripted.sent).toEqual(['abc']);
    expect(all.map(({ text }) => text)).toEqual(['ok@0', 'ok@1', 'ok@2']);
    expect(scripted.cluster.metadataCalls).toBe(1);
  });

  test('R-KP-3 it is asked for again with a backoff, then the records are answered; the next publish asks anew', async () => {
    await using scripted = await new ScriptedPool({ unknownTopicRetries: 2 }).start();
    scripted.cluster.topicCode = 3;
    const fate = await scripted.publish('a');
    await scripted.clock.advance(50);
    expect(fate.text).toBe('pending');
    await scripted.clock.advance(100);
    expect(fate).toMatchObject({ text: 'UNKNOWN_TOPIC/rejected', error: { details: { attempts: 3, scope: 'topic' } } });
    scripted.cluster.topicCode = 0;
    await scripted.publish('b');
    expect(scripted.sent).toEqual(['b']);
  });

  test('R-KP-3 a denied topic is answered at once', async () => {
    await using scripted = await new ScriptedPool().start();
    scripted.cluster.topicCode = 29;
    expect((await scripted.publish('a')).text).toBe('TOPIC_DENIED/rejected');
  });

  test('R-KP-6 a cluster that does not answer is asked until the records expire, and no longer', async () => {
    await using scripted = await new ScriptedPool({ deliveryTimeoutMs: 3_000 }).start();
    scripted.cluster.opens = 'fail';
    const fate = await scripted.publish('a');
    await scripted.clock.advance(3_000);
    expect(fate.text).toBe('DELIVERY_TIMEOUT/not-sent');
    await scripted.clock.advance(5_000);
    const { metadataCalls } = scripted.cluster;
    expect(metadataCalls).toBeGreaterThan(3);
    await scripted.clock.advance(60_000);
    expect(scripted.cluster.metadataCalls).toBe(metadataCalls);
    expect(scripted.clock.pending()).toBe(0);
  });

  test('R-KP-6 wrong credentials are answered at once', async () => {
    await using scripted = await new ScriptedPool().start();
    scripted.cluster.opens = 'auth';
    expect((await scripted.publish('a')).text).toBe('AUTH/not-sent');
  });

  test('R-KP-6 a load that hangs is given up and repeated', async () => {
    const scripted = new ScriptedPool();
    const { driver } = scripted.cluster;
    let calls = 0;
    const hanging = {
      ...driver,
      metadata: (...args: Parameters<typeof driver.metadata>) => {
        calls += 1;
        return calls === 1 ? new Promise<never>(() => undefined) : driver.metadata(...args);
      },
    };
    await using pool = new ScriptedPool({ driver: hanging });
    await pool.start();
    await pool.publish('a');
    await pool.clock.advance(1_500);
    await pool.clock.advance(100);
    expect(calls).toBe(2);
  });

  test('R-KP-6 what waits for the topic and what waits for room behind it go on together, in order', async () => {
    await using scripted = await new ScriptedPool({
      maxBatchRecords: 1,
      buffer: { maxRecords: 4, maxLaneRecords: 2 },
    }).start();
    scripted.cluster.topicCode = 3;
    const fates = await Promise.all(['a', 'b', 'c'].map((value) => scripted.publish(value)));
    scripted.cluster.topicCode = 0;
    await scripted.clock.advance(100);
    for (let n = 0; n < 3; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one call after the other
      await scripted.end('ok');
    }
    expect(scripted.sent).toEqual(['a', 'b', 'c']);
    expect(fates.map(({ text }) => text)).toEqual(['ok@0', 'ok@1', 'ok@2']);
  });
});

test('R-KP-6 metadata is loaded again when it is old, and when a leader has moved', async () => {
  await using scripted = await new ScriptedPool({ metadataMaxAgeMs: 1_000 }).start();
  await scripted.publish('a');
  await scripted.clock.advance(500);
  await scripted.end('not leader');
  expect(scripted.cluster.metadataCalls).toBe(2);
  await scripted.clock.advance(1_000);
  await scripted.end('ok');
  await scripted.publish('b');
  expect(scripted.cluster.metadataCalls).toBe(3);
  await scripted.end('ok');
  scripted.cluster.opens = 'fail';
  await scripted.clock.advance(1_000);
  await scripted.publish('c');
  await scripted.clock.advance(100);
  expect(scripted.cluster.metadataCalls).toBe(4);
});

test('R-KP-6 a topic without partitions, or without an entry, is unknown; a pool that asks does not know its lanes', async () => {
  await using scripted = await new ScriptedPool({ unknownTopicRetries: 0 }).start();
  const { driver } = scripted.cluster;
  driver.metadata = (topics) =>
    Promise.resolve({ brokers: [], topics: new Map(topics.map((name) => [name, { errorCode: 0, partitions: [] }])) });
  expect((await scripted.publish('a')).text).toBe('UNKNOWN_TOPIC/rejected');
  driver.metadata = () => Promise.resolve({ brokers: [], topics: new Map() });
  await scripted.clock.advance(1_000);
  expect((await scripted.publish('b')).text).toBe('UNKNOWN_TOPIC/rejected');
  driver.metadata = () => new Promise(() => undefined);
  await scripted.clock.advance(1_000);
  await scripted.publish('c');
  expect(scripted.pool.laneOf({ topic: TOPIC, key: 'k' })).toBeUndefined();
});

test('R-KP-3 a flood of illegal names is refused without being remembered', async () => {
  await using scripted = await new ScriptedPool().start();
  for (let n = 0; n < 1_002; n += 1) {
    // oxlint-disable-next-line no-await-in-loop -- refused at once
    await expect(scripted.pool.publish({ topic: `no name ${n}`, value: 'x' })).rejects.toMatchObject({
      code: 'BUSBAR_PRODUCER_RECORD_INVALID',
    });
  }
});

test('R-KP-6 with no leader anywhere a record without a key goes to any partition', async () => {
  await using scripted = new ScriptedPool({}, 2);
  scripted.cluster.leaderless = new Set([0, 1]);
  await scripted.start();
  expect((await scripted.publish('a', { key: null })).text).toBe('pending');
  expect(scripted.call?.call.partition).toBe(1);
});

describe('PT-5 a topic that grows', () => {
  /** With one partition every key lies in 0; with two, `d` moves to 1 and `a` stays in 0. */
  const grow = async (scripted: ScriptedPool): Promise<void> => {
    scripted.cluster.partitions = 2;
    scripted.cluster.logs.push([]);
    await scripted.clock.advance(1_000);
  };
  const moving = 'd';
  const staying = 'a';

  test('R-KP-2 a key that moves waits until its old partition is empty; others go by the new count at once', async () => {
    await using scripted = await new ScriptedPool({ metadataMaxAgeMs: 1_000 }).start();
    const old = await scripted.publish('1', { key: moving });
    await grow(scripted);
    await scripted.publish('2', { key: staying });
    expect(scripted.pool.laneOf({ topic: TOPIC, key: moving })).toBe(`${TOPIC}-1`);
    expect(scripted.pool.laneOf({ topic: TOPIC, key: staying })).toBe(`${TOPIC}-0`);
    const [moved, second] = [
      await scripted.publish('3', { key: moving }),
      await scripted.publish('4', { key: moving }),
    ];
    const explicit = await scripted.publish('5', { key: moving, partition: 1 });
    expect(scripted.sent).toEqual(['1', '5']);
    await scripted.end('ok');
    await scripted.end('ok');
    await scripted.end('ok');
    await settle();
    expect([old.text, explicit.text, moved.text, second.text]).toEqual(['ok@0', 'ok@0', 'ok@1', 'ok@2']);
    expect(scripted.cluster.values(0)).toEqual(['1', '2']);
    expect(scripted.cluster.values(1)).toEqual(['5', '3', '4']);
    await scripted.publish('6', { key: moving });
    expect(scripted.sent.at(-1)).toBe('6');
  });

  test('R-KP-2 by `switch` it does not wait: the key may be in two partitions for a while', async () => {
    await using scripted = await new ScriptedPool({ metadataMaxAgeMs: 1_000, onPartitionGrowth: 'switch' }).start();
    await scripted.publish('1', { key: moving });
    await grow(scripted);
    await scripted.publish('2', { key: staying });
    await scripted.publish('3', { key: moving });
    expect(scripted.sent).toEqual(['1', '3']);
  });

  test('R-KP-2 with nothing on its way the new count is used at once', async () => {
    await using scripted = await new ScriptedPool({ metadataMaxAgeMs: 1_000 }).start();
    await scripted.publish('1', { key: moving });
    await scripted.end('ok');
    await grow(scripted);
    await scripted.publish('2', { key: staying });
    await scripted.end('ok');
    await scripted.publish('3', { key: moving });
    await scripted.end('ok');
    expect(scripted.cluster.values(1)).toEqual(['3']);
  });

  test('R-KP-2 records that came after the growth do not keep a moving key waiting', async () => {
    await using scripted = await new ScriptedPool({ metadataMaxAgeMs: 1_000, maxBatchRecords: 1 }).start();
    await scripted.publish('1', { key: moving });
    await scripted.publish('2', { key: moving });
    await grow(scripted);
    await scripted.publish('3', { key: staying });
    await scripted.publish('4', { key: staying });
    await scripted.publish('5', { key: moving });
    await scripted.end('ok');
    await scripted.end('ok');
    // 3 was placed before the growth was known, 4 after it.
    expect(scripted.sent).toEqual(['1', '2', '3']);
    await scripted.end('ok');
    expect(scripted.sent.slice(3).toSorted()).toEqual(['4', '5']);
  });

  test('R-KP-6 records held back expire like any other', async () => {
    await using scripted = await new ScriptedPool({ metadataMaxAgeMs: 1_000 }).start();
    await scripted.publish('1', { key: moving });
    await grow(scripted);
    await scripted.publish('2', { key: staying });
    const settlements = scripted.pool.publishBatch([{ topic: TOPIC, key: moving, value: '3' }], {
      deliveryTimeoutMs: 200,
    });
    await scripted.clock.advance(200);
    expect(await settlements).toMatchObject([
      { ok: false, error: { code: 'BUSBAR_PRODUCER_DELIVERY_TIMEOUT', outcome: 'not-sent' } },
    ]);
  });

  test('R-KP-6 a topic that was made anew with fewer partitions is taken as it is', async () => {
    await using scripted = await new ScriptedPool({ metadataMaxAgeMs: 1_000, topics: [TOPIC] }, 5).start();
    scripted.cluster.partitions = 1;
    await scripted.clock.advance(1_000);
    await scripted.publish('1', { key: 'foobar' });
    await scripted.publish('2', { key: 'foobar' });
    expect(scripted.pool.laneOf({ topic: TOPIC, key: 'foobar' })).toBe(`${TOPIC}-0`);
  });
});
