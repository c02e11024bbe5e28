/**
 * Statistics and caches of a pool (benchmarks.md §10): what it has learnt from more texts than any of its memories takes, on
 * connections that were open before.
 */
import type { Postgres } from '@busbar/postgres';

import { openBusbar } from '../../arms/busbar-postgres.ts';
import { mustBe } from '../../arms/looped-arm.ts';
import { benchDatabase } from '../../arms/postgres/bench-database.ts';
import { CONNECTIONS } from '../../arms/postgres/orders.ts';
import { type Arm, type Case, defineCase } from '../../harness/define-case.ts';
import { retainedBytes } from '../../harness/heap.ts';

const MAX_BYTES = 2_000_000;
const TEXTS = 2_000;
/** Each is prepared, on every connection that it meets. */
const USES = 5;
/** Half of the keys of the verdicts, and of the fingerprints. */
const LONG_NAME_CHARS = 1_000;
/** The default, and the one of all that found no place. */
const FINGERPRINTS = 501;

const textAt = (index: number): string =>
  `select $1::int as value, '${'x'.repeat(LONG_NAME_CHARS)}' as column_${index}`;

const useAll = async (postgres: Postgres, texts: number): Promise<void> => {
  for (let index = 0; index < texts; index += 1) {
    const text = textAt(index);
    const uses = Array.from({ length: USES }, () => postgres.value(text, [index]));
    for (const value of await Promise.all(uses)) mustBe('the value', Number(value), index);
  }
};

const memoryArm: Arm = {
  name: 'pool',
  role: 'ours',
  package: '@busbar/postgres',
  options: `pool.max ${CONNECTIONS}, else defaults: 500 verdicts, 500 fingerprints, 100 statements a connection`,
  setup: async () => {
    const postgres = await openBusbar((await benchDatabase()).place);
    // Compiles what is run below, and fills the buffers of the driver.
    await useAll(postgres, USES);
    const before = await retainedBytes();
    return {
      run: (iterations) => useAll(postgres, iterations),
      measure: async () => (await retainedBytes()) - before,
      verify: () => {
        mustBe('fingerprints', postgres.topQueries({ limit: TEXTS }).length, FINGERPRINTS);
      },
      close: async () => {
        await postgres.close();
      },
    };
  },
};

export const cases: readonly Case[] = [
  defineCase({
    id: 'B-PG-13',
    title: 'bytes of the statistics and caches of a pool (R-PG-6)',
    requirements: ['R-PG-6', 'R-PR-1'],
    class: 'process',
    unit: 'B',
    direction: 'smaller',
    iterations: TEXTS,
    parameters: { texts: TEXTS, uses: USES, connections: CONNECTIONS },
    services: ['postgres'],
    arms: [memoryArm],
    targets: [{ ours: 'pool', reference: 'pool', metric: 'bytes', bound: MAX_BYTES, kind: 'absolute' }],
  }),
];
