import { afterEach, describe, expect, test, vi } from 'vitest';

import {
  breakerProfiles,
  BreakerOptionsError,
  createBreaker,
  detectProfile,
  resolveBreakerOptions,
} from '../src/index.ts';
import { thrownBy } from './breaker-on-manual-time.ts';

describe('profiles', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test.each([
    ['production', 'production'],
    ['PROD', 'production'],
    ['live', 'production'],
    [' Staging ', 'staging'],
    ['stage', 'staging'],
    ['stg', 'staging'],
    ['development', 'development'],
    ['dev', 'development'],
    ['local', 'development'],
    ['test', 'test'],
    ['testing', 'test'],
    ['', 'production'],
    ['   ', 'production'],
    [undefined, 'production'],
  ])('R-CB-4 BUSBAR_ENV=%s is %s', (name, profile) => {
    expect(detectProfile({ BUSBAR_ENV: name })).toBe(profile);
  });

  test('R-CB-4 a name that is none is an error, never another profile, and other variables are not read', () => {
    expect(() => detectProfile({ BUSBAR_ENV: 'prdo' })).toThrow(BreakerOptionsError);
    expect(detectProfile({ NODE_ENV: 'development' })).toBe('production');
  });

  test('R-CB-4 the profile is the base layer, explicit options win', () => {
    vi.stubEnv('BUSBAR_ENV', 'dev');
    const { settings } = resolveBreakerOptions({ name: 'x', open: { maxMs: 20_000 } });
    expect(settings).toMatchObject({
      profile: 'development',
      trip: { consecutive: 2, failureRatio: 0.5 },
      open: { maxMs: 20_000, baseMs: 1_000 },
      halfOpen: { probes: 1 },
    });
    expect(resolveBreakerOptions({ name: 'x', profile: 'staging' }).settings).toMatchObject({
      trip: { consecutive: 3 },
      open: { maxMs: 30_000 },
      halfOpen: { probes: 2 },
    });
  });

  test('R-CB-5 an unknown BUSBAR_ENV is reported with the other problems', () => {
    vi.stubEnv('BUSBAR_ENV', 'nowhere');
    const error = thrownBy(() => createBreaker({ name: 'x', maxWaiters: -1 }));
    expect(error).toMatchObject({ details: { issues: [{ path: 'BUSBAR_ENV' }, { path: 'maxWaiters' }] } });
  });

  test.each(Object.keys(breakerProfiles))('R-CB-5 the profile %s satisfies every rule', (profile) => {
    vi.stubEnv('BUSBAR_ENV', profile);
    expect(resolveBreakerOptions({ name: 'x' }).settings.profile).toBe(profile);
  });
});
