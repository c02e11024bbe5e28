import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { type AimdPolicy, type EndedCall, newSlotLimit, nextSlotLimit, type SlotLimit } from '../src/aimd.ts';

const policy: AimdPolicy = { start: 4, max: 16, windowMs: 1_000 };

/** The limit after calls that end one after the other, each `[ms since the one before, how, busy]`. */
const after = (...calls: readonly (readonly [ms: number, how: EndedCall['how'], busy?: number])[]): SlotLimit => {
  let nowMs = 0;
  let state = newSlotLimit(policy, nowMs);
  for (const [ms, how, busy] of calls) {
    nowMs += ms;
    state = nextSlotLimit(state, { how, busy: busy ?? state.limit }, { policy, nowMs });
  }
  return state;
};

describe('PO-4 calls at a time', () => {
  test('R-KP-6 one more after a window without a timeout in which all were used', () => {
    expect(after([500, 'answered']).limit).toBe(4);
    expect(after([500, 'answered'], [500, 'answered']).limit).toBe(5);
    expect(after([1_000, 'answered'], [1_000, 'answered']).limit).toBe(6);
  });

  test('R-KP-6 none more while some were free', () => {
    expect(after([1_000, 'answered', 3], [1_000, 'answered', 3]).limit).toBe(4);
  });

  test('R-KP-6 half after a timeout, once a window: calls of one stall end together', () => {
    expect(after([10, 'timeout'], [1, 'timeout'], [1, 'timeout']).limit).toBe(2);
    expect(after([10, 'timeout'], [1_000, 'timeout']).limit).toBe(1);
    expect(after([10, 'timeout'], [1_000, 'timeout'], [1_000, 'timeout']).limit).toBe(1);
  });

  test('R-KP-6 a window that was throttled or timed out does not count for more', () => {
    expect(after([500, 'throttled'], [500, 'answered']).limit).toBe(4);
    expect(after([1_000, 'throttled'], [1_000, 'answered'], [1_000, 'answered']).limit).toBe(5);
    expect(after([10, 'timeout'], [990, 'answered'], [10, 'answered'], [1_000, 'answered']).limit).toBe(3);
  });

  test('R-KP-6 the start is within the limit of the driver', () => {
    expect(newSlotLimit({ ...policy, max: 2 }, 0).limit).toBe(2);
  });

  test('R-KP-6 whatever happens, the limit stays in its bounds and moves by its rule', () => {
    const call = fc.record({
      ms: fc.nat(1_500),
      how: fc.constantFrom<EndedCall['how']>('answered', 'timeout', 'throttled'),
      busy: fc.integer({ min: 1, max: 20 }),
    });
    fc.assert(
      fc.property(fc.array(call, { size: 'max', maxLength: 200 }), (calls) => {
        let nowMs = 0;
        let state = newSlotLimit(policy, nowMs);
        for (const { ms, how, busy } of calls) {
          nowMs += ms;
          const { limit } = state;
          state = nextSlotLimit(state, { how, busy }, { policy, nowMs });
          const allowed = {
            answered: [limit, limit + 1],
            timeout: [limit, Math.max(1, Math.floor(limit / 2))],
            throttled: [limit],
          };
          expect(allowed[how]).toContain(state.limit);
          expect(state.limit).toBeLessThanOrEqual(policy.max);
        }
      }),
    );
  });
});
