/** B-PG-11: ten times as many callers as can be served: how long a caller waits at most, and what it costs to send one away. */
import type { Lease, Postgres } from '@busbar/postgres';

import { openBusbar } from '../../arms/busbar-postgres.ts';
import { caught, loopedArm, mustBe, mustHaveCode } from '../../arms/looped-arm.ts';
import { benchDatabase } from '../../arms/postgres/bench-database.ts';
import { CONNECTIONS } from '../../arms/postgres/orders.ts';
import { quantile } from '../../harness/compare.ts';
import { type Arm, type Case, defineCase } from '../../harness/define-case.ts';

const OVERLOAD = 10;
/** How long a caller keeps a connection. */
const HOLD_MS = 20;
const ACQUIRE_TIMEOUT_MS = 500;
const LATE_MS = 100;
const CALLERS = 4_000;
const P99 = 0.99;
const MS_PER_S = 1_000;
const ARRIVALS_PER_S = (OVERLOAD * CONNECTIONS * MS_PER_S) / HOLD_MS;
const REFUSALS: ReadonlySet<unknown> = new Set(['BUSBAR_POSTGRES_QUEUE_FULL', 'BUSBAR_POSTGRES_ACQUIRE_TIMEOUT']);

const QUEUES = [500, 50_000] as const;
/** What a longer queue may cost more: its tombstones and their memory, and no walk along it. */
const MAX_GROWTH = 1.5;
const NEVER_MS = 600_000;

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : error);

/** From arriving to a connection or a refusal, in ms. */
const waitOf = async (postgres: Postgres, arrivedAtMs: number, count: { served: number }): Promise<number> => {
  try {
    const lease = await postgres.lease();
    const waitedMs = performance.now() - arrivedAtMs;
    await lease.query('select pg_sleep($1::float8)', [HOLD_MS / MS_PER_S]);
    lease.release();
    count.served += 1;
    return waitedMs;
  } catch (error) {
    if (!REFUSALS.has(codeOf(error))) throw error;
    return performance.now() - arrivedAtMs;
  }
};

/** Callers arrive by the clock, however the pool is doing (BM-16). */
const arrive = async (postgres: Postgres, callers: number, count: { served: number }): Promise<number[]> => {
  const startedAtMs = performance.now();
  const waits: Promise<number>[] = [];
  while (waits.length < callers) {
    const due = Math.min(callers, ((performance.now() - startedAtMs) * ARRIVALS_PER_S) / MS_PER_S);
    while (waits.length < due)
      waits.push(waitOf(postgres, startedAtMs + (waits.length * MS_PER_S) / ARRIVALS_PER_S, count));
    await new Promise((resolve) => {
      setTimeout(resolve, 1);
    });
  }
  return Promise.all(waits);
};

const overloadArm: Arm = {
  name: 'p99 wait',
  role: 'ours',
  package: '@busbar/postgres',
  options: `pool.max ${CONNECTIONS}, acquireTimeoutMs ${ACQUIRE_TIMEOUT_MS}, maxQueue 500`,
  setup: async () => {
    const pool = { max: CONNECTIONS, acquireTimeoutMs: ACQUIRE_TIMEOUT_MS };
    const postgres = await openBusbar((await benchDatabase()).place, { pool });
    const count = { served: 0 };
    let waits: number[] = [];
    return {
      run: async (callers) => {
        waits = await arrive(postgres, callers, count);
      },
      measure: () => quantile(waits, P99),
      verify: () => {
        const { queueFull, acquireTimeouts } = postgres.stats();
        mustBe('answers', count.served + queueFull + acquireTimeouts, CALLERS);
        if (count.served > CALLERS / 2)
          throw new Error(`${count.served} of ${CALLERS} were served: that is no overload`);
      },
      close: async () => {
        await postgres.close();
      },
    };
  },
};

interface Full {
  readonly postgres: Postgres;
  readonly held: readonly Lease[];
  readonly refusedBefore: number;
}

const refusalArm = (maxQueue: number): Arm =>
  loopedArm<Full>({
    name: `queue of ${maxQueue}`,
    role: 'ours',
    package: '@busbar/postgres',
    options: `pool.maxQueue ${maxQueue}, full`,
    operation: caught("subject.postgres.query('select 1')"),
    create: async () => {
      const pool = { max: CONNECTIONS, maxQueue, acquireTimeoutMs: NEVER_MS };
      const timeouts = { queryDeadlineMs: NEVER_MS };
      const postgres = await openBusbar((await benchDatabase()).place, { pool, timeouts });
      const held = await Promise.all(Array.from({ length: CONNECTIONS }, () => postgres.lease()));
      for (let waiter = 0; waiter < maxQueue; waiter += 1) postgres.lease().catch(() => undefined);
      return { postgres, held, refusedBefore: postgres.stats().queueFull };
    },
    verify: ({ subject: { postgres, refusedBefore }, operations, last }) => {
      mustHaveCode(last, 'BUSBAR_POSTGRES_QUEUE_FULL');
      mustBe('stats().waiting', postgres.stats().waiting, maxQueue);
      mustBe('stats().queueFull', postgres.stats().queueFull - refusedBefore, operations);
    },
    close: async ({ postgres, held }) => {
      const closed = postgres.close();
      for (const lease of held) lease.release();
      await closed;
    },
  });

export const cases: readonly Case[] = [
  defineCase({
    id: 'B-PG-11',
    title: 'p99 wait for a connection at ten times what the pool can serve (R-PG-9)',
    requirements: ['R-PG-9'],
    class: 'postgres',
    unit: 'ms/op',
    direction: 'smaller',
    iterations: CALLERS,
    parameters: { arrivalsPerSecond: ARRIVALS_PER_S, holdMs: HOLD_MS, acquireTimeoutMs: ACQUIRE_TIMEOUT_MS },
    services: ['postgres'],
    arms: [overloadArm],
    targets: [
      {
        ours: 'p99 wait',
        reference: 'p99 wait',
        metric: 'time',
        bound: ACQUIRE_TIMEOUT_MS + LATE_MS,
        kind: 'absolute',
        note: 'acquireTimeoutMs + 100 ms',
      },
    ],
  }),
  defineCase({
    id: 'B-PG-11',
    title: `a refusal at a full queue of ${QUEUES[1]} ÷ at one of ${QUEUES[0]} (R-PG-9)`,
    requirements: ['R-PG-9'],
    class: 'memory-async',
    unit: 'ns/op',
    direction: 'smaller',
    parameters: { maxQueue: QUEUES.join(', ') },
    services: ['postgres'],
    arms: QUEUES.map(refusalArm),
    targets: [
      {
        ours: `queue of ${QUEUES[1]}`,
        reference: `queue of ${QUEUES[0]}`,
        metric: 'time',
        bound: MAX_GROWTH,
        kind: 'ratio',
      },
    ],
  }),
];
