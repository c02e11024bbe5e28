import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import { describe, expect, test } from 'vitest';

import { createPostgres } from '../src/connection-manager.ts';
import { poolOptions } from './pool-options.ts';

describe('queries on a real server', () => {
  const db = useTestDatabase();

  test('R-PG-2 query, one, maybeOne, value and execute give the shapes they promise', async () => {
    await using pg = createPostgres(poolOptions(db()));
    const result = await pg.query('select n, n::text as t from generate_series(1, $1::int) n', [3]);
    expect(result.rows).toEqual([
      { n: 1, t: '1' },
      { n: 2, t: '2' },
      { n: 3, t: '3' },
    ]);
    expect(result).toMatchObject({
      rowCount: 3,
      command: 'SELECT',
      fields: [
        { name: 'n', typeId: 23 },
        { name: 't', typeId: 25 },
      ],
    });
    expect(await pg.one('select 1 as one')).toEqual({ one: 1 });
    expect(await pg.maybeOne('select 1 where false')).toBeUndefined();
    expect(await pg.value<number>('select 42')).toBe(42);
    expect(await pg.execute('create table t (id int primary key, v text)')).toBe(0);
    expect(await pg.execute('insert into t values ($1, $2), ($3, $4)', [1, 'a', 2, null])).toBe(2);
    const value = await pg.tx(async (tx) => {
      await tx.execute('update t set v = $1', ['x']);
      tx.commitWith({ text: 'insert into t values (3, $1)', values: ['c'] });
      return tx.value<string>('select v from t where id = 2');
    });
    expect(value).toBe('x');
    expect(await pg.value('select count(*)::int from t')).toBe(3);
  });
});
