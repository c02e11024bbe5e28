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
    expect(settings.open.resetAfterMs).toBeUndefined();
    expect(resolveBreakerOptions({ name: 'kafka', open: { baseMs: 20_000 } }).settings.halfOpen.leaseMs).toBe(20_000);
  });

  test('what is passed in is neither kept nor changed, and undefined means "not stated"', () => {
    const options = Object.freeze({ name: 'x', trip: Object.freeze({ consecutive: 4 }), open: anything({}) });
    const { settings } = resolveBreakerOptions(
      anything({ ...options, open: { maxMs: undefined }, halfOpen: undefined }),
    );
    expect(settings.open.maxMs).toBe(60_000);
    expect(settings.trip).toEqual({ consecutive: 4 });
    expect(settings.trip).not.toBe(options.trip);
    expect(Object.isFrozen(settings.trip)).toBe(true);
  });

  test('R-CB-5 every problem is reported at once', () => {
    const found = issuesOf(
      anything({ name: 'Not A Name', trip: { consecutive: -1 }, maxWaiters: 0.5, captureStack: 'yes' }),
    );
    expect(found).toEqual([
      'trip.consecutive must be an integer from 0 to 1000, is -1',
      'maxWaiters must be an integer from 0 to 1000000, is 0.5',
      'name must match ^[a-z0-9][a-z0-9._-]{0,62}$',
      'captureStack must be true or false',
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
    ['V1', { trip: { consecutive: 0 } }, 'trip no rule is on, the breaker would never open'],
    [
      'V4',
      { trip: { consecutive: 2 }, halfOpen: { probes: 3 } },
      'halfOpen.probes must not exceed trip.consecutive (2), is 3',
    ],
    [
      'V5',
      { halfOpen: { probes: 2, maxFailures: 1, concurrency: 4 } },
      'halfOpen.concurrency must not exceed probes + maxFailures (3), is 4',
    ],
    ['V6', { open: { baseMs: 200, maxMs: 100 } }, 'open.baseMs must not exceed open.maxMs (100), is 200'],
    ['V11', { halfOpen: { probs: 1 } }, 'halfOpen.probs is not an option, did you mean halfOpen.probes?'],
    ['V11', { timeout: 1 }, 'timeout is not an option'],
    ['jitter', { open: { jitter: 'full' } }, 'open.jitter must be none or equal'],
    ['group', { open: 5 }, 'open must be an object'],
    ['classify', { classify: 5 }, 'classify must be an object'],
    ['classify.error', { classify: { error: 5 } }, 'classify.error must be a function'],
    ['clock', { clock: {} }, 'clock must have a method now'],
    ['timers', { timers: { set: () => 1 } }, 'timers must have a method clear'],
    ['random', { random: 0.5 }, 'random must be a function'],
  ])('R-CB-5 %s', (_, options, issue) => {
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
