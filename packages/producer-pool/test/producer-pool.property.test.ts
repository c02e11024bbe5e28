/**
 * Model-based: random publishes, faults, aborts, time and lifecycle events against a scripted broker with Kafka's duplicate check and a
 * client with kafkajs's sequence flaw. Whatever happens:
 *
 * P1 acknowledged ⊆ log, at the offset of the acknowledgement · P2 first occurrences per key in publish order · P3 buffer ≤ limits ·
 * P4 one settlement per record · P5 ≤ 1 call per partition · P6 all attempts of a batch are identical · P7 nothing sent while a call is
 * out · P8 producers ≤ cap, lanes move only between calls (P5) · P9 nothing left after close · and: `not-sent` and `rejected` are not in the log; of a `publishBatch` each key is there as a prefix.
 */
import { settle } from '@busbar-tooling/test-kit/manual-clock';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { type Command, PoolRun } from './pool-run.ts';
import type { Ending } from './scripted-cluster.ts';

const ENDINGS: readonly Ending[] = [
  'ok',
  'ok',
  'lost answer',
  'lost request',
  'delayed',
  'not leader',
  'empty',
  'appended, then denied',
];

const publishArb = fc.record({
  type: fc.constant('publish' as const),
  keys: fc.array(fc.nat(4), { minLength: 1, maxLength: 5 }),
  poison: fc.nat(20),
  together: fc.boolean(),
  patience: fc.constantFrom(100, 2_000, 60_000),
});

const commandArb: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: publishArb },
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant('end' as const), which: fc.nat(), how: fc.constantFrom(...ENDINGS) }),
  },
  { weight: 2, arbitrary: fc.constant({ type: 'endAll' as const }) },
  { weight: 1, arbitrary: fc.constant({ type: 'late' as const }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('abort' as const), which: fc.nat() }) },
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant('advance' as const), ms: fc.constantFrom(1, 40, 300, 1_600, 5_000) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('opens' as const), how: fc.constantFrom('ok' as const, 'fail' as const) }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('kills' as const), hang: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('guard' as const), refuses: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant({ type: 'grow' as const }) },
  { weight: 1, arbitrary: fc.constant({ type: 'recycle' as const }) },
);

const scenario = fc.record({
  commands: fc.array(commandArb, { minLength: 5, maxLength: 60, size: 'max' }),
  idempotent: fc.boolean(),
  onTimeout: fc.constantFrom('fail-key' as const, 'skip' as const),
  lingerMs: fc.constantFrom(0, 0, 50),
  seed: fc.nat(),
  pool: fc.record({ min: fc.integer({ min: 1, max: 2 }), spares: fc.integer({ min: 0, max: 1 }) }),
  inFlight: fc.constantFrom({ plain: 4, idempotent: 4 }, { plain: 1, idempotent: 1 }),
  idleMs: fc.constantFrom(0, 500),
  closeEarly: fc.boolean(),
});

test(
  'R-KP-6 whatever the broker does, what is acknowledged is in the log, once settled, in order per key',
  { timeout: 120_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ commands, closeEarly, ...o }) => {
        const run = new PoolRun(o);
        const started = run.pool.start();
        await settle();
        await started;
        for (const command of commands) {
          // oxlint-disable-next-line no-await-in-loop -- commands follow each other
          await run.execute(command);
          expect([...run.bufferProblems(), ...run.producerProblems()]).toEqual([]);
        }
        if (!closeEarly) await run.heal();
        const closed = run.pool.close({ deadlineMs: 100 });
        run.kills(false);
        await run.clock.advance(20_000);
        await closed;
        await settle();
        expect(run.problems()).toEqual([]);
      }),
      { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 150) },
    );
  },
);
