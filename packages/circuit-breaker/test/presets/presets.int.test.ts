/** The presets on errors that real servers and real clients make. */
import { createServer } from 'node:net';

import { requireService } from '@busbar-tooling/test-kit/require-service';
import { type TestDatabase, testDatabase } from '@busbar-tooling/test-kit/test-database';
import { testTopic } from '@busbar-tooling/test-kit/test-topic';
import { Kafka, logLevel } from 'kafkajs';
import { Client, type ClientConfig } from 'pg';
import { describe, expect, test } from 'vitest';

import type { Classify } from '../../src/index.ts';
import { classifyKafka, classifyPostgres } from '../../src/presets/index.ts';
import { outcome } from '../breaker-on-manual-time.ts';

/** A port on which nobody listens. */
const closedPort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return typeof address === 'object' && address !== null ? address.port : 0;
};

const connected = async (db: TestDatabase, over: ClientConfig = {}): Promise<Client> => {
  const { host, port, database, user, password } = db;
  const client = new Client({ host, port, database, user, password, ...over });
  client.on('error', () => undefined); // a terminated connection tells its client once more, outside any query
  await client.connect();
  return client;
};

/** Ends the session that runs `query`, as soon as there is one. */
const terminate = async (admin: Client, query: string): Promise<void> => {
  const sql = 'select pg_terminate_backend(pid) from pg_stat_activity where query = $1 and pid <> pg_backend_pid()';
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- asked again until the query has arrived
    const { rowCount } = await admin.query(sql, [query]);
    if (rowCount !== null && rowCount > 0) return;
  }
};

const judged = (classify: Classify, error: unknown): [unknown, unknown] => [
  error instanceof Error && 'code' in error ? error.code : undefined,
  classify.error?.(error, 0, undefined),
];

describe('classifyPostgres on a real server', () => {
  test('R-CB-1 a constraint, a syntax error: it answered', async (ctx) => {
    await using db = await testDatabase(ctx);
    const client = await connected(db);
    await client.query('create table item (id int primary key)');
    await client.query('insert into item values (1)');
    const unique = await outcome(client.query('insert into item values (1)'));
    const syntax = await outcome(client.query('selekt 1'));
    await client.end();
    expect(judged(classifyPostgres, unique)).toEqual(['23505', 'success']);
    expect(judged(classifyPostgres, syntax)).toEqual(['42601', 'success']);
  });

  test('R-CB-1 a terminated session, a demoted primary, a statement timeout: it is to blame', async (ctx) => {
    await using db = await testDatabase(ctx);
    const [victim, other] = [await connected(db), await connected(db)];
    const sleeping = outcome(victim.query('select pg_sleep(30)'));
    await terminate(other, 'select pg_sleep(30)');
    expect(judged(classifyPostgres, await sleeping)).toEqual(['57P01', 'failure']);
    await other.query('set default_transaction_read_only = on');
    expect(judged(classifyPostgres, await outcome(other.query('create table t (id int)')))).toEqual([
      '25006',
      'failure',
    ]);
    await other.query('set statement_timeout = 1');
    expect(judged(classifyPostgres, await outcome(other.query('select pg_sleep(1)')))).toEqual(['57014', 'failure']);
    await other.end();
    await victim.end().catch(() => undefined);
  });

  test('R-CB-1 no connection left, no such user or database, nobody there: it is to blame', async (ctx) => {
    await using db = await testDatabase(ctx);
    const admin = await connected(db);
    const role = `limited_${db.database.slice(-6)}`;
    await admin.query(`create role ${role} login password 'right' connection limit 0`);
    const full = await outcome(connected(db, { user: role, password: 'right' }));
    const wrong = await outcome(connected(db, { user: 'nobody_at_all', password: 'wrong' }));
    const missing = await outcome(connected(db, { database: 'no_such_database' }));
    const refused = await outcome(connected(db, { port: await closedPort() }));
    await admin.query(`drop role ${role}`);
    await admin.end();
    expect(judged(classifyPostgres, full)).toEqual(['53300', 'failure']);
    expect(judged(classifyPostgres, wrong)).toEqual([expect.stringMatching(/^28/u), 'failure']);
    expect(judged(classifyPostgres, missing)).toEqual(['3D000', 'failure']);
    expect(judged(classifyPostgres, refused)).toEqual(['ECONNREFUSED', 'failure']);
  });
});

describe('classifyKafka on a real broker', () => {
  const kafkaAt = (brokers: readonly string[]): Kafka =>
    new Kafka({
      clientId: 'presets',
      brokers: [...brokers],
      logLevel: logLevel.NOTHING,
      retry: { retries: 0, initialRetryTime: 10 },
    });

  test('R-CB-1 a record that is too large is the fault of the record, a topic that is not there says nothing', async (ctx) => {
    const topic = await testTopic(ctx, { configs: { 'max.message.bytes': '1000' } });
    const producer = kafkaAt(topic.brokers).producer({ allowAutoTopicCreation: false });
    await producer.connect();
    const large = await outcome(producer.send({ topic: topic.name, messages: [{ value: 'x'.repeat(5_000) }] }));
    const missing = await outcome(producer.send({ topic: `${topic.name}-missing`, messages: [{ value: 'x' }] }));
    await producer.disconnect();
    expect(classifyKafka.error(large, 0, undefined)).toBe('success');
    expect(classifyKafka.error(missing, 0, undefined)).toBe('ignore');
  });

  test('R-CB-1 a broker that is not there is to blame', async (ctx) => {
    await requireService(ctx, 'kafka');
    const producer = kafkaAt([`127.0.0.1:${await closedPort()}`]).producer();
    const error = await outcome(producer.connect());
    expect(classifyKafka.error(error, 0, undefined)).toBe('failure');
    await producer.disconnect();
  });
});
