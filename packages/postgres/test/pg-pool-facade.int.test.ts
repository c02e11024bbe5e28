import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import { Pool, Query } from 'pg';
import Cursor from 'pg-cursor';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { createPostgres } from '../src/connection-manager.ts';
import type { PgClientPort, PgPoolFacade, PgRelease } from '../src/pg-port.ts';
import { asPgPool } from '../src/pg/index.ts';
import type { Postgres } from '../src/postgres.ts';
import { eventually, rejection } from './eventually.ts';
import { containing } from './matchers.ts';
import { poolOptions } from './pool-options.ts';
import { timeLapse } from './time-lapse.ts';

describe('asPgPool()', () => {
  const db = useTestDatabase();
  let pg: Postgres;
  let pool: PgPoolFacade;

  beforeAll(async () => {
    pg = createPostgres(poolOptions(db(), { pool: { max: 2, reset: 'discard' } }));
    pool = pg.asPgPool();
    await pg.execute('create table t (id int primary key)');
  });
  beforeEach(async () => {
    await pg.execute('truncate t');
  });
  afterAll(async () => {
    await pg.close();
  });

  test('is one pg.Pool, opens nothing itself, and its end() ends nothing', async () => {
    expect(pg.asPgPool()).toBe(pool);
    expect(pool).toBeInstanceOf(Pool);
    expect(asPgPool(pg)).toBe(pool);
    await pool.end();
    await new Promise<void>((resolve) => {
      pool.end(resolve);
    });
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });

  test('query in all its forms, on the pool and on a client', async () => {
    const client = await pool.connect();
    for (const on of [pool, client]) {
      const text = 'select $1::int as n';
      const query = (...given: readonly unknown[]): unknown => {
        const method: unknown = Reflect.get(on, 'query');
        return typeof method === 'function' ? Reflect.apply(method, on, given) : undefined;
      };
      const byCallback = (...given: readonly unknown[]): Promise<unknown> =>
        new Promise((resolve, reject) => {
          const done = (error: Error | undefined, result: unknown): void => {
            if (error === undefined) resolve(result);
            else reject(error);
          };
          expect(query(...given, done)).toBeUndefined();
        });
      // oxlint-disable no-await-in-loop -- one after the other
      expect((await on.query<{ n: number }>(text, [1])).rows).toEqual([{ n: 1 }]);
      expect((await on.query({ text, values: [2], name: 'two' })).rows).toEqual([{ n: 2 }]);
      expect((await on.query({ text, values: [3], name: 'two', rowMode: 'array' })).rows).toEqual([[3]]);
      expect(await byCallback(text, [4])).toMatchObject({ rows: [{ n: 4 }], command: 'SELECT', rowCount: 1 });
      expect(await byCallback({ text, values: [5] })).toMatchObject({ rows: [{ n: 5 }] });
      expect(await on.query('select 1 as a; select 2 as b')).toMatchObject([
        { rows: [{ a: 1 }] },
        { rows: [{ b: 2 }] },
      ]);
      expect(await rejection(byCallback('select 1/0'))).toMatchObject({ code: '22012' });
      expect(await rejection(on.query('select 1/0'))).toMatchObject({ code: '22012' });
      expect(
        await rejection(
          on.query(text, [
            {
              toPostgres: () => {
                throw new Error('no value');
              },
            },
          ]),
        ),
      ).toMatchObject({ message: 'no value' });
      const throwsText = () => () => {
        throw 'no text'; // oxlint-disable-line typescript/only-throw-error -- what a parser of the user's can do
      };
      const parsed = { text, values: [6], types: { getTypeParser: throwsText } };
      expect(await rejection(byCallback(parsed))).toMatchObject({ message: 'the statement failed', cause: 'no text' });
      expect(await rejection(on.query(parsed))).toBe('no text');
      expect(() => query(undefined)).toThrow(/expected a text/);
      expect(await rejection(on.query({ text: 'select 2', name: 'two' }))).toMatchObject({
        message: containing('must be unique'),
      });
      // oxlint-enable no-await-in-loop
    }
    client.release();
    expect(pg.stats()).toMatchObject({ leased: 0, closed: {} });
  });

  test('objects of the driver run on a client and on the pool', async () => {
    const client = await pool.connect();
    const cursor = client.query(new Cursor('select n from generate_series(1, 5) n'));
    expect(await cursor.read(2)).toEqual([{ n: 1 }, { n: 2 }]);
    await cursor.close();
    const failing = client.query(new Cursor('select 1 / (3 - n) from generate_series(1, 5) n'));
    expect(await rejection(failing.read(10))).toMatchObject({ code: '22012' });
    const told: unknown[] = [];
    const query = new Query('select 1/0');
    query.on('error', (error) => told.push(error));
    expect(client.query(query)).toBe(query);
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    expect(told).toMatchObject([{ code: '22012' }]);
    client.release();
    const last = pool.query(new Cursor('select n from generate_series(1, 3) n'));
    expect(await last.read(10)).toHaveLength(3);
    await last.close();
    await eventually(() => pg.stats().leased === 0, 'it is given back');
    expect(pg.stats().closed).toEqual({});
  });

  test('a query object of the caller reports in his way; COPY and portals without their objects end', async () => {
    const client = await pool.connect();
    const told: unknown[] = [];
    const own = new Query('select 1 as one');
    Reflect.set(own, 'callback', (_error: unknown, result: { rows: unknown }) => told.push(result.rows));
    Reflect.apply(client.query.bind(client), client, [own, () => told.push('second')]);
    expect((await client.query('')).rows).toEqual([]);
    expect(told).toEqual([[{ one: 1 }], 'second']);
    const prepared = { text: 'select $1::int as n', name: 'once', values: [1] };
    await client.query(prepared);
    const byName = { name: 'once', values: [2], text: '' };
    expect((await client.query(byName)).rows).toEqual([{ n: 2 }]);
    const paged = { text: 'select n from generate_series(1, 3) n', rows: 2 };
    expect((await client.query(paged)).rows).toHaveLength(3);
    expect(await rejection(client.query('copy t from stdin'))).toMatchObject({ code: '57014' });
    expect((await client.query('copy (values (1)) to stdout')).rows).toEqual([]);
    client.release();
    const late = client.query(new Cursor('select 1'));
    expect(await rejection(late.read(1))).toMatchObject({ code: 'BUSBAR_POSTGRES_LEASE_RELEASED' });
    const bare = { submit: () => new Error('not today') };
    const error = await new Promise((resolve) => {
      Reflect.apply(pool.query.bind(pool), pool, [bare, resolve]);
    });
    expect(error).toMatchObject({ message: 'not today' });
    const refused = pool.query(new Cursor('begin'));
    expect(await rejection(refused.read(1))).toMatchObject({ code: 'BUSBAR_POSTGRES_TX_CONTROL' });
    const stranger = new Proxy(pg, { get: () => () => undefined });
    expect(() => asPgPool(stranger)).toThrow(/same copy of pg/);
  });

  test('H2 H5 a killed backend is told to who listens, and a statement over its deadline stops on the server', async () => {
    const timeouts = { statementMs: 250, lockMs: 100, queryDeadlineMs: 300 };
    await using own = createPostgres(poolOptions(db(), { ...timeLapse(0.2), pool: { max: 2 }, timeouts }));
    const client = await own.asPgPool().connect();
    await client.query('set statement_timeout to 0');
    expect(await rejection(client.query('select pg_sleep(20)'))).toMatchObject({
      code: 'BUSBAR_POSTGRES_DEADLINE',
      outcome: 'rejected',
    });
    expect(own.stats().cancelsSent).toBe(1);
    const running = 'select count(*)::int from pg_stat_activity where pid = $1 and query like $2 and state = $3';
    expect(await pg.value(running, [client.processID, '%pg_sleep(20)%', 'active'])).toBe(0);
    client.release();

    const hasty = await own.asPgPool().connect();
    const failing = new Query('select 1/0');
    const released = new Promise<void>((resolve) => {
      failing.on('error', () => {
        hasty.release(); // at once: the server must be ready by then
        resolve();
      });
    });
    hasty.query(failing);
    await released;
    const { closing, closed } = own.stats();
    expect({ closing, closed }).toEqual({ closing: 0, closed: {} });

    const [deaf, listening] = [await own.asPgPool().connect(), await own.asPgPool().connect()];
    const told = new Promise((resolve) => {
      listening.once('error', resolve);
    });
    const inFlight = rejection(listening.query('select pg_sleep(20)'));
    await pg.query('select pg_terminate_backend(pid, 5000) from unnest($1::int[]) pid', [
      [deaf.processID, listening.processID],
    ]);
    expect(await told).toBeInstanceOf(Error);
    expect(await inFlight).toMatchObject({ code: 'BUSBAR_POSTGRES_LEASE_LOST', outcome: 'unknown' });
    await eventually(() => own.stats().leasesLost === 2, 'both are lost');
    expect(await rejection(deaf.query('select 1'))).toMatchObject({
      code: 'BUSBAR_POSTGRES_LEASE_LOST',
      outcome: 'not-sent',
    });
    deaf.release();
    listening.release();
  });

  test('R-PG-2 a COMMIT whose answer is lost has an unknown outcome', async () => {
    await pg.execute(
      `create function slow() returns trigger language plpgsql as 'begin perform pg_sleep(20); return null; end'`,
    );
    await pg.execute('create table slow (id int)');
    await pg.execute(
      'create constraint trigger slow after insert on slow deferrable initially deferred for each row execute function slow()',
    );
    const client = await pool.connect();
    await client.query('begin');
    await client.query('insert into slow values (1)');
    const committing = rejection(client.query('commit'));
    await pg.query('select pg_terminate_backend($1, 5000)', [client.processID]);
    expect(await committing).toMatchObject({ code: 'BUSBAR_POSTGRES_OUTCOME_UNKNOWN', sqlState: '57P01' });
    client.release();
  });

  test('a client is the same object each time, and its counts and events are those of the pool', async () => {
    const events: string[] = [];
    for (const event of ['acquire', 'release', 'remove', 'connect'] as const)
      pool.on(event, () => void events.push(event));
    const first = await pool.connect();
    Reflect.set(first, 'mark', 'mine');
    const second = await pool.connect();
    const third = pool.connect();
    expect([pool.totalCount, pool.idleCount, pool.waitingCount, pool.expiredCount]).toEqual([2, 0, 1, 0]);
    expect(first.processID).toBe((await first.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid);
    first.release();
    expect(() => first.release()).toThrow(/was given back|released/);
    const again = await third;
    expect(again).toBe(first);
    expect(Reflect.get(again, 'mark')).toBe('mine');
    again.release(new Error('I do not trust it'));
    second.release(true);
    await eventually(() => events.filter((event) => event === 'remove').length === 2, 'both have ended');
    expect(events.filter((event) => event === 'release')).toHaveLength(3);
    expect(pg.stats().closed).toMatchObject({ user: 2 });
  });

  test('H6 a client that is given back with work in flight is ended; a stale release changes nothing', async () => {
    const client = await pool.connect();
    const running = rejection(client.query('select pg_sleep(10)'));
    client.release();
    expect(await running).toMatchObject({ code: 'BUSBAR_POSTGRES_LEASE_LOST' });
    expect(await rejection(client.query('select 1'))).toMatchObject({ code: 'BUSBAR_POSTGRES_LEASE_RELEASED' });
    const [lent, release] = await new Promise<readonly [PgClientPort | undefined, PgRelease]>((resolve) => {
      pool.connect((_error, ...given) => resolve(given));
    });
    release();
    for (const again of [release, () => lent?.release()]) expect(() => again()).toThrow(/released|given back/);
    const next = await pool.connect();
    expect(next).toBe(lent);
    expect(() => release()).toThrow(/released|given back/); // it is lent to somebody else by now
    expect((await next.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    next.release();
  });

  test('H1 a client that is given back in a transaction is rolled back', async () => {
    const client = await pool.connect();
    await client.query('begin');
    await client.query('insert into t values (1)');
    client.release();
    expect((await pool.query('select * from t')).rows).toEqual([]);
  });

  test('H21 what a borrower prepared is forgotten with the rest of his session', async () => {
    await using own = createPostgres(poolOptions(db(), { pool: { max: 1, reset: 'discard' } }));
    const client = await own.asPgPool().connect();
    await client.query({ text: 'select $1::int as n', values: [1], name: 'kept' });
    await client.query('set search_path to evil');
    const { processID } = client;
    client.release();
    const next = await own.asPgPool().connect();
    expect(next.processID).toBe(processID);
    expect((await next.query("select current_setting('search_path') as path")).rows).not.toEqual([{ path: 'evil' }]);
    expect((await next.query({ text: 'select $1::int as n', values: [2], name: 'kept' })).rows).toEqual([{ n: 2 }]);
    next.release();
  });
});

test('refusals and lost connections reach the caller in each form', async () => {
  const db = poolOptions({ host: '127.0.0.1', port: 1, user: 'u', password: 'p', database: 'd' });
  await using pg = createPostgres({ ...db, pool: { acquireTimeoutMs: 200, connectTimeoutMs: 100 } });
  const pool = pg.asPgPool();
  expect(await rejection(pool.query('select 1'))).toMatchObject({ code: 'BUSBAR_POSTGRES_CONNECT' });
  const error = await new Promise((resolve) => {
    pool.connect((refusal, _client, release) => {
      release(); // nothing to give back
      resolve(refusal);
    });
  });
  expect(error).toMatchObject({ code: 'BUSBAR_POSTGRES_CONNECT' });
  const cursor = pool.query(new Cursor('select 1'));
  expect(await rejection(cursor.read(1))).toMatchObject({ code: 'BUSBAR_POSTGRES_CONNECT' });
});
