import fc from 'fast-check';
import { describe, test } from 'vitest';

import { createBreaker, resolveBreakerOptions } from '../src/index.ts';
import { type Box, allCommands, cyclic, optionsArbitrary, Run } from './model-commands.ts';
import { ReferenceModel } from './reference-model.ts';

/** A long run is asked for by `BREAKER_MODEL_RUNS=20000`, and one that can be had again by `BREAKER_MODEL_SEED=1`. */
const RUNS = Number(process.env['BREAKER_MODEL_RUNS'] ?? 600);
const SEED = process.env['BREAKER_MODEL_SEED'];

describe('state machine against the reference model', () => {
  test(
    'R-CB-1 R-CB-7 every run of commands agrees with a naive breaker and keeps the invariants I1 to I7',
    { timeout: 600_000 },
    () => {
      // Without `max` fast-check draws short scripts, and the bugs of others are not found in thousands of runs.
      const scripts = fc.commands<Box, Run>(allCommands(), { maxCommands: 60, size: 'max' });
      fc.assert(
        fc.property(optionsArbitrary, scripts, (options, script) => {
          fc.modelRun(() => {
            const time = { nowMs: 0 };
            const ports = { clock: { now: () => time.nowMs }, wallClock: () => time.nowMs, random: cyclic() };
            const create = (restore?: unknown) => createBreaker({ ...options, ...ports, restore });
            const real = new Run(create, time);
            const model = new ReferenceModel(resolveBreakerOptions(options).settings, cyclic());
            const { leaseMs = 0 } = options.halfOpen ?? {};
            const { maxMs = 0 } = options.open ?? {};
            return { model: { model, quietMs: leaseMs + maxMs }, real };
          }, script);
        }),
        { numRuns: RUNS, ...(SEED !== undefined && { seed: Number(SEED) }) },
      );
    },
  );
});
