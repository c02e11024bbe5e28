import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import { describe, expect, onTestFinished, test } from 'vitest';

import { createPostgres } from '../../src/connection-manager.ts';
import type { PostgresOptions } from '../../src/options.ts';
import type { Postgres } from '../../src/postgres.ts';
import { eventually, rejection } from '../eventually.ts';
import { plainPool } from '../plain-pool.ts';
import { poolOptions } from '../pool-options.ts';

describe('holes of sessions and servers', () => {
  const db = useTestDatabase();
  const open = (own: PostgresOptions = {}) => createPostgres(poolOptions(db(), own));
  const single: PostgresOptions = { pool: { max: 1 } };
  const reasons = (pool: string): unknown[] => {
    const heard: unknown[] = [];
    const on = (message: unknown): void => {
      if (typeof message === 'object' && message !== null && Reflect.get(message, 'pool') === pool)
        heard.push(Reflect.get(message, 'reason'));
    };
    subscribe('busbar:postgres:generation', on);
    onTestFinished(() => {
      unsubscribe('busbar:postgres:generation', on);
    });
    return heard;
  };

  test('H14 a demoted primary is left, and nobody gets a session of it until it takes writes again', async () => {
    const heard = reasons('demoted');
    await using pg = open({ name: 'demoted', pool: { max: 3, acquireTimeoutMs: 1_000 } });
    await using admin = open({
      targetSessionAttrs: 'any',
      session: { gucs: { default_transaction_read_only: 'off' } },
    });
    const leases = [await pg.lease(), await pg.lease()];
    const [flipped, idle] = leases;
    idle?.release();
    await admin.execute(`alter database ${db().database} set default_transaction_read_only = on`); // for new sessions
    await flipped?.query('set default_transaction_read_only = on'); // as a reload does to open ones
    await eventually(() => pg.stats().generation === 2, 'the session tells of it');
    expect(await flipped?.value('select 1')).toBe(1); // work under way goes on
    flipped?.release();
    expect(await rejection(pg.query('select 1'))).toMatchObject({
      code: 'BUSBAR_POSTGRES_NO_TARGET',
      retryable: true,
      details: { host: db().host, wanted: 'read-write' },
    });
    await using reader = open({ ...single, targetSessionAttrs: 'read-only' });
    expect(await reader.value('select 1')).toBe(1);
    await admin.execute(`alter database ${db().database} reset default_transaction_read_only`);
    await eventually(async () => (await pg.value('select 1').catch(() => 0)) === 1, 'the primary is back');
    expect(pg.stats().closed).toMatchObject({ generation: 2 });
    expect(heard).toEqual(['target-session-attrs']);
  });

  test('H14 a write refused inside a READ ONLY transaction of the caller is no demotion', async () => {
    await using pg = open(single);
    const pid = await pg.value('select pg_backend_pid()');
    await rejection(pg.tx({ readOnly: true, retry: false }, (tx) => tx.query('create table t (id int)')));
    expect(await pg.value('select pg_backend_pid()')).toBe(pid);
    expect(pg.stats().generation).toBe(1);
  });

  test('H14 a server that shuts down is left at once, once a second at most', async () => {
    const heard = reasons('shut-down');
    await using pg = open({ name: 'shut-down', pool: { max: 4 } });
    await using observer = open();
    const leases = await Promise.all(Array.from({ length: 4 }, () => pg.lease()));
    const [killed, alsoKilled, held, idle] = leases;
    idle?.release();
    await observer.query('select pg_terminate_backend(pid, 5000) from unnest($1::int[]) as pid', [
      [killed?.pid, alsoKilled?.pid],
    ]);
    await eventually(() => pg.stats().leasesLost === 2, 'both are lost');
    expect(await held?.value('select 1')).toBe(1);
    held?.release();
    await eventually(() => pg.stats().open === 0, 'the others are replaced');
    expect(pg.stats().closed).toEqual({ error: 2, generation: 2 });
    expect(heard).toEqual(['57P01']);
  });

  test('R-PG-1 the role of a session is set once, and holds what it may do', async () => {
    await using admin = open();
    const role = `reader_${db().database.slice(-6)}`;
    await admin.execute(`create role ${role}`);
    try {
      await using pg = open({ ...single, session: { role } });
      expect(await pg.value('select current_user::text')).toBe(role);
      expect(await rejection(pg.query('create table t (id int)'))).toMatchObject({ code: 'BUSBAR_POSTGRES_PRIVILEGE' });
    } finally {
      await admin.execute(`drop role ${role}`);
    }
    await using wrong = open({ ...single, session: { role: 'no_such_role' } });
    expect(await rejection(wrong.query('select 1'))).toMatchObject({
      code: 'BUSBAR_POSTGRES_CONNECT',
      retryable: false,
    });
  });

  /** What a borrower leaves on a session. */
  const leaveBehind = async (pg: Postgres): Promise<number> => {
    await using lease = await pg.lease();
    await lease.query('set search_path to evil');
    await lease.query('set role none');
    await lease.query('create temporary table secret (id int)');
    await lease.query('select pg_advisory_lock(42)');
    await lease.query('listen gossip');
    return lease.pid;
  };
  const seen = (pg: Postgres) =>
    pg.one(`select pg_backend_pid() as pid, current_setting('search_path') as path, current_user::text as role,
      to_regclass('pg_temp.secret')::text as temp, array(select pg_listening_channels()) as channels,
      (select count(*)::int from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()) as locks,
      current_setting('my.tenant', true) as tenant`);

  test('H21 session changes do not leak', async () => {
    await using admin = open();
    const role = `owner_${db().database.slice(-6)}`;
    await admin.execute(`create role ${role}; `);
    await admin.execute(`grant create, temporary on database ${db().database} to ${role}`);
    let setups = 0;
    const pg = open({
      pool: { max: 1, reset: 'discard' },
      session: {
        role,
        searchPath: ['public'],
        setup: async (session) => {
          setups += 1;
          await session.query("select set_config('my.tenant', 'seven', false)");
        },
      },
    });
    try {
      for (let n = 0; n < 5; n += 1)
        // oxlint-disable-next-line no-await-in-loop -- until it is prepared
        await pg.value('select $1::int', [n]);
      expect(setups).toBe(1); // nothing was changed
      const pid = await leaveBehind(pg);
      const clean = { pid, path: 'public', role, temp: null, channels: [], locks: 0, tenant: 'seven' };
      expect(await seen(pg)).toEqual({ ...clean, path: '"public"' });
      expect(await pg.value('select $1::int', [7])).toBe(7); // prepared anew
      expect([setups, pg.stats().closed]).toEqual([2, {}]);
      await using lease = await pg.lease();
      await lease.query('begin');
      await lease.query('set search_path to evil');
      lease.release(); // dirty and changed
      expect(await seen(pg)).toMatchObject({ pid, path: '"public"', tenant: 'seven' });
    } finally {
      await pg.close();
      await admin.execute(`revoke all on database ${db().database} from ${role}`);
      await admin.execute(`drop role ${role}`);
    }
  });

  test('H21 a session that cannot be reset is ended; without pool.reset it goes on as it is', async () => {
    await using admin = open();
    const role = `gone_${db().database.slice(-6)}`;
    await admin.execute(`create role ${role}`);
    await using roleless = open({ pool: { max: 1, reset: 'discard' }, session: { role } });
    const orphan = await roleless.lease();
    await orphan.query('set search_path to evil');
    await admin.execute(`drop role ${role}`);
    orphan.release();
    await eventually(() => roleless.stats().closed.dirty === 1, 'its role is not there any more');

    let works = true;
    await using pg = open({
      pool: { max: 1, reset: 'discard' },
      session: { setup: () => (works ? Promise.resolve() : Promise.reject(new Error('no'))) },
    });
    const lease = await pg.lease();
    await lease.query('set search_path to evil');
    works = false;
    lease.release();
    await eventually(() => pg.stats().closed.dirty === 1, 'it is ended');
    works = true;
    await using careless = open(single);
    await careless.query('set search_path to evil');
    expect(await careless.value("select current_setting('search_path')")).toBe('evil');
  });

  test('H28 an unknown GUC blocks no connect', async () => {
    await using pg = open({ ...single, timeouts: { transactionMs: 20_000 } });
    const limit = await pg.value("select current_setting('transaction_timeout', true)");
    const version = await pg.value<number>("select current_setting('server_version_num')::int");
    expect(limit).toBe(version >= 170_000 ? '20s' : null);
  });

  test('H28 plain pg: an unknown GUC in options refuses every connect', async () => {
    const pool = plainPool(db(), { options: '-c no_such_timeout=1000' });
    expect(await rejection(pool.query('select 1'))).toMatchObject({ code: '42704', severity: 'FATAL' });
    await pool.end();
  });
});
