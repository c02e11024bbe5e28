import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { steps, Trial } from './degrader-trial.ts';

describe('the degrader, whatever happens', () => {
  test('R-CB-3 every call is settled once, keys keep their order, bounds hold, nothing is lost', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3 }), steps, async (drainConcurrency, script) => {
        const trial = new Trial(drainConcurrency);
        // oxlint-disable-next-line no-await-in-loop -- steps follow each other
        for (const step of script) await trial.take(step);
        expect(await trial.end()).toEqual([]);
      }),
      { numRuns: Number(process.env['DEGRADER_RUNS'] ?? 60) },
    );
  });
});
