import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';

import { announce, observed, publish } from './sdk-harness.ts';

const CALLS = 'busbar.circuit_breaker.calls';
const STATE = 'busbar.circuit_breaker.state';

const successOf = async (seen: ReturnType<typeof observed>, name: string): Promise<unknown> =>
  (await seen.values(CALLS)).find(([attributes]) => attributes['busbar.circuit_breaker.name'] === name)?.[1];

describe('instances', () => {
  it('a closed instance keeps its counters and reports 0 for its levels; a successor goes on from there', async () => {
    await using seen = observed();
    const first = announce('circuit-breaker', 'kafka', { success: 5, state: 'open' });
    expect(await successOf(seen, 'kafka')).toBe(5);
    first.set({ success: 7, state: 'open' });
    first.close();
    expect(await successOf(seen, 'kafka')).toBe(7);
    expect((await seen.values(STATE)).map(([, value]) => value)).toEqual([0, 0, 0, 0]);
    announce('circuit-breaker', 'kafka', { success: 2, state: 'closed' });
    expect(await successOf(seen, 'kafka')).toBe(9);
    expect(seen.telemetry.stats().instances).toBe(1);
  });

  it('a second live instance of a name gets one of its own, with a warning', async () => {
    const warning = vi.spyOn(process, 'emitWarning').mockReturnValue(undefined);
    await using seen = observed();
    const first = announce('circuit-breaker', 'kafka', { success: 1 });
    announce('circuit-breaker', 'kafka', { success: 10 });
    expect([await successOf(seen, 'kafka'), await successOf(seen, 'kafka#2')]).toEqual([1, 10]);
    // The one that was there first is the one that is replaced.
    first.close();
    first.set({ success: 99 });
    expect([await successOf(seen, 'kafka'), await successOf(seen, 'kafka#2')]).toEqual([1, 10]);
    expect(warning).toHaveBeenCalledTimes(1);
    warning.mockRestore();
  });

  it('names are bounded at 256, then they share _OTHER: counters add up, the worst level stands', async () => {
    await using seen = observed();
    for (let index = 0; index < 258; index += 1)
      announce('circuit-breaker', `b${index}`, { success: 1, failureRatio: index / 1000 });
    expect(await successOf(seen, '_OTHER')).toBe(2);
    const ratios = await seen.values('busbar.circuit_breaker.failure_ratio');
    expect(ratios).toHaveLength(257);
    expect(ratios.at(-1)?.[1]).toBe(0.257);
    expect(seen.telemetry.stats().dropped).toEqual({ 'instance-names': 2 });
  });

  it('all codecs of a process count together', async () => {
    await using seen = observed();
    const stats = { events: { 'order.created': { invalid: { publish: 2 } } } };
    announce('envelope', '/svc/a', stats);
    announce('envelope', '/svc/b', stats);
    expect(await seen.values('busbar.event.validation.failures')).toEqual([
      [{ 'busbar.event.type': 'order.created', 'busbar.stage': 'publish' }, 4],
    ]);
  });

  it('an instance of another make is observed until it is disposed', async () => {
    await using seen = observed();
    const ended = seen.telemetry.observe({
      component: 'circuit-breaker',
      name: 'mine',
      stats: () => ({ success: 4, state: 'open' }),
    });
    expect(await successOf(seen, 'mine')).toBe(4);
    ended[Symbol.dispose]();
    ended[Symbol.dispose]();
    expect(await successOf(seen, 'mine')).toBe(4);
    expect(seen.telemetry.stats().instances).toBe(0);
  });

  it('what throws, or goes backwards, leaves every value as it was, and the others alone', async () => {
    await using seen = observed();
    let broken = false;
    const stats = (): unknown => {
      if (broken) throw new TypeError('no statistics');
      return { success: 5, state: 'open' };
    };
    seen.telemetry.observe({ component: 'circuit-breaker', name: 'a', stats });
    const other = announce('circuit-breaker', 'b', { success: 3 });
    await seen.collect();
    broken = true;
    other.set({ success: 1 });
    expect([await successOf(seen, 'a'), await successOf(seen, 'b')]).toEqual([5, 3]);
    expect((await seen.values(STATE)).filter(([, value]) => value === 1)).toHaveLength(1);
    expect(seen.telemetry.stats().sourceErrors).toBeGreaterThan(0);
  });

  it('announcements that are none are counted and change nothing', async () => {
    await using seen = observed();
    for (const message of [
      undefined,
      {},
      { name: 'x' },
      { name: 'x', instance: null },
      { instance: { stats: () => ({}) } },
    ])
      publish('outbox:created', message);
    publish('outbox:closed', { name: 'never seen' });
    expect(seen.telemetry.stats()).toMatchObject({ instances: 0, dropped: { instances: 5 } });
  });

  it('counters never decrease, whatever is created, counted, closed or bound', async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('create' as const), count: fc.nat(20) }),
      fc.record({ do: fc.constant('count' as const), count: fc.nat(20) }),
      fc.record({ do: fc.constant('close' as const), count: fc.nat(3) }),
      fc.record({ do: fc.constant('rebind' as const), count: fc.constant(0) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        await using seen = observed();
        const live: { readonly counted: { success: number }; readonly end: Disposable }[] = [];
        const last = new Map<unknown, number>();
        for (const { do: action, count } of steps) {
          const instance = live[count % Math.max(live.length, 1)];
          if (action === 'create' && live.length === 0) {
            const counted = { success: count };
            const end = seen.telemetry.observe({ component: 'circuit-breaker', name: 'x', stats: () => counted });
            live.push({ counted, end });
          } else if (action === 'count' && instance !== undefined) instance.counted.success += count;
          else if (action === 'close') for (const { end } of live.splice(0)) end[Symbol.dispose]();
          else if (action === 'rebind') {
            seen.telemetry.instrumentation.disable();
            seen.telemetry.instrumentation.enable();
          }
          // oxlint-disable-next-line no-await-in-loop -- each step is followed by a look at the values
          for (const [attributes, value] of await seen.values(CALLS)) {
            const key = attributes['busbar.circuit_breaker.name'];
            expect(Number(value)).toBeGreaterThanOrEqual(last.get(key) ?? 0);
            last.set(key, Number(value));
          }
        }
      }),
      { numRuns: 50 },
    );
  });
});
