/**
 * B-PG-4: what it costs at a checkout that no dead connection is handed out, against asking at each (R-PG-3).
 *
 * Ours trusts a connection that was used within the last second, and asks one that was not; under this load all are. Shown alone,
 * and with the query that a connection is checked out for.
 */
import { busbarPostgres } from '../../arms/busbar-postgres.ts';
import { mustBe } from '../../arms/looped-arm.ts';
import { databaseArm, type DatabaseArm, type Workload } from '../../arms/postgres/database-arm.ts';
import { CONNECTIONS, mustBeOrder, ORDER_BY_KEY, orderIdAt, READ_TABLES } from '../../arms/postgres/orders.ts';
import { ProbeAlwaysPool } from '../../baselines/probe-always-pool.ts';
import { type Case, defineCase } from '../../harness/define-case.ts';
import { openPgPool, pgPool } from '../../peers/pg-pool.ts';

const MAX_RATIO = 0.7;
/** Checkouts to a probe, at least. */
const RARELY = 10;
const WORKLOAD: Workload = { concurrency: 1, tables: READ_TABLES };

interface Querying {
  query(text: string, values: unknown[]): Promise<{ rows: unknown[] }>;
}

/** What is done with a connection between checkout and release. */
type Use = (client: Querying, index: number) => Promise<void>;

const noUse: Use = () => Promise.resolve();
const queryUse: Use = async (client, index) => {
  const id = orderIdAt(index);
  mustBeOrder(await client.query(ORDER_BY_KEY, [id]), id);
};

const oursArm = (use: Use) =>
  busbarPostgres({
    name: 'lease',
    options: 'pool.validateAfterIdleMs 1 000, the default; statements unnamed as those of the others',
    operation: async (postgres, index) => {
      const lease = await postgres.lease();
      await use({ query: (text, values) => lease.query(text, values, { name: false }) }, index);
      lease.release();
    },
    verify: (postgres, operations) => {
      const { acquired, validations, validationSkips } = postgres.stats();
      // One after each pause, in which other arms had their visits.
      if (validations > operations / RARELY || validationSkips + validations < operations)
        throw new Error(`${validations} probes, ${validationSkips} of ${acquired} checkouts without, of ${operations}`);
    },
  });

const openProbing = async (place: Parameters<typeof openPgPool>[0]) => {
  const pool = await openPgPool(place);
  return { pool, probing: new ProbeAlwaysPool({ connect: () => pool.connect() }, CONNECTIONS + 1) };
};

type Probing = Awaited<ReturnType<typeof openProbing>>;

const probeArm = (use: Use): DatabaseArm<Probing> => ({
  name: 'probe always',
  role: 'baseline',
  package: 'pg-pool',
  options: `select 1 on every checkout; max ${CONNECTIONS}`,
  open: openProbing,
  close: ({ pool }) => pool.end(),
  operation: async ({ probing }, index) => {
    const client = await probing.connect();
    await use(client, index);
    client.release();
  },
  verify: ({ probing }, operations) => {
    mustBe('probes', probing.validations, operations);
  },
});

const bareArm = (use: Use) =>
  pgPool({
    operation: async (pool, index) => {
      const client = await pool.connect();
      await use(client, index);
      client.release();
    },
    caveat: 'Never asks: a dead connection is handed out.',
  });

const validationCase = (what: string, use: Use): Case =>
  defineCase({
    id: 'B-PG-4',
    title: `${what} ÷ the same with a probe at every checkout (R-PG-3)`,
    requirements: ['R-PG-3'],
    class: 'postgres',
    unit: 'ns/op',
    direction: 'smaller',
    parameters: { concurrency: WORKLOAD.concurrency },
    services: ['postgres'],
    arms: [
      databaseArm(oursArm(use), WORKLOAD),
      databaseArm(probeArm(use), WORKLOAD),
      databaseArm(bareArm(use), WORKLOAD),
    ],
    targets: [
      { ours: 'lease', reference: 'probe always', metric: 'time', bound: MAX_RATIO, kind: 'ratio', note: 'aim 0.2' },
    ],
  });

export const cases: readonly Case[] = [
  validationCase('checkout and release', noUse),
  validationCase('checkout, a query and release', queryUse),
];
