import { settle } from '@busbar-tooling/test-kit/manual-clock';
import { describe, expect, test } from 'vitest';

import type { ProducerPoolOptions } from '../src/index.ts';
import { type Fate, ScriptedPool, TOPIC } from './scripted-pool.ts';

const started = async (maxMessageBytes: number | undefined, o: Partial<ProducerPoolOptions> = {}) => {
  const scripted = new ScriptedPool({ topics: [TOPIC], ...o });
  if (maxMessageBytes !== undefined) scripted.cluster.maxMessageBytes.set(TOPIC, maxMessageBytes);
  await scripted.start();
  await settle();
  return scripted;
};

const publishAll = async (scripted: ScriptedPool, values: readonly string[]): Promise<readonly Fate[]> => {
  const fates = await Promise.all(values.map((value) => scripted.publish(value)));
  await settle();
  return fates;
};

describe('LN-11 what a topic takes', () => {
  test('R-KP-6 a record above max.message.bytes is refused unsent, alone; one at the limit is sent', async () => {
    await using scripted = await started(100);
    const fates = await publishAll(scripted, ['x'.repeat(100), 'y'.repeat(99)]);
    expect(fates.map(({ text }) => text)).toEqual(['RECORD_TOO_LARGE/not-sent', 'pending']);
    expect(fates[0]?.error).toMatchObject({ details: { scope: 'record', topic: TOPIC, limit: 100 } });
    expect(scripted.sent).toEqual(['y'.repeat(99)]);
  });

  test('R-KP-6 compressed it might fit: it is sent', async () => {
    await using scripted = await started(100, { compression: 'gzip' });
    expect((await scripted.publish('x'.repeat(200))).text).toBe('pending');
  });

  test('R-KP-6 batches keep below 0.9 of it, also under a larger maxBatchBytes', async () => {
    await using scripted = await started(1_000);
    await scripted.publish('first');
    await publishAll(
      scripted,
      ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(219)),
    );
    await scripted.end('ok');
    // 300 bytes each: three would be 900, which is 0.9 of 1 000.
    expect(scripted.sent.slice(1).map((sent) => sent.length)).toEqual([3 * 219]);
    await scripted.end('ok');
    expect(scripted.sent.slice(2).map((sent) => sent.length)).toEqual([219]);
  });

  test('R-KP-6 a topic that tells no limit has that of the options', async () => {
    await using scripted = await started(undefined);
    expect((await scripted.publish('x'.repeat(2_000))).text).toBe('pending');
    expect(scripted.cluster.configCalls).toBe(1);
  });

  test('R-KP-6 the limit is asked again when it is old, and records do not wait for it', async () => {
    await using scripted = await started(100, { metadataMaxAgeMs: 10_000 });
    const { cluster, clock } = scripted;
    cluster.maxMessageBytes.set(TOPIC, 1_000);
    await scripted.publish('a');
    await scripted.end('ok');
    expect(cluster.configCalls).toBe(1);
    const gate = Promise.withResolvers<void>();
    cluster.configGate = gate.promise;
    await clock.advance(10_000);
    await scripted.publish('b');
    expect([scripted.call?.call.records[0]?.value, cluster.configCalls]).toEqual(['b', 2]);
    await scripted.end('ok');
    gate.resolve();
    await settle();
    expect((await scripted.publish('x'.repeat(500))).text).toBe('pending');
  });

  test('R-KP-6 a question that is not answered is given up, and holds no close up', async () => {
    const scripted = await started(100);
    scripted.cluster.configGate = new Promise(() => undefined);
    await scripted.clock.advance(300_000);
    await scripted.publish('a');
    await scripted.end('ok');
    expect(scripted.cluster.configCalls).toBe(2);
    await scripted[Symbol.asyncDispose]();
    expect(scripted.clock.pending()).toBe(0);
  });
});
