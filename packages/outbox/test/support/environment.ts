import { seededRandom } from '@busbar-tooling/test-kit/seeded-random';
import { testDatabase } from '@busbar-tooling/test-kit/test-database';

import { createOutbox, type OutboxOptions, type OutboxRecord } from '../../src/index.ts';
import { createMemoryPublisher } from '../../src/testing/index.ts';
import { OUTBOX_TEMPLATE, pgPorts, type PgPorts } from './pg-ports.ts';

export const record = (id: string, key: string | null = 'k', more: Partial<OutboxRecord> = {}): OutboxRecord => ({
  id,
  topic: 'orders',
  key,
  headers: { ce_id: id },
  value: JSON.stringify({ id }),
  ...more,
});

/** A database of one's own with the tables, and ports over plain `pg`. */
export const setUp = async (ctx: Parameters<typeof testDatabase>[0]) => {
  const database = await testDatabase(ctx, { template: OUTBOX_TEMPLATE });
  const ports = pgPorts(database);
  return {
    ports,
    database,
    [Symbol.asyncDispose]: async () => {
      await ports[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
};

const FAST: Pick<OutboxOptions, 'leaseMs' | 'renewMs' | 'safetyMs' | 'keyBackoff' | 'sampleIntervalMs'> = {
  leaseMs: 1_500,
  renewMs: 300,
  safetyMs: 300,
  keyBackoff: { baseMs: 50, maxMs: 200 },
  sampleIntervalMs: 1_000,
};

/** An outbox over the ports with a memory publisher and short times. */
export const outboxOf = (ports: PgPorts, options: Partial<OutboxOptions> = {}) => {
  const publisher = createMemoryPublisher();
  const outbox = createOutbox({
    publisher,
    connections: ports.connections,
    write: ports.write,
    random: seededRandom(7),
    ...FAST,
    ...options,
  });
  return { outbox, publisher };
};

/** Rows of a table; with a `where` behind its name, of a part of it. */
export const count = async (ports: PgPorts, table = 'busbar.outbox'): Promise<number> => {
  const [row] = await ports.rows(`select count(*)::int as n from ${table}`);
  return Number(row?.['n']);
};
