/**
 * What depends on the server, on the version that the other tests run on and on PostgreSQL 15 of Debian 12. `pnpm test:pg15` runs every test of
 * this package that needs a server on the latter.
 */
import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import { describe, expect, test } from 'vitest';

import { createPostgres } from '../src/connection-manager.ts';
import type { PostgresOptions } from '../src/options.ts';
import { defineStatement, sql } from '../src/statement.ts';
import { eventually, rejection } from './eventually.ts';
import { listenTo } from './listen-to.ts';
import { aNumber, like } from './matchers.ts';
import { poolOptions } from './pool-options.ts';

const put = (n: number) => sql`insert into notes values (${n})`;
const NOTES = 'select array(select n from notes order by n)';

describe.for(['postgres', 'postgres-15'] as const)('the contract with %s', (server) => {
  const db = useTestDatabase({ server });
  const open = (own: PostgresOptions = {}) => createPostgres(poolOptions(db(), { pool: { max: 1 }, ...own }));
  const table = async () => {
    const pg = open();
    await pg.execute('drop table if exists notes');
    await pg.execute('create table notes (n int primary key, owner int)');
    return pg;
  };

  test('R-PG-8 it passes the start-up checks, and is the version it is meant to be', async () => {
    await using pg = open({ pool: { max: 2, minIdle: 2 } });
    const report = await pg.start();
    expect(report).toMatchObject({ ok: true, checks: [{}, {}, { id: 'pg.server', data: { encoding: 'UTF8' } }] });
    const version = await pg.value<string>('show server_version');
    expect(version).toMatch(server === 'postgres-15' ? /^15\./ : /^\d+\./);
  });

  test('R-PG-2 a transaction commits, is undone, and is repeated after a serialization failure', async () => {
    await using pg = await table();
    await pg.tx({ retry: { baseMs: 1, maxMs: 1 } }, async (tx) => {
      await tx.query(put(tx.attempt));
      if (tx.attempt === 1) await tx.query("do $$ begin raise exception 'x' using errcode = '40001'; end $$");
      await rejection(tx.savepoint((inner) => inner.query(put(2))));
      tx.commitWith(put(3));
    });
    expect(await pg.value(NOTES)).toEqual([2, 3]);
    const swallowed = await rejection(pg.tx((tx) => rejection(tx.query(put(2)))));
    expect(swallowed).toMatchObject({ code: 'BUSBAR_POSTGRES_COMMIT_ROLLED_BACK', cause: like({ sqlState: '23505' }) });
    expect(pg.stats().tx).toMatchObject({ committed: 1, rolledBack: 2, retries: { 40_001: 1 } });
  });

  test('R-PG-2 B2 an atomic batch is undone by its second statement, and by a deferred constraint at its end', async () => {
    await using pg = await table();
    await pg.execute(
      'alter table notes add constraint owned foreign key (owner) references notes deferrable initially deferred',
    );
    expect(await rejection(pg.batch([put(1), put(1)]))).toMatchObject({ sqlState: '23505', outcome: 'rejected' });
    const orphan = { text: 'insert into notes values (1, 99)' };
    expect(await rejection(pg.batch([put(2), orphan]))).toMatchObject({ sqlState: '23503', outcome: 'rejected' });
    expect(await pg.value(NOTES)).toEqual([]);
  });

  test('H5 H31 a cancelled statement stops on the server, and its connection serves the next one', async () => {
    await using pg = open();
    const pid = await pg.value('select pg_backend_pid()');
    const stop = new AbortController();
    const slow = rejection(pg.query('select pg_sleep(20)', [], { signal: stop.signal }));
    await eventually(() => pg.stats().leased === 1, 'it runs');
    stop.abort();
    expect(await slow).toMatchObject({ code: 'BUSBAR_POSTGRES_ABORTED' });
    expect([await pg.value('select pg_backend_pid()'), pg.stats().cancelsSent]).toEqual([pid, aNumber]);
  });

  test('H15 ALTER under a prepared statement heals', async () => {
    await using pg = await table();
    const all = defineStatement({ text: 'select * from notes', name: 'all' });
    await pg.query(put(1));
    expect(await pg.one(all)).toEqual({ n: 1, owner: null });
    await pg.execute('alter table notes add column more int');
    expect(await pg.one(all)).toEqual({ n: 1, owner: null, more: null });
    await pg.execute('alter table notes drop column more');
    expect(await rejection(pg.tx((tx) => tx.one(all)))).toMatchObject({ code: 'BUSBAR_POSTGRES_SCHEMA_CHANGED' });
    expect(pg.stats().statements.reprepared).toBe(2);
  });

  test('H14 a session that becomes read-only says so by itself, and a write it refuses is told apart', async () => {
    await using pg = open();
    await using lease = await pg.lease();
    await lease.query('set default_transaction_read_only = on');
    await eventually(() => pg.stats().generation === 2, 'the session tells of it');
    expect(await rejection(lease.query('create table t (n int)'))).toMatchObject({ code: 'BUSBAR_POSTGRES_READ_ONLY' });
    lease.release();
    expect(await pg.value('show transaction_read_only')).toBe('off');
  });

  test('H28 an unknown GUC blocks no connect, and a known one is set', async () => {
    await using pg = open({ timeouts: { transactionMs: 20_000 } });
    const version = await pg.value<number>("select current_setting('server_version_num')::int");
    const limit = await pg.value("select current_setting('transaction_timeout', true)");
    expect(limit).toBe(version >= 170_000 ? '20s' : null);
  });

  test('H29 a row limit stops a read on the server, and never a write', async () => {
    await using pg = await table();
    const write = 'insert into notes select generate_series(1, 50) returning n';
    expect((await pg.query(write, [], { maxRows: 10 })).rows).toHaveLength(50);
    const read = 'select n from notes';
    expect(await rejection(pg.query(read, [], { maxRows: 10 }))).toMatchObject({ details: { maxRows: 10 } });
    expect(await pg.value('select count(*)::int from notes')).toBe(50);
  });

  test('R-PG-6 Q9 a sampled statement tells where its time went: a join of many tables is planned for longer than it runs', async () => {
    const tables = Array.from({ length: 10 }, (_, n) => `joined_${n}`);
    await using admin = open();
    await admin.batch(tables.map((name) => ({ text: `create table ${name} as select 1 as id` })));
    const queries = listenTo('query');
    const gucs = { join_collapse_limit: '12', geqo: 'off' };
    await using pg = open({ name: `split-${server}`, random: () => 0, session: { gucs } });
    const join = `select id from ${tables.join(' natural join ')}`;
    expect(await pg.value(`${join} where id = $1`, [1], { name: false })).toBe(1);
    expect(queries).toMatchObject([{ split: { parseMs: aNumber, planMs: aNumber, executeMs: aNumber } }]);
    const { parseMs, planMs, executeMs } = pg.stats().operations.read;
    expect([parseMs.count, planMs.count, executeMs.count]).toEqual([1, 1, 1]);
    expect(planMs.sum).toBeGreaterThan(2 * (parseMs.sum + executeMs.sum));
    for (const wrong of ['selec', 'select * from nowhere', 'select 1 / 0'])
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await rejection(pg.query(wrong));
    await pg.query('select 1', [], { name: 'prepared' });
    await pg.batch([{ text: 'select 1' }, { text: 'select 2' }]);
    expect(
      queries.filter((message) => typeof message === 'object' && message !== null && 'split' in message),
    ).toHaveLength(1);
    await pg.tx(async (tx) => {
      await tx.query('select 1'); // behind BEGIN
      expect(await tx.value('select generate_series(1, 1000)', [], { maxRows: 1_000 }).catch(() => 'many')).toBe(
        'many',
      );
    });
    expect(pg.stats().operations.read.executeMs.count).toBe(2);
  });
});
