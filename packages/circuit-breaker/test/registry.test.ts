import { manualClock, type ManualClock } from '@busbar-tooling/test-kit/manual-clock';
import { describe, expect, test } from 'vitest';

import {
  BreakerOptionsError,
  type BreakerRegistry,
  BreakerRegistryFullError,
  BreakerShutDownError,
  createBreakerRegistry,
} from '../src/index.ts';
import { outcome } from './breaker-on-manual-time.ts';

const registryOf = (max: number): { registry: BreakerRegistry; clock: ManualClock } => {
  const clock = manualClock();
  const defaults = { clock, timers: clock.timers, profile: 'test' } as const;
  return { registry: createBreakerRegistry({ defaults, max, idleMs: 1_000 }), clock };
};

describe('registry of breakers', () => {
  test('a key has one breaker, named after it', async () => {
    await using registry = createBreakerRegistry();
    const breaker = registry.get('shard-1');
    expect(registry.get('shard-1')).toBe(breaker);
    expect(breaker.name).toBe('shard-1');
    registry.get('shard-2');
    registry.get('shard-1');
    expect([...registry.entries()].map(([key]) => key)).toEqual(['shard-2', 'shard-1']);
    expect(registry.size).toBe(2);
  });

  test('room is made by ending the breaker that has been idle for longest', async () => {
    const { registry, clock } = registryOf(2);
    const oldest = registry.get('a');
    registry.get('b');
    await clock.advance(1_000);
    registry.get('c');
    expect([...registry.entries()].map(([key]) => key)).toEqual(['b', 'c']);
    expect(await outcome(oldest.execute(() => 1))).toBeInstanceOf(BreakerShutDownError);
  });

  test('a breaker that is open, isolated, busy, waited for or used is kept', async () => {
    const { registry, clock } = registryOf(5);
    registry.get('open').suggestOpen(10_000, 'down');
    registry.get('isolated').isolate('by hand');
    registry.get('busy').tryAcquire();
    const waited = registry.get('waited');
    waited.suggestOpen(10, 'down');
    const waiting = outcome(waited.ready());
    const used = registry.get('used');
    await clock.advance(999);
    await used.execute(() => 'a holder need not ask again');
    await clock.advance(1);
    expect(() => registry.get('one too many')).toThrow(BreakerRegistryFullError);
    expect(registry.size).toBe(5);
    await clock.advance(1_000);
    expect(registry.get('another').name).toBe('another');
    await registry.close();
    await waiting;
  });

  test('a key that cannot be a name, wrong options and wrong defaults are refused', () => {
    expect(() => createBreakerRegistry().get('Not A Name')).toThrow(BreakerOptionsError);
    expect(() => createBreakerRegistry({ max: 0, idleMs: Number.NaN })).toThrow(/max.*idleMs/u);
    expect(() => createBreakerRegistry({ defaults: { maxWaiters: -1 } })).toThrow(BreakerOptionsError);
  });

  test('close() ends all of them, and get() from then on', async () => {
    const { registry } = registryOf(2);
    const breaker = registry.get('a');
    await registry.close();
    await registry.close();
    expect(await outcome(breaker.execute(() => 1))).toBeInstanceOf(BreakerShutDownError);
    expect(() => registry.get('a')).toThrow(BreakerShutDownError);
    expect(registry.size).toBe(0);
  });
});
