import { EventEmitter } from 'node:events';

import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import type { Client, PoolConfig } from 'pg';
import { Pool } from 'pg';
import { describe, expect, test } from 'vitest';

import type { AdaptOptions } from '../src/adapt-options.ts';
import { isLentClient } from '../src/adapted-client.ts';
import { adaptPool, asPgPool } from '../src/pg/index.ts';
import type { Postgres } from '../src/postgres.ts';
import { eventually, rejection } from './eventually.ts';
import { listenTo } from './listen-to.ts';

const countOf = (emitter: unknown, event: string): number =>
  emitter instanceof EventEmitter ? emitter.listenerCount(event) : Number.NaN;

describe('a pool of the user', () => {
  const db = useTestDatabase();
  const using = async (
    use: (pg: Postgres, pool: Pool) => Promise<void>,
    { pool: own = {}, options }: { pool?: PoolConfig; options?: AdaptOptions } = {},
  ): Promise<void> => {
    const { host, port, database, user, password } = db();
    const pool = new Pool({ host, port, database, user, password, max: 1, ...own });
    const pg = adaptPool(pool, options);
    try {
      await use(pg, pool);
    } finally {
      await pg.close({ deadlineMs: 500 });
      await pool.end();
    }
  };

  test('R-PG-1 lends each lease a client, and has it back as it was', async () => {
    const clients = new Set<Client>();
    const settings = { pipeline: true, query_timeout: 60_000 };
    await using(
      async (pg, pool) => {
        pool.on('acquire', (client) => clients.add(client));
        await pool.query('select 1');
        const [client] = clients;
        if (client === undefined || !isLentClient(client)) throw new Error('no client');
        const { connection } = client;
        const state = (): readonly unknown[] => [
          ...['error', 'end', 'notice', 'notification', 'drain'].map((event) => countOf(client, event)),
          ...['readyForQuery', 'parameterStatus'].map((event) => countOf(connection, event)),
          client.pipeline,
          client.connectionParameters.query_timeout,
        ];
        const before = state();
        expect(before).toEqual([1, 0, 0, 0, 0, 1, 0, true, 60_000]);
        const lease = await pg.lease();
        expect([pool.idleCount, pg.stats().leased, state()[0]]).toEqual([0, 1, 1]);
        lease.release();
        // oxlint-disable-next-line no-await-in-loop -- one lease after the other
        for (let n = 0; n < 5; n += 1) await pg.tx((tx) => tx.query('select 1'));
        await rejection(pg.query('select 1/0'));
        await eventually(() => pg.stats().open === 0, 'it is given back');
        expect([pool.idleCount, clients.size, state()]).toEqual([1, 1, before]);
        expect(pg.stats()).toMatchObject({ mode: 'adapted', host: db().host, max: 1, created: 1, closed: {} });
      },
      { pool: settings },
    );
  });

  test('who else waits for a client of it gets his turn', async () => {
    await using(async (pg, pool) => {
      const served: string[] = [];
      const lease = await pg.lease();
      const waiting = [
        pg.query('select 1').then(() => served.push('here')),
        pool.query('select 1').then(() => served.push('there')),
        pg.query('select 1').then(() => served.push('here')),
      ];
      lease.release();
      await Promise.all(waiting);
      expect(served.indexOf('there')).toBeLessThan(2);
    });
  });

  test('close ends what waits for the pool, which goes on and has its client back', async () => {
    await using(async (pg, pool) => {
      const hog = await pool.connect();
      const waiting = rejection(pg.query('select 1'));
      await eventually(() => pool.waitingCount === 1, 'it waits');
      expect(await pg.close()).toMatchObject({ waitersRejected: 1, destroyed: 0 });
      expect(await waiting).toMatchObject({ code: 'BUSBAR_POSTGRES_CLOSED', outcome: 'not-sent' });
      hog.release();
      await eventually(() => pool.waitingCount === 0 && pool.idleCount === 1, 'what comes late is given back');
      expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    });
  });

  test('an attempt that was given up counts until the pool answers, and gives the client back', async () => {
    const options = { pool: { acquireTimeoutMs: 120, connectTimeoutMs: 100 } };
    await using(
      async (pg, pool) => {
        const hog = await pool.connect();
        expect(await rejection(pg.query('select 1'))).toMatchObject({ code: 'BUSBAR_POSTGRES_ACQUIRE_TIMEOUT' });
        expect([pg.stats().closing, pool.waitingCount]).toEqual([1, 1]);
        hog.release();
        await eventually(() => pg.stats().open === 0, 'the pool has answered');
        expect([pool.waitingCount, pool.idleCount]).toEqual([0, 1]);
      },
      { options },
    );
  });

  test('a lease that ends while it is closed gives its client back', async () => {
    await using(async (pg, pool) => {
      const lease = await pg.lease();
      const closed = pg.close({ deadlineMs: 5_000 });
      lease.release();
      expect(await closed).toMatchObject({ leasesFinished: 1, destroyed: 0 });
      expect(pool.idleCount).toBe(1);
    });
  });

  test('what a connect handler has begun ends first', async () => {
    await using(async (pg, pool) => {
      pool.on('connect', (client) => {
        void client.query('select pg_sleep(0.05)').then(() => client.query("set my.tenant = 'seven'"));
      });
      expect(await pg.value("select current_setting('my.tenant', true)")).toBe('seven');
    });
  });

  test('a client that is lost, or held for too long, in what its user began is not lent', async () => {
    await using(
      async (pg, pool) => {
        pool.once('connect', (client: Client) => {
          void client.query('select pg_terminate_backend(pg_backend_pid())').catch(String);
        });
        expect(await pg.value('select 1')).toBe(1);
        const clients: Client[] = [];
        pool.on('acquire', (client) => {
          clients.push(client);
          if (clients.length === 1) void client.query('select pg_sleep(20)').catch(String);
        });
        expect(await pg.value('select 1')).toBe(1); // by the next one
        expect([clients.length, pg.stats().createFailures]).toEqual([2, 1]);
      },
      { options: { pool: { connectTimeoutMs: 1_000 } } }, // enough for a real one on a busy machine
    );
  });

  test('recycle ends a client when it comes back', async () => {
    await using(async (pg, pool) => {
      const lease = await pg.lease();
      await pg.recycle();
      expect(await lease.value('select 1')).toBe(1);
      lease.release();
      expect(await pg.value('select pg_backend_pid()')).not.toBe(lease.pid);
      expect([pg.stats().closed, pool.totalCount]).toEqual([{ generation: 1 }, 1]);
    });
  });

  test('start, warmup, health and an ORM work as on a pool of its own; listen is refused', async () => {
    await using(
      async (pg) => {
        expect(await pg.start()).toMatchObject({ ok: true });
        await pg.warmup(2);
        expect(await pg.health({ deep: true })).toMatchObject({ status: 'healthy' });
        const client = await asPgPool(pg).connect();
        const heard: unknown[] = [];
        client.on('notification', ({ payload }) => heard.push(payload));
        client.on('notice', ({ message }) => heard.push(message));
        await client.query('listen orders');
        await client.query("notify orders, 'seven'");
        await client.query("do $$ begin raise notice 'look'; end $$");
        client.release(true);
        expect(heard).toEqual(['seven', 'look']);
        expect(await rejection(pg.listen('orders', () => undefined))).toMatchObject({
          code: 'BUSBAR_POSTGRES_ARGUMENT_INVALID',
          details: { argument: 'listen' },
        });
      },
      { pool: { max: 2 } },
    );
  });

  test('only new sessions are told of as connects, and only lost ones as closed', async () => {
    const connects = listenTo('connect');
    const closed = listenTo('connection-closed');
    await using(
      async (pg) => {
        await pg.query('select 1');
        await pg.query('select 1');
        const lease = await pg.lease();
        lease.release({ destroy: true });
        await eventually(() => pg.stats().open === 0, 'it is ended');
        const own = (heard: readonly unknown[]) =>
          heard.filter((one) => one instanceof Object && Reflect.get(one, 'pool') === 'told');
        expect([own(connects).length, own(closed).length]).toEqual([1, 1]);
        expect(pg.lifecycle()).toMatchObject([{ reason: 'user' }]);
      },
      { options: { name: 'told' } },
    );
  });
});
