import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createPostgres } from '../src/connection-manager.ts';
import { isPostgresError } from '../src/errors.ts';
import { asPgPool } from '../src/pg/index.ts';
import type { Postgres } from '../src/postgres.ts';
import { eventually } from './eventually.ts';
import { ORMS, type Orm } from './orms.ts';
import { poolOptions } from './pool-options.ts';

const WRITERS = 32;
const KILLER = 7;

describe.for(ORMS)('%s through asPgPool()', ([name, open]) => {
  const db = useTestDatabase();
  let observer: Postgres;
  let pg: Postgres;
  let orm: Orm;

  beforeAll(async () => {
    observer = createPostgres(poolOptions(db(), { session: { applicationName: 'observer' } }));
    pg = createPostgres(poolOptions(db(), { pool: { max: 4 }, session: { applicationName: name } }));
    await observer.execute('create table halves (writer int not null, half int not null, unique (writer, half))');
    orm = open(asPgPool(pg));
  });

  afterAll(async () => {
    await orm.close();
    await pg.close();
    await observer.close();
  });

  test('R-PG-1 ordinary queries go through the pool, and its statistics', async () => {
    await Promise.all([1, 2, 3].map((half) => orm.insert({ writer: 100, half })));
    expect(await orm.halves(100)).toEqual([1, 2, 3]);
    await expect(orm.insert({ writer: 100, half: 3 })).rejects.toSatisfy((error: unknown) => {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      return cause instanceof Error && 'code' in cause && cause.code === '23505'; // the driver's own error
    });
    const { leased, closed, operations } = pg.stats();
    expect({ leased, closed }).toEqual({ leased: 0, closed: {} });
    expect([operations.write.count, operations.write.errors]).toEqual([4, 1]);
  });

  test('a transaction is one connection, and all or nothing', async () => {
    const pids = new Set<number>();
    const write = async (writer: number, fail: boolean): Promise<unknown> =>
      orm.transaction(async (tx) => {
        pids.add(await tx.pid());
        await tx.insert({ writer, half: 1 });
        pids.add(await tx.pid());
        if (fail) throw new Error('changed my mind');
        await tx.insert({ writer, half: 2 });
      });
    await write(101, false);
    expect(pids.size).toBe(1);
    await expect(write(102, true)).rejects.toThrow('changed my mind');
    expect([await orm.halves(101), await orm.halves(102)]).toEqual([[1, 2], []]);
  });

  test('a COMMIT that the server answers with ROLLBACK rejects', async () => {
    const swallowing = orm.transaction(async (tx) => {
      await tx.insert({ writer: 103, half: 1 });
      await tx.insert({ writer: 103, half: 1 }).catch(() => undefined);
    });
    await expect(swallowing).rejects.toSatisfy((error: unknown) => {
      const found = error instanceof Error && !isPostgresError(error) ? error.cause : error;
      return isPostgresError(found) && found.code === 'BUSBAR_POSTGRES_COMMIT_ROLLED_BACK';
    });
    expect(await orm.halves(103)).toEqual([]);
  });

  test('32 concurrent writers and killed backends: no half transaction', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: WRITERS }, (_, writer) =>
        orm.transaction(async (tx) => {
          await tx.insert({ writer, half: 1 });
          if (writer === KILLER)
            await observer.query(
              'select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = $1',
              [name],
            );
          await tx.insert({ writer, half: 2 });
        }),
      ),
    );
    const found = await Promise.all(outcomes.map((_, writer) => orm.halves(writer)));
    const halfOnes = found.filter(({ length }) => length === 1);
    const missing = outcomes.filter(({ status }, writer) => status === 'fulfilled' && found[writer]?.length !== 2);
    expect([halfOnes, missing]).toEqual([[], []]);
    expect(outcomes[KILLER]?.status).toBe('rejected');
    expect(found[KILLER]).toEqual([]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(WRITERS / 2);
    await eventually(() => pg.stats().leased === 0, 'nobody holds a connection');
    expect(pg.stats().leasesLost).toBeGreaterThan(0);
  });
});
