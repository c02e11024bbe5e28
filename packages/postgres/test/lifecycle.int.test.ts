import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { startTcpProxy } from '@busbar-tooling/test-kit/tcp-proxy';
import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import { systemTimers, type Timers } from '@busbar/retry';
import { describe, expect, onTestFinished, test } from 'vitest';

import { createPostgres } from '../src/connection-manager.ts';
import type { PostgresOptions } from '../src/options.ts';
import { eventually, rejection } from './eventually.ts';
import { hurriedTime } from './hurried-time.ts';
import { aNumber, containing, like } from './matchers.ts';
import { poolOptions } from './pool-options.ts';

describe('the life of connections', () => {
  const db = useTestDatabase();
  const open = (own: PostgresOptions = {}) => createPostgres(poolOptions(db(), own));
  const listen = (pool: string, ...events: string[]): unknown[] => {
    const heard: unknown[] = [];
    const on = (message: unknown, name: string | symbol): void => {
      const isOurs = typeof message === 'object' && message !== null && Reflect.get(message, 'pool') === pool;
      if (isOurs) heard.push([String(name).split(':').at(-1), message]);
    };
    for (const event of events) subscribe(`busbar:postgres:${event}`, on);
    onTestFinished(() => {
      for (const event of events) unsubscribe(`busbar:postgres:${event}`, on);
    });
    return heard;
  };

  test('R-PG-7 lifecycle() tells of open connections and of ended ones, with the reason', async () => {
    const pg = open({ session: { setup: (session) => session.query('select 1').then(() => undefined) } });
    const lease = await pg.lease();
    const { pid } = lease;
    await lease.query('select pg_sleep(0.02)');
    const [live] = pg.lifecycle();
    const host = db().host;
    const times = { tcpMs: aNumber, tlsMs: 0, authMs: aNumber, setupMs: aNumber, bytesRead: aNumber };
    expect(live).toMatchObject({ pid, host, generation: 1, uses: 1, ...times });
    expect(live).not.toHaveProperty('reason');
    expect(live).not.toHaveProperty('closedAtMs');
    expect(live?.activeMs).toBeGreaterThan(15);
    for (const step of ['tcpMs', 'authMs', 'setupMs'] as const) expect(live?.[step]).toBeGreaterThan(0);
    lease.release({ destroy: true });
    await eventually(() => pg.stats().open === 0, 'it is closed');
    await pg.query('select 1');
    await pg.close();
    const [first, second] = pg.lifecycle();
    expect(first).toMatchObject({ pid, reason: 'user', closedAtMs: aNumber, closeMs: aNumber });
    expect(second).toMatchObject({ reason: 'close', uses: 1 });
    expect(second?.idleMs).toBeGreaterThan(0);
    expect(second?.waitMs).toBeGreaterThan(0); // it was waited for while it was opened
  });

  test('R-PG-1 warmup opens connections and waits for them, or says why not', async () => {
    await using pg = open({ pool: { max: 4, minIdle: 2 } });
    await pg.warmup();
    expect(pg.stats().idle).toBeGreaterThanOrEqual(2);
    await pg.warmup(4);
    expect(pg.stats()).toMatchObject({ idle: 4, open: 4, leased: 0 });
    for (const wrong of [-1, 5, 1.5])
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await rejection(pg.warmup(wrong))).toMatchObject({ code: 'BUSBAR_POSTGRES_ARGUMENT_INVALID' });
    const { hurry, ...time } = hurriedTime();
    await using full = open({ pool: { max: 2 }, ...time });
    await using held = await full.lease();
    const warm = rejection(full.warmup(2));
    await eventually(() => full.stats().open === 2 && full.stats().connecting === 0, 'another is open');
    hurry(50);
    expect(await warm).toMatchObject({ code: 'BUSBAR_POSTGRES_ACQUIRE_TIMEOUT' });
    expect(full.stats()).toMatchObject({ leased: 1, idle: 1 });
    expect(await held.value('select 1')).toBe(1);
  });

  test('R-PG-10 recycle replaces connections without dropping work', async () => {
    const pg = open({ name: 'recycled', pool: { max: 2 } });
    const heard = listen('recycled', 'generation');
    const leases = [await pg.lease(), await pg.lease()];
    const [kept, idle] = leases;
    idle?.release();
    await pg.recycle('credentials');
    expect(await kept?.value('select pg_backend_pid()')).toBe(kept?.pid);
    kept?.release();
    const pids = leases.map((lease) => lease.pid);
    await eventually(() => pg.stats().closed.generation === 2, 'both are replaced');
    expect(pids).not.toContain(await pg.value('select pg_backend_pid()'));
    expect(pg.stats()).toMatchObject({ generation: 2, leasesLost: 0 });
    expect(pg.lifecycle().map(({ generation, reason }) => [generation, reason])).toContainEqual([1, 'generation']);
    expect(heard).toEqual([['generation', { pool: 'recycled', from: 1, to: 2, reason: 'credentials' }]]);
    await pg.recycle();
    expect(heard[1]).toMatchObject(['generation', { reason: 'user' }]);
    await pg.close();
    expect(await rejection(pg.recycle())).toMatchObject({ code: 'BUSBAR_POSTGRES_CLOSED' });
  });

  test('R-PG-7 what is held for long is reported with its stack, until it is given back', async () => {
    await using pg = open({ name: 'leaky', pool: { max: 2 }, leak: { warnAfterMs: 100, stack: 'always' } });
    const heard = listen('leaky', 'leak', 'leak-cleared');
    const forgotten = await pg.lease({ label: 'forgotten' });
    await pg.tx({ label: 'slow' }, async (tx) => {
      await tx.query('select 1');
      await eventually(() => pg.stats().leaks === 2, 'both are held for long');
    });
    expect(pg.health()).toMatchObject({ status: 'degraded', reasons: [{ code: 'leaks-held', value: 1, limit: 0 }] });
    forgotten.release();
    expect(pg.health().reasons).toEqual([]);
    const stack = containing('lifecycle.int.test.ts');
    expect(heard).toMatchObject([
      ['leak', { label: 'forgotten', heldMs: aNumber, stack }],
      ['leak', { label: 'slow', heldMs: aNumber, stack }],
      ['leak-cleared', { label: 'slow', heldMs: aNumber }],
      ['leak-cleared', { label: 'forgotten', heldMs: aNumber }],
    ]);
  });

  test('R-PG-7 what is reclaimed is lost to its holder, and free for others', async () => {
    await using pg = open({ name: 'greedy', pool: { max: 1 }, leak: { warnAfterMs: 100, reclaimAfterMs: 150 } });
    const heard = listen('greedy', 'leak-cleared', 'lease-lost');
    const forgotten = await pg.lease({ label: 'forgotten' });
    expect(await pg.value('select 1')).toBe(1);
    expect(heard).toMatchObject([['lease-lost', { label: 'forgotten', reason: 'leak' }]]);
    expect(await rejection(forgotten.query('select 1'))).toMatchObject({
      code: 'BUSBAR_POSTGRES_LEASE_LOST',
      outcome: 'not-sent',
      cause: like({ message: 'the connection was given up' }),
    });
    forgotten.release(); // legal: it is gone
    expect(pg.stats()).toMatchObject({ leasesReclaimed: 1, leasesLost: 0, closed: { leak: 1 } });
  });

  test('R-PG-7 who is turned away is told of on channels, with the pressure that was met', async () => {
    const { hurry, ...time } = hurriedTime();
    await using pg = open({ name: 'pressed', pool: { max: 1, maxQueue: 1 }, ...time });
    const heard = listen('pressed', 'queue-full', 'acquire-timeout');
    await using held = await pg.lease();
    const waiting = rejection(pg.query('select 1', [], { label: 'patient' }));
    await rejection(pg.query('select 1', [], { label: 'hasty' }));
    hurry(50);
    await waiting;
    expect(heard).toMatchObject([
      ['queue-full', { label: 'hasty', waitedMs: 0, queued: 1, active: 1 }],
      ['acquire-timeout', { label: 'patient', waitedMs: aNumber, active: 1 }],
    ]);
    expect(await held.value('select 1')).toBe(1);
  });

  test('R-PG-6 recoveryMs is the time from a failure to the next lease', async () => {
    await using pg = open({ pool: { max: 1 } });
    const lease = await pg.lease();
    await using observer = open();
    expect(pg.stats().recoveryMs.count).toBe(0);
    await observer.query('select pg_terminate_backend($1, 5000)', [lease.pid]);
    await eventually(() => pg.stats().leasesLost === 1, 'it is lost');
    await pg.query('select 1');
    await pg.query('select 1');
    expect(pg.stats().recoveryMs).toMatchObject({ count: 1 });
    expect(pg.stats().recoveryMs.max).toBeGreaterThan(0);
  });

  test('R-PG-1 a goodbye that is not answered is followed by the end of the socket', async () => {
    await using proxy = await startTcpProxy({ target: db() });
    await using pg = open({ host: proxy.host, port: proxy.port, pool: { max: 1, closeTimeoutMs: 100 } });
    await pg.query('select 1');
    proxy.freeze();
    await pg.recycle();
    expect(pg.stats()).toMatchObject({ open: 1, closing: 1 });
    await eventually(() => pg.stats().open === 0, 'the socket is destroyed');
    expect(pg.lifecycle()).toMatchObject([{ reason: 'generation', closeMs: aNumber }]);
  });

  test('R-PG-1 session.setup runs once per connection; its rejection is the error of those who wait', async () => {
    let runs = 0;
    await using pg = open({
      pool: { max: 1 },
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

  test('R-PG-1 a session.setup that leaves a transaction open makes no session: statements of borrowers would be undone', async () => {
    let setUps = 0;
    const { promise: later, resolve } = Promise.withResolvers<void>();
    await using pg = open({
      pool: { max: 1, acquireTimeoutMs: 600, setupTimeoutMs: 100 },
      session: {
        setup: (session) => {
          setUps += 1;
          return setUps === 1 ? later : session.query('begin').then(() => undefined);
        },
      },
    });
    expect(await rejection(pg.query('select 1'))).toMatchObject({ code: 'BUSBAR_POSTGRES_SETUP' });
    resolve(); // too late for the first one
    await eventually(async () => {
      const error = await rejection(pg.query('select 1'));
      return error instanceof Error && String(error.cause).includes('left a transaction open');
    }, 'it is told what is wrong');
    expect(pg.stats()).toMatchObject({ created: 0, acquired: 0 });
  });

  test('R-PG-9 a connection that is there when nobody wants it any more is ended', async () => {
    const connectTimeoutMs = 4_321;
    let limit: unknown;
    let onLogin = (): void => undefined;
    const timers: Timers = {
      set: (callback, delayMs) => {
        const handle = systemTimers.set(callback, delayMs);
        if (delayMs > connectTimeoutMs - 200 && delayMs <= connectTimeoutMs) limit ??= handle;
        return handle;
      },
      clear: (handle) => {
        systemTimers.clear(handle);
        if (handle === limit) onLogin();
      },
    };
    const pg = open({ timers, pool: { connectTimeoutMs, max: 1, acquireTimeoutMs: 5_000 } });
    onLogin = () => void pg.close({ deadlineMs: 100 });
    expect(await rejection(pg.query('select 1'))).toMatchObject({ code: 'BUSBAR_POSTGRES_CLOSED' });
    expect(pg.lifecycle().length).toBeLessThan(2);
    await pg.close();
    expect(pg.stats()).toMatchObject({ created: 0, open: 0 });
  });

  test('R-PG-7 a cancel is told, with what became of it', async () => {
    const heard = listen('canceller', 'cancel');
    await using pg = open({ name: 'canceller', pool: { max: 1 } });
    await rejection(pg.query('select pg_sleep(20)', [], { deadlineMs: 60 }));
    await eventually(() => heard.length > 0, 'it is told');
    expect(heard[0]).toMatchObject(['cancel', { pool: 'canceller', ms: aNumber, result: 'noticed' }]);
  });

  test('F1 a folder is that of a Unix socket', async () => {
    await using pg = open({ host: '/nowhere', pool: { acquireTimeoutMs: 150 } });
    expect(await rejection(pg.query('select 1'))).toMatchObject({
      code: 'BUSBAR_POSTGRES_CONNECT',
      details: { host: '/nowhere', reason: 'ENOENT' },
    });
    expect((await pg.start()).checks).toMatchObject([{ status: 'fail', message: containing('ENOENT') }, {}, {}]);
  });
});
