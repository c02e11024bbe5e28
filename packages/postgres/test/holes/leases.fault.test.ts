import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { startTcpProxy } from '@busbar-tooling/test-kit/tcp-proxy';
import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import { describe, expect, test } from 'vitest';

import { createPostgres } from '../../src/connection-manager.ts';
import type { PostgresOptions } from '../../src/options.ts';
import { eventually, rejection } from '../eventually.ts';
import { aNumber, containing, like } from '../matchers.ts';
import { isSettled, plainPool } from '../plain-pool.ts';
import { poolOptions } from '../pool-options.ts';

describe('holes of leases', () => {
  const db = useTestDatabase();
  const open = (own: PostgresOptions = {}) => createPostgres(poolOptions(db(), own));
  const single: PostgresOptions = { pool: { max: 1 } };
  /** Sessions of a pool that the server still has. */
  const sessions = async (applicationName: string): Promise<number> => {
    await using observer = open({ session: { applicationName: 'observer' } });
    return await observer.value<number>('select count(*)::int from pg_stat_activity where application_name = $1', [
      applicationName,
    ]);
  };
  const kill = async (pid: number): Promise<void> => {
    await using observer = open({ session: { applicationName: 'observer' } });
    await observer.query('select pg_terminate_backend($1, 5000)', [pid]);
  };

  test('H1 an open tx never reaches the next borrower', async () => {
    await using pg = open(single);
    await pg.execute('create table left_open (id int)');
    const lease = await pg.lease({ label: 'forgetful' });
    await lease.query('begin');
    await lease.execute('insert into left_open values (1)');
    lease.release();
    await using next = await pg.lease();
    expect(next.pid).toBe(lease.pid); // cleaned, not thrown away
    await next.query('begin');
    expect(await next.value('select count(*)::int from left_open')).toBe(0);
    expect(await next.value('select pg_current_xact_id_if_assigned()')).toBeNull();
    await next.query('rollback');
    expect(pg.stats().dirtyReleases).toBe(1);
  });

  test('H1 plain pg-pool: the next borrower is in the transaction of the last one', async () => {
    const pool = plainPool(db());
    await pool.query('create table left_open_plain (id int)');
    const client = await pool.connect();
    await client.query('begin');
    await client.query('insert into left_open_plain values (1)');
    client.release();
    const next = await pool.connect();
    expect(next.getTransactionStatus()).toBe('T');
    await next.query('rollback'); // he undoes what was not his
    expect((await next.query('select * from left_open_plain')).rowCount).toBe(0);
    next.release();
    await pool.end();
  });

  test('H2 a killed backend does not crash the process', async () => {
    await using pg = open();
    const lease = await pg.lease();
    await kill(lease.pid);
    const error = await rejection(lease.query('select 1'));
    expect(error).toMatchObject({ code: 'BUSBAR_POSTGRES_LEASE_LOST', sqlState: '57P01', connectionFatal: true });
    lease.release(); // legal: the slot is free already
    expect(await pg.value('select 1')).toBe(1);
    expect(pg.stats()).toMatchObject({ leased: 0, leasesLost: 1 });
    const second = await pg.lease();
    await kill(second.pid);
    await eventually(() => pg.stats().leasesLost === 2, 'it is seen without a use');
    second.release({ destroy: true }); // legal as well
    expect(pg.stats().closed).not.toHaveProperty('user');
  });

  test('H2 a kill while a statement runs outside a transaction leaves its outcome unknown', async () => {
    await using pg = open(single);
    const lease = await pg.lease();
    const running = rejection(lease.query('select pg_sleep(10)'));
    await kill(lease.pid);
    expect(await running).toMatchObject({ code: 'BUSBAR_POSTGRES_LEASE_LOST', outcome: 'unknown', retryable: false });
    expect(await rejection(lease.query('select 1'))).toMatchObject({
      code: 'BUSBAR_POSTGRES_LEASE_LOST',
      outcome: 'not-sent',
      sqlState: '57P01',
    });
  });

  test('H3 an idle-in-tx kill surfaces as LeaseLost', async () => {
    await using pg = open({ timeouts: { statementMs: 900, lockMs: 100, idleInTransactionMs: 1_000 } });
    const error = await rejection(
      pg.tx({ retry: false }, async (tx) => {
        await tx.query('select 1');
        await eventually(() => pg.stats().leasesLost === 1, 'the server ends the session');
        await tx.query('select 1');
      }),
    );
    expect(error).toMatchObject({
      code: 'BUSBAR_POSTGRES_LEASE_LOST',
      sqlState: '25P03',
      outcome: 'rejected',
      retryable: true,
    });
  });

  test.for([
    ['H2', 'a killed backend', `await other.query('select pg_terminate_backend($1, 5000)', [await pid()]);`],
    ['H3', 'an idle-in-tx kill', `await client.query('set idle_in_transaction_session_timeout = 50; begin');`],
  ])('%s plain pg-pool: %s crashes the process', async ([, , deed]) => {
    const program = `
      import pg from 'pg';
      const [client, other] = await Promise.all([1, 2].map(() => pool().connect()));
      function pool() { return new pg.Pool({ connectionString: '${db().url}?sslmode=disable', max: 1 }); }
      async function pid() { return (await client.query('select pg_backend_pid() as pid')).rows[0].pid; }
      ${deed}
      setTimeout(() => process.exit(), 5_000);`;
    const args = ['--input-type=module', '--eval', program];
    const ended = await rejection(promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname }));
    expect(ended).toMatchObject({ code: 1, stderr: containing("Unhandled 'error' event") });
    expect(ended).toMatchObject({ stderr: containing('terminating connection due to') });
  });

  test('H4 a failing query keeps its connection', async () => {
    await using pg = open(single);
    const pid = await pg.value('select pg_backend_pid()');
    for (const text of ['select 1/0', 'selec', 'select * from nowhere'])
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await rejection(pg.query(text));
    expect(await pg.value('select pg_backend_pid()')).toBe(pid);
    expect(pg.stats().created).toBe(1);
  });

  test('H4 plain pg-pool: pool.query ends the connection of a query that fails', async () => {
    const pool = plainPool(db());
    const pidOf = async (): Promise<unknown> => (await pool.query('select pg_backend_pid() as pid')).rows;
    const before = await pidOf();
    await rejection(pool.query('select 1/0'));
    expect(await pidOf()).not.toEqual(before);
    await pool.end();
  });

  test('a lease is used and released only once, and can be ended instead', async () => {
    await using pg = open(single);
    const lease = await pg.lease();
    lease.release({ destroy: true });
    expect(() => lease.release()).toThrow(like({ code: 'BUSBAR_POSTGRES_LEASE_RELEASED' }));
    expect(await rejection(lease.query('select 1'))).toMatchObject({
      code: 'BUSBAR_POSTGRES_LEASE_RELEASED',
      outcome: 'not-sent',
    });
    await lease[Symbol.asyncDispose](); // legal behind a release
    await using next = await pg.lease();
    expect(next.pid).not.toBe(lease.pid);
    expect(next.id).not.toBe(lease.id);
  });

  test('H7 close ends despite a leaked lease, and says whose it was', async () => {
    const pg = open({ session: { applicationName: 'h7' } });
    const leaked = await pg.lease({ label: 'leaky' });
    const report = await pg.close({ deadlineMs: 100 });
    expect(report).toMatchObject({ destroyed: 1, leaked: [{ label: 'leaky', heldMs: aNumber }] });
    expect(report.durationMs).toBeLessThan(5_000); // the default would be 10 s
    expect(await rejection(leaked.query('select 1'))).toMatchObject({ code: 'BUSBAR_POSTGRES_LEASE_LOST' });
    await eventually(async () => (await sessions('h7')) === 0, 'the session ends on the server');
  });

  test('H7 plain pg-pool: end waits for ever for a leaked lease, and resolves with sockets open', async () => {
    await using proxy = await startTcpProxy({ target: db() });
    const { host, port } = proxy;
    const idle = plainPool({ ...db(), host, port });
    await idle.query('select 1');
    proxy.freeze();
    await idle.end();
    expect(proxy.counters.openConnections).toBe(1);
    const pool = plainPool(db());
    const leaked = await pool.connect();
    const ended = pool.end();
    expect(await isSettled(ended, 100)).toBe(false);
    leaked.release();
    await ended;
  });
});
