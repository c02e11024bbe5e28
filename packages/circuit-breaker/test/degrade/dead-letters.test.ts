import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { afterEach, describe, expect, test } from 'vitest';

import type { DegradeOptions } from '../../src/degrade/index.ts';
import { outcome } from '../breaker-on-manual-time.ts';
import { BadPayload, type DegradeRig, degradeRig } from './degrader-on-manual-time.ts';

const subscriptions: [string, (message: unknown) => void][] = [];
const heard = (event: string): unknown[] => {
  const messages: unknown[] = [];
  const listener = (message: unknown): void => {
    messages.push(message);
  };
  subscriptions.push([`busbar:circuit-breaker:${event}`, listener]);
  subscribe(`busbar:circuit-breaker:${event}`, listener);
  return messages;
};

/** A degrader whose payloads `bad…` are dead, one after the other. */
const withDead = async (
  payloads: readonly string[],
  options: Omit<DegradeOptions<string, string>, 'run' | 'whenRefused'> = {},
): Promise<DegradeRig> => {
  const run = degradeRig({ whenRefused: 'queue', ...options });
  await run.fail(2);
  run.behave((payload) => (payload.startsWith('bad') ? Promise.reject(new BadPayload(payload)) : payload));
  const calls = payloads.map((payload) => outcome(run.degrader.submit(payload)));
  await run.clock.advance(100);
  await Promise.all(calls);
  return run;
};

describe('dead letters', () => {
  afterEach(() => {
    for (const [name, listener] of subscriptions.splice(0)) unsubscribe(name, listener);
  });

  test('R-CB-3 more than fit: the oldest go, and every drop is counted, told and published', async () => {
    const dropped: unknown[] = [];
    const published = heard('dead-letter-dropped');
    const onDrop = (letter: { payload: string }, reason: string): void => {
      dropped.push([letter.payload, reason]);
    };
    const { degrader } = await withDead(['bad1', 'bad2', 'bad3'], { deadLetters: { max: 2, onDrop } });
    expect(degrader.deadLetters.list().map(({ payload }) => payload)).toEqual(['bad2', 'bad3']);
    expect(dropped).toEqual([['bad1', 'overflow']]);
    expect(published).toEqual([{ name: 'dependency', reason: 'overflow' }]);
    expect(degrader.stats()).toMatchObject({ deadRejected: 3, droppedOverflow: 1, deadLetters: 2 });
  });

  test('R-CB-3 old ones go on access, without a timer', async () => {
    const { degrader, clock } = await withDead(['bad1'], { deadLetters: { ttlMs: 1_000 } });
    await clock.advance(999);
    expect(degrader.stats().deadLetters).toBe(1);
    expect(clock.pending()).toBe(0);
    await clock.advance(1);
    expect(degrader.deadLetters.list()).toEqual([]);
    expect(degrader.stats()).toMatchObject({ droppedTtl: 1 });
  });

  test('an onDrop that throws is reported', async () => {
    const error = new Error('in onDrop');
    const { reported } = await withDead(['bad1', 'bad2'], {
      deadLetters: {
        max: 1,
        onDrop: () => {
          throw error;
        },
      },
    });
    expect(reported).toEqual([error]);
  });

  test('a letter may be removed', async () => {
    const { degrader } = await withDead(['bad1', 'bad2']);
    const [letter] = degrader.deadLetters.list();
    if (letter === undefined) return;
    expect(degrader.deadLetters.remove(letter)).toBe(true);
    expect(degrader.deadLetters.remove(letter)).toBe(false);
    expect(degrader.deadLetters.list().map(({ payload }) => payload)).toEqual(['bad2']);
  });

  test('R-CB-3 R-CB-6 a replay goes to the tail, keeps the payload and records its result', async () => {
    const { degrader, behave, clock } = await withDead(['bad1', 'bad2', 'bad3']);
    await clock.advance(400);
    const contexts: unknown[] = [];
    behave((payload, { replay, queuedMs }) => {
      contexts.push([payload, replay, queuedMs]);
      return payload === 'bad2' ? Promise.reject(new BadPayload('still')) : payload;
    });
    const report = await degrader.deadLetters.replay({ filter: ({ payload }) => payload !== 'bad3' });
    expect(report).toEqual({ replayed: 1, failed: 1 });
    expect(contexts).toEqual([
      ['bad1', true, 0],
      ['bad2', true, 0],
    ]);
    expect(degrader.deadLetters.list().map(({ payload }) => payload)).toEqual(['bad3', 'bad2']);
    expect(degrader.stats()).toMatchObject({ replayed: 1, replayFailed: 1, deadLetterAgeMs: { count: 2, max: 400 } });
  });

  test('a replay may be slowed down', async () => {
    const { degrader, behave, clock, started } = await withDead(['bad1', 'bad2', 'bad3']);
    behave((payload) => payload);
    const before = started.length;
    const replaying = degrader.deadLetters.replay({ maxPerSecond: 10 });
    await clock.advance(0);
    expect(started).toHaveLength(before + 1);
    await clock.advance(100);
    expect(started).toHaveLength(before + 2);
    await clock.advance(100);
    expect(await replaying).toEqual({ replayed: 3, failed: 0 });
  });

  test('a letter for which there is no room stays what it was', async () => {
    const { breaker, degrader } = await withDead(['bad1', 'bad2'], { queue: { maxCalls: 2 } });
    breaker.isolate('hold');
    const held = [outcome(degrader.submit('a')), outcome(degrader.submit('b'))];
    expect(await degrader.deadLetters.replay()).toEqual({ replayed: 0, failed: 2 });
    expect(degrader.deadLetters.list().map(({ payload }) => payload)).toEqual(['bad1', 'bad2']);
    await degrader.close({ deadlineMs: 0 });
    await Promise.all(held);
  });

  test('a replay whose outcome is unknown is a letter again: there is no caller to decide', async () => {
    const run = degradeRig({ whenRefused: 'queue' }, { callTimeoutMs: 10, halfOpen: { probes: 1, leaseMs: 50 } });
    await run.fail(2);
    run.behave(() => Promise.reject(new BadPayload('bad')));
    const call = outcome(run.degrader.submit('bad'));
    await run.clock.advance(100);
    await call;
    run.behave(() => new Promise(() => undefined));
    const replaying = run.degrader.deadLetters.replay();
    await run.clock.advance(20);
    expect(await replaying).toEqual({ replayed: 0, failed: 1 });
    expect(run.degrader.deadLetters.list()).toMatchObject([{ payload: 'bad', reason: 'rejected' }]);
  });

  test('after close() nothing is replayed, and the letters stay', async () => {
    const { degrader } = await withDead(['bad1']);
    await degrader.close();
    expect(await degrader.deadLetters.replay()).toEqual({ replayed: 0, failed: 0 });
    expect(degrader.deadLetters.list()).toHaveLength(1);
  });

  test('R-CB-6 holding, settling and dying are published', async () => {
    const [queued, dequeued, dead] = [heard('queued'), heard('dequeued'), heard('dead-lettered')];
    await withDead(['good', 'bad'], { queue: { sizeOf: ({ length }) => length } });
    expect(queued).toEqual([
      { name: 'dependency', depth: 1, bytes: 4 },
      { name: 'dependency', depth: 2, bytes: 7 },
    ]);
    expect(dequeued).toEqual([
      { name: 'dependency', waitedMs: 100, result: 'drained' },
      { name: 'dependency', waitedMs: 100, result: 'rejected' },
    ]);
    expect(dead).toEqual([{ name: 'dependency', reason: 'rejected', ageMs: 100 }]);
  });
});
