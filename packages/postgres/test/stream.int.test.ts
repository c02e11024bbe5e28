import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import { beforeAll, describe, expect, test } from 'vitest';

import { createPostgres } from '../src/connection-manager.ts';
import type { PostgresOptions } from '../src/options.ts';
import type { Postgres } from '../src/postgres.ts';
import { collect } from './collect.ts';
import { eventually, rejection } from './eventually.ts';
import { poolOptions } from './pool-options.ts';

const SERIES = 'select n from generate_series(1, $1::int) n';

describe('stream', () => {
  const db = useTestDatabase();
  const open = (own: PostgresOptions = {}): Postgres => createPostgres(poolOptions(db(), { pool: { max: 1 }, ...own }));

  beforeAll(async () => {
    await using pg = open();
    await pg.execute('create table notes (n int unique deferrable initially deferred)');
  });

  /** Fails unless the one connection of the pool is as good as new. */
  const assertReusable = async (pg: Postgres, created = 1): Promise<void> => {
    expect(await pg.value('select 1')).toBe(1);
    expect(pg.stats()).toMatchObject({ created, leased: 0, dirtyReleases: 0 });
  };

  test('X1 100 000 rows come in order, a batch at a time in memory, and count as one statement', async () => {
    await using pg = open();
    await pg.query('select 1');
    let rows = 0;
    const heapBefore = process.memoryUsage().heapUsed;
    let most = 0;
    const wide = "select n, repeat('x', 1000) as filler from generate_series(1, $1::int) n";
    for await (const { n } of pg.stream<{ n: number }>(wide, [100_000], { label: 'export' })) {
      rows += 1;
      if (n !== rows) throw new Error(`row ${rows} is ${n}`);
      if (rows % 5_000 === 0) most = Math.max(most, process.memoryUsage().heapUsed - heapBefore);
    }
    expect(rows).toBe(100_000); // 100 MB of text
    expect(most).toBeLessThan(80_000_000);
    expect(pg.stats().operations.read).toMatchObject({ count: 2, errors: 0, rows: 100_001 });
    expect(pg.topQueries().find(({ rows: counted }) => counted === 100_000)).toMatchObject({ count: 1, errors: 0 });
    await assertReusable(pg);
  });

  test('X1 the next batch is asked for on demand: the server waits for a slow consumer, who has no deadline', async () => {
    await using pg = open({
      timeouts: { lockMs: 100, statementMs: 150, queryDeadlineMs: 2_000, idleInTransactionMs: 500 },
    });
    await using observer = open();
    await pg.query('create temp sequence handed');
    const rows = pg.stream<{ n: number }>("select nextval('handed')::int as n from generate_series(1, 9)", [], {
      batchSize: 3,
      deadlineMs: 300,
    });
    const iterator = rows[Symbol.asyncIterator]();
    expect(await iterator.next()).toEqual({ done: false, value: { n: 1 } });
    const state =
      "select state || ' ' || wait_event from pg_stat_activity where datname = current_database() and query like 'select nextval%'";
    await eventually(async () => (await observer.value(state)) === 'active ClientRead', 'the server waits');
    await observer.query('select pg_sleep(0.35)'); // longer than every limit of the statement
    expect(await collect({ [Symbol.asyncIterator]: () => iterator })).toHaveLength(8);
    expect(await pg.value('select last_value::int from handed')).toBe(9);
    const cost = pg.topQueries().find(({ rows: counted }) => counted === 9);
    expect(cost?.maxMs).toBeLessThan(350); // without the consumer's time
    await assertReusable(pg);
  });

  test('X1 an early break, a throw and a return() close the portal and give the connection back', async () => {
    await using pg = open();
    for await (const { n } of pg.stream<{ n: number }>(SERIES, [10_000], { batchSize: 10 })) if (n === 15) break;
    await assertReusable(pg);
    const consume = async (): Promise<void> => {
      for await (const row of pg.stream(SERIES, [100])) throw new Error(JSON.stringify(row));
    };
    await expect(consume()).rejects.toThrow('{"n":1}');
    await assertReusable(pg);
    const unused = pg.stream(SERIES, [100])[Symbol.asyncIterator]();
    await unused.return?.();
    const whole = pg.stream(SERIES, [3], { batchSize: 3 })[Symbol.asyncIterator]();
    await whole.next();
    await whole.return?.(); // the server has not said yet that there is no more
    await assertReusable(pg);
    expect(pg.stats()).toMatchObject({ cancelsSent: 0, operations: { read: { errors: 0 } } });
  });

  test('X1 shapes: lists, own parsers, fragments, no rows, exactly one batch, and rows that write', async () => {
    await using pg = open();
    expect(await collect(pg.stream('select 1 as a, 2 as a', [], { rowMode: 'array' }))).toEqual([[1, 2]]);
    const types = { 23: (text: string) => `<${text}>` };
    expect(await collect(pg.stream(SERIES, [2], { batchSize: 2, types }))).toEqual([{ n: '<1>' }, { n: '<2>' }]);
    expect(await collect(pg.stream(SERIES, [0], { name: 'never' }))).toEqual([]);
    expect(await pg.value('select count(*)::int from pg_prepared_statements')).toBe(0);
    expect(await collect(pg.stream(''))).toEqual([]);
    const inserted = pg.stream('insert into notes select generate_series(1, 5) returning n', [], { batchSize: 2 });
    for await (const row of inserted) if (row['n'] === 1) break;
    expect(await pg.value('select count(*)::int from notes')).toBe(5);
    await pg.execute('delete from notes');
  });

  test('X1 what is refused before anything is sent', async () => {
    await using pg = open();
    for (const batchSize of [0, 1.5, 10_001])
      expect(() => pg.stream('select 1', [], { batchSize })).toThrow('batchSize: expected an integer from 1 to 10000');
    expect(() => pg.stream('begin')).toThrow('BEGIN as a statement is refused');
    expect(() => pg.stream('select $1', [undefined])).toThrow('$1');
    await using shared = open({ pooler: 'transaction' });
    expect(() => shared.stream("set statement_timeout = '1s'")).toThrow('not behind a transaction pooler');
    expect(await collect(shared.stream(SERIES, [2], { batchSize: 1 }))).toHaveLength(2);
    await using strict = open({ guard: { mode: 'block', maxScore: 1 } });
    expect(() => strict.stream('select * from notes a join notes b on true')).toThrow('over 1');
    expect(pg.stats().acquired).toBe(0);
  });

  test('X1 maxRows of the call ends it, that of the pool does not', async () => {
    await using pg = open({ maxRows: 2 });
    expect(await collect(pg.stream(SERIES, [5]))).toHaveLength(5);
    const tooMany = { code: 'BUSBAR_POSTGRES_TOO_MANY_ROWS', outcome: 'rejected' };
    expect(await rejection(collect(pg.stream(SERIES, [5], { maxRows: 3, batchSize: 2 })))).toMatchObject(tooMany);
    expect(await rejection(collect(pg.stream(SERIES, [5], { maxRows: 3 })))).toMatchObject(tooMany);
    expect(await collect(pg.stream(SERIES, [3], { maxRows: 3 }))).toHaveLength(3);
    await assertReusable(pg);
  });

  test('X1 an error in the middle of the rows comes behind those before it; one at the end fails the stream as well', async () => {
    await using pg = open();
    const seen: unknown[] = [];
    const consume = async (text: string): Promise<void> => {
      for await (const row of pg.stream(text, [], { batchSize: 4 })) seen.push(row['n']);
    };
    expect(await rejection(consume('select 10 / (6 - n) as n from generate_series(1, 9) n'))).toMatchObject({
      code: 'BUSBAR_POSTGRES_DATA',
      outcome: 'rejected',
      sqlState: '22012',
    });
    expect(seen).toEqual([2, 2, 3, 5]);
    const twice = 'insert into notes values (1), (1) returning n';
    expect(await rejection(consume(twice))).toMatchObject({ code: 'BUSBAR_POSTGRES_CONSTRAINT', outcome: 'rejected' });
    expect(await pg.value('select count(*)::int from notes')).toBe(0);
    expect(await rejection(consume('select nonsense'))).toMatchObject({ code: 'BUSBAR_POSTGRES_SCHEMA' });
    const types = { 23: (text: string) => (text === '3' ? JSON.parse('{') : text) as unknown };
    expect(await rejection(collect(pg.stream(SERIES, [9], { batchSize: 4, types })))).toMatchObject({
      code: 'BUSBAR_POSTGRES_INTERNAL',
    });
    expect(await rejection(collect(pg.stream(SERIES, [9], { types })))).toMatchObject({
      code: 'BUSBAR_POSTGRES_INTERNAL',
    });
    expect(pg.topQueries().find(({ summary }) => summary === 'INSERT notes')).toMatchObject({ rows: 2, errors: 1 });
    await assertReusable(pg);
  });

  test('D3 abort while the consumer is at work, and while a batch is awaited', async () => {
    await using pg = open();
    const abort = new AbortController();
    const consume = async (): Promise<void> => {
      for await (const { n } of pg.stream<{ n: number }>(SERIES, [100], { batchSize: 10, signal: abort.signal }))
        if (n === 5) abort.abort(new Error('enough'));
    };
    expect(await rejection(consume())).toMatchObject({
      code: 'BUSBAR_POSTGRES_ABORTED',
      cause: { message: 'enough' },
    });
    await assertReusable(pg); // nothing ran, so nothing had to be cancelled
    expect(pg.stats().cancelsSent).toBe(0);
    const sleepy = pg.stream('select pg_sleep(n * 5) from generate_series(0, 1) n', [], {
      batchSize: 1,
      signal: AbortSignal.timeout(50),
    });
    expect(await rejection(collect(sleepy))).toMatchObject({ code: 'BUSBAR_POSTGRES_ABORTED' });
    const late = pg.stream('select pg_sleep(n * 5) from generate_series(0, 1) n', [], { batchSize: 1, deadlineMs: 60 });
    expect(await rejection(collect(late))).toMatchObject({ code: 'BUSBAR_POSTGRES_DEADLINE' });
    expect(await rejection(collect(pg.stream('select 1', [], { signal: AbortSignal.abort() })))).toMatchObject({
      code: 'BUSBAR_POSTGRES_ABORTED',
      outcome: 'not-sent',
    });
    expect(await pg.value('select 1')).toBe(1); // of a new connection, if a cancel might still have hit the old one
    expect(pg.stats()).toMatchObject({ leased: 0, dirtyReleases: 0 });
  });

  test('L8 a backend that is killed between two batches loses the stream, and the pool goes on', async () => {
    await using pg = open();
    await using observer = open();
    const pid = await pg.value('select pg_backend_pid()');
    const consume = async (): Promise<void> => {
      for await (const { n } of pg.stream<{ n: number }>(SERIES, [100], { batchSize: 10 }))
        if (n === 5) {
          await observer.query('select pg_terminate_backend($1)', [pid]);
          await eventually(() => pg.stats().open === 0, 'the pool has seen it');
        }
    };
    expect(await rejection(consume())).toMatchObject({ code: 'BUSBAR_POSTGRES_LEASE_LOST', sqlState: '57P01' });
    await assertReusable(pg, 2);
  });

  test('a stream in a transaction: other statements, COMMIT and savepoints are refused until its end', async () => {
    await using pg = open();
    const busy = { code: 'BUSBAR_POSTGRES_LEASE_BUSY', outcome: 'not-sent', message: /lent to a stream or COPY/ };
    await pg.tx(async (tx) => {
      for await (const { n } of tx.stream<{ n: number }>(SERIES, [3], { batchSize: 1 })) {
        expect(await rejection(tx.query('insert into notes values (9)'))).toMatchObject(busy);
        expect(await rejection(collect(tx.stream(SERIES, [n])))).toMatchObject(busy);
      }
      await tx.execute('insert into notes values (1)');
      await tx.savepoint(async (inner) => {
        for await (const { n } of inner.stream<{ n: number }>(SERIES, [3], { batchSize: 1 })) if (n === 2) break;
        await inner.execute('insert into notes values (2)');
      });
    });
    expect((await pg.query('select n from notes order by n')).rows).toEqual([{ n: 1 }, { n: 2 }]);

    let left: AsyncIterator<unknown> | undefined;
    const queuedEnds: Promise<unknown>[] = [];
    const forgetful = pg.tx(async (tx) => {
      await tx.execute('insert into notes values (3)');
      left = tx.stream(SERIES, [9], { batchSize: 1 })[Symbol.asyncIterator]();
      await left.next();
    });
    expect(await rejection(forgetful)).toMatchObject(busy);
    await expect(left?.next()).rejects.toMatchObject({ code: 'BUSBAR_POSTGRES_TX_ENDED' });
    const queued = pg.tx(async (tx) => {
      const before = tx.query('select pg_sleep(0.02)');
      left = tx.stream(SERIES, [9], { batchSize: 1 })[Symbol.asyncIterator]();
      const first = rejection(left.next().then(() => undefined));
      queuedEnds.push(before, first);
      await new Promise(setImmediate);
    });
    expect(await rejection(queued)).toMatchObject(busy);
    expect(await queuedEnds[1]).toMatchObject({ code: 'BUSBAR_POSTGRES_TX_ENDED', outcome: 'not-sent' });
    const saved = pg.tx(async (tx) => {
      const inner = tx.savepoint(async (scope) => {
        await scope.execute('insert into notes values (4)');
        await scope.stream(SERIES, [9], { batchSize: 1 })[Symbol.asyncIterator]().next();
      });
      expect(await rejection(inner)).toMatchObject(busy);
      await tx.execute('insert into notes values (5)');
    });
    await saved;
    expect(await pg.value('select array_agg(n order by n) from notes')).toEqual([1, 2, 5]);
    await pg.execute('delete from notes');
    await assertReusable(pg);
  });

  test('a stream on a lease; a release while it is open destroys the connection', async () => {
    await using pg = open();
    const lease = await pg.lease();
    expect(await collect(lease.stream(SERIES, [3], { batchSize: 1 }))).toHaveLength(3);
    await lease.query('begin');
    expect(await collect(lease.stream(SERIES, [3], { batchSize: 1 }))).toHaveLength(3);
    expect(await lease.value("select current_setting('statement_timeout')")).toBe('15s');
    await lease.query('commit');
    await collect(lease.stream("select set_config('application_name', 'changed', false)"));
    expect(await lease.value("select current_setting('statement_timeout')")).toBe('15s');
    const rows = lease.stream(SERIES, [9], { batchSize: 1 })[Symbol.asyncIterator]();
    await rows.next();
    await rows.next();
    expect(() => lease.release()).toThrow('while a statement was running');
    await expect(rows.next()).rejects.toMatchObject({ code: 'BUSBAR_POSTGRES_LEASE_LOST' });
    expect(await pg.value('select 1')).toBe(1);
    expect(pg.stats().created).toBe(2);
  });
});
