/** Defaults by environment. Explicit options win over them, one by one. */
import type { BreakerSettings } from './options.ts';

export type Profile = 'production' | 'staging' | 'development' | 'test';

/** The settings that a profile states; the others depend on these or on the user. */
export interface BreakerDefaults extends Omit<BreakerSettings, 'name' | 'profile' | 'open' | 'halfOpen'> {
  readonly open: Omit<BreakerSettings['open'], 'resetAfterMs'>;
  readonly halfOpen: Omit<BreakerSettings['halfOpen'], 'leaseMs'>;
}

const production: BreakerDefaults = {
  mode: 'active',
  window: { type: 'time', durationMs: 10_000, buckets: 10, calls: 100 },
  trip: { consecutive: 5, failureRatio: 0.5, minimumCalls: 20, slowMs: 0, slowRatio: 0, countOverdue: false },
  open: { baseMs: 1_000, factor: 2, maxMs: 60_000, jitter: 'equal' },
  halfOpen: { probes: 3, concurrency: 1, maxFailures: 0 },
  callTimeoutMs: 0,
  rampMs: 0,
  maxConcurrentCalls: 0,
  maxWaiters: 1_000,
  latency: 'off',
  captureStack: false,
};

/** Fails sooner and comes back sooner: for those who watch. */
const attentive = (over: { consecutive: number; maxMs: number; probes: number }): BreakerDefaults => ({
  ...production,
  trip: { ...production.trip, consecutive: over.consecutive },
  open: { ...production.open, maxMs: over.maxMs },
  halfOpen: { ...production.halfOpen, probes: over.probes },
});

const development = /* @__PURE__ */ attentive({ consecutive: 2, maxMs: 15_000, probes: 1 });

export const breakerProfiles: Readonly<Record<Profile, BreakerDefaults>> = {
  production,
  staging: /* @__PURE__ */ attentive({ consecutive: 3, maxMs: 30_000, probes: 2 }),
  development,
  test: development,
};

/** The defaults of production. */
export const BREAKER_DEFAULTS: BreakerDefaults = production;

const ALIASES: Readonly<Record<Profile, readonly string[]>> = {
  production: ['production', 'prod', 'live'],
  staging: ['staging', 'stage', 'stg'],
  development: ['development', 'dev', 'local'],
  test: ['test', 'testing'],
};

const PROFILES: readonly Profile[] = ['production', 'staging', 'development', 'test'];

export const isProfile = (value: unknown): value is Profile => PROFILES.some((profile) => profile === value);

/** The profile that `BUSBAR_ENV` names, or the problem with it. */
export const profileFromEnv = (env: NodeJS.ProcessEnv): Profile | { readonly problem: string } => {
  const named = (env['BUSBAR_ENV'] ?? '').trim().toLowerCase();
  if (named === '') return 'production';
  const profile = PROFILES.find((candidate) => ALIASES[candidate].includes(named));
  return profile ?? { problem: `must be one of ${Object.values(ALIASES).flat().join(', ')}` };
};
