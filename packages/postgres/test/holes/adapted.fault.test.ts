import { useTool } from '@busbar-tooling/test-kit/require-tool';
import { startTcpProxy } from '@busbar-tooling/test-kit/tcp-proxy';
import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import type { Pool, PoolConfig } from 'pg';
import { describe, expect, test } from 'vitest';

import { resolveAdaptOptions, type AdaptOptions } from '../../src/adapt-options.ts';
import { adaptPool } from '../../src/adapt-pool.ts';
import { AdaptedSource } from '../../src/adapted-source.ts';
import type { Postgres } from '../../src/postgres.ts';
import { defineStatement } from '../../src/statement.ts';
import { eventually, rejection } from '../eventually.ts';
import { FAILED_BEGIN, failedBegin } from '../failed-begin.ts';
import { like } from '../matchers.ts';
import { startPgBouncer } from '../pgbouncer.ts';
import { plainPool } from '../plain-pool.ts';
import { tlsCertificates } from '../tls-certificates.ts';
import { startTlsTerminator } from '../tls-terminator.ts';

/** A pool of the user's, without any listener, and what is made of it. */
interface Adapted {
  readonly pool: Pool;
  readonly pg: Postgres;
}

const PID = 'select pg_backend_pid()';

describe('holes that are closed on a pool of the user', () => {
  const db = useTestDatabase();
  const bouncer = useTool('pgbouncer');
  const adapt = async (
    use: (adapted: Adapted) => Promise<void>,
    { pool: own = {}, options = {} }: { pool?: PoolConfig; options?: AdaptOptions } = {},
  ): Promise<void> => {
    const pool = plainPool(db(), own);
    const pg = adaptPool(pool, options);
    try {
      await use({ pool, pg });
    } finally {
      await pg.close({ deadlineMs: 500 });
      await pool.end();
    }
  };
  const observe = async (text: string, values: unknown[] = []): Promise<unknown> => {
    const pool = plainPool(db());
    try {
      const { rows } = await pool.query<Record<string, unknown>>(text, values);
      return Object.values(rows[0] ?? {})[0];
    } finally {
      await pool.end();
    }
  };
  const kill = (pid: number): Promise<unknown> => observe('select pg_terminate_backend($1, 5000)', [pid]);
  const asleep = `select count(*)::int from pg_stat_activity
    where datname = current_database() and state = 'active' and query = 'select pg_sleep(20)'`;

  /** Stops a statement, and expects its session to go on. */
  const cancels = async ({ pg }: Adapted): Promise<void> => {
    const pid = await pg.value(PID);
    const late = rejection(pg.query('select pg_sleep(20)', [], { deadlineMs: 150 }));
    expect(await late).toMatchObject({ code: 'BUSBAR_POSTGRES_DEADLINE' });
    expect(await pg.value(PID)).toBe(pid); // the cancel arrived, and its socket was closed by the server
    expect(await observe(asleep)).toBe(0);
  };

  test.for<
    [title: string, use: (adapted: Adapted) => Promise<void>, o?: { pool?: PoolConfig; options?: AdaptOptions }]
  >([
    [
      'H1 an open tx reaches neither the next borrower nor the user',
      async ({ pg, pool }) => {
        const lease = await pg.lease();
        await lease.query('begin');
        await lease.query('create table left_open ()');
        lease.release();
        const { rows } = await pool.query(`${PID} as pid, to_regclass('left_open') as found`);
        expect(rows).toEqual([{ pid: lease.pid, found: null }]);
        expect(pg.stats().dirtyReleases).toBe(1);
      },
    ],
    [
      'H1 an open tx of the user does not take part of what is committed here',
      async ({ pg, pool }) => {
        const client = await pool.connect();
        await client.query('create table if not exists kept (n int)');
        await client.query('begin');
        client.release();
        await pg.execute('insert into kept values (1)');
        expect(await observe('select count(*)::int from kept')).toBe(1);
      },
    ],
    [
      'H2 a killed backend does not crash the process, and the pool opens another',
      async ({ pg, pool }) => {
        const lease = await pg.lease();
        await kill(lease.pid);
        await eventually(() => pg.stats().leasesLost === 1, 'it is seen without a use');
        expect(await rejection(lease.query('select 1'))).toMatchObject({
          code: 'BUSBAR_POSTGRES_LEASE_LOST',
          sqlState: '57P01',
        });
        lease.release();
        expect(await pg.value('select 1')).toBe(1);
        expect(pool.totalCount).toBe(1);
      },
    ],
    [
      'H3 an idle-in-tx kill surfaces as LeaseLost',
      async ({ pg }) => {
        const lost = pg.tx({ retry: false }, async (tx) => {
          await tx.query('select 1');
          await eventually(() => pg.stats().leasesLost === 1, 'the server ends the session');
          await tx.query('select 1');
        });
        expect(await rejection(lost)).toMatchObject({
          code: 'BUSBAR_POSTGRES_LEASE_LOST',
          sqlState: '25P03',
          outcome: 'rejected',
        });
      },
      { pool: { idle_in_transaction_session_timeout: 100 } },
    ],
    [
      'H4 a failing query keeps its connection',
      async ({ pg }) => {
        const pid = await pg.value(PID);
        for (const text of ['select 1/0', 'selec', 'select * from nowhere'])
          // oxlint-disable-next-line no-await-in-loop -- one after the other
          await rejection(pg.query(text));
        expect(await pg.value(PID)).toBe(pid);
        expect(pg.stats()).toMatchObject({ created: 1, closed: {} });
      },
    ],
    [
      'H5 a timed-out statement stops on the server, whatever query_timeout says',
      cancels,
      { pool: { query_timeout: 60 } },
    ],
    [
      'H6 release with work in flight destroys',
      async ({ pg }) => {
        const lease = await pg.lease();
        const inFlight = rejection(lease.query('select pg_sleep(20)'));
        expect(() => lease.release()).toThrow(like({ code: 'BUSBAR_POSTGRES_LEASE_BUSY' }));
        expect(await pg.value(PID)).not.toBe(lease.pid);
        expect(await inFlight).toMatchObject({ code: 'BUSBAR_POSTGRES_LEASE_LOST' });
        expect(await observe(asleep)).toBe(0);
        expect(pg.stats().closed).toEqual({ busy: 1 });
      },
    ],
    [
      'H15 ALTER under a prepared statement heals, lease by lease on one session',
      async ({ pg }) => {
        await pg.execute('create table altered (a int)');
        await pg.execute('insert into altered values (1)');
        const all = defineStatement({ text: 'select * from altered', name: 'all' });
        expect([await pg.one(all), await pg.one(all)]).toEqual([{ a: 1 }, { a: 1 }]);
        await pg.execute('alter table altered add column b int default 2');
        expect(await pg.one(all)).toEqual({ a: 1, b: 2 });
        expect(pg.stats().statements).toMatchObject({ hits: 2, reprepared: 1 });
      },
    ],
    [
      'H16 a rolled-back COMMIT rejects',
      async ({ pg }) => {
        const swallowed = pg.tx(async (tx) => {
          await tx.query('create table half_done ()');
          await rejection(tx.query('select 1/0'));
        });
        expect(await rejection(swallowed)).toMatchObject({ code: 'BUSBAR_POSTGRES_COMMIT_ROLLED_BACK' });
        expect(await pg.value("select to_regclass('half_done')")).toBeNull();
      },
    ],
    [
      'H21 session changes do not leak: the session is ended, and the set-up of the user runs again',
      async ({ pg, pool }) => {
        pool.on('connect', (client) => void client.query("set my.tenant = 'seven'"));
        const seen = `select current_setting('my.tenant', true) as tenant, current_setting('search_path') as path`;
        await pg.query("set my.tenant = 'evil'");
        await pg.query('set search_path to evil');
        expect(await pg.one(seen)).toMatchObject({ tenant: 'seven', path: '"$user", public' });
        expect(pg.stats().closed).toEqual({ dirty: 2 });
      },
      { options: { pool: { reset: 'discard' } } },
    ],
    [
      'H29 a row limit never truncates a write',
      async ({ pg }) => {
        await pg.execute('create table many (id int)');
        const written = await pg.query('insert into many select generate_series(1, 100) returning id', [], {
          maxRows: 10,
        });
        expect(written.rows).toHaveLength(100);
        expect(await rejection(pg.query('select id from many', [], { maxRows: 10 }))).toMatchObject({
          code: 'BUSBAR_POSTGRES_TOO_MANY_ROWS',
        });
      },
    ],
    [
      'H31 a late cancel hits nobody, nor the user',
      async ({ pg, pool }) => {
        for (let n = 0; n < 10; n += 1) {
          // oxlint-disable-next-line no-await-in-loop -- one after the other
          await Promise.allSettled(
            [1, 2].map(() => pg.query('select pg_sleep($1)', [0.06 + n / 200], { deadlineMs: 60 })),
          );
          // oxlint-disable-next-line no-await-in-loop -- one after the other
          await Promise.all([pool.query('select pg_sleep(0.01)'), pg.query('select pg_sleep(0.01)')]);
        }
        expect(pg.stats().cancelsSent).toBeGreaterThan(0);
      },
      { pool: { max: 2 } },
    ],
  ])('%s', async ([, use, o]) => {
    await adapt(use, o);
  });

  test('H11 a half-open peer ends at the deadline, and close ends a lease that is held', async () => {
    await using proxy = await startTcpProxy({ target: db() });
    const { host, port } = proxy;
    await adapt(
      async ({ pg, pool }) => {
        await pg.query('select 1');
        proxy.freeze();
        expect(await rejection(pg.query('select 1', [], { deadlineMs: 100 }))).toMatchObject({
          code: 'BUSBAR_POSTGRES_DEADLINE',
          outcome: 'unknown',
        });
        await eventually(() => pool.totalCount + pg.stats().open === 0, 'the pool hears of it');
        expect(pg.stats().closed).toEqual({ 'cancel-timeout': 1 });
        proxy.thaw();
        await pg.lease({ label: 'leaky' });
        expect(await pg.close({ deadlineMs: 50 })).toMatchObject({ destroyed: 1, leaked: [{ label: 'leaky' }] });
        expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
      },
      { pool: { host, port }, options: { timeouts: { cancelGraceMs: 50 } } },
    );
  });

  test('H18 cancel works through PgBouncer', async () => {
    await using pgbouncer = await startPgBouncer(bouncer(), db(), { poolMode: 'session', poolSize: 1 });
    const { host, port } = pgbouncer;
    await adapt(cancels, { pool: { host, port } });
  });

  test('H19 cancel uses TLS like the client, and closes', async () => {
    await using terminator = await startTlsTerminator(db());
    const { host, port } = terminator;
    await adapt(cancels, { pool: { host, port, ssl: { ca: tlsCertificates.ca, servername: 'db.test' } } });
    expect(terminator.upgrades()).toBe(2);
  });

  test.for([0, 80])('H20 full pool and dead server differ, with a connectionTimeoutMillis of %i', async (limit) => {
    const options = { pool: { acquireTimeoutMs: 150, connectTimeoutMs: 120 } };
    await adapt(
      async ({ pg, pool }) => {
        const hog = await pool.connect();
        pool.options.connectionTimeoutMillis = limit; // from now on: a busy machine may need longer for a login
        const full = { code: 'BUSBAR_POSTGRES_ACQUIRE_TIMEOUT', details: like({ active: 1, idle: 0 }) };
        expect(await rejection(pg.query('select 1'))).toMatchObject(full);
        hog.release();
        await eventually(async () => (await pg.value('select 1').catch(() => 0)) === 1, 'it is free again');
      },
      { options },
    );
    await using proxy = await startTcpProxy({ target: db() });
    const { host, port } = proxy;
    proxy.freeze();
    await adapt(
      async ({ pg }) => {
        const dead = { code: 'BUSBAR_POSTGRES_CONNECT_TIMEOUT', details: like({ host, port }) };
        expect(await rejection(pg.query('select 1'))).toMatchObject(dead);
        proxy.reset();
      },
      { pool: { host, port, connectionTimeoutMillis: limit }, options },
    );
  });

  test('H23 a failed BEGIN executes nothing', async () => {
    const pool = plainPool(db());
    const options = resolveAdaptOptions(pool, {});
    await pool.query('create table facts (n text)');
    const insert = "insert into facts values ('escaped')";
    const failures = await failedBegin(options, {
      insert,
      source: (counters) => new AdaptedSource(pool, options, counters.statements),
    });
    expect(failures).toMatchObject(FAILED_BEGIN);
    expect((await pool.query('select count(*)::int from facts')).rows).toEqual([{ count: 0 }]);
    await pool.end();
  });
});
