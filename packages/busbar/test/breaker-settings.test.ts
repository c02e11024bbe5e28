import { BREAKER_DEFAULTS, BREAKER_LIMITS, breakerProfiles, resolveBreakerOptions } from '@busbar/circuit-breaker';
import { loadConfig } from '@busbar/config';
import { expect, test } from 'vitest';

import { busbarDefinition } from '../src/settings/definition.ts';
import { breakerOptions } from '../src/settings/to-options.ts';

const load = (env: Readonly<Record<string, string>> = {}) =>
  loadConfig(busbarDefinition({ postgres: true, kafka: false }), {
    env: { BUSBAR_SERVICE_NAME: 'orders', BUSBAR_KAFKA_BROKERS: 'k1:9092,k2:9092', ...env },
  }).value;

/** Durations of attempts cost nothing beside a call to a broker; and how long a probe may take follows from the producers. */
const OWN = { latency: 'on', leaseMs: 41_000 };

test.each(['production', 'staging', 'development', 'test'] as const)(
  'R-CB-4 R-STD-3 the settings of the breaker are its options, with the defaults of %s',
  (profile) => {
    const { halfOpen, ...settings } = load({ BUSBAR_ENV: profile }).breaker;
    const { halfOpen: ofProfile, ...defaults } = breakerProfiles[profile];
    expect(settings).toEqual({ ...defaults, latency: OWN.latency });
    expect(halfOpen).toMatchObject(ofProfile);
  },
);

test('R-CB-5 R-STD-3 they are accepted by the breaker as they are', () => {
  const { settings } = resolveBreakerOptions({ ...breakerOptions(load()), profile: 'production' });
  expect(settings).toMatchObject({ ...BREAKER_DEFAULTS, latency: OWN.latency, name: 'kafka' });
  expect(settings.halfOpen.leaseMs).toBe(OWN.leaseMs);
});

test('R-CB-5 R-CF-1 a number above the range of the breaker is refused where it is configured', () => {
  for (const [path, { max }] of Object.entries(BREAKER_LIMITS)) {
    const snake = path.replaceAll(/[A-Z]/gu, (letter) => `_${letter}`).replaceAll('.', '_');
    const variable = `BUSBAR_BREAKER_${snake.toUpperCase()}`;
    expect(() => load({ [variable]: String(max + 1) })).toThrow(variable);
  }
});
