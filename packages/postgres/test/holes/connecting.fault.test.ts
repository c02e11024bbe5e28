import { startTcpProxy } from '@busbar-tooling/test-kit/tcp-proxy';
import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import { describe, expect, test } from 'vitest';

import { createPostgres } from '../../src/connection-manager.ts';
import { Connector } from '../../src/connector.ts';
import { Housekeeper } from '../../src/housekeeper.ts';
import type { LeaseEvent } from '../../src/lease-model.ts';
import type { PostgresOptions } from '../../src/options.ts';
import { resolvePostgresOptions } from '../../src/resolve-options.ts';
import { SlotLife } from '../../src/slot-life.ts';
import { createCounters } from '../../src/stats.ts';
import { eventually, rejection } from '../eventually.ts';
import { hurriedTime } from '../hurried-time.ts';
import { containing } from '../matchers.ts';
import { isSettled, plainPool } from '../plain-pool.ts';
import { poolOptions } from '../pool-options.ts';

describe('holes of connecting and of dead peers', () => {
  const db = useTestDatabase();
  const open = (own: PostgresOptions = {}) => createPostgres(poolOptions(db(), own));
  const single: PostgresOptions = { pool: { max: 1 } };

  /** The first set-up is done at once, and later ones when they are told to. */
  const slowSetUp = (): { setup: () => Promise<void>; count: () => number; end: () => void } => {
    const slow = Promise.withResolvers<void>();
    let count = 0;
    const setup = (): Promise<void> => {
      count += 1;
      return count === 1 ? Promise.resolve() : slow.promise;
    };
    return { setup, count: () => count, end: slow.resolve };
  };

  test('H8 a freed client serves the oldest waiter', async () => {
    const { setup, count, end } = slowSetUp();
    await using pg = open({ pool: { max: 2 }, session: { setup } });
    const held = await pg.lease();
    const oldest = pg.value('select pg_backend_pid()');
    await eventually(() => count() === 2, 'another connection is under way');
    held.release();
    expect(await oldest).toBe(held.pid);
    end();
  });

  test('H8 plain pg-pool: a waiter stays bound to his own slow connect, and later ones overtake him', async () => {
    const { setup, count, end } = slowSetUp();
    const pool = plainPool(db(), { max: 2, setUp: setup });
    const held = await pool.connect();
    const oldest = pool.connect();
    await eventually(() => count() === 2, 'another connection is under way');
    held.release();
    expect((await pool.query('select 1')).rowCount).toBe(1);
    expect(await isSettled(oldest)).toBe(false);
    end();
    (await oldest).release();
    await pool.end();
  });

  test('H9 a hanging set-up frees its slot', async () => {
    let hang = true;
    await using pg = open({
      pool: { max: 1, setupTimeoutMs: 100, acquireTimeoutMs: 2_000 },
      session: { setup: () => (hang ? new Promise(() => undefined) : Promise.resolve()) },
    });
    const waiting = pg.value('select 1');
    await eventually(() => pg.stats().createFailures >= 1, 'the set-up is given up');
    hang = false;
    expect(await waiting).toBe(1);
    expect(pg.stats()).toMatchObject({ open: 1, created: 1 });
  });

  test('H9 plain pg-pool: a hanging set-up is outside connectionTimeoutMillis, and its slot is lost', async () => {
    await using proxy = await startTcpProxy({ target: db() });
    const { host, port } = proxy;
    let hangs = false;
    const setUp = (): Promise<void> => {
      hangs = true;
      return new Promise(() => undefined);
    };
    const pool = plainPool({ ...db(), host, port }, { connectionTimeoutMillis: 300, setUp });
    const first = pool.connect();
    await eventually(() => hangs, 'it hangs');
    expect(await rejection(pool.connect())).toMatchObject({ message: containing('timeout exceeded') });
    expect(await isSettled(first)).toBe(false); // it began before the one that timed out
    expect(pool.totalCount).toBe(1);
    pool.on('error', () => undefined);
    proxy.reset();
    await eventually(() => pool.totalCount === 0, 'only its end frees the slot');
  });

  test('H10 sockets never exceed max, even when the peer does not answer the goodbye', async () => {
    await using proxy = await startTcpProxy({ target: db() });
    const { host, port } = proxy;
    const { hurry, ...time } = hurriedTime();
    await using pg = open({
      host,
      port,
      pool: { max: 2, closeTimeoutMs: 20_000, acquireTimeoutMs: 2_000, connectTimeoutMs: 60_000 },
      ...time,
    });
    const [broken, healthy] = [await pg.lease(), await pg.lease()];
    proxy.freeze();
    broken.release({ destroy: true }); // without a goodbye
    await eventually(() => pg.stats().open === 1, 'its slot is free');
    healthy.release();
    await pg.recycle(); // with one
    hurry(20);
    const waiting = [1, 2].map(() => rejection(pg.query('select 1')));
    expect(await Promise.all(waiting)).toMatchObject([{ kind: 'acquire-timeout' }, { kind: 'acquire-timeout' }]);
    expect(pg.stats()).toMatchObject({ open: 2, closing: 1, connecting: 1 });
    expect(proxy.counters.connections).toBe(3);
    await eventually(() => pg.stats().closing === 0, 'it is destroyed after closeTimeoutMs');
    hurry(1);
    proxy.thaw();
    await eventually(async () => (await pg.value('select 1').catch(() => 0)) === 1, 'it comes back');
  });

  test('H10 plain pg-pool: the sockets of a peer that does not answer the goodbye are not counted', async () => {
    await using proxy = await startTcpProxy({ target: db() });
    const { host, port } = proxy;
    const pool = plainPool({ ...db(), host, port }, { max: 2 });
    const clients = [await pool.connect(), await pool.connect()];
    proxy.freeze();
    for (const client of clients) client.release(true);
    expect(pool.totalCount).toBe(0);
    const late = [rejection(pool.connect()), rejection(pool.connect())];
    await eventually(() => proxy.counters.openConnections === 4, 'four sockets are open with max 2');
    proxy.reset();
    await Promise.all(late);
  });

  test('H11 a half-open peer ends at the deadline', async () => {
    await using proxy = await startTcpProxy({ target: db() });
    const pg = open({ host: proxy.host, port: proxy.port, pool: { max: 1 }, timeouts: { cancelGraceMs: 50 } });
    await pg.query('select 1');
    proxy.freeze();
    const startedAtMs = performance.now();
    const error = await rejection(pg.query('select 1', [], { deadlineMs: 200 }));
    expect(error).toMatchObject({ code: 'BUSBAR_POSTGRES_DEADLINE', outcome: 'unknown', retryable: false });
    expect(performance.now() - startedAtMs).toBeLessThan(5_000); // and not at queryDeadlineMs, which is 20 s
    await eventually(() => pg.stats().open === 0, 'the connection is given up');
    expect(pg.stats().closed).toMatchObject({ 'cancel-timeout': 1 });
    await pg.close();
  });

  test('H11 plain pg-pool: on a half-open peer a query waits without end, despite keepAlive', async () => {
    await using proxy = await startTcpProxy({ target: db() });
    const { host, port } = proxy;
    const pool = plainPool({ ...db(), host, port }, { keepAlive: true, connectionTimeoutMillis: 100 });
    pool.on('error', () => undefined);
    await pool.query('select 1');
    proxy.freeze();
    const waiting = rejection(pool.query('select 1'));
    expect(await isSettled(waiting, 300)).toBe(false);
    proxy.reset();
    await waiting;
    await pool.end();
  });

  test('R-PG-3 a connection that died while idle is found by the probe, and the caller gets another', async () => {
    await using proxy = await startTcpProxy({ target: db() });
    await using pg = open({
      host: proxy.host,
      port: proxy.port,
      pool: { max: 2, validateAfterIdleMs: 0, validationTimeoutMs: 100, connectTimeoutMs: 200 },
    });
    await pg.query('select 1');
    proxy.dropRequests();
    const value = pg.value('select 1');
    await eventually(() => pg.stats().validations === 1, 'it is probed');
    await eventually(() => pg.stats().closed.validation === 1, 'the probe fails');
    proxy.pass();
    expect(await value).toBe(1);
  });

  test('H12 late connections are destroyed', async () => {
    await using proxy = await startTcpProxy({ target: db() });
    proxy.delay(400);
    const pg = open({
      host: proxy.host,
      port: proxy.port,
      pool: { max: 1, connectTimeoutMs: 100, acquireTimeoutMs: 150 },
    });
    expect(await rejection(pg.query('select 1'))).toMatchObject({
      code: 'BUSBAR_POSTGRES_CONNECT_TIMEOUT',
      outcome: 'not-sent',
      retryable: true,
    });
    await eventually(() => pg.stats().open + proxy.counters.openConnections === 0, 'no connection is left');
    expect(pg.stats()).toMatchObject({ created: 0, idle: 0 });
    const report = await pg.close();
    expect(report.durationMs).toBeLessThan(5_000); // and not at its deadline, which is 10 s
  });

  test('H12 one that is given up in the moment in which it is there is destroyed', async () => {
    const options = resolvePostgresOptions(poolOptions(db()));
    const connector = new Connector(options);
    const told: LeaseEvent[] = [];
    const lives: SlotLife = new SlotLife({
      options,
      counters: createCounters(),
      source: {
        open: (steps, done) =>
          connector.open(steps, (error, opened) => {
            lives.retire(7, { do: 'destroy', reason: 'connect-timeout' });
            done(error, opened);
          }),
      },
      housekeeper: new Housekeeper(options),
      emit: (event) => told.push(event),
      onFailure: () => undefined,
      onFailover: () => undefined,
      onBroken: () => undefined,
      setupSession: () => ({ query: () => Promise.reject(new Error('unused')) }),
    });
    lives.connect(7, 1);
    await eventually(() => told.length > 0, 'it has ended');
    expect(told).toEqual([{ type: 'gone', slot: 7 }]);
  });

  test('H13 minIdle is refilled, waiters wake', async () => {
    await using pg = open({ pool: { max: 2, minIdle: 2 }, session: { applicationName: 'h13' } });
    expect((await pg.start()).ok).toBe(true);
    await eventually(() => pg.stats().idle === 2, 'minIdle is there');
    await using observer = open();
    await observer.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'h13'");
    await eventually(() => pg.stats().created === 4 && pg.stats().idle === 2, 'minIdle is refilled');
    const { error = 0, generation = 0 } = pg.stats().closed; // the death of the first one may retire the second
    expect(error + generation).toBe(2);
    // A connection that dies under its lease wakes who waits for it, though nobody gives it back.
    await using lone = open(single);
    const lost = await lone.lease();
    const waiting = lone.value('select 1');
    await observer.query('select pg_terminate_backend($1)', [lost.pid]);
    expect(await waiting).toBe(1);
  });

  test('H20 full pool and dead server differ', async () => {
    await using proxy = await startTcpProxy({ target: db() });
    const { hurry, ...time } = hurriedTime();
    await using full = open({ pool: { max: 1, maxQueue: 1 }, ...time });
    const held = await full.lease({ label: 'hog' });
    hurry(50);
    const waiting = rejection(full.query('select 1', [], { label: 'patient' }));
    expect(await rejection(full.query('select 1'))).toMatchObject({
      code: 'BUSBAR_POSTGRES_QUEUE_FULL',
      details: { active: 1, queued: 1, oldestHolder: { label: 'hog' } },
    });
    expect(await waiting).toMatchObject({
      code: 'BUSBAR_POSTGRES_ACQUIRE_TIMEOUT',
      label: 'patient',
      details: { oldestHolder: { label: 'hog' } },
    });
    held.release();

    await proxy.refuse();
    await using dead = open({ host: proxy.host, port: proxy.port, pool: { acquireTimeoutMs: 150 } });
    const refused = {
      code: 'BUSBAR_POSTGRES_CONNECT',
      retryable: true,
      details: { host: proxy.host, port: proxy.port, reason: 'ECONNREFUSED' },
    };
    expect(await rejection(dead.query('select 1'))).toMatchObject(refused);
    expect(dead.health()).toMatchObject({ status: 'unhealthy', reasons: [{ code: 'unreachable' }] });
    // The gate has been shut for acquireTimeoutMs: nobody waits any more …
    await eventually(async () => {
      const startedAtMs = performance.now();
      await rejection(dead.query('select 1'));
      return performance.now() - startedAtMs < 50;
    }, 'acquires fail at once');
    // … and a trial finds the server when it is back.
    await proxy.accept();
    await eventually(async () => (await dead.value('select 1').catch(() => 0)) === 1, 'the pool recovers');
    expect(dead.health()).toMatchObject({ status: 'degraded', reasons: [{ code: 'connect-failed-recently' }] });
  });
});
