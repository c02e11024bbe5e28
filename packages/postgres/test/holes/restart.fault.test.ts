import { startPostgres, type PostgresService } from '@busbar-tooling/dev-services';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createPostgres } from '../../src/connection-manager.ts';
import type { Postgres } from '../../src/postgres.ts';
import { eventually, rejection } from '../eventually.ts';
import { poolOptions } from '../pool-options.ts';

const COMMITTING = "select count(*)::int from pg_stat_activity where query = 'commit' and state = 'active'";

describe('a server that is restarted', () => {
  let server: PostgresService;
  let pg: Postgres;

  beforeAll(async () => {
    server = await startPostgres();
    pg = createPostgres(poolOptions({ ...server, database: 'postgres' }, { retry: { on: ['connection'] } }));
    await pg.execute('create table facts (n text)');
    await pg.execute(
      "create function sleep() returns trigger language plpgsql as 'begin perform pg_sleep(20); return null; end'",
    );
    await pg.execute(`create constraint trigger sleepy after insert on facts deferrable initially deferred
      for each row when (new.n = 'slow') execute function sleep()`);
  });
  afterAll(async () => {
    await pg.close({ deadlineMs: 200 });
    await server[Symbol.asyncDispose]();
  });

  test.for(['kill', 'stop'] as const)(
    '%s during COMMIT: its outcome is unknown, and the pool is back with the server',
    async (end) => {
      let attempts = 0;
      const pending = rejection(
        pg.tx(async (tx) => {
          attempts += 1;
          await tx.execute("insert into facts values ('slow')");
        }),
      );
      await eventually(async () => (await pg.value(COMMITTING)) === 1, 'COMMIT runs');
      await server[end]();
      expect(await pending).toMatchObject({ code: 'BUSBAR_POSTGRES_OUTCOME_UNKNOWN', retryable: false });
      expect(attempts).toBe(1);
      await server.start();
      await eventually(async () => (await pg.value('select 1').catch(() => 0)) === 1, 'the pool is back');
      await pg.tx((tx) => tx.execute('insert into facts values ($1)', [end]));
      expect(await pg.value("select array_agg(n) from facts where n in ('slow', $1)", [end])).toEqual([end]);
    },
  );
});
