import { describe, expect, test } from 'vitest';

import { gateAfterFailure, OPEN_GATE } from '../src/connect-gate.ts';
import { healthOf, mayProbe, type HealthFacts } from '../src/health.ts';
import { createLeaseState, type LeasePoolState } from '../src/lease-model.ts';
import { isReadOnlyPrimary } from '../src/targets.ts';
import { WaiterQueue } from '../src/waiter-queue.ts';
import { smallLimits } from './lease-model-actor.ts';

const facts: HealthFacts = { nowMs: 100_000, leaked: 0, readOnly: 0, baselineMs: 0 };
const open = (own: Partial<LeasePoolState> = {}): LeasePoolState => ({
  ...createLeaseState({ ...smallLimits, maxQueue: 10 }, () => 0.5),
  phase: 'open',
  ...own,
});
const nobody = { isWaiting: false, deadlineAtMs: 200_000, granted: () => undefined, refused: () => undefined };
const waiters = (count: number, enqueuedAtMs: number): WaiterQueue => {
  const queue = new WaiterQueue();
  for (let n = 0; n < count; n += 1) queue.push({ ...nobody, enqueuedAtMs });
  return queue;
};
const reasonsOf = (pool: LeasePoolState, own: Partial<HealthFacts> = {}) => healthOf(pool, { ...facts, ...own });

describe('R-PG-8 health by numbers', () => {
  test('healthy, and unhealthy where nothing can be had', () => {
    expect(reasonsOf(open())).toEqual({ status: 'healthy', reasons: [] });
    for (const phase of ['closing', 'closed'] as const)
      expect(reasonsOf(open({ phase }))).toMatchObject({ status: 'unhealthy', reasons: [{ code: 'closed' }] });
    const gate = gateAfterFailure(OPEN_GATE, 99_000, () => 0.5);
    expect(reasonsOf(open({ gate }))).toMatchObject({ status: 'unhealthy', reasons: [{ code: 'unreachable' }] });
  });

  test('each limit is met from one side only', () => {
    const gate = { ...OPEN_GATE, lastFailureMs: 70_000 };
    const cases = [
      [open({ waiters: waiters(1, 99_500) }), {}, []],
      [open({ waiters: waiters(1, 99_499) }), {}, [{ code: 'waiting-long', value: 501, limit: 500 }]],
      [open({ waiters: waiters(7, 100_000) }), {}, []],
      [open({ waiters: waiters(8, 100_000) }), {}, [{ code: 'queue-nearly-full', value: 8, limit: 8 }]],
      [open(), { leaked: 2 }, [{ code: 'leaks-held', value: 2, limit: 0 }]],
      [open({ gate }), {}, []],
      [open({ gate }), { nowMs: 99_999 }, [{ code: 'connect-failed-recently', value: 29_999, limit: 30_000 }]],
      [open(), { readOnly: 1 }, [{ code: 'read-only', value: 1, limit: 0 }]],
    ] as const;
    for (const [pool, own, reasons] of cases) expect(reasonsOf(pool, own).reasons).toEqual(reasons);
  });

  test('a probe is slow above 50 ms and three times the latency at the start, and counts for 30 s', () => {
    const probed = (tookMs: number, own: Partial<HealthFacts> = {}, ok = true) =>
      reasonsOf(open(), { probe: { ok, tookMs, endedAtMs: 70_001 }, ...own }).reasons;
    expect(probed(50)).toEqual([]);
    expect(probed(51)).toEqual([{ code: 'probe-slow', value: 51, limit: 50 }]);
    expect(probed(90, { baselineMs: 30 })).toEqual([]);
    expect(probed(91, { baselineMs: 30 })).toEqual([{ code: 'probe-slow', value: 91, limit: 90 }]);
    expect(probed(1_002, {}, false)).toEqual([{ code: 'probe-failed', value: 1_002, limit: 1_000 }]);
    expect([probed(51, { nowMs: 100_001 }), probed(1_002, { nowMs: 100_001 }, false)]).toEqual([[], []]);
  });

  test('a probe never takes the last connection that is free', () => {
    const pool = (idle: number, slots: number, own: Partial<LeasePoolState> = {}): LeasePoolState => {
      const state = open(own);
      state.counts.idle = idle;
      for (let id = 0; id < slots; id += 1)
        state.slots.set(id, {
          id,
          generation: 1,
          state: 'idle',
          sinceMs: 0,
          lastUsedAtMs: 0,
          retireAtMs: 0,
          dueAtMs: 0,
        });
      return state;
    };
    expect([pool(2, 3), pool(1, 2), pool(0, 1), pool(0, 0, { phase: 'unused' })].map(mayProbe)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    const busy = [pool(1, 3), pool(0, 2), pool(3, 3, { waiters: waiters(1, 0) }), pool(3, 3, { phase: 'closing' })];
    expect(busy.map(mayProbe)).toEqual([false, false, false, false]);
  });

  test('read-only is what a primary is, and only where writes are wanted', () => {
    const demoted = { standby: false, readOnly: true };
    expect(
      (['any', 'read-write', 'primary', 'prefer-standby'] as const).map((a) => isReadOnlyPrimary(a, demoted)),
    ).toEqual([true, true, true, true]);
    expect((['read-only', 'standby'] as const).map((attrs) => isReadOnlyPrimary(attrs, demoted))).toEqual([
      false,
      false,
    ]);
    expect(isReadOnlyPrimary('any', { standby: true, readOnly: true })).toBe(false);
    expect(isReadOnlyPrimary('any', { standby: undefined, readOnly: undefined })).toBe(false);
  });
});
