import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { startTcpProxy } from '@busbar-tooling/test-kit/tcp-proxy';
import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import { afterEach, describe, expect, test } from 'vitest';

import { connectivityChecks, createPostgres } from '../src/connection-manager.ts';
import type { PostgresOptions } from '../src/options.ts';
import { eventually, rejection } from './eventually.ts';
import { aNumber, aText, containing, like } from './matchers.ts';
import { poolOptions } from './pool-options.ts';

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});
const listen = (event: string): unknown[] => {
  const messages: unknown[] = [];
  const onMessage = (message: unknown): void => void messages.push(message);
  subscribe(`busbar:postgres:${event}`, onMessage);
  stops.push(() => unsubscribe(`busbar:postgres:${event}`, onMessage));
  return messages;
};

describe('the connection manager', () => {
  const db = useTestDatabase();
  const open = (own: PostgresOptions = {}) => createPostgres(poolOptions(db(), own));

  test('R-PG-8 start reports what it found and opens minIdle; concurrent callers share one run', async () => {
    await using pg = open({ pool: { minIdle: 2, max: 3 } });
    const [report, same] = await Promise.all([pg.start(), pg.start()]);
    expect(same).toBe(report);
    expect(report).toMatchObject({
      ok: true,
      checks: [
        { id: 'pg.tcp', status: 'pass' },
        { id: 'pg.auth', status: 'pass' },
        { id: 'pg.server', status: 'pass', data: { encoding: 'UTF8', standby: false, readOnly: false } },
      ],
    });
    expect(report.durationMs).toBeLessThan(2_000);
    await eventually(() => pg.stats().idle >= 2, 'minIdle is open');
    expect(pg.health()).toEqual({ status: 'healthy', reasons: [] });
    expect((await pg.start()).ok).toBe(true); // it may be repeated
  });

  test('R-PG-8 an unreachable server is reported at its cause; what depends on it is skipped', async () => {
    await using proxy = await startTcpProxy({ target: db() });
    await proxy.refuse();
    await using pg = open({ host: proxy.host, port: proxy.port });
    const report = await pg.start();
    expect(report).toMatchObject({
      ok: false,
      checks: [
        { id: 'pg.tcp', status: 'fail', message: containing('ECONNREFUSED') },
        { id: 'pg.auth', status: 'skip', message: 'not tried: pg.tcp failed' },
        { id: 'pg.server', status: 'skip' },
      ],
    });
    await proxy.accept();
    expect((await pg.start()).ok).toBe(true);
  });

  test('R-PG-8 a refused login is told apart, at once and by everybody who waits', async () => {
    await using pg = open({ database: 'no_such_database' });
    const [, auth] = (await pg.start()).checks;
    expect(auth).toMatchObject({ id: 'pg.auth', status: 'fail', help: aText });
    expect(await rejection(pg.query('select 1'))).toMatchObject({
      code: 'BUSBAR_POSTGRES_AUTH',
      sqlState: '3D000',
      retryable: false,
    });
    await eventually(() => pg.stats().open === 0, 'no socket is left of a refused login');
  });

  test('R-PG-8 the checks are those of the pool, and a read-only server fails', async () => {
    await using pg = open({
      pool: { acquireTimeoutMs: 200 },
      session: { gucs: { default_transaction_read_only: 'on' } },
    });
    const checks = connectivityChecks(pg);
    expect(checks.map(({ id }) => id)).toEqual(['pg.tcp', 'pg.auth', 'pg.server']);
    const outcome = await checks[2]?.run({ signal: AbortSignal.timeout(5_000) });
    const refusal = { status: 'fail', category: 'incompatible', message: containing('is not read-write') };
    expect([outcome, await checks[1]?.run({ signal: AbortSignal.timeout(5_000) })]).toMatchObject([refusal, refusal]);
    const unreachable = await checks[0]?.run({ signal: AbortSignal.abort() });
    expect(unreachable).toMatchObject({ status: 'fail', category: 'unreachable' });
  });

  test('what is not a callback, or not a pool of ours, is refused or has no checks', async () => {
    await using pg = open();
    // oxlint-disable-next-line typescript/unbound-method -- applied to its pool
    const nothing: unknown = Reflect.apply(pg.tx, pg, [{}]);
    expect(await rejection(Promise.resolve(nothing))).toMatchObject({ details: { argument: 'fn' } });
    expect(Reflect.apply(connectivityChecks, undefined, [{}])).toEqual([]);
  });

  test('R-PG-8 health tells waiting, a full queue and an end', async () => {
    const pg = open({ pool: { max: 1, maxQueue: 2, acquireTimeoutMs: 500 } });
    await using held = await pg.lease();
    const waiting = [rejection(pg.query('select 1')), rejection(pg.query('select 1'))];
    await eventually(() => pg.health().reasons.length === 2, 'both reasons hold');
    expect(pg.health()).toMatchObject({
      status: 'degraded',
      reasons: [
        { code: 'waiting-long', limit: 250 },
        { code: 'queue-nearly-full', value: 2 },
      ],
    });
    await Promise.all(waiting);
    held.release();
    await pg.close();
    expect(pg.health()).toMatchObject({ status: 'unhealthy', reasons: [{ code: 'closed' }] });
    expect(await rejection(pg.start())).toMatchObject({ code: 'BUSBAR_POSTGRES_CLOSED' });
    expect(await rejection(pg.query('select 1'))).toMatchObject({
      code: 'BUSBAR_POSTGRES_CLOSED',
      outcome: 'not-sent',
    });
  });

  test('close before the first call, twice and during it: one report, nothing opened', async () => {
    const pg = open();
    const [first, second] = await Promise.all([pg.close(), pg.close()]);
    expect(second).toBe(first);
    expect(first).toMatchObject({ waitersRejected: 0, leasesFinished: 0, destroyed: 0, leaked: [] });
    expect(pg.stats().created).toBe(0);
  });

  test('R-OB-1 channels carry what happened, and instances announce themselves', async () => {
    const events = [
      'created',
      'closed',
      'connect',
      'connection-closed',
      'lease',
      'release',
      'query',
      'tx',
      'tx-retry',
      'hook-error',
      'dirty-release',
    ];
    const heard = Object.fromEntries(events.map((event) => [event, listen(event)]));
    const pg = open({ name: 'heard' });
    await pg.query('select 1', [], { label: 'one' });
    await rejection(pg.query('select 1/0'));
    await pg.tx({ label: 'work', retry: { baseMs: 1, maxMs: 1 } }, async (tx) => {
      if (tx.attempt === 1) await tx.query("do $$ begin raise exception 'x' using errcode = '40001'; end $$");
      await tx.query('select 2');
      tx.afterCommit(() => {
        throw new Error('hook');
      });
    });
    const lease = await pg.lease({ label: 'dirty' });
    await lease.query('begin');
    lease.release();
    await pg.close();
    const { database, host, port } = db();
    expect(heard).toMatchObject({
      created: [{ name: 'heard', instance: pg }],
      closed: [{ name: 'heard' }],
      connect: [
        { pool: 'heard', host, ok: true, phases: { tcpMs: aNumber, tlsMs: 0, authMs: aNumber, setupMs: aNumber } },
      ],
      'connection-closed': [{ pool: 'heard', record: { reason: 'close', uses: 4, pid: aNumber, id: 'heard-1' } }],
      lease: [{ label: 'one' }, {}, { label: 'work' }, { label: 'dirty' }],
      release: [{ label: 'one', useMs: aNumber }, {}, {}, {}],
      query: [
        {
          pool: 'heard',
          verdict: { operation: 'read', summary: 'SELECT' },
          label: 'one',
          rows: 1,
          attempt: 1,
          host,
          port,
          database,
        },
        { sqlState: '22012', code: 'BUSBAR_POSTGRES_DATA', rows: 0 },
        { sqlState: '40001', verdict: { operation: 'write', summary: 'DO' } },
        { attempt: 2 },
        { verdict: { operation: 'admin', summary: 'BEGIN' } },
      ],
      tx: [
        { outcome: 'rollback', attempts: 1, statements: 1, label: 'work' },
        { outcome: 'commit', attempts: 2, statements: 1 },
      ],
      'tx-retry': [{ sqlState: '40001', attempt: 1, delayMs: aNumber }],
      'hook-error': [{ hook: 'afterCommit', error: like({ cause: like({ message: 'hook' }) }) }],
      'dirty-release': [{ label: 'dirty' }],
    });
  });

  test('R-PG-10 a rotated password reaches the next connection; a wrong one and a failing provider are told apart', async () => {
    await using admin = open();
    await admin.execute("create role rotating login password 'first'");
    let password = 'first';
    await using pg = createPostgres({
      host: db().host,
      port: db().port,
      database: db().database,
      user: 'rotating',
      tls: { mode: 'disable' },
      credentials: ({ user }) => {
        if (password === '') return Promise.reject(new Error('the vault is sealed'));
        return Promise.resolve({ password: user === 'rotating' ? password : '' });
      },
      pool: { max: 1, acquireTimeoutMs: 200 },
    });
    const first = await pg.lease();
    await admin.execute("alter role rotating password 'second'");
    expect(await first.value('select 1')).toBe(1); // a login is checked once
    first.release({ destroy: true });
    expect(await rejection(pg.query('select 1'))).toMatchObject({ code: 'BUSBAR_POSTGRES_AUTH', sqlState: '28P01' });
    password = 'second';
    await eventually(async () => (await pg.value('select 1').catch(() => 0)) === 1, 'the new password is used');
    (await pg.lease()).release({ destroy: true });
    password = '';
    expect(await rejection(pg.query('select 1'))).toMatchObject({ code: 'BUSBAR_POSTGRES_CONNECT' });
    password = 'second';
    await eventually(async () => (await pg.value('select 1').catch(() => 0)) === 1, 'it recovers');
    await pg.close();
    await admin.execute('drop role rotating');
  });

  test('R-PG-10 a login that is refused is tried once more with fresh credentials, a fixed password is not', async () => {
    const role = `cached_${db().database.slice(-6)}`;
    await using admin = open();
    await admin.execute(`create role ${role} login password 'new'`);
    const { host, port, database } = db();
    const login = { host, port, database, user: role, tls: { mode: 'disable' }, pool: { max: 1 } } as const;
    const attempts: number[] = [];
    try {
      await using pg = createPostgres({
        ...login,
        credentials: ({ attempt }) => {
          attempts.push(attempt);
          return Promise.resolve({ password: attempt === 1 ? 'cached' : 'new', user: role });
        },
        user: 'whoever',
      });
      expect(await pg.value('select current_user::text')).toBe(role);
      expect([attempts, pg.stats().created, pg.stats().createFailures]).toEqual([[1, 2], 1, 0]);
      const never = createPostgres({
        ...login,
        credentials: () => Promise.withResolvers<never>().promise,
        pool: { connectTimeoutMs: 100, acquireTimeoutMs: 400 },
      });
      expect(await rejection(never.query('select 1'))).toMatchObject({ code: 'BUSBAR_POSTGRES_CONNECT_TIMEOUT' });
      await never.close();
      expect(never.stats().open).toBe(0);
      await using proxy = await startTcpProxy({ target: db() });
      await using fixed = createPostgres({ ...login, host: proxy.host, port: proxy.port, password: 'wrong' });
      expect(await rejection(fixed.query('select 1'))).toMatchObject({ code: 'BUSBAR_POSTGRES_AUTH' });
      expect(proxy.counters.connections).toBe(1);
    } finally {
      await admin.execute(`drop role ${role}`);
    }
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
});
