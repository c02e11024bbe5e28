import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { Pool, type PoolClient } from 'pg';
import { describe, expect, test } from 'vitest';

import { createPostgres } from '../../src/connection-manager.ts';
import { asPgPool } from '../../src/pg/index.ts';
import { eventually, rejection } from '../eventually.ts';
import { containing } from '../matchers.ts';
import { plainPool } from '../plain-pool.ts';
import { poolOptions } from '../pool-options.ts';
import { timeLapse } from '../time-lapse.ts';

/** Like a pool by its methods, but neither a `pg.Pool` nor of a class that is named like one. */
const wrapped = (pool: Pool): Pool => new Proxy(pool, { getPrototypeOf: () => Object.prototype });

describe('holes of ORMs over a pool', () => {
  const db = useTestDatabase();

  /** How much of a transaction is kept that is rolled back while somebody else takes the connection that is idle. */
  const keptOfRolledBack = async (pool: Pool, id: number): Promise<unknown> => {
    let other: PoolClient | undefined;
    const tx = drizzle(pool).transaction(async (inside) => {
      other = await pool.connect();
      await inside.execute(sql`insert into kept values (${id})`);
      throw new Error('changed my mind');
    });
    await expect(tx).rejects.toThrow('changed my mind');
    other?.release();
    const { rows } = await pool.query('select id from kept where id = $1', [id]);
    return rows.length;
  };

  test('H30 an ORM tx stays on one connection', async () => {
    const plain = plainPool(db(), { max: 2 });
    await using pg = createPostgres(poolOptions(db(), { pool: { max: 2 } }));
    await pg.execute('create table kept (id int)');
    expect(await keptOfRolledBack(wrapped(plain), 1)).toBe(1); // BEGIN and INSERT were on two connections
    await plain.end();
    const pool = asPgPool(pg);
    expect(pool).toBeInstanceOf(Pool);
    expect(pool.constructor.name).toBe('BusbarPgPool');
    expect(await keptOfRolledBack(pool, 2)).toBe(0);
    const controls = ['begin', 'START TRANSACTION', 'commit', 'rollback', 'savepoint a', 'end'];
    const refused = await Promise.all(controls.map((control) => rejection(pool.query(control))));
    for (const error of refused)
      expect(error).toMatchObject({ code: 'BUSBAR_POSTGRES_TX_CONTROL', outcome: 'not-sent' });
  });

  test('H32 a failed ORM BEGIN leaks nothing', async () => {
    // What the server does not know, as a later version of an ORM may say.
    const config = Object.assign({ isolationLevel: 'serializable' as const }, { isolationLevel: 'linearizable' });
    const begin = (pool: Pool): Promise<void> => drizzle(pool).transaction(() => Promise.resolve(), config);

    const plain = plainPool(db(), { connectionTimeoutMillis: 250 });
    const leaked = new Promise<PoolClient>((resolve) => {
      plain.once('connect', resolve);
    });
    expect(await rejection(begin(plain))).toMatchObject({ cause: { code: '42601' } });
    expect(await rejection(plain.query('select 1'))).toMatchObject({ message: containing('timeout') });
    (await leaked).release(true);
    await plain.end();

    await using pg = createPostgres(poolOptions(db(), { ...timeLapse(4), pool: { max: 1 } }));
    expect(await rejection(begin(asPgPool(pg)))).toMatchObject({ cause: { code: '42601' } });
    expect(pg.stats().leased).toBe(1);
    expect(await pg.value('select 1')).toBe(1); // after a second
    expect(pg.stats()).toMatchObject({ leased: 0, leasesReclaimed: 1, closed: { leak: 1 } });

    // Who goes on to use it keeps it, and who gives it back has given it back.
    const client = await asPgPool(pg).connect();
    await rejection(client.query('begin isolation level linearizable'));
    const next = await client.query<{ pid: number }>('select pg_sleep(0.4), pg_backend_pid() as pid');
    expect(next.rows[0]?.pid).toBe(pg.lifecycle().at(-1)?.pid);
    await rejection(client.query('begin isolation level linearizable'));
    client.release();
    await eventually(() => pg.stats().idle === 1, 'it is free');
    expect(pg.stats().leasesReclaimed).toBe(1);

    // Of one that has died meanwhile there is nothing to take back.
    const lost = await asPgPool(pg).connect();
    await rejection(lost.query('begin isolation level linearizable'));
    await using other = createPostgres(poolOptions(db(), { pool: { max: 1 } }));
    await other.query('select pg_terminate_backend($1)', [pg.lifecycle().at(-1)?.pid]);
    await eventually(() => pg.stats().leasesLost === 1, 'it is lost');
    await pg.query('select pg_sleep(0.4)');
    expect(pg.stats()).toMatchObject({ leased: 0, leasesLost: 1, leasesReclaimed: 1 });
  });
});
