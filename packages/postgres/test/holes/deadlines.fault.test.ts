import { startTcpProxy } from '@busbar-tooling/test-kit/tcp-proxy';
import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import type { Pool } from 'pg';
import { describe, expect, test } from 'vitest';

import { createPostgres } from '../../src/connection-manager.ts';
import type { PostgresOptions } from '../../src/options.ts';
import { eventually, rejection } from '../eventually.ts';
import { hurriedTime } from '../hurried-time.ts';
import { like } from '../matchers.ts';
import { isSettled, plainPool } from '../plain-pool.ts';
import { poolOptions } from '../pool-options.ts';
import { timeLapse } from '../time-lapse.ts';
import { tlsCertificates } from '../tls-certificates.ts';
import { startTlsTerminator } from '../tls-terminator.ts';

/** Statements that still run: a session keeps the text of its last one until it has gone. */
const ASLEEP = `select count(*)::int from pg_stat_activity
  where datname = current_database() and state = 'active' and query = 'select pg_sleep(20)'`;

describe('holes of deadlines and cancels', () => {
  const db = useTestDatabase();
  const open = (own: PostgresOptions = {}) => createPostgres(poolOptions(db(), own));
  const single: PostgresOptions = { pool: { max: 1 } };

  /** The one session of a plain pool still runs the statement that nobody waits for, and who has it now waits behind that. */
  const waitsBehindAsleep = async (pool: Pool): Promise<void> => {
    await using observer = open();
    const answer = pool.query('select 1');
    expect(await observer.value(ASLEEP)).toBe(1);
    expect(await isSettled(answer, 50)).toBe(false);
    await observer.query(`select pg_cancel_backend(pid) from (${ASLEEP.replace('count(*)::int', 'pid')}) as sleeper`);
    expect((await answer).rowCount).toBe(1);
  };

  test('H5 a timed-out statement stops on the server, and its connection is used again', async () => {
    await using pg = open({ ...single, ...timeLapse(0.05), session: { applicationName: 'h5' } });
    const pid = await pg.value('select pg_backend_pid()');
    const error = await rejection(pg.query('select pg_sleep(20)', [], { deadlineMs: 20 }));
    expect(error).toMatchObject({
      code: 'BUSBAR_POSTGRES_DEADLINE',
      outcome: 'rejected',
      details: { deadlineMs: 20 },
    });
    await using observer = open();
    const active = "select count(*)::int from pg_stat_activity where application_name = 'h5' and state = 'active'";
    expect(await observer.value(active)).toBe(0);
    expect(await pg.value('select pg_backend_pid()')).toBe(pid);
  });

  test('H5 plain pg-pool: query_timeout leaves the statement running, and the next borrower waits for it', async () => {
    const pool = plainPool(db());
    const client = await pool.connect();
    const impatient = { text: 'select pg_sleep(20)', query_timeout: 50 };
    const error = await rejection(client.query(impatient));
    expect(error).toMatchObject({ message: 'Query read timeout' });
    client.release();
    await waitsBehindAsleep(pool);
    await pool.end();
  });

  test('an abort stops the statement on the server; its reason is the cause', async () => {
    await using pg = open({ ...single, ...timeLapse(0.05) });
    await using observer = open();
    const controller = new AbortController();
    const running = rejection(pg.query('select pg_sleep(20)', [], { signal: controller.signal }));
    await eventually(async () => (await observer.value(ASLEEP)) === 1, 'it runs');
    const reason = new Error('gone');
    controller.abort(reason);
    expect(await running).toMatchObject({ code: 'BUSBAR_POSTGRES_ABORTED', outcome: 'rejected', cause: reason });
    expect(await pg.value('select 1')).toBe(1);
  });

  test('H6 release with work in flight destroys, even if the cancel overtakes the statement', async () => {
    await using proxy = await startTcpProxy({ target: db() });
    const { host, port } = proxy;
    await using pg = open({ ...single, host, port, timeouts: { cancelGraceMs: 15_000 } });
    const lease = await pg.lease();
    const sent = proxy.counters.bytesIn;
    proxy.delay(200); // on its way …
    const inFlight = rejection(lease.query('select pg_sleep(20)'));
    const queued = rejection(lease.query('select 1'));
    await eventually(() => proxy.counters.bytesIn > sent, 'the statement is written');
    proxy.delay(0); // … when a cancel is not
    expect(() => lease.release()).toThrow(like({ code: 'BUSBAR_POSTGRES_LEASE_BUSY' }));
    await using next = await pg.lease();
    expect(next.pid).not.toBe(lease.pid);
    expect(await next.value(ASLEEP)).toBe(0); // the slot was free only behind the end of the statement
    expect(await inFlight).toMatchObject({ code: 'BUSBAR_POSTGRES_LEASE_LOST', outcome: 'rejected' });
    expect(await queued).toMatchObject({ code: 'BUSBAR_POSTGRES_LEASE_LOST', outcome: 'not-sent' });
    expect(pg.stats().closed).toMatchObject({ busy: 1 });
    expect(pg.stats().cancelsSent).toBeGreaterThan(1);
  });

  test('H6 plain pg-pool: what was not awaited goes on, and the next borrower waits for it', async () => {
    const pool = plainPool(db());
    const client = await pool.connect();
    const inFlight = rejection(client.query('select pg_sleep(20)'));
    client.release();
    await waitsBehindAsleep(pool);
    expect(await inFlight).toMatchObject({ code: '57014' });
    await pool.end();
  });

  test('H6 a busy connection whose server answers nothing is cut off after cancelGraceMs', async () => {
    await using proxy = await startTcpProxy({ target: db() });
    const { host, port } = proxy;
    await using pg = open({ ...single, host, port, timeouts: { cancelGraceMs: 50 } });
    const lease = await pg.lease();
    proxy.freeze();
    const inFlight = rejection(lease.query('select 1'));
    expect(() => lease.release({ destroy: true })).toThrow(like({ code: 'BUSBAR_POSTGRES_LEASE_BUSY' }));
    expect(await inFlight).toMatchObject({ code: 'BUSBAR_POSTGRES_LEASE_LOST', outcome: 'unknown' });
    await eventually(() => pg.stats().open === 0, 'the slot is free');
    expect(pg.stats().closed).toEqual({ user: 1 });
  });

  test('H6 a lease whose statements are all settled is released, even while the last one is cleaned up behind its caller', async () => {
    await using proxy = await startTcpProxy({ target: db() });
    const { host, port } = proxy;
    const { hurry, ...time } = hurriedTime();
    await using pg = open({ ...single, host, port, timeouts: { cancelGraceMs: 100_000 }, ...time });
    const lease = await pg.lease();
    const sent = proxy.counters.bytesIn;
    const late = rejection(lease.query('select pg_sleep(20)', [], { deadlineMs: 5_000 }));
    await eventually(() => proxy.counters.bytesIn > sent, 'the statement is on its way');
    proxy.freeze();
    hurry(50);
    expect(await late).toMatchObject({ code: 'BUSBAR_POSTGRES_DEADLINE' });
    hurry(1);
    lease.release(); // all that was asked for has been answered
    expect(pg.stats()).toMatchObject({ leased: 1, idle: 0 }); // but nobody gets it yet
    proxy.thaw();
    await using next = await pg.lease();
    expect(await next.value(ASLEEP)).toBe(0);
    expect(pg.stats().closed).not.toHaveProperty('busy');
  });

  test('a wait ends with the budget of the call, and an abort leaves the queue', async () => {
    await using pg = open({ pool: { max: 1, acquireTimeoutMs: 5_000 } });
    await using held = await pg.lease();
    expect(held.host).toBe(db().host);
    expect(await rejection(pg.query('select 1', [], { deadlineMs: 60 }))).toMatchObject({
      code: 'BUSBAR_POSTGRES_DEADLINE',
      outcome: 'not-sent',
    });
    const controller = new AbortController();
    const waiting = rejection(pg.query('select 1', [], { signal: controller.signal }));
    await eventually(() => pg.stats().waiting === 1, 'it waits');
    controller.abort(new Error('enough'));
    expect(await waiting).toMatchObject({ code: 'BUSBAR_POSTGRES_ABORTED', outcome: 'not-sent' });
    expect(await rejection(pg.lease({ signal: controller.signal }))).toMatchObject({ code: 'BUSBAR_POSTGRES_ABORTED' });
    expect(pg.stats()).toMatchObject({ waiting: 0, aborted: 2 });
  });

  test('on a lease statements run in order, and one whose time ends while it is queued is never sent', async () => {
    await using pg = open(single);
    await pg.execute('create table queued (id int)');
    await using lease = await pg.lease();
    const first = lease.value('select 1 from pg_sleep(0.3)');
    const tooLate = rejection(lease.query('insert into queued values (1)', [], { deadlineMs: 60 }));
    const aborted = rejection(lease.query('insert into queued values (2)', [], { signal: AbortSignal.abort() }));
    const last = lease.value('select count(*)::int from queued');
    expect(await tooLate).toMatchObject({ code: 'BUSBAR_POSTGRES_DEADLINE', outcome: 'not-sent', retryable: true });
    expect(await Promise.all([first, last])).toEqual([1, 0]);
    expect(await aborted).toMatchObject({ code: 'BUSBAR_POSTGRES_ABORTED', outcome: 'not-sent' });
  });

  test('H19 cancel uses TLS and closes', async () => {
    await using terminator = await startTlsTerminator(db());
    await using pg = createPostgres(
      poolOptions(db(), {
        host: terminator.host,
        port: terminator.port,
        pool: { max: 1 },
        tls: { ca: tlsCertificates.ca, serverName: 'db.test' },
        ...timeLapse(0.05),
      }),
    );
    const pid = await pg.value('select pg_backend_pid()');
    expect(await rejection(pg.query('select pg_sleep(10)', [], { deadlineMs: 20 }))).toMatchObject({
      code: 'BUSBAR_POSTGRES_DEADLINE',
    });
    expect(await pg.value('select pg_backend_pid()')).toBe(pid); // the cancel arrived and its socket was closed by the server
    expect(terminator.upgrades()).toBe(2);
  });

  test('H31 a late cancel hits nobody', async () => {
    await using pg = open({ pool: { max: 2 } });
    const round = async (n: number): Promise<void> => {
      const slept = await Promise.allSettled([
        pg.query('select pg_sleep($1)', [0.06 + n / 400], { deadlineMs: 60 }),
        pg.query('select pg_sleep($1)', [0.06 + n / 400], { deadlineMs: 60 }),
      ]);
      const failures = slept.filter((one) => one.status === 'rejected').map((one): unknown => one.reason);
      expect(failures).toEqual(failures.map(() => like({ code: 'BUSBAR_POSTGRES_DEADLINE' })));
      expect(
        await Promise.all([pg.value('select 1 from pg_sleep(0.01)'), pg.value('select 1 from pg_sleep(0.01)')]),
      ).toEqual([1, 1]);
    };
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    for (let n = 0; n < 20; n += 1) await round(n);
    expect(pg.stats().cancelsSent).toBeGreaterThan(0);
  });
});
