import { BREAKER_DEFAULTS as DEFAULTS, BREAKER_LIMITS as LIMITS } from '@busbar/circuit-breaker';
import { Setting } from '@busbar/config';

import { count, duration } from './limits.ts';

const { boolean, durationMs, group, int, number, oneOf, optional } = Setting;

const window = group({
  type: oneOf(['time', 'count', 'none'], { default: DEFAULTS.window.type, doc: 'what the rates are taken over' }),
  durationMs: durationMs(duration(LIMITS['window.durationMs'], DEFAULTS.window.durationMs, 'length of a time window')),
  buckets: int(count(LIMITS['window.buckets'], DEFAULTS.window.buckets, 'steps in which a time window moves')),
  calls: int(count(LIMITS['window.calls'], DEFAULTS.window.calls, 'length of a count window')),
});

const trip = group({
  consecutive: int(
    count(LIMITS['trip.consecutive'], DEFAULTS.trip.consecutive, 'failures in a row that open the breaker; 0: off'),
  ),
  failureRatio: number(
    count(LIMITS['trip.failureRatio'], DEFAULTS.trip.failureRatio, 'share of failures that opens it; 0: off'),
  ),
  minimumCalls: int(
    count(LIMITS['trip.minimumCalls'], DEFAULTS.trip.minimumCalls, 'calls below which no share is looked at'),
  ),
  slowMs: durationMs(duration(LIMITS['trip.slowMs'], DEFAULTS.trip.slowMs, 'from when on a call is slow; 0: never')),
  slowRatio: number(
    count(LIMITS['trip.slowRatio'], DEFAULTS.trip.slowRatio, 'share of slow calls that opens it; 0: off'),
  ),
  countOverdue: boolean({ default: DEFAULTS.trip.countOverdue, doc: 'calls count as slow while they are running' }),
});

const open = group({
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
});

const halfOpen = group({
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
});

/** The `breaker.*` settings: `BUSBAR_BREAKER_…`. Meaning and rules are those of `BreakerOptions`. */
export const breakerSettings = group({
  mode: oneOf(['active', 'observe', 'disabled'], {
    default: DEFAULTS.mode,
    doc: 'observe: refuses nothing and tells what it would have done',
  }),
  window,
  trip,
  open,
  halfOpen,
  callTimeoutMs: durationMs(
    duration(LIMITS.callTimeoutMs, DEFAULTS.callTimeoutMs, 'ends an attempt for its caller; 0: the producers do'),
  ),
  rampMs: durationMs(duration(LIMITS.rampMs, DEFAULTS.rampMs, 'slow start after an outage; 0: off')),
  maxConcurrentCalls: int(
    count(LIMITS.maxConcurrentCalls, DEFAULTS.maxConcurrentCalls, 'attempts at a time; 0: any number'),
  ),
  maxWaiters: int(count(LIMITS.maxWaiters, DEFAULTS.maxWaiters, 'callers that may wait for the breaker')),
  // Two readings of the clock are nothing beside a call to a broker; the package alone is made for cheaper calls, too.
  latency: oneOf(['off', 'on', 'cumulative'], { default: 'on', doc: 'whether durations of attempts are kept' }),
  captureStack: boolean({ default: DEFAULTS.captureStack, doc: 'refusals carry a stack: three times as dear' }),
});
