import { describe, expect, test } from 'vitest';

import { withClient } from '../src/postgres-client.ts';
import { requireService } from '../src/require-service.ts';
import { type TemplateSpec, testDatabase, useTestDatabase } from '../src/test-database.ts';

const names = (url: string): Promise<readonly string[]> =>
  withClient(url, async (client) => {
    const { rows } = await client.query<{ datname: string }>('select datname from pg_database');
    return rows.map((row) => row.datname);
  });

describe('a database of the file', () => {
  const db = useTestDatabase();

  test('is there in every test and starts empty', async () => {
    const tables = await withClient(db().url, (client) =>
      client.query(`select 1 from information_schema.tables where table_schema = 'public'`),
    );
    expect(tables.rows).toEqual([]);
    expect(new URL(db().url)).toMatchObject({
      hostname: db().host,
      port: String(db().port),
      username: db().user,
      pathname: `/${db().database}`,
    });
  });
});

test('a database of the test is dropped at its end, with whoever is still connected', async (ctx) => {
  const server = await requireService(ctx, 'postgres');
  let gone: string;
  let cut: Promise<unknown>;
  {
    await using db = await testDatabase(ctx);
    gone = db.database;
    expect(gone.length).toBeLessThanOrEqual(63);
    cut = withClient(db.url, (client) => {
      client.on('error', () => undefined);
      return client.query('select pg_sleep(30)');
    }).catch((error: unknown) => error);
    await expect
      .poll(() =>
        withClient(server.adminUrl, async (client) => {
          const { rows } = await client.query('select 1 from pg_stat_activity where datname = $1 and state = $2', [
            db.database,
            'active',
          ]);
          return rows.length;
        }),
      )
      .toBe(1);
  }
  expect(await names(server.adminUrl)).not.toContain(gone);
  expect(await cut).toBeInstanceOf(Error);
});

test('a template is built once for many at the same time, and its copies do not see each other', async (ctx) => {
  let migrations = 0;
  const template: TemplateSpec = {
    name: 'test-kit-template',
    migrate: async (url) => {
      migrations += 1;
      await withClient(url, (client) => client.query('create table item (id int); insert into item values (1)'));
    },
  };
  const copies = await Promise.all(Array.from({ length: 6 }, () => testDatabase(ctx, { template })));
  const [first, second] = copies;
  if (first === undefined || second === undefined) throw new Error('no copies');
  await withClient(first.url, (client) => client.query('insert into item values (2)'));
  const count = await withClient(second.url, (client) => client.query('select id from item'));
  expect(count.rows).toEqual([{ id: 1 }]);
  expect(migrations).toBe(1);
  expect(new Set(copies.map((copy) => copy.database)).size).toBe(6);
  await Promise.all(copies.map((copy) => copy[Symbol.asyncDispose]()));
});

test('a template whose migration fails is built anew by the next one', async (ctx) => {
  let attempt = 0;
  const template: TemplateSpec = {
    name: 'test-kit-failing-template',
    migrate: async (url) => {
      attempt += 1;
      await withClient(url, (client) =>
        client.query(attempt === 1 ? 'create table half (id int); nonsense' : 'create table whole (id int)'),
      );
    },
  };
  await expect(testDatabase(ctx, { template })).rejects.toThrow('nonsense');
  await using db = await testDatabase(ctx, { template });
  const tables = await withClient(db.url, (client) =>
    client.query(`select table_name from information_schema.tables where table_schema = 'public'`),
  );
  expect(tables.rows).toEqual([{ table_name: 'whole' }]);
});
