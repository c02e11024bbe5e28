import { refuseUnknown, withDefaults } from '../check-options.ts';
import { POSTGRES_DEFAULTS, POSTGRES_LIMITS } from '../option-limits.ts';
import type { GuardMode, GuardOptions } from '../options.ts';
import type { GuardWeights } from './verdict.ts';

export interface ResolvedGuard {
  readonly mode: GuardMode;
  readonly maxScore: number;
  readonly weights: GuardWeights;
  readonly maxTextBytes: number;
  readonly cacheSize: number;
}

const MODES: readonly string[] = ['off', 'observe', 'warn', 'block'];
const KNOWN = ['mode', 'weights', ...Object.keys(POSTGRES_LIMITS.guard)];

/** Copies and checks the section `guard`; problems are added to `issues`. */
export const resolveGuard = (given: GuardOptions = {}, issues: string[]): ResolvedGuard => {
  const { mode = POSTGRES_DEFAULTS.guardMode, weights, ...numbers } = given;
  refuseUnknown(given, { prefix: 'guard.', known: KNOWN, issues });
  refuseUnknown(weights, { prefix: 'guard.weights.', known: Object.keys(POSTGRES_LIMITS.guardWeights), issues });
  if (!MODES.includes(mode)) issues.push(`guard.mode: expected ${MODES.join(', ')}`);
  return Object.freeze({
    mode,
    ...withDefaults(numbers, {
      prefix: 'guard.',
      defaults: POSTGRES_DEFAULTS.guard,
      limits: POSTGRES_LIMITS.guard,
      issues,
    }),
    weights: withDefaults(weights, {
      prefix: 'guard.weights.',
      defaults: POSTGRES_DEFAULTS.guardWeights,
      limits: POSTGRES_LIMITS.guardWeights,
      issues,
    }),
  });
};
