import { startTcpProxy } from '@busbar-tooling/test-kit/tcp-proxy';
import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import { describe, expect, test } from 'vitest';

import { createPostgres } from '../../src/connection-manager.ts';
import type { PostgresOptions } from '../../src/options.ts';
import { eventually, rejection } from '../eventually.ts';
import { like } from '../matchers.ts';
import { poolOptions } from '../pool-options.ts';

describe('holes of connecting and of dead peers', () => {
  const db = useTestDatabase();
  const open = (own: PostgresOptions = {}) => createPostgres(poolOptions(db(), own));
  const single: PostgresOptions = { pool: { max: 1 } };

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

  test('R-PG-1 session.setup runs once per connection; its rejection is the error of those who wait', async () => {
    let runs = 0;
    await using pg = open({
      ...single,
      session: {
        setup: async (session) => {
          runs += 1;
          await session.query("select set_config('my.setting', $1, false)", ['set']);
        },
      },
    });
    expect([
      await pg.value("select current_setting('my.setting')"),
      await pg.value("select current_setting('my.setting')"),
    ]).toEqual(['set', 'set']);
    expect(runs).toBe(1);
    await using broken = open({
      pool: { max: 1, acquireTimeoutMs: 300 },
      session: { setup: (session) => session.query('select no_such_function()').then(() => undefined) },
    });
    expect(await rejection(broken.query('select 1'))).toMatchObject({
      code: 'BUSBAR_POSTGRES_SETUP',
      cause: like({ sqlState: '42883' }),
    });
  });

  test('H10 sockets never exceed max, even when the peer does not answer the goodbye', async () => {
    await using proxy = await startTcpProxy({ target: db() });
    await using pg = open({
      host: proxy.host,
      port: proxy.port,
      pool: { max: 2, closeTimeoutMs: 100, acquireTimeoutMs: 1_000 },
    });
    const leases = [await pg.lease(), await pg.lease()];
    proxy.freeze();
    for (const lease of leases) lease.release({ destroy: true });
    await rejection(pg.query('select 1'));
    expect(pg.stats().open).toBeLessThanOrEqual(2);
    proxy.thaw();
    await eventually(async () => (await pg.value('select 1').catch(() => 0)) === 1, 'it comes back');
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

  test('R-PG-3 a connection used recently is not probed again', async () => {
    await using pg = open({ pool: { max: 1, validateAfterIdleMs: 60_000 } });
    for (let n = 0; n < 5; n += 1)
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await pg.query('select 1');
    expect(pg.stats()).toMatchObject({ acquired: 5, validations: 0, validationSkips: 4 });
    await using probing = open({ pool: { max: 1, validateAfterIdleMs: 0 } });
    await probing.query('select 1');
    await probing.query('select 1');
    expect(probing.stats()).toMatchObject({ acquired: 2, validations: 1, validationSkips: 0 });
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
    const report = await pg.close();
    expect(report.durationMs).toBeLessThan(5_000); // and not at its deadline, which is 10 s
    await eventually(() => proxy.counters.openConnections === 0, 'no connection is left');
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
  });

  test('H20 full pool and dead server differ', async () => {
    await using proxy = await startTcpProxy({ target: db() });
    await using full = open({ pool: { max: 1, maxQueue: 1, acquireTimeoutMs: 150 } });
    const held = await full.lease({ label: 'hog' });
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
