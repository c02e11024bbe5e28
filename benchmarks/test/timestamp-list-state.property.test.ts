import { createBreaker } from '@busbar/circuit-breaker';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { TimestampListState } from '../src/baselines/timestamp-list-state.ts';

const WINDOW = { durationMs: 1_000, buckets: 10 } as const;
const TRIP = { failureRatio: 0.5, minimumCalls: 5 } as const;
const ORIGIN_MS = 37;

/** What happens at one moment: time passes, and then a call ends. */
const steps = fc.array(
  fc.record({
    // Gaps within a bucket, at its very edge, over several buckets, and longer than the window.
    passMs: fc.oneof(fc.nat({ max: 30 }), fc.constantFrom(99, 100, 101, 900, 1_000), fc.nat({ max: 2_500 })),
    failed: fc.boolean(),
  }),
  { maxLength: 200, size: 'max' },
);

/** The breaker and the list on one clock, told the same things. */
const pair = () => {
  let nowMs = ORIGIN_MS;
  const breaker = createBreaker({
    name: 'baseline',
    profile: 'production',
    window: WINDOW,
    trip: { ...TRIP, consecutive: 0 },
    clock: { now: () => nowMs },
    halfOpen: { probes: 1 },
  });
  const list = new TimestampListState({ ...WINDOW, ...TRIP, originMs: ORIGIN_MS });
  return {
    breaker,
    query: () => list.query(nowMs),
    pass: (ms: number) => {
      nowMs += ms;
    },
    end: (failed: boolean) => {
      const permit = breaker.tryAcquire();
      if (permit === 0) throw new Error('the breaker must be closed');
      list.record(failed, nowMs);
      const answer = list.query(nowMs);
      if (failed) breaker.failure(permit);
      else breaker.success(permit);
      return answer;
    },
  };
};

describe('the list of timestamps of B-CB-9 (R-CB-2)', () => {
  it('has the calls and the failure ratio of the time window, and opens at the same failure', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        const { breaker, query, pass, end } = pair();
        for (const { passMs, failed } of taken) {
          pass(passMs);
          expect(query().failureRatio).toBe(breaker.failureRatio);
          expect(query().calls).toBe(breaker.stats().windowCalls);
          const { state } = end(failed);
          // A success never opens (CB4), though with it there may be enough calls for the list to say so.
          expect(breaker.state).toBe(failed ? state : 'closed');
          if (breaker.state !== 'closed') return;
        }
      }),
      { numRuns: 500 },
    );
  });

  it('opens on random inputs, and has counted calls that grew old, so that the comparison says something', () => {
    let opened = 0;
    let forgotten = 0;
    fc.assert(
      fc.property(steps, (taken) => {
        const { breaker, query, pass, end } = pair();
        let ended = 0;
        for (const { passMs, failed } of taken) {
          pass(passMs);
          if (query().calls < ended) forgotten += 1;
          end(failed);
          ended += 1;
          if (breaker.state !== 'closed') {
            opened += 1;
            return;
          }
        }
      }),
      { numRuns: 200 },
    );
    expect(opened).toBeGreaterThan(20);
    expect(forgotten).toBeGreaterThan(20);
  });
});
