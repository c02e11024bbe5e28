import { BREAKER_DEFAULTS as DEFAULTS, BREAKER_LIMITS as LIMITS } from '@busbar/circuit-breaker';
import { Setting } from '@busbar/config';

import { count, duration } from './limits.ts';

const { boolean, durationMs, group, int, number, oneOf, optional } = Setting;

/** The `breaker.*` settings: `BUSBAR_BREAKER_…`. Meaning and rules are those of `BreakerOptions`. */
export const breakerSettings = group({
  trip: group({
    consecutive: int(
      count(LIMITS['trip.consecutive'], DEFAULTS.trip.consecutive, 'failures in a row that open the breaker'),
    ),
  }),
  open: group({
    baseMs: durationMs(duration(LIMITS['open.baseMs'], DEFAULTS.open.baseMs, 'first open duration')),
    factor: number(count(LIMITS['open.factor'], DEFAULTS.open.factor, 'growth of the open duration with each opening')),
    maxMs: durationMs(duration(LIMITS['open.maxMs'], DEFAULTS.open.maxMs, 'longest open duration')),
    jitter: oneOf(['none', 'equal'], {
      default: DEFAULTS.open.jitter,
      doc: 'equal: half of the open duration is drawn at random',
    }),
    resetAfterMs: optional(
      durationMs({
        max: LIMITS['open.resetAfterMs'].max,
        doc: 'closed for so long, openings are counted from 0; unset: the last open duration',
      }),
    ),
  }),
  halfOpen: group({
    probes: int(count(LIMITS['halfOpen.probes'], DEFAULTS.halfOpen.probes, 'successes that close the breaker')),
    concurrency: int(count(LIMITS['halfOpen.concurrency'], DEFAULTS.halfOpen.concurrency, 'probes at a time')),
    maxFailures: int(
      count(LIMITS['halfOpen.maxFailures'], DEFAULTS.halfOpen.maxFailures, 'failed probes that are tolerated'),
    ),
    leaseMs: durationMs({
      min: LIMITS['halfOpen.leaseMs'].min,
      max: LIMITS['halfOpen.leaseMs'].max,
      doc: 'time for a probe until it is given up',
    }),
  }),
  maxWaiters: int(count(LIMITS.maxWaiters, DEFAULTS.maxWaiters, 'callers that may wait for the breaker')),
  captureStack: boolean({ default: DEFAULTS.captureStack, doc: 'refusals carry a stack: three times as dear' }),
});
