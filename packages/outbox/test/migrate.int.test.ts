import { testDatabase } from '@busbar-tooling/test-kit/test-database';
import pg from 'pg';
import { describe, expect, test } from 'vitest';

import { createOutbox, migrate, MIGRATIONS, type OutboxOptions, SCHEMA_VERSION } from '../src/index.ts';
import { createMemoryPublisher } from '../src/testing/index.ts';
import { pgPorts, queryableOf } from './support/pg-ports.ts';

const connect = async (url: string) => {
  const client = new pg.Client(url);
  await client.connect();
  return { client, q: queryableOf(client), [Symbol.asyncDispose]: () => client.end() };
};

describe('migrate', () => {
  test('M1 makes the tables once, also when several instances ask at once, and in another schema', async (ctx) => {
    await using db = await testDatabase(ctx);
    await using one = await connect(db.url);
    await using two = await connect(db.url);
    const reports = await Promise.all([migrate(one.q), migrate(two.q)]);
    expect(reports.flatMap(({ applied }) => applied)).toEqual([1]);
    expect(reports.map(({ version }) => version)).toEqual([SCHEMA_VERSION, SCHEMA_VERSION]);
    expect(await migrate(one.q, { schema: 'events' })).toEqual({ schema: 'events', version: 1, applied: [1] });
    const { rows } = await one.client.query(
      `select table_schema as schema, count(*)::int as tables from information_schema.tables where table_schema in ('busbar', 'events') group by 1 order by 1`,
    );
    expect(rows).toEqual([
      { schema: 'busbar', tables: 7 },
      { schema: 'events', tables: 7 },
    ]);
  });

  test('M1 an applied migration with another checksum is refused', async (ctx) => {
    await using db = await testDatabase(ctx);
    await using one = await connect(db.url);
    await migrate(one.q);
    await one.client.query(`update busbar.migration set checksum = 'other'`);
    await expect(migrate(one.q)).rejects.toMatchObject({
      code: 'BUSBAR_OUTBOX_MIGRATION_CHECKSUM',
      details: { version: 1 },
    });
  });

  test('M1 a migration that fails leaves nothing behind, and says which statement', async (ctx) => {
    await using db = await testDatabase(ctx);
    await using one = await connect(db.url);
    await one.client.query('create schema busbar');
    await one.client.query('create table busbar.outbox_shard (x int)');
    await expect(migrate(one.q)).rejects.toMatchObject({
      code: 'BUSBAR_OUTBOX_MIGRATION_FAILED',
      details: { version: 1, statement: 5 },
    });
    const { rows } = await one.client.query(`select to_regclass('busbar.outbox') as found`);
    expect(rows).toEqual([{ found: null }]);
    await expect(migrate(one.q, { schema: 'x; drop schema y' })).rejects.toMatchObject({
      code: 'BUSBAR_OUTBOX_OPTIONS',
    });
  });

  test('the identity of seq has cache 1, since a larger one breaks the order', async (ctx) => {
    await using db = await testDatabase(ctx);
    await using one = await connect(db.url);
    await migrate(one.q);
    const { rows } = await one.client.query(
      `select cache_size::int from pg_sequences where schemaname = 'busbar' and sequencename = 'outbox_seq_seq'`,
    );
    expect(rows).toEqual([{ cache_size: 1 }]);
    expect(MIGRATIONS.map(({ version, name }) => [version, name])).toEqual([[1, 'outbox']]);
  });
});

describe('the check at start', () => {
  const outboxOn = (url: { url: string }, options: Partial<OutboxOptions> = {}) => {
    const ports = pgPorts(
      Object.assign(
        { host: '', port: 0, database: '', user: '', password: '', [Symbol.asyncDispose]: async () => undefined },
        url,
      ),
    );
    const outbox = createOutbox({
      publisher: createMemoryPublisher(),
      connections: ports.connections,
      write: ports.write,
      ...options,
    });
    return {
      outbox,
      ports,
      [Symbol.asyncDispose]: async () => {
        await outbox.close();
        await ports[Symbol.asyncDispose]();
      },
    };
  };

  test('refuses a database without tables, and makes them when it was told to', async (ctx) => {
    await using db = await testDatabase(ctx);
    await using strict = outboxOn(db);
    await expect(strict.outbox.start()).rejects.toMatchObject({ code: 'BUSBAR_OUTBOX_SCHEMA_MISSING' });
    await using willing = outboxOn(db, { migrate: 'auto' });
    const [report, again] = await Promise.all([willing.outbox.start(), willing.outbox.start()]);
    expect(report).toMatchObject({ schemaVersion: 1, migrated: [1], stickyShards: 0 });
    expect(again).toBe(report);
    expect(report.owner).toContain(String(process.pid));
    expect(await strict.outbox.start()).toMatchObject({ schemaVersion: 1, migrated: [] });
  });

  test('takes one version more, for rolling deploys, and refuses two', async (ctx) => {
    await using db = await testDatabase(ctx);
    await using one = await connect(db.url);
    await migrate(one.q);
    await one.client.query(`insert into busbar.migration values (2, 'next', 'x')`);
    await using newer = outboxOn(db, { relay: { enabled: false } });
    expect(await newer.outbox.start()).toMatchObject({ schemaVersion: 2, owner: undefined });
    expect(newer.outbox.stats().state).toBe('disabled');
    await one.client.query(`insert into busbar.migration values (3, 'after', 'x')`);
    await using tooNew = outboxOn(db);
    await expect(tooNew.outbox.start()).rejects.toMatchObject({
      code: 'BUSBAR_OUTBOX_SCHEMA_VERSION',
      details: { found: 3, expected: 1 },
    });
  });

  test('names every privilege that the role lacks', async (ctx) => {
    await using db = await testDatabase(ctx);
    await using one = await connect(db.url);
    await migrate(one.q);
    const role = `writer_${db.database.slice(-6)}`;
    await one.client.query(`create role ${role} login password 'x'`);
    await one.client.query(`grant usage on schema busbar to ${role}; grant select on busbar.migration to ${role}`);
    await one.client.query(`grant insert, select (seq, event_id, shard) on busbar.outbox to ${role}`);
    const url = new URL(db.url);
    Object.assign(url, { username: role, password: 'x' });
    await using relay = outboxOn({ url: url.href });
    const refused: unknown = await relay.outbox.start().catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'BUSBAR_OUTBOX_PRIVILEGE_MISSING' });
    for (const missing of ['DELETE on busbar.outbox', 'UPDATE on busbar.outbox_shard', 'INSERT on busbar.outbox_dead'])
      expect(String(refused)).toContain(missing);
    await using writer = outboxOn({ url: url.href }, { relay: { enabled: false } });
    expect(await writer.outbox.start()).toMatchObject({ schemaVersion: 1 });
    const client = await writer.ports.pool.connect();
    await client.query('begin');
    expect(
      await writer.outbox.append(queryableOf(client), { id: 'e', topic: 't', key: 'k', headers: {}, value: '' }),
    ).toHaveLength(1);
    await client.query('commit');
    client.release();
  });
});
