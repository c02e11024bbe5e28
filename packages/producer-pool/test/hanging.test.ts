import { settle } from '@busbar-tooling/test-kit/manual-clock';
import { describe, expect, test } from 'vitest';

import type { ProducerPoolOptions } from '../src/index.ts';
import { codeOf, ScriptedPool } from './scripted-pool.ts';

describe('what hangs at start', () => {
  const hanging = (o: Partial<ProducerPoolOptions>): ScriptedPool => {
    const scripted = new ScriptedPool({ startTimeoutMs: 500, ...o });
    scripted.cluster.driver.open = () => new Promise(() => undefined);
    return scripted;
  };

  test('R-KP-5 in mode require the start fails at its time', async () => {
    const { pool, clock } = hanging({});
    const started = codeOf(pool.start());
    await clock.advance(3_000);
    expect(await started).toBe('BUSBAR_PRODUCER_CONNECT');
    await pool.close();
  });

  test('R-CF-2 in mode degraded it resolves at its time', async () => {
    const { pool, clock } = hanging({});
    const started = codeOf(pool.start({ mode: 'degraded' }));
    await clock.advance(500);
    expect(await started).toBe('ok');
    await pool.close();
  });

  test('R-KP-1 a guard that never comes round to an opening holds neither the start nor the close up', async () => {
    const { pool, clock } = hanging({ guard: { execute: () => new Promise(() => undefined) } });
    const started = codeOf(pool.start());
    await clock.advance(3_000);
    expect(await started).toBe('BUSBAR_PRODUCER_CONNECT');
    await pool.close();
    expect(clock.pending()).toBe(0);
  });

  test('R-KP-1 a guard that comes round after that opens nothing', async () => {
    const gate = Promise.withResolvers<void>();
    const scripted = new ScriptedPool({
      guard: {
        execute: async (fn) => {
          await gate.promise;
          return fn(new AbortController().signal);
        },
      },
    });
    void codeOf(scripted.pool.start());
    await settle();
    await scripted.pool.close();
    gate.resolve();
    await settle();
    expect(scripted.cluster.producers.length).toBe(0);
  });

  test('R-KP-1 a recycle that waits for an opening ends with the close', async () => {
    const scripted = await new ScriptedPool().start();
    scripted.cluster.driver.open = () => new Promise(() => undefined);
    const first = codeOf(scripted.pool.recycle('one'));
    await settle();
    const second = codeOf(scripted.pool.recycle('two'));
    await settle();
    await scripted.pool.close({ deadlineMs: 1 });
    expect([await first, await second]).toEqual(['BUSBAR_PRODUCER_UNAVAILABLE', 'ok']);
  });

  test('R-KP-1 a close in the midst of a kill waits for that kill', async () => {
    const scripted = await new ScriptedPool().start();
    const gate = Promise.withResolvers<void>();
    scripted.cluster.killGate = gate.promise;
    await scripted.publish('a');
    await scripted.clock.advance(1_500);
    const closing = scripted.pool.close({ deadlineMs: 1 });
    await scripted.clock.advance(10);
    gate.resolve();
    await scripted.clock.advance(10_000);
    await closing;
    expect(scripted.cluster.livingProducers).toBe(0);
  });

  test('R-KP-1 a kill that fails is one that does not come back', async () => {
    const scripted = await new ScriptedPool().start();
    const [producer] = scripted.cluster.producers;
    if (producer !== undefined) producer.kill = () => Promise.reject(new Error('cannot'));
    const fate = await scripted.publish('a');
    await scripted.clock.advance(1_500);
    expect(fate.text).toBe('UNAVAILABLE/unknown');
    expect(scripted.pool.health().status).toBe('unhealthy');
    await scripted[Symbol.asyncDispose]();
  });

  test('R-KP-1 a close at whatever moment of a start closes what it opens', async () => {
    for (let turns = 0; turns < 12; turns += 1) {
      const scripted = new ScriptedPool();
      const starting = codeOf(scripted.pool.start());
      // oxlint-disable no-await-in-loop -- a moment later each time
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      await scripted.pool.close({ deadlineMs: 10 });
      expect(['ok', 'BUSBAR_PRODUCER_CLOSED']).toContain(await starting);
      await settle();
      // oxlint-enable no-await-in-loop
      expect([scripted.cluster.livingProducers, scripted.clock.pending()]).toEqual([0, 0]);
      expect(scripted.pool.health().reasons).toEqual(['the pool is closed']);
    }
  });
});
