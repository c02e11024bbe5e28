import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import { describe, expect, onTestFinished, test } from 'vitest';

import { createPostgres } from '../src/connection-manager.ts';
import type { PostgresOptions } from '../src/options.ts';
import { eventually, rejection } from './eventually.ts';
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

  test('R-PG-10 recycle replaces connections without dropping work', async () => {
    const pg = open({ name: 'recycled', pool: { max: 3, minIdle: 1 } });
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

  test('R-PG-7 a lease that is held for long is reported with its stack, and what is reclaimed is lost to its holder', async () => {
    await using pg = open({
      name: 'leaky',
      pool: { max: 2 },
      leak: { warnAfterMs: 100, stack: 'always', reclaimAfterMs: 300 },
    });
    const heard = listen('leaky', 'leak', 'leak-cleared', 'lease-lost');
    const forgotten = await pg.lease({ label: 'forgotten' });
    await pg.tx({ label: 'slow' }, async (tx) => {
      await tx.query('select 1');
      await eventually(() => pg.stats().leaks === 2, 'both are held for long');
    });
    expect(pg.health()).toMatchObject({ status: 'degraded', reasons: [{ code: 'leaks-held', value: 1, limit: 0 }] });
    await eventually(() => pg.stats().leasesReclaimed === 1, 'the forgotten one is taken');
    expect(heard).toMatchObject([
      ['leak', { label: 'forgotten', heldMs: aNumber, stack: containing('lifecycle.int.test.ts') }],
      ['leak', { label: 'slow', heldMs: aNumber, stack: containing('lifecycle.int.test.ts') }],
      ['leak-cleared', { label: 'slow', heldMs: aNumber }],
      ['lease-lost', { label: 'forgotten', reason: 'leak' }],
    ]);
    expect(await rejection(forgotten.query('select 1'))).toMatchObject({
      code: 'BUSBAR_POSTGRES_LEASE_LOST',
      outcome: 'not-sent',
      cause: like({ message: 'the connection was given up' }),
    });
    forgotten.release(); // legal: it is gone
    expect(pg.health().reasons).toEqual([]);
    await eventually(() => pg.stats().closed.leak === 1, 'its connection is ended');
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
});
