import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { manualClock } from '@busbar-tooling/test-kit/manual-clock';
import { startTcpProxy } from '@busbar-tooling/test-kit/tcp-proxy';
import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import { describe, expect, onTestFinished, test } from 'vitest';

import { createPostgres } from '../src/connection-manager.ts';
import type { PostgresOptions } from '../src/options.ts';
import type { Postgres } from '../src/postgres.ts';
import { eventually, rejection } from './eventually.ts';
import { aNumber, like } from './matchers.ts';
import { startMeddlingProxy } from './meddling-proxy.ts';
import { poolOptions } from './pool-options.ts';

describe('listen over a connection that fails', () => {
  const db = useTestDatabase();
  const open = (own: PostgresOptions = {}) => createPostgres(poolOptions(db(), own));
  const ignore = (): void => undefined;
  /** What a subscriber is told. */
  const hear = async (pg: Postgres, channel: string, onGapToo: (reason: string) => void = ignore) => {
    const heard: string[] = [];
    const subscription = await pg.listen(channel, ({ payload }) => void heard.push(payload), {
      onGap: (reason) => {
        heard.push(`gap: ${reason}`);
        onGapToo(reason);
      },
    });
    return { heard, subscription };
  };
  const notify = async (o: { readonly on: Postgres; readonly until: string[]; readonly payload: string }) => {
    await o.on.query('select pg_notify($1, $2)', ['orders', o.payload]);
    await eventually(() => o.until.at(-1) === o.payload, `${o.payload} arrives`);
  };

  /** The messages of these channels, as they come. */
  const record = (...events: readonly string[]): unknown[] => {
    const messages: unknown[] = [];
    const on = (message: unknown): void => void messages.push(message);
    for (const event of events) subscribe(`busbar:postgres:${event}`, on);
    onTestFinished(() => {
      for (const event of events) unsubscribe(`busbar:postgres:${event}`, on);
    });
    return messages;
  };

  test('R-PG-9 N1 a killed backend: the gap is told, and notifications flow again', async () => {
    await using pg = open({ name: 'killed', session: { applicationName: 'killed' } });
    await using sender = open();
    const messages = record('listen-gap', 'listener-error');
    const broken = new Error('a handler that throws');
    const { heard } = await hear(pg, 'orders', () => {
      void left.subscription[Symbol.asyncDispose]();
      throw broken;
    });
    const left = await hear(pg, 'orders');
    const ended = await hear(pg, 'stock');
    const idle = await hear(pg, 'idle');
    await notify({ on: sender, until: heard, payload: 'before' });
    await ended.subscription[Symbol.asyncDispose]();
    const killed =
      "select count(pg_terminate_backend(pid, 5000))::int from pg_stat_activity where application_name = 'killed'";
    expect(await sender.value(killed)).toBe(1);
    await eventually(() => heard.length === 2 && idle.heard.length === 1, 'both are told of the gap');
    await notify({ on: sender, until: heard, payload: 'behind' });
    expect([heard, idle.heard]).toEqual([['before', 'gap: lost', 'behind'], ['gap: lost']]);
    expect([left.heard, ended.heard]).toEqual([['before'], []]);
    const gap = { pool: 'killed', reason: 'lost', lastedMs: aNumber };
    expect(messages).toEqual([
      { ...gap, channel: 'orders' },
      { pool: 'killed', channel: 'orders', error: like({ cause: broken }) },
      { ...gap, channel: 'idle' },
    ]);
  });

  test('R-PG-9 N1 a peer that is gone without a word is left after a heartbeat and 5 s', async () => {
    await using proxy = await startTcpProxy({ target: db() });
    const clock = manualClock(1_000);
    await using pg = open({ host: proxy.host, port: proxy.port, clock, timers: clock.timers });
    await using sender = open();
    const { heard, subscription } = await hear(pg, 'orders');
    const { bytesIn, bytesOut } = { ...proxy.counters };
    await clock.advance(29_000);
    expect(proxy.counters.bytesIn).toBe(bytesIn);
    await clock.advance(1_000);
    await eventually(() => proxy.counters.bytesOut > bytesOut, 'the heartbeat is answered');
    await notify({ on: sender, until: heard, payload: 'alive' });
    proxy.freeze();
    await clock.advance(34_900);
    expect(proxy.counters.connections).toBe(1);
    await clock.advance(150);
    proxy.thaw();
    await eventually(async () => {
      await clock.advance(50);
      return heard.length === 2;
    }, 'the gap is told');
    await notify({ on: sender, until: heard, payload: 'again' });
    expect([heard, proxy.counters.connections]).toEqual([['alive', 'gap: silent', 'again'], 2]);
    await subscription[Symbol.asyncDispose]();
    await pg.close();
    expect(clock.pending()).toBe(0);
  });

  test('N1 a server that is away: close ends the attempts to reconnect, and who waits is refused', async () => {
    const proxy = await startTcpProxy({ target: db() });
    const pg = open({ host: proxy.host, port: proxy.port });
    const { heard, subscription } = await hear(pg, 'orders');
    await proxy[Symbol.asyncDispose]();
    const late = rejection(pg.listen('stock', ignore));
    const report = await pg.close({ deadlineMs: 1_000 });
    expect(await late).toMatchObject({ code: 'BUSBAR_POSTGRES_CLOSED' });
    expect(report.durationMs).toBeLessThan(1_000);
    await subscription[Symbol.asyncDispose]();
    expect(heard).toEqual([]);
  });

  test('N1 close cuts off a goodbye that nobody answers, and an attempt that nobody accepts', async () => {
    await using proxy = await startTcpProxy({ target: db() });
    const connects = record('connect');
    const listening = open({ name: 'listening', host: proxy.host, port: proxy.port });
    await hear(listening, 'orders');
    proxy.freeze();
    const connecting = open({ name: 'connecting', host: proxy.host, port: proxy.port });
    const refused = rejection(connecting.listen('orders', ignore));
    await eventually(() => proxy.counters.connections === 2, 'it connects');
    expect(await rejection(connecting.listen('stock', ignore, { deadlineMs: 50 }))).toMatchObject({
      code: 'BUSBAR_POSTGRES_DEADLINE',
      outcome: 'not-sent',
    });
    const slow = open({ name: 'slow', host: proxy.host, port: proxy.port, pool: { connectTimeoutMs: 100 } });
    expect(await rejection(slow.listen('orders', ignore, { deadlineMs: 250 }))).toMatchObject({
      code: 'BUSBAR_POSTGRES_CONNECT_TIMEOUT',
    });
    for (const pg of [listening, connecting, slow]) {
      // oxlint-disable-next-line no-await-in-loop -- each is measured alone
      const { durationMs } = await pg.close({ deadlineMs: 100 });
      expect(durationMs).toBeLessThan(5_000); // the default would be 10 s
    }
    expect(await refused).toMatchObject({ code: 'BUSBAR_POSTGRES_CLOSED' });
    expect(connects).toContainEqual(like({ pool: 'listening', ok: true }));
    expect(connects).toContainEqual(
      like({ pool: 'slow', ok: false, error: like({ code: 'BUSBAR_POSTGRES_CONNECT_TIMEOUT' }) }),
    );
    const { host } = proxy;
    expect(connects).toContainEqual({ pool: 'connecting', host, ok: false, phases: like({ tcpMs: aNumber }) });
  });

  test('N1 recycle and a server that becomes a standby replace the connection; both are told', async () => {
    await using proxy = await startMeddlingProxy(db());
    await using pg = open({ host: proxy.host, port: proxy.port });
    await using sender = open();
    const { heard } = await hear(pg, 'orders');
    await pg.recycle();
    await eventually(() => heard.length === 1, 'the first gap is told');
    await notify({ on: sender, until: heard, payload: 'between' });
    proxy.announce('in_hot_standby', 'off'); // nothing new
    proxy.announce('in_hot_standby', 'on');
    await eventually(() => heard.length === 3, 'the second gap is told');
    await notify({ on: sender, until: heard, payload: 'behind' });
    expect(heard).toEqual(['gap: recycled', 'between', 'gap: demoted', 'behind']);
  });

  test('N1 a LISTEN that the server refuses is the error of who asked for it, and nobody else notices', async () => {
    await using proxy = await startMeddlingProxy(db());
    await using pg = open({ host: proxy.host, port: proxy.port });
    await using sender = open();
    const { heard } = await hear(pg, 'orders');
    proxy.refuse('listen "stock"');
    expect(await rejection(pg.listen('stock', ignore))).toMatchObject({
      code: 'BUSBAR_POSTGRES_READ_ONLY',
      sqlState: '25006',
      outcome: 'rejected',
    });
    await notify({ on: sender, until: heard, payload: 'undisturbed' });
    expect(heard).toEqual(['undisturbed']);
  });
});
