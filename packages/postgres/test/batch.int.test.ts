import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import { describe, expect, test } from 'vitest';

import { createPostgres } from '../src/connection-manager.ts';
import type { PostgresOptions } from '../src/options.ts';
import { defineStatement, sql } from '../src/statement.ts';
import { rejection } from './eventually.ts';
import { poolOptions } from './pool-options.ts';

const put = (id: number) => ({ text: 'insert into items values ($1)', values: [id] });

describe('R-PG-2 B2 a batch on a real server', () => {
  const db = useTestDatabase();
  const open = async (own: PostgresOptions = {}) => {
    const pg = createPostgres(poolOptions(db(), { pool: { max: 1 }, ...own }));
    await pg.execute('create table if not exists items (id int primary key, owner int)');
    await pg.execute('truncate items');
    return pg;
  };
  const COUNT = 'select count(*)::int from items';

  test('gives the results in the order of the statements, on the pool, a lease and a transaction', async () => {
    await using pg = await open();
    const find = defineStatement({ text: 'select id from items where id > $1 order by id limit 9', name: 'find' });
    expect(await pg.batch([put(1), put(2), find.bind(0), sql`select ${'a'}::text as t`])).toMatchObject([
      { command: 'INSERT', rowCount: 1 },
      { command: 'INSERT', rowCount: 1 },
      { rows: [{ id: 1 }, { id: 2 }] },
      { rows: [{ t: 'a' }] },
    ]);
    await using lease = await pg.lease();
    expect(await lease.batch([put(3), { text: COUNT }])).toMatchObject([{ rowCount: 1 }, { rows: [{ count: 3 }] }]);
    lease.release();
    const inside = await pg.tx(async (tx) => [await tx.batch([put(4), { text: COUNT }]), await tx.value(COUNT)]);
    expect(inside).toMatchObject([[{ rowCount: 1 }, { rows: [{ count: 4 }] }], 4]);
    expect([await pg.batch([]), await pg.tx((tx) => tx.batch([]))]).toEqual([[], []]);
    await using other = await pg.lease();
    expect(await other.batch([])).toEqual([]);
  });

  test('an error in one statement undoes those before it, and a deferred constraint all of them', async () => {
    await using pg = await open();
    await pg.execute(
      'alter table items add constraint owned foreign key (owner) references items deferrable initially deferred',
    );
    expect(await rejection(pg.batch([put(1), put(1), put(2)]))).toMatchObject({
      code: 'BUSBAR_POSTGRES_CONSTRAINT',
      outcome: 'rejected',
    });
    const orphan = { text: 'insert into items values (1, 99)' };
    expect(await rejection(pg.batch([put(2), orphan]))).toMatchObject({ sqlState: '23503', outcome: 'rejected' });
    expect(await pg.value(COUNT)).toBe(0);
    expect(pg.stats().operations.write).toMatchObject({ count: 2 + 2 + 1, errors: 1 });
    const caught = await pg.tx(async (tx) => {
      await tx.execute('insert into items values (7)');
      return rejection(tx.savepoint((inner) => inner.batch([put(8), put(8)])));
    });
    expect(caught).toMatchObject({ code: 'BUSBAR_POSTGRES_CONSTRAINT' });
    expect(await pg.value(COUNT)).toBe(1);
  });

  test('a read that is cut off says whether the writes beside it stay', async () => {
    await using pg = await open();
    const many = { text: 'select generate_series(1, 5)' };
    const code = 'BUSBAR_POSTGRES_TOO_MANY_ROWS';
    expect(await rejection(pg.batch([many], { maxRows: 2 }))).toMatchObject({ code, outcome: 'rejected' });
    expect(await rejection(pg.batch([put(1), many], { maxRows: 2 }))).toMatchObject({ code, outcome: 'unknown' });
    expect(await pg.value(COUNT)).toBe(1);
    const inside = pg.tx((tx) => tx.batch([put(2), many], { maxRows: 2 }));
    expect(await rejection(inside)).toMatchObject({ code, outcome: 'rejected' });
    expect(await pg.value(COUNT)).toBe(1);
  });

  test('is refused before anything is sent where one of its statements is', async () => {
    await using pg = await open({ guard: { mode: 'block' } });
    const refused = async (text: string) => rejection(pg.batch([put(1), { text }]));
    expect(await refused('commit')).toMatchObject({ code: 'BUSBAR_POSTGRES_TX_CONTROL' });
    expect(await refused('copy items to stdout')).toMatchObject({ code: 'BUSBAR_POSTGRES_ARGUMENT_INVALID' });
    const joins = 'select 1 from a join b join c join d join e join f join g join h join i join j join k join l';
    expect(await refused(joins)).toMatchObject({ code: 'BUSBAR_POSTGRES_GUARD_BLOCKED' });
    expect(await rejection(pg.tx((tx) => tx.batch([{ text: 'rollback' }])))).toMatchObject({
      code: 'BUSBAR_POSTGRES_TX_CONTROL',
    });
    expect(await pg.value(COUNT)).toBe(0);
  });

  test('S4 is repeated as a whole after a change of the schema', async () => {
    await using pg = await open({ statements: { autoPrepareAfter: 1 } });
    const all = { text: 'select * from items' };
    await pg.query(all.text);
    await pg.query(all.text);
    await pg.execute('alter table items add column note text');
    const results = await pg.batch([put(1), all]);
    expect(results.map(({ rows }) => rows)).toEqual([[], [{ id: 1, owner: null, note: null }]]);
    expect(pg.stats().statements).toMatchObject({ hits: 1, reprepared: 1 });
    expect(await pg.value(COUNT)).toBe(1);
  });

  test('its deadline and its signal hold for all of it', async () => {
    await using pg = await open();
    const slow = { text: 'select pg_sleep(5)' };
    expect(await rejection(pg.batch([put(1), slow], { deadlineMs: 60 }))).toMatchObject({
      code: 'BUSBAR_POSTGRES_DEADLINE',
      outcome: 'rejected',
    });
    const stop = new AbortController();
    const aborted = rejection(pg.tx({ signal: stop.signal }, (tx) => tx.batch([put(1), slow])));
    stop.abort();
    expect(await aborted).toMatchObject({ code: 'BUSBAR_POSTGRES_ABORTED' });
    expect(await pg.value(COUNT)).toBe(0);
  });
});
