import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { startTcpProxy } from '@busbar-tooling/test-kit/tcp-proxy';
import { describe, expect, test } from 'vitest';

import type { Tx } from '../src/tx.ts';
import { eventually, rejection } from './eventually.ts';
import { like } from './matchers.ts';
import { note, notes, useNotes, write } from './notes-table.ts';

describe('R-PG-2 automatic retry and limits of transactions', () => {
  const { db, open } = useNotes();

  test('serialization failures under 16 writers: every increment counts once', async () => {
    await using pg = open({ pool: { max: 8 }, retry: { maxAttempts: 20, baseMs: 2, maxMs: 100 } });
    let attempts = 0;
    const increment = () =>
      pg.tx({ isolation: 'serializable', label: 'increment' }, async (tx) => {
        attempts += 1;
        tx.commitWith(note(`event ${attempts}`)); // only the attempt that commits leaves its event
        const n = await tx.value<number>('select n from balances where id = 1');
        await tx.execute('update balances set n = $1 where id = 1', [n + 1]);
      });
    const done = await Promise.allSettled(Array.from({ length: 16 }, increment));
    const committed = done.filter(({ status }) => status === 'fulfilled').length;
    expect(committed).toBeGreaterThan(0);
    expect(await pg.value('select n from balances where id = 1')).toBe(committed);
    expect(await notes(pg)).toHaveLength(committed);
    const retried = Object.values(pg.stats().tx.retries).reduce((sum, n) => sum + n, 0);
    expect(attempts).toBe(16 + retried);
    expect(attempts).toBeGreaterThan(16);
  });

  test('the victim of a deadlock is repeated', async () => {
    await using pg = open({ pool: { max: 4 }, session: { gucs: { deadlock_timeout: '50ms' } } });
    const touch = (tx: Tx, id: number) => tx.execute('update balances set n = n + 1 where id = $1', [id]);
    const both = Promise.withResolvers<void>();
    let arrived = 0;
    const cross = (first: number, second: number) =>
      pg.tx(async (tx) => {
        await touch(tx, first);
        arrived += 1;
        if (arrived >= 2) both.resolve();
        await both.promise;
        await touch(tx, second);
      });
    await Promise.all([cross(1, 2), cross(2, 1)]);
    expect(await pg.value('select array_agg(n order by id) from balances')).toEqual([2, 2]);
    expect(pg.stats().tx.retries).toEqual({ '40P01': 1 });
  });

  test('an exhausted retry rejects with the last failure; retry: false tries once', async () => {
    await using pg = open();
    let attempts = 0;
    const failing = async (tx: Tx): Promise<void> => {
      attempts = tx.attempt;
      await tx.query("do $$ begin raise exception 'x' using errcode = '40001'; end $$");
    };
    expect(await rejection(pg.tx({ retry: { maxAttempts: 3, baseMs: 1, maxMs: 2 } }, failing))).toMatchObject({
      code: 'BUSBAR_POSTGRES_SERIALIZATION',
      retryable: true,
    });
    expect(attempts).toBe(3);
    await rejection(pg.tx({ retry: false }, failing));
    expect(attempts).toBe(1);
    expect(await rejection(pg.tx({ retry: { maxAttempts: 0 } }, failing))).toMatchObject({
      code: 'BUSBAR_POSTGRES_OPTIONS',
    });
  });

  test('a wrapped failure is recognised, and nothing is repeated beyond the deadline', async () => {
    await using pg = open();
    let attempts = 0;
    const failing = async (tx: Tx): Promise<void> => {
      attempts += 1;
      expect(tx.remainingMs).toBeLessThanOrEqual(300);
      try {
        await tx.query("do $$ begin raise exception 'x' using errcode = '40P01'; end $$");
      } catch (error) {
        throw new Error('wrapped', { cause: error });
      }
    };
    const slow = { maxAttempts: 20, baseMs: 40, maxMs: 80 };
    expect(await rejection(pg.tx({ deadlineMs: 300, retry: slow }, failing))).toMatchObject({ message: 'wrapped' });
    expect(attempts).toBeGreaterThan(1);
    expect(attempts).toBeLessThan(20);
  });

  test('R-PG-2 a deadline inside a transaction stops the statement, undoes the transaction and keeps the connection', async () => {
    await using pg = open({ pool: { max: 1 } });
    const pid = await pg.value('select pg_backend_pid()');
    const error = await rejection(
      pg.tx({ deadlineMs: 150 }, async (tx) => {
        await write(tx, 'undone');
        await tx.query('select pg_sleep(10)');
      }),
    );
    expect(error).toMatchObject({ code: 'BUSBAR_POSTGRES_DEADLINE', outcome: 'rejected' });
    expect(await notes(pg)).toEqual([]);
    expect(await pg.value('select pg_backend_pid()')).toBe(pid);
    expect(pg.stats().cancelsSent).toBe(1);
  });

  test('an abort before COMMIT undoes the transaction', async () => {
    await using pg = open();
    const controller = new AbortController();
    const reason = new Error('changed my mind');
    const error = await rejection(
      pg.tx({ signal: controller.signal }, async (tx) => {
        await write(tx, 'undone');
        controller.abort(reason);
      }),
    );
    expect(error).toMatchObject({ code: 'BUSBAR_POSTGRES_ABORTED', outcome: 'rejected', cause: reason });
    await eventually(async () => (await notes(pg)).length === 0, 'undone');
  });

  test('R-PG-2 the signal of a statement, and that of its transaction, stop it', async () => {
    await using pg = open({ pool: { max: 1 } });
    for (const which of ['statement', 'transaction'] as const) {
      const [own, whole] = [new AbortController(), new AbortController()];
      const outcome = rejection(
        pg.tx({ signal: whole.signal }, async (tx) => {
          const sleeping = tx.query('select pg_sleep(20)', [], { signal: own.signal });
          (which === 'statement' ? own : whole).abort(new Error(which));
          await sleeping;
        }),
      );
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await outcome).toMatchObject({ code: 'BUSBAR_POSTGRES_ABORTED', cause: like({ message: which }) });
    }
    expect(await pg.value('select 1')).toBe(1);
  });

  test('an abort ends the repetitions: of a failed attempt, and while the next one is waited for', async () => {
    const conflict = "do $$ begin raise exception 'x' using errcode = '40001'; end $$";
    await using pg = open({ name: 'repeated', retry: { baseMs: 60_000, maxMs: 60_000 }, random: () => 0.5 });
    const early = new AbortController();
    const aborted = pg.tx({ signal: early.signal }, async (tx) => {
      try {
        await tx.query(conflict);
      } finally {
        early.abort();
      }
    });
    expect(await rejection(aborted)).toMatchObject({ code: 'BUSBAR_POSTGRES_SERIALIZATION' });
    expect(pg.stats().tx.retries).toEqual({});
    const late = new AbortController();
    const onRetry = (): void => late.abort();
    subscribe('busbar:postgres:tx-retry', onRetry);
    try {
      const waiting = pg.tx({ signal: late.signal }, (tx) => tx.query(conflict));
      expect(await rejection(waiting)).toMatchObject({ code: 'BUSBAR_POSTGRES_SERIALIZATION' });
    } finally {
      unsubscribe('busbar:postgres:tx-retry', onRetry);
    }
    expect(pg.stats().tx).toMatchObject({ committed: 0, retries: { 40_001: 1 } });
  });

  test('a connection that is lost without a word of the server is repeated where the pool may', async () => {
    await using proxy = await startTcpProxy({ target: db() });
    const { host, port } = proxy;
    await using pg = open({ host, port, retry: { on: ['connection'], baseMs: 1, maxMs: 2 } });
    await pg.tx(async (tx) => {
      await write(tx, `attempt ${tx.attempt}`);
      if (tx.attempt === 1) proxy.reset();
      await tx.query('select 1');
    });
    expect(await notes(pg)).toEqual(['attempt 2']);
    expect(pg.stats().tx).toMatchObject({ committed: 1, retries: { connection: 1 } });
  });
});
