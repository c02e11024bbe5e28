import { describe, expect, test } from 'vitest';

import {
  BREAKER_DEFAULTS,
  BREAKER_LIMITS,
  type BreakerOptions,
  BreakerOptionsError,
  createBreaker,
  resolveBreakerOptions,
} from '../src/index.ts';
import { nearestName } from '../src/nearest-name.ts';

/** Options as JavaScript might pass them. */
const anything = (value: object): BreakerOptions => Object.assign({ name: 'x' }, value);

const issuesOf = (options: BreakerOptions): string[] => {
  try {
    createBreaker(options);
  } catch (error) {
    if (error instanceof BreakerOptionsError)
      return error.details.issues.map(({ path, problem }) => `${path} ${problem}`);
    throw error;
  }
  return [];
};

describe('options of a breaker', () => {
  test('R-CB-5 the defaults are valid and stated', () => {
    const { settings } = resolveBreakerOptions({ name: 'kafka' });
    expect(settings).toMatchObject({ name: 'kafka', ...BREAKER_DEFAULTS });
    expect(settings.halfOpen.leaseMs).toBe(10_000);
    expect(resolveBreakerOptions({ name: 'kafka', callTimeoutMs: 15_000 }).settings.halfOpen.leaseMs).toBe(15_000);
    expect(settings.open.resetAfterMs).toBeUndefined();
    expect(resolveBreakerOptions({ name: 'kafka', open: { baseMs: 20_000 } }).settings.halfOpen.leaseMs).toBe(20_000);
  });

  test('what is passed in is neither kept nor changed, and undefined means "not stated"', () => {
    const options = Object.freeze({ name: 'x', trip: Object.freeze({ consecutive: 4 }), open: anything({}) });
    const { settings } = resolveBreakerOptions(
      anything({ ...options, open: { maxMs: undefined }, halfOpen: undefined }),
    );
    expect(settings.open.maxMs).toBe(60_000);
    expect(settings.trip.consecutive).toBe(4);
    expect(settings.trip).not.toBe(options.trip);
    expect(Object.isFrozen(settings.trip)).toBe(true);
  });

  test('R-CB-5 every problem is reported at once', () => {
    const found = issuesOf(
      anything({ name: 'Not A Name', trip: { consecutive: -1 }, maxWaiters: 0.5, captureStack: 'yes' }),
    );
    expect(found).toEqual([
      'name must match ^[a-z0-9][a-z0-9._-]{0,62}$',
      'trip.consecutive must be an integer from 0 to 1000, is -1',
      'maxWaiters must be an integer from 0 to 1000000, is 0.5',
      'captureStack must be one of true, false',
    ]);
  });

  test.each(Object.entries(BREAKER_LIMITS))(
    'R-CB-5 V10 %s is refused outside its range, and when it is no number',
    (path, { min, max }) => {
      const [group = '', key] = path.split('.');
      const at = (value: unknown): string[] =>
        issuesOf(anything(key === undefined ? { [group]: value } : { [group]: { [key]: value } }));
      for (const wrong of [min - 1, max + 1, Number.NaN, Number.POSITIVE_INFINITY, '5', null]) {
        expect(at(wrong).join()).toContain(`${path} must be a`);
      }
    },
  );

  test.each<[string, object, string]>([
    ['V1', { trip: { consecutive: 0, failureRatio: 0 } }, 'trip no rule is on: it would never open'],
    ['V2', { window: { type: 'count', calls: 10 } }, 'trip.minimumCalls must not exceed window.calls (10), is 20'],
    [
      'V3',
      { window: { type: 'none' } },
      'window.type trip.failureRatio and trip.slowRatio need a window, or must be 0',
    ],
    ['V4', { trip: { consecutive: 2 } }, 'halfOpen.probes must not exceed trip.consecutive (2), is 3'],
    [
      'V4',
      { trip: { consecutive: 0, minimumCalls: 2 } },
      'halfOpen.probes must not exceed trip.minimumCalls (2), is 3',
    ],
    [
      'V5',
      { halfOpen: { maxFailures: 1, concurrency: 5 } },
      'halfOpen.concurrency must not exceed probes + maxFailures (4), is 5',
    ],
    ['V6', { open: { baseMs: 200, maxMs: 100 } }, 'open.baseMs must not exceed open.maxMs (100), is 200'],
    ['V7', { callTimeoutMs: 60_000 }, 'callTimeoutMs must be below open.maxMs (60000), is 60000'],
    [
      'V7',
      { callTimeoutMs: 50, halfOpen: { leaseMs: 49 } },
      'callTimeoutMs must not exceed halfOpen.leaseMs (49), is 50',
    ],
    [
      'V8',
      { callTimeoutMs: 50, trip: { slowMs: 50, slowRatio: 1 } },
      'trip.slowMs must be below callTimeoutMs (50), is 50',
    ],
    ['V9', { trip: { slowMs: 50 } }, 'trip.slowMs goes with trip.slowRatio: both are above 0, or neither'],
    ['V9', { trip: { slowRatio: 0.5 } }, 'trip.slowMs goes with trip.slowRatio: both are above 0, or neither'],
    ['V9', { trip: { countOverdue: true } }, 'trip.countOverdue needs trip.slowMs'],
    ['V11', { halfOpen: { probs: 1 } }, 'halfOpen.probs is not an option, did you mean halfOpen.probes?'],
    ['V11', { timeout: 1 }, 'timeout is not an option'],
    [
      'V11',
      { classify: { errors: () => 'failure' } },
      'classify.errors is not an option, did you mean classify.error?',
    ],
    ['V12', { rampMs: 60_001 }, 'rampMs must not exceed open.maxMs (60000), is 60001'],
    ['mode', { mode: 'off' }, 'mode must be one of active, observe, disabled'],
    ['jitter', { open: { jitter: 'full' } }, 'open.jitter must be one of none, equal'],
    ['profile', { profile: 'prod' }, 'profile must name a profile, or be from-env'],
    ['group', { open: 5 }, 'open must be an object'],
    ['classify', { classify: 5 }, 'classify must be an object'],
    ['classify.error', { classify: { error: 5 } }, 'classify.error must be a function'],
    ['clock', { clock: {} }, 'clock.now must be a function'],
    ['timers', { timers: { set: () => 1 } }, 'timers.clear must be a function'],
    ['random', { random: 0.5 }, 'random must be a function'],
    ['restoreIsolation', { restoreIsolation: 'no' }, 'restoreIsolation must be one of true, false'],
  ])('R-CB-5 %s: %j', (_, options, issue) => {
    expect(issuesOf(anything(options))).toEqual([issue]);
  });
});

describe('the nearest name', () => {
  test.each([
    ['consecutve', 'consecutive'],
    ['Probes', 'probes'],
    ['xyz', undefined],
    ['', undefined],
  ])('of %s is %s', (word, name) => {
    expect(nearestName(word, ['probes', 'consecutive'])).toBe(name);
  });
});
