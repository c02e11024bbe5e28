import { settle } from '@busbar-tooling/test-kit/manual-clock';
import { TimeoutError } from '@busbar/errors';
import { describe, expect, test } from 'vitest';

import { type CallGuard, ProducerDriverError } from '../src/index.ts';
import { ScriptedPool } from './scripted-pool.ts';

/** A guard that lets calls pass or refuses them, and keeps what it saw. */
class TestGuard implements CallGuard {
  isOpen = false;
  calls = 0;
  readonly errors: unknown[] = [];

  async execute<T>(fn: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.isOpen) throw new TimeoutError({ what: 'open breaker', limitMs: 700 }, { retryAfterMs: 700 });
    this.calls += 1;
    try {
      return await fn(new AbortController().signal);
    } catch (error) {
      this.errors.push(error);
      throw error;
    }
  }

  get scopes(): readonly string[] {
    return this.errors.map((error) => (error instanceof ProducerDriverError ? error.details.scope : String(error)));
  }
}

describe('LN-9 the guard', () => {
  test('R-KP-6 it stands around each opening, each attempt, and a load of metadata that records wait for', async () => {
    const guard = new TestGuard();
    await using scripted = await new ScriptedPool({ guard }).start();
    expect(guard.calls).toBe(1);
    await scripted.publish('a');
    expect(guard.calls).toBe(3);
    await scripted.end('lost answer');
    await scripted.clock.advance(50);
    expect(guard.calls).toBe(5);
    await scripted.end('ok');
    expect(guard.errors).toMatchObject([
      {
        code: 'BUSBAR_PRODUCER_DRIVER',
        outcome: 'unknown',
        details: { kind: 'transient', scope: 'broker', kafkaError: 'CONNECTION_LOST' },
      },
    ]);
  });

  test('R-KP-6 a refused attempt answers every record of the lane at once', async () => {
    const guard = new TestGuard();
    await using scripted = await new ScriptedPool({ guard, maxBatchRecords: 1 }).start();
    await scripted.publish('warm');
    await scripted.end('ok');
    guard.isOpen = true;
    const fates = await Promise.all([scripted.publish('a'), scripted.publish('b')]);
    expect(fates.map(({ text }) => text)).toEqual(['UNAVAILABLE/not-sent', 'UNAVAILABLE/not-sent']);
    expect(fates[0]?.error).toMatchObject({ retryable: true, retryAfterMs: 700, details: { scope: 'broker' } });
    expect(scripted.sent).toEqual(['warm']);
    expect(scripted.pool.stats()).toMatchObject({
      calls: { started: 2, refused: 1, failed: 0 },
      successRatio: 1,
      efficiencyRatio: 1,
    });
    guard.isOpen = false;
    const after = await scripted.publish('c');
    await scripted.end('ok');
    expect(after.text).toBe('ok@1');
  });

  test('R-KP-6 a batch in doubt is answered unknown and goes first when the guard lets it', async () => {
    const guard = new TestGuard();
    await using scripted = await new ScriptedPool({ guard }).start();
    const fate = await scripted.publish('a');
    guard.isOpen = true;
    await scripted.end('lost answer');
    await scripted.clock.advance(100);
    expect(fate.text).toBe('UNAVAILABLE/unknown');
    expect((await scripted.publish('b')).text).toBe('UNAVAILABLE/not-sent');
    guard.isOpen = false;
    const after = await scripted.publish('c');
    await scripted.end('ok');
    await scripted.end('ok');
    expect(scripted.sent).toEqual(['a', 'a', 'c']);
    expect(after.text).toBe('ok@2');
  });

  test('R-KP-6 when nothing can be opened nobody waits: not for a producer, not for metadata', async () => {
    const guard = new TestGuard();
    await using scripted = await new ScriptedPool({ guard }).start();
    guard.isOpen = true;
    expect((await scripted.publish('a')).text).toBe('UNAVAILABLE/not-sent');
    guard.isOpen = false;
    await scripted.publish('b');
    await scripted.end('lost request');
    guard.isOpen = true;
    await scripted.clock.advance(100);
    const fates = [await scripted.publish('c'), await scripted.publish('d')];
    expect(fates.map(({ text }) => text)).toEqual(['UNAVAILABLE/not-sent', 'UNAVAILABLE/not-sent']);
    expect(scripted.pool.stats().buffered.records).toBe(1);
  });

  test('R-KP-6 a fault of one partition is marked as long as another is acknowledged', async () => {
    const guard = new TestGuard();
    await using scripted = await new ScriptedPool({ guard, attemptTimeoutMs: 60_000 }, 2).start();
    await scripted.publish('a', { partition: 0 });
    await scripted.end('not leader');
    expect(guard.scopes).toEqual(['broker']);
    await scripted.publish('b', { partition: 1 });
    await scripted.end('ok');
    await scripted.clock.advance(60);
    await scripted.end('not leader');
    expect(guard.scopes).toEqual(['broker', 'lane']);
    await scripted.clock.advance(10_000);
    await scripted.end('not leader');
    expect(guard.errors.at(-1)).toMatchObject({ details: { kafkaCode: 6, scope: 'broker' } });
  });

  test('R-KP-6 a lane that fails alone refuses direct publishes, and heals by itself', async () => {
    await using scripted = await new ScriptedPool({}, 2).start();
    const fate = await scripted.publish('a', { partition: 0 });
    for (let n = 0; n < 4; n += 1) {
      // oxlint-disable no-await-in-loop -- rounds follow each other
      const [own] = scripted.cluster.openCalls;
      if (own !== undefined) scripted.cluster.end(own, 'not leader');
      await settle();
      await scripted.publish('b', { partition: 1 });
      for (const call of scripted.cluster.openCalls) if (call.call.partition === 1) scripted.cluster.end(call, 'ok');
      await scripted.clock.advance(1_000);
      // oxlint-enable no-await-in-loop
    }
    const refused = await scripted.publish('c', { partition: 0 });
    expect(refused).toMatchObject({
      text: 'UNAVAILABLE/not-sent',
      error: { details: { scope: 'lane', partition: 0 } },
    });
    await scripted.end('ok');
    expect(fate.text).toBe('ok@0');
    await scripted.publish('d', { partition: 0 });
    expect(scripted.sent.at(-1)).toBe('d');
  });

  test('R-KP-6 a guard that gives up early does not decide what became of the call', async () => {
    const hasty: CallGuard = {
      execute: async (fn) => {
        const running = fn(new AbortController().signal);
        running.catch(() => undefined);
        await Promise.race([running, settle()]);
        throw new Error('too slow');
      },
    };
    await using scripted = new ScriptedPool({ guard: hasty });
    await scripted.start();
    const fate = await scripted.publish('a');
    await settle();
    await scripted.end('ok');
    expect(fate.text).toBe('ok@0');
    expect(scripted.sent).toEqual(['a']);
  });

  test('R-KP-6 a guard that neither calls nor refuses is a refusal at the attempt timeout; what it does later sends nothing', async () => {
    const late: (() => Promise<unknown>)[] = [];
    let isHolding = false;
    const holding: CallGuard = {
      execute: async (fn) => {
        if (!isHolding) return fn(new AbortController().signal);
        return new Promise((resolve, reject) => {
          late.push(() => fn(new AbortController().signal).then(resolve, reject));
        });
      },
    };
    await using scripted = await new ScriptedPool({ guard: holding }).start();
    await scripted.publish('warm');
    await scripted.end('ok');
    isHolding = true;
    const fate = await scripted.publish('a');
    await scripted.clock.advance(1_500);
    expect(fate.text).toBe('UNAVAILABLE/not-sent');
    await Promise.all(late.map((call) => call()));
    await settle();
    expect(scripted.sent).toEqual(['warm']);
  });
});

test('R-OB-1 driver calls run in the context hook', async () => {
  let inside = 0;
  await using scripted = await new ScriptedPool({
    runInContext: (fn) => {
      inside += 1;
      return fn();
    },
  }).start();
  await scripted.publish('a');
  expect(inside).toBe(4);
});
