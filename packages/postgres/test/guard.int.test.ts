import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { createPostgres } from '../src/connection-manager.ts';
import { rememberLogin } from '../src/known-secrets.ts';
import { defineStatement, sql } from '../src/statement.ts';
import { rejection } from './eventually.ts';
import { tokensOf } from './guard/tokens-of.ts';
import { aNumber, like } from './matchers.ts';
import { poolOptions } from './pool-options.ts';

const HEAVY = 'select * from generate_series(1, 2) a, generate_series(1, 2) b';

describe('statements and their guard on a real server', () => {
  const db = useTestDatabase();
  const messagesOf = async (channel: string, work: () => Promise<void>): Promise<unknown[]> => {
    const heard: unknown[] = [];
    const listener = (message: unknown): void => void heard.push(message);
    subscribe(channel, listener);
    try {
      await work();
    } finally {
      unsubscribe(channel, listener);
    }
    return heard;
  };

  test('R-PG-4 the tokenizer finds as many values as the server does, whatever is written in them', async () => {
    await using pg = createPostgres(poolOptions(db(), { statements: { cacheSize: 0 } }));
    const version = await pg.value<number>("select current_setting('server_version_num')::int");
    const since16 = version < 160_000 ? [] : ['0x1f', '1_000'];
    const inside = fc.stringMatching(/^[a-z'",;$\\/*\-\n ()]{0,8}$/);
    const item = fc.oneof(
      inside.map((text) => `'${text.replaceAll("'", "''")}'`),
      inside.map((text) => String.raw`E'${text.replaceAll('\\', String.raw`\\`).replaceAll("'", String.raw`\'`)}'`),
      inside.map((text) => `$q$${text.replaceAll('$', '')}$q$`),
      inside.map((text) => `1 as "x${text.replaceAll('"', '""')}"`),
      inside.map((text) => `/*${text.replaceAll(/[/*]/g, '')}/* ' */*/ 2`),
      inside.map((text) => `3 --${text.replaceAll('\n', ' ')}\n`),
      inside.map((text) => `'a'  \n '${text.replaceAll("'", "''")}'`),
      fc.constantFrom('-1', '1.5e-3', '1 <-1', '5 - - 3', "U&'\\0061'", "B'01'", '4/2', '.5', ...since16),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(item, { minLength: 1, maxLength: 8 }), async (items) => {
        const text = `select ${items.join(',')}`;
        const { fields } = await pg.query(text);
        const commas = tokensOf(text).filter((token) => token.text === ',').length;
        expect(commas + 1).toBe(fields.length);
      }),
      { numRuns: 150 },
    );
  });

  test('R-PG-4 mode block refuses before anything is sent, and a waived statement runs', async () => {
    await using pg = createPostgres(poolOptions(db(), { guard: { mode: 'block', maxScore: 5 } }));
    const messages = await messagesOf('busbar:postgres:guard', async () => {
      const refused = await rejection(pg.query(HEAVY, [], { label: 'report' }));
      expect(refused).toMatchObject({
        code: 'BUSBAR_POSTGRES_GUARD_BLOCKED',
        kind: 'guard-blocked',
        outcome: 'not-sent',
        retryable: false,
        label: 'report',
        details: { score: 8, maxScore: 5, reasons: ['join 1', 'expensiveFunction 2'] },
      });
      expect(await rejection(pg.tx((tx) => tx.query(HEAVY)))).toMatchObject({ code: 'BUSBAR_POSTGRES_GUARD_BLOCKED' });
      const blocked = pg.tx((tx) => {
        tx.commitWith({ text: HEAVY });
        return Promise.resolve();
      });
      expect(await rejection(blocked)).toMatchObject({ code: 'BUSBAR_POSTGRES_GUARD_BLOCKED' });
    });
    expect(messages).toMatchObject(Array.from({ length: 3 }, () => ({ action: 'blocked', verdict: { score: 8 } })));
    expect((await pg.query(HEAVY, [], { guard: 'waive' })).rowCount).toBe(4);
    expect((await pg.query(defineStatement({ text: HEAVY, guard: 'waive' }))).rowCount).toBe(4);
    expect(pg.stats().guard).toMatchObject({ hits: 4, misses: 1, blocked: 3, exceeded: 3, passed: 2 });
    const long = await rejection(pg.query(`select '${'x'.repeat(70_000)}'`));
    expect(long).toMatchObject({ code: 'BUSBAR_POSTGRES_GUARD_BLOCKED', details: { bytes: 70_009, score: 0 } });
  });

  test('R-PG-4 mode warn publishes and runs', async () => {
    await using pg = createPostgres(poolOptions(db(), { guard: { mode: 'warn', maxScore: 5 } }));
    const messages = await messagesOf('busbar:postgres:guard', async () => {
      expect((await pg.query(HEAVY)).rowCount).toBe(4);
    });
    expect(messages).toMatchObject([{ pool: 'default', action: 'warned', verdict: { summary: 'SELECT' } }]);
    expect(pg.stats().guard).toMatchObject({ warned: 1, blocked: 0 });
  });

  test('R-PG-6 statements are counted by fingerprint, and slow ones are told without their literals', async () => {
    await using pg = createPostgres(poolOptions(db(), { slowQueryMs: 1 }));
    const messages = await messagesOf('busbar:postgres:query-slow', async () => {
      await pg.query("select 1 as a, pg_sleep(0.002), 'hunter2'", [], { label: 'nap' });
    });
    expect(messages).toEqual([
      {
        pool: 'default',
        label: 'nap',
        rows: 1,
        durationMs: aNumber,
        verdict: like({ summary: 'SELECT', operation: 'read' }),
        statement: 'select ? as a , pg_sleep ( ? ) , ?',
      },
    ]);
    await Promise.all([1, 2, 3].map((n) => rejection(pg.query(`select ${n} / 0`))));
    const failed = pg.topQueries({ by: 'errors', limit: 1 });
    expect(failed).toMatchObject([{ count: 3, errors: 3, rows: 0, operation: 'read' }]);
    expect(pg.topQueries()).toHaveLength(2);
  });

  test('R-PG-5 C5 a password that is learned while a statement runs is not in what is told of it', async () => {
    await using pg = createPostgres(poolOptions(db(), { slowQueryMs: 1 }));
    let failed: unknown;
    const work = async (): Promise<void> => {
      const running = rejection(pg.query('select pg_sleep(0.002) from Victor_5'));
      rememberLogin('Victor_5');
      failed = await running;
    };
    const slow: unknown[] = [];
    const messages = await messagesOf('busbar:postgres:query', async () => {
      slow.push(...(await messagesOf('busbar:postgres:query-slow', work)));
    });
    expect(messages).toMatchObject([{ verdict: { summary: 'SELECT [redacted]' }, sqlState: '42P01' }]);
    expect(JSON.stringify([messages, slow, pg.topQueries(), failed])).not.toMatch(/victor_5/iu);
  });

  test('R-PG-2 templates and defined statements run wherever a text does', async () => {
    await using pg = createPostgres(poolOptions(db()));
    const add = defineStatement<{ sum: number }>({ text: 'select $1::int + $2::int as sum', maxRows: 1 });
    expect((await pg.one(add, [1, 2])).sum).toBe(3);
    expect(await pg.value(sql`select ${"it's"}::text`)).toBe("it's");
    expect(await pg.tx((tx) => tx.value(sql`select ${1}::int + ${2}::int`))).toBe(3);
    await using lease = await pg.lease();
    expect(await lease.maybeOne(sql`select 1 where ${false}::bool`)).toBeUndefined();
    expect(await lease.execute(sql`select ${1}::int`)).toBe(1);
    expect(await rejection(lease.one(sql`select 1 where false`))).toMatchObject({ outcome: 'rejected' });
    const wrong = lease.execute('create table made ()', [], { expectRows: 1 });
    expect(await rejection(wrong)).toMatchObject({ code: 'BUSBAR_POSTGRES_ROW_COUNT', outcome: 'unknown' });
    expect(await rejection(pg.query(sql`select '${1}'`))).toMatchObject({ code: 'BUSBAR_POSTGRES_ARGUMENT_INVALID' });
    const two = defineStatement({ text: 'select generate_series(1, 2)', maxRows: 1 });
    expect(await rejection(pg.query(two))).toMatchObject({ code: 'BUSBAR_POSTGRES_TOO_MANY_ROWS' });
    expect((await pg.query(two, [], { maxRows: 2 })).rowCount).toBe(2);
    expect(await rejection(pg.tx({ maxRows: 1 }, (tx) => tx.query('select generate_series(1, 2)')))).toMatchObject({
      code: 'BUSBAR_POSTGRES_TOO_MANY_ROWS',
    });
  });

  test('Q5 only an idempotent statement is repeated after a connection that was lost while it ran', async () => {
    await using pg = createPostgres(poolOptions(db(), { pool: { max: 1 } }));
    await pg.execute('create sequence ran');
    const once = "select case when nextval('ran') < 2 then pg_terminate_backend(pg_backend_pid()) end as done";
    expect(await rejection(pg.query(once))).toMatchObject({ code: 'BUSBAR_POSTGRES_LEASE_LOST', outcome: 'unknown' });
    await pg.execute("select setval('ran', 1, false)");
    expect(await pg.value(defineStatement({ text: once, idempotent: true }))).toBeNull();
  });
});
