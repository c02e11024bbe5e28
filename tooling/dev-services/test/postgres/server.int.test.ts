import { dirname } from 'node:path';

import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { DevServiceError } from '../../src/errors.ts';
import { isFree } from '../../src/ports.ts';
import { findPostgresBinaries } from '../../src/postgres/binaries.ts';
import { type PostgresService, startPostgres } from '../../src/postgres/server.ts';
import { requirePostgres } from '../require.ts';

let server: PostgresService;
const clients: pg.Client[] = [];

beforeEach(async (ctx) => {
  await requirePostgres(ctx);
  server = await startPostgres();
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.end().catch(() => undefined)));
  await server?.[Symbol.asyncDispose]();
});

const connect = async (to: PostgresService = server): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString: to.adminUrl });
  client.on('error', () => undefined); // its server is killed on purpose
  clients.push(client);
  await client.connect();
  return client;
};

const ids = async (): Promise<unknown> => {
  const { rows } = await (await connect()).query<{ id: number }>('select id from item order by id');
  return rows.map((row) => row.id);
};

test('what was committed is there after a stop, and after a kill, on the same port', async () => {
  const { port } = server;
  await (await connect()).query('create table item (id int); insert into item values (1)');
  await server.stop();
  expect(await isFree(port)).toBe(true);
  await server.start();
  await (await connect()).query('insert into item values (2)');
  await server.kill();
  await server.start();
  expect([await ids(), server.port]).toEqual([[1, 2], port]);
  await server.stop('immediate');
  await server.start();
  expect(await ids()).toEqual([1, 2]);
});

test('a frozen server keeps open connections silent, and answers them once thawed', async () => {
  const client = await connect();
  await server.freeze();
  let answered = false;
  const answer = client.query('select 1').finally(() => {
    answered = true;
  });
  const stranger = new pg.Client({ connectionString: server.adminUrl, connectionTimeoutMillis: 100 });
  await expect(stranger.connect()).rejects.toThrow('timeout');
  expect(answered).toBe(false);
  await server.thaw();
  await answer;
  expect(answered).toBe(true);
});

test('a frozen server can be killed', async () => {
  await server.freeze();
  await server.kill();
  await server.start();
  expect((await (await connect()).query('select 1 as one')).rows).toEqual([{ one: 1 }]);
});

test('settings of the caller apply, and one that is wrong is told in the words of the server', async () => {
  await using small = await startPostgres({ settings: { max_connections: '5' }, durable: true });
  const client = await connect(small);
  const { rows } = await client.query(
    `select current_setting('max_connections') as max, current_setting('fsync') as fsync`,
  );
  expect(rows).toEqual([{ max: '5', fsync: 'on' }]);
  await client.end();
  const failure = startPostgres({ settings: { no_such_setting: '1' } });
  await expect(failure).rejects.toThrow(DevServiceError);
  await expect(failure).rejects.toMatchObject({ code: 'EXITED_EARLY' });
  await expect(failure).rejects.toThrow('unrecognized configuration parameter "no_such_setting"');
});

test('text sorts the same on every system', async () => {
  const { rows } = await (
    await connect()
  ).query<{ word: string }>(`select word from (values ('ä'), ('a'), ('B'), ('b')) as words (word) order by word`);
  expect(rows.map((row) => row.word)).toEqual(['B', 'a', 'b', 'ä']);
});

test('binaries that the developer names are used instead of the package', async () => {
  const packaged = await findPostgresBinaries();
  process.env['DEV_SERVICES_POSTGRES_BIN_DIR'] = dirname(packaged.postgres);
  try {
    await using named = await startPostgres();
    expect([named.source, named.version]).toEqual(['system', packaged.version]);
  } finally {
    delete process.env['DEV_SERVICES_POSTGRES_BIN_DIR'];
  }
});

test('a major version that is not installed is named, with the package that brings it', async () => {
  const missing = startPostgres({ version: 7 });
  await expect(missing).rejects.toMatchObject({
    code: 'NOT_AVAILABLE',
    reason: 'PostgreSQL 7 is not installed',
    help: 'Install the Debian package postgresql-7.',
  });
});

test('a disposed server has given its port back', async () => {
  const own = await startPostgres();
  await own[Symbol.asyncDispose]();
  expect(await isFree(own.port)).toBe(true);
});
