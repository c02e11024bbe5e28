import { useTool } from '@busbar-tooling/test-kit/require-tool';
import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createPostgres } from '../../src/connection-manager.ts';
import type { PostgresOptions } from '../../src/options.ts';
import { collect } from '../collect.ts';
import { rejection } from '../eventually.ts';
import { startPgBouncer, type PgBouncer } from '../pgbouncer.ts';
import { plainPool } from '../plain-pool.ts';
import { poolOptions } from '../pool-options.ts';

async function* source(...lines: readonly string[]): AsyncGenerator<string, void, void> {
  yield* lines;
}

describe.each(['transaction', 'session'] as const)('PgBouncer with a pool per %s', (pooler) => {
  const program = useTool('pgbouncer');
  const db = useTestDatabase();
  let bouncer: PgBouncer | undefined;
  beforeAll(async () => {
    bouncer = await startPgBouncer(program(), db(), { poolMode: pooler, poolSize: pooler === 'session' ? 4 : 1 });
    await using direct = createPostgres(poolOptions(db()));
    await direct.execute('create schema app');
    await direct.execute('create table app.event (id int primary key)');
  });
  afterAll(async () => {
    await bouncer?.[Symbol.asyncDispose]();
  });
  /** Pools of one test share the one server connection of the transaction pooler. */
  const open = (own: PostgresOptions = {}) => {
    const { host, port } = bouncer ?? { host: '', port: 0 };
    return createPostgres(poolOptions({ ...db(), host, port }, { pooler, pool: { max: 2 }, ...own }));
  };
  const settings = `select current_setting('search_path') as path, current_setting('statement_timeout') as statement,
    current_setting('TimeZone') as zone`;

  test('H17 the pooler profile leaks nothing: each pool sees its own settings, in a statement, a batch, a lease and a transaction', async () => {
    await using first = open({ session: { searchPath: ['app'], timeZone: 'Asia/Tokyo' } });
    await using second = open({ timeouts: { statementMs: 7_000 }, session: { applicationName: 'second' } });
    const expected = { path: '"app"', statement: '15s', zone: 'Asia/Tokyo' };
    for (let turn = 0; turn < 3; turn += 1) {
      // oxlint-disable-next-line no-await-in-loop -- in turns, over the same server connection
      expect(await first.one(settings)).toEqual(expected);
      // oxlint-disable-next-line no-await-in-loop -- in turns, over the same server connection
      expect(await second.one(settings)).toEqual({ path: '"$user", public', statement: '7s', zone: 'UTC' });
    }
    const id = pooler === 'session' ? 1 : 2;
    await first.tx(async (tx) => {
      expect(await tx.one(settings)).toEqual(expected);
      await tx.execute('insert into event values ($1)', [id]);
      await tx.savepoint((inner) => inner.execute('insert into event values ($1)', [id + 10]));
      tx.commitWith({ text: 'insert into event values ($1)', values: [id + 20] });
    });
    const [count] = await first.batch([{ text: 'select count(*)::int as n from event' }]);
    expect(count?.rows).toEqual([{ n: 3 }]);
    await using lease = await first.lease();
    await lease.query('begin');
    expect(await lease.one(settings)).toEqual(expected);
    await lease.query('commit');
    expect(await lease.one(settings)).toEqual(expected);
    expect(await rejection(first.query('select 1/0'))).toMatchObject({ code: 'BUSBAR_POSTGRES_DATA' });
    for (let n = 0; n < 6; n += 1)
      // oxlint-disable-next-line no-await-in-loop -- often enough to be prepared
      expect(await first.value('select $1::int + 1', [n])).toBe(n + 1);
  });

  test('H17 plain pg: a setting in the start-up message refuses the connect, and SET is the next client’s too', async () => {
    const { host, port } = bouncer ?? { host: '', port: 0 };
    const pool = plainPool({ ...db(), host, port }, { max: 2 });
    const strict = plainPool({ ...db(), host, port }, { statement_timeout: 15_000 });
    expect(await rejection(strict.query('select 1'))).toMatchObject({ code: '08P01' });
    const [careless, next] = [await pool.connect(), await pool.connect()];
    await careless.query('set search_path to evil');
    const { rows } = await next.query("select current_setting('search_path') as path");
    expect(rows).toEqual([{ path: pooler === 'transaction' ? 'evil' : '"$user", public' }]);
    await careless.query('reset search_path');
    for (const client of [careless, next]) client.release();
    await pool.end();
  });

  test('H17 asPgPool(): a transaction by its client keeps its connection, and what it sets is over with it', async () => {
    await using pg = open({ pool: { max: 2 } });
    const pool = pg.asPgPool();
    const [client, other] = [await pool.connect(), await pool.connect()];
    await client.query('begin');
    await client.query('set local search_path to app');
    await client.query('insert into event values (1000)');
    // The one server connection of the transaction pooler is the transaction's now.
    const outside = other.query("select current_setting('search_path') as path");
    await client.query('savepoint half');
    expect(await rejection(client.query('insert into event values (1000)'))).toMatchObject({ code: '23505' });
    await client.query('rollback to savepoint half');
    await client.query('commit');
    expect((await outside).rows).toEqual([{ path: '"$user", public' }]);
    await client.query('begin');
    await client.query('insert into app.event values (1001)');
    client.release(); // forgotten
    expect((await other.query('select id from app.event where id >= 1000')).rows).toEqual([{ id: 1000 }]);
    expect((await pool.query("select current_setting('search_path') as path")).rows).toEqual([
      { path: '"$user", public' },
    ]);
    other.release();
    expect(pg.stats().dirtyReleases).toBe(1);
    await pg.query('delete from app.event where id = 1000');
  });

  test('H17 stream, copyIn and copyOut run under the settings of the pool, and leave none behind', async () => {
    await using pg = open({ session: { searchPath: ['app'], timeZone: 'Asia/Tokyo' } });
    await using second = open();
    const zones = pg.stream<{ zone: string }>(
      "select current_setting('TimeZone') as zone from generate_series(1, 5)",
      [],
      {
        batchSize: 2,
      },
    );
    expect(await collect(zones)).toEqual(Array.from({ length: 5 }, () => ({ zone: 'Asia/Tokyo' })));
    expect(await pg.copyIn('copy event from stdin', source('2000\n', '2001\n'))).toEqual({ rows: 2 });
    const copied = await collect(pg.copyOut('copy (select id from event where id >= 2000 order by id) to stdout'));
    expect(Buffer.concat(copied).toString()).toBe('2000\n2001\n');
    for await (const row of pg.stream('select id from event where id >= 2000', [], { batchSize: 1 })) {
      expect(row).toBeDefined();
      break; // its portal is closed, and its server connection is free for the others
    }
    const inTx = await pg.tx(async (tx) => {
      await tx.copyIn('copy event from stdin', source('2002\n'));
      return collect(tx.stream<{ id: number }>('select id from event where id >= 2000 order by id'));
    });
    expect(inTx).toEqual([{ id: 2000 }, { id: 2001 }, { id: 2002 }]);
    const twice = pg.tx({ retry: false }, (tx) => tx.copyIn('copy event from stdin', source('2003\n', '2000\n')));
    expect(await rejection(twice)).toMatchObject({ code: 'BUSBAR_POSTGRES_CONSTRAINT', outcome: 'rejected' });
    expect(await second.one(settings)).toEqual({ path: '"$user", public', statement: '15s', zone: 'UTC' });
    expect(await pg.one(settings)).toEqual({ path: '"app"', statement: '15s', zone: 'Asia/Tokyo' });
    expect(await pg.execute('delete from event where id >= 2000')).toBe(3);
  });

  // Without a comparison run: a cancel whose socket is closed behind it is obeyed or ignored by PgBouncer 1.18, or ends PgBouncer.
  test('H18 cancel works through PgBouncer', async () => {
    await using pg = open({ pool: { max: 1 } });
    const error = await rejection(pg.query('select pg_sleep(20)', [], { deadlineMs: 150 }));
    expect(error).toMatchObject({ code: 'BUSBAR_POSTGRES_DEADLINE' });
    await using direct = createPostgres(poolOptions(db()));
    expect(await pg.value('select 1')).toBe(1);
    const asleep = `select count(*)::int from pg_stat_activity
      where datname = current_database() and state = 'active' and query = 'select pg_sleep(20)'`;
    expect(await direct.value(asleep)).toBe(0);
  });
});

describe('behind a transaction pooler', () => {
  const pooled = { host: 'h', database: 'd', user: 'u', pooler: 'transaction' } as const;

  test.each(['listen gossip', 'set search_path to evil', 'select pg_advisory_lock(1)', 'create temporary table t ()'])(
    'H17 what changes the session is refused: %s',
    async (text) => {
      await using pg = createPostgres(pooled);
      const refused = { code: 'BUSBAR_POSTGRES_POOLER_UNSUPPORTED', outcome: 'not-sent', retryable: false };
      expect(await rejection(pg.query(text))).toMatchObject(refused);
      expect(await rejection(pg.batch([{ text }]))).toMatchObject(refused);
      expect(pg.stats().open).toBe(0);
    },
  );
});
