import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { startTcpProxy } from '@busbar-tooling/test-kit/tcp-proxy';
import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import { describe, expect, onTestFinished, test } from 'vitest';

import { createPostgres } from '../src/connection-manager.ts';
import type { PostgresOptions } from '../src/options.ts';
import { eventually, rejection } from './eventually.ts';
import { aNumber } from './matchers.ts';
import { poolOptions } from './pool-options.ts';

describe('deep health', () => {
  const db = useTestDatabase();
  const open = (own: PostgresOptions = {}) => createPostgres(poolOptions(db(), own));

  test('R-PG-8 asks the server, but never on the last connection that is free', async () => {
    await using pg = open({ pool: { max: 2 } });
    expect(await pg.health({ deep: true })).toEqual({ status: 'healthy', reasons: [], probeMs: aNumber });
    expect(pg.stats()).toMatchObject({ created: 1, idle: 1 });
    await using lease = await pg.lease();
    expect(await pg.health({ deep: true })).toEqual({ status: 'healthy', reasons: [] });
    expect(pg.stats()).toMatchObject({ created: 1, acquired: 2 });
    lease.release();
    const reason = new Error('enough');
    expect(await rejection(pg.health({ deep: true, signal: AbortSignal.abort(reason) }))).toMatchObject({
      code: 'BUSBAR_POSTGRES_ABORTED',
      cause: reason,
    });
    await pg.close();
    expect(await pg.health({ deep: true })).toMatchObject({ status: 'unhealthy', reasons: [{ code: 'closed' }] });
  });

  test('R-PG-8 a server that is silent or slow degrades the pool, and the change is published', async () => {
    await using proxy = await startTcpProxy({ target: db() });
    const messages: unknown[] = [];
    const record = (message: unknown): void => void messages.push(message);
    subscribe('busbar:postgres:health', record);
    onTestFinished(() => void unsubscribe('busbar:postgres:health', record));
    await using pg = open({ name: 'probed', host: proxy.host, port: proxy.port, pool: { max: 4 } });
    expect((await pg.start()).ok).toBe(true);
    expect(pg.health()).toEqual({ status: 'healthy', reasons: [] });
    proxy.delay(40); // each way
    const slow = [{ code: 'probe-slow', value: aNumber, limit: 50 }];
    expect(await pg.health({ deep: true })).toEqual({ status: 'degraded', reasons: slow, probeMs: aNumber });
    expect(pg.health()).toEqual({ status: 'degraded', reasons: slow });
    proxy.freeze();
    const controller = new AbortController();
    const aborted = rejection(pg.health({ deep: true, signal: controller.signal }));
    await eventually(() => pg.stats().leased === 1, 'it asks');
    controller.abort(new Error('enough'));
    expect(await aborted).toMatchObject({ code: 'BUSBAR_POSTGRES_ABORTED' });
    const silent = await pg.health({ deep: true });
    expect(silent).toMatchObject({ status: 'degraded', reasons: [{ code: 'probe-failed', limit: 1_000 }] });
    expect(silent.reasons[0]?.value).toBeLessThan(5_000);
    expect(messages).toEqual([{ pool: 'probed', from: 'healthy', to: 'degraded', reasons: slow }]);
    await pg.close({ deadlineMs: 50 });
  });

  test('R-PG-8 a primary that takes no writes degrades a pool that takes any server', async () => {
    const gucs = { default_transaction_read_only: 'on' };
    await using pg = open({ targetSessionAttrs: 'any', session: { gucs } });
    await pg.query('select 1');
    expect(pg.health()).toEqual({ status: 'degraded', reasons: [{ code: 'read-only', value: 1, limit: 0 }] });
    await using reader = open({ targetSessionAttrs: 'read-only', session: { gucs } });
    await reader.query('select 1');
    expect(reader.health().status).toBe('healthy');
  });
});
