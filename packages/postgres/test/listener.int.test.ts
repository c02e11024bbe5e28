import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import { describe, expect, onTestFinished, test } from 'vitest';

import { createPostgres } from '../src/connection-manager.ts';
import type { PostgresOptions } from '../src/options.ts';
import type { Postgres } from '../src/postgres.ts';
import { eventually, rejection } from './eventually.ts';
import { hurriedTime } from './hurried-time.ts';
import { listenTo } from './listen-to.ts';
import { like } from './matchers.ts';
import { poolOptions } from './pool-options.ts';

describe('listen', () => {
  const db = useTestDatabase();
  const open = (own: PostgresOptions = {}) => createPostgres(poolOptions(db(), own));
  const ignore = (): void => undefined;
  const listening = (observer: Postgres) =>
    observer.value(
      "select count(*)::int from pg_stat_activity where application_name = 'listens' and datname = current_database()",
    );

  test('R-PG-1 N1 notifications arrive in order, on one connection for all channels that is no part of the pool', async () => {
    await using pg = open({ pool: { max: 1 }, session: { applicationName: 'listens' } });
    await using sender = open();
    const heard: string[] = [];
    const on =
      (who: string) =>
      ({ channel, payload }: { readonly channel: string; readonly payload: string }): void =>
        void heard.push(`${who} ${channel} ${payload}`);
    const subscriptions = await Promise.all([
      pg.listen('orders', on('a')),
      pg.listen('orders', on('b')),
      pg.listen('Ünï "quoted"; drop', on('c')),
      pg.listen('x'.repeat(63), on('d')),
    ]);
    expect(await listening(sender)).toBe(1);
    expect(pg.stats()).toMatchObject({ open: 0, created: 0 });
    let pid = 0;
    await using last = await pg.listen('last', (notification) => {
      pid = notification.pid;
    });
    await using lease = await sender.lease();
    await lease.query("select pg_notify('orders', n) from unnest('{1,2,\"\"}'::text[]) n");
    await lease.query('select pg_notify($1, $2)', ['Ünï "quoted"; drop', 'q']);
    await lease.query('select pg_notify($1, $2)', ['x'.repeat(63), 'long']);
    await lease.query('notify last');
    await eventually(() => pid === lease.pid, 'the last one arrives');
    expect(heard).toEqual([
      'a orders 1',
      'b orders 1',
      'a orders 2',
      'b orders 2',
      'a orders ',
      'b orders ',
      'c Ünï "quoted"; drop q',
      `d ${'x'.repeat(63)} long`,
    ]);
    heard.length = 0;
    await subscriptions[0][Symbol.asyncDispose]();
    await subscriptions[0][Symbol.asyncDispose]();
    await lease.query("notify orders, '3'");
    await eventually(() => heard.length === 1, 'the other one hears it');
    expect(heard).toEqual(['b orders 3']);
    await Promise.all([...subscriptions, last].map((subscription) => subscription[Symbol.asyncDispose]()));
    await eventually(async () => (await listening(sender)) === 0, 'its connection ends with the last subscription');
  });

  test('N1 a name that is none is refused, and so is a server that is no session of its own', async () => {
    await using pg = open();
    const invalid = { code: 'BUSBAR_POSTGRES_ARGUMENT_INVALID', details: { argument: 'channel' } };
    const names = ['', 'x'.repeat(64), `${'ü'.repeat(31)}xx`, 'a\0b'];
    const errors = await Promise.all(names.map((channel) => rejection(pg.listen(channel, ignore))));
    for (const error of errors) expect(error).toMatchObject(invalid);
    expect(await rejection(pg.listen('orders', ignore, { deadlineMs: 0 }))).toMatchObject({
      code: 'BUSBAR_POSTGRES_ARGUMENT_INVALID',
    });
    await using pooled = open({ pooler: 'transaction' });
    expect(await rejection(pooled.listen('orders', ignore))).toMatchObject({
      code: 'BUSBAR_POSTGRES_POOLER_UNSUPPORTED',
    });
  });

  test('N1 who waits is let go by his signal, by his deadline, by close, and by what refuses the login', async () => {
    await using nowhere = open({ host: '127.0.0.1', port: 1, pool: { connectTimeoutMs: 100 } });
    const reason = new Error('enough');
    expect(await rejection(nowhere.listen('a', ignore, { signal: AbortSignal.abort(reason) }))).toMatchObject({
      code: 'BUSBAR_POSTGRES_ABORTED',
      outcome: 'not-sent',
      cause: reason,
    });
    const controller = new AbortController();
    const aborted = rejection(nowhere.listen('a', ignore, { signal: controller.signal }));
    controller.abort(reason);
    expect(await aborted).toMatchObject({ code: 'BUSBAR_POSTGRES_ABORTED', cause: reason });
    expect(await rejection(nowhere.listen('a', ignore, { deadlineMs: 100 }))).toMatchObject({
      code: 'BUSBAR_POSTGRES_CONNECT',
    });
    const waiting = rejection(nowhere.listen('a', ignore));
    await nowhere.close();
    expect(await waiting).toMatchObject({ code: 'BUSBAR_POSTGRES_CLOSED' });
    expect(await rejection(nowhere.listen('a', ignore))).toMatchObject({ code: 'BUSBAR_POSTGRES_CLOSED' });
    await using stranger = open({ user: 'nobody_here', password: 'wrong' });
    expect(await rejection(stranger.listen('a', ignore))).toMatchObject({ code: 'BUSBAR_POSTGRES_AUTH' });
    const { host, port, database, user } = db();
    const unanswered = createPostgres({
      host,
      port,
      database,
      user,
      tls: { mode: 'disable' },
      credentials: () => Promise.withResolvers<never>().promise,
      pool: { connectTimeoutMs: 100 },
    });
    expect(await rejection(unanswered.listen('a', ignore, { deadlineMs: 250 }))).toMatchObject({
      code: 'BUSBAR_POSTGRES_CONNECT_TIMEOUT',
    });
    await unanswered.close();
    const { hurry, ...time } = hurriedTime();
    const connects = listenTo('connect');
    await using reader = open({ name: 'reader', targetSessionAttrs: 'read-only', ...time });
    const unfit = rejection(reader.listen('a', ignore));
    await eventually(
      () => connects.some((message) => Reflect.get(Object(message), 'pool') === 'reader'),
      'it was tried',
    );
    hurry(100);
    expect(await unfit).toMatchObject({ code: 'BUSBAR_POSTGRES_NO_TARGET' });
  });

  test('N1 what a handler throws, now or later, is published, and the others are called all the same', async () => {
    await using pg = open({ name: 'throwing' });
    await using sender = open();
    const errors: unknown[] = [];
    const hear = (message: unknown): void => void errors.push(message);
    subscribe('busbar:postgres:listener-error', hear);
    onTestFinished(() => void unsubscribe('busbar:postgres:listener-error', hear));
    const heard: string[] = [];
    const [now, later] = [new Error('now'), new Error('later')];
    await pg.listen('orders', () => {
      throw now;
    });
    // oxlint-disable-next-line typescript/no-misused-promises -- what a caller can do as well
    await pg.listen('orders', () => Promise.reject(later));
    const third = await pg.listen('orders', ({ payload }) => {
      heard.push(payload);
      void third[Symbol.asyncDispose](); // legal inside
      void fourth[Symbol.asyncDispose]();
    });
    const fourth = await pg.listen('orders', () => void heard.push('never'));
    const alone = await pg.listen('alone', ({ payload }) => {
      heard.push(payload);
      void alone[Symbol.asyncDispose]();
    });
    await sender.query(
      "select pg_notify('alone', 'a'), pg_notify('alone', 'b'), pg_notify('orders', 'x'), pg_notify('orders', 'y')",
    );
    await eventually(() => errors.length === 4, 'all are published');
    expect(heard).toEqual(['a', 'x']);
    expect(errors).toContainEqual({ pool: 'throwing', channel: 'orders', error: like({ cause: now }) });
    expect(errors).toContainEqual({ pool: 'throwing', channel: 'orders', error: like({ cause: later }) });
  });

  test('N1 listening and leaving the same channel at the same time ends as the last call said', async () => {
    await using pg = open({ session: { applicationName: 'listens' } });
    await using sender = open();
    const heard: number[] = [];
    await using keep = await pg.listen('keep', ignore);
    const playRound = async (round: number): Promise<void> => {
      const [first, second] = await Promise.all([pg.listen('busy', ignore), pg.listen('busy', ignore)]);
      const [, , third] = await Promise.all([
        first[Symbol.asyncDispose](),
        second[Symbol.asyncDispose](),
        pg.listen('busy', () => void heard.push(round)),
      ]);
      await sender.query('notify busy');
      await eventually(() => heard.length === round + 1, `round ${round} is heard`);
      await third[Symbol.asyncDispose]();
      if (round < 9) await playRound(round + 1);
    };
    await playRound(0);
    await sender.query('notify busy');
    expect(heard).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect([typeof keep, await listening(sender)]).toEqual(['object', 1]);
  });
});
