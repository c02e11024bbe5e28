import { describe, expect, test } from 'vitest';

import { createPostgres } from '../src/connection-manager.ts';
import type { PostgresOptions } from '../src/options.ts';
import { eventually, rejection } from './eventually.ts';
import { hurriedTime } from './hurried-time.ts';
import { listenTo } from './listen-to.ts';
import {
  booleans,
  completed,
  readyForQuery,
  refused,
  startScriptedServer,
  type ScriptedServer,
} from './scripted-server.ts';

const open = ({ host, port }: ScriptedServer, own: PostgresOptions = {}) =>
  createPostgres({
    host,
    port,
    database: 'd',
    user: 'u',
    tls: { mode: 'disable' },
    targetSessionAttrs: 'any',
    pool: { max: 1 },
    ...own,
  });

describe('a server that does what a real one does not', () => {
  test.for<[what: string, commit: Buffer, expected: object]>([
    ['is done', completed('COMMIT'), { status: 'fulfilled' }],
    ['was a rollback', completed('ROLLBACK'), { reason: { code: 'BUSBAR_POSTGRES_COMMIT_ROLLED_BACK' } }],
    ['was something else', completed('SELECT 1'), { reason: { code: 'BUSBAR_POSTGRES_OUTCOME_UNKNOWN' } }],
    ['ended without a word', Buffer.alloc(0), { reason: { code: 'BUSBAR_POSTGRES_OUTCOME_UNKNOWN' } }],
    ['was refused as unknown', refused('40003'), { reason: { code: 'BUSBAR_POSTGRES_OUTCOME_UNKNOWN' } }],
    ['was refused', refused('40001'), { reason: { code: 'BUSBAR_POSTGRES_SERIALIZATION' } }],
  ])('H16 T5 the tag decides: COMMIT %s', async ([, commit, expected]) => {
    await using server = await startScriptedServer((texts) =>
      texts.includes('commit')
        ? Buffer.concat([commit, readyForQuery()])
        : Buffer.concat([...texts.map(() => completed('SELECT 0')), readyForQuery('T')]),
    );
    await using pg = open(server);
    const [outcome] = await Promise.allSettled([pg.tx({ retry: false }, (tx) => tx.query('select 1'))]);
    expect(outcome).toMatchObject(expected);
  });

  test('T9 a savepoint that cannot be undone leaves the transaction broken', async () => {
    await using server = await startScriptedServer((texts) => {
      const isUndo = texts.some((text) => text.startsWith('rollback to savepoint'));
      const isEnd = texts.includes('rollback');
      if (isUndo) return Buffer.concat([refused('3B001'), readyForQuery('E')]);
      return Buffer.concat([
        ...texts.map(() => completed(isEnd ? 'ROLLBACK' : 'SELECT 0')),
        readyForQuery(isEnd ? 'I' : 'T'),
      ]);
    });
    await using pg = open(server);
    const outcome = pg.tx(async (tx) => {
      const mine = new Error('mine');
      const thrown = await rejection(
        tx.savepoint(async (inner) => {
          await inner.query('select 1');
          throw mine;
        }),
      );
      expect(thrown).toBe(mine);
      expect(await rejection(tx.query('select 2'))).toMatchObject({ code: 'BUSBAR_POSTGRES_TX_ABORTED' });
    });
    expect(await rejection(outcome)).toMatchObject({ code: 'BUSBAR_POSTGRES_COMMIT_ROLLED_BACK' });
  });

  test('H2 what a server says to a goodbye crashes nobody', async () => {
    await using server = await startScriptedServer(() => Buffer.concat([completed('SELECT 0'), readyForQuery()]));
    await using pg = open(server, { pool: { max: 1, closeTimeoutMs: 100 } });
    await pg.query('select 1');
    await pg.recycle();
    const heard = () => pg.lifecycle()[0]?.bytesRead ?? 0;
    const before = heard();
    server.say(refused('57P01'));
    await eventually(() => heard() > before, 'it is heard');
    await eventually(() => pg.stats().open === 0, 'it is ended');
    expect(pg.stats().closed).toEqual({ generation: 1 });
  });

  test('H2 one that ends a session in the same packet in which it takes the login crashes nobody', async () => {
    const goodbye = (connection: number) => (connection === 1 ? refused('57P01') : Buffer.alloc(0));
    const answer = Buffer.concat([completed('SELECT 0'), readyForQuery()]);
    await using server = await startScriptedServer(() => answer, goodbye);
    await using pg = open(server);
    const lease = await pg.lease();
    server.hangUp();
    expect(await rejection(lease.query('select 1'))).toMatchObject({ code: 'BUSBAR_POSTGRES_LEASE_LOST' });
    lease.release();
    expect(await pg.query('select 1')).toMatchObject({ command: 'SELECT' });
    expect(pg.stats()).toMatchObject({ created: 2, leasesLost: 1, closed: { error: 1 } });
  });

  test('D4 one that told no key and does not answer is left after cancelGraceMs', async () => {
    await using server = await startScriptedServer(() => undefined);
    await using pg = open(server, { timeouts: { cancelGraceMs: 50 } });
    await using lease = await pg.lease();
    expect(lease.pid).toBe(0);
    expect(await rejection(lease.query('select 1', [], { deadlineMs: 60 }))).toMatchObject({
      code: 'BUSBAR_POSTGRES_DEADLINE',
      outcome: 'unknown',
    });
    await eventually(() => pg.stats().closed['cancel-timeout'] === 1, 'it is left');
  });

  test('H31 a cancel that is still on its way when the statement has ended keeps the connection to itself, and ends it', async () => {
    await using server = await startScriptedServer(() => undefined);
    const heard = listenTo('cancel');
    const { hurry, ...time } = hurriedTime();
    await using pg = open(server, { timeouts: { cancelGraceMs: 5_000 }, ...time });
    const late = Promise.allSettled([pg.query('select 1', [], { deadlineMs: 60 })]);
    await eventually(() => server.connections() === 2, 'a cancel is sent');
    server.hangUp();
    await eventually(() => server.connections() === 3, 'and another one, since the statement goes on');
    server.say(Buffer.concat([completed('SELECT 0'), readyForQuery()]));
    await late;
    expect(pg.stats()).toMatchObject({ leased: 1, idle: 0, closed: {} });
    hurry(50);
    await eventually(() => pg.stats().open === 0, 'it is ended');
    expect(pg.stats().closed).toEqual({ 'cancel-race': 1 });
    expect(heard).toMatchObject([{ result: 'noticed' }, { result: 'unanswered' }]);
  });

  test('a ReadyForQuery that nobody waits for changes nothing', async () => {
    await using server = await startScriptedServer(() => Buffer.concat([completed('SELECT 0'), readyForQuery()]));
    await using pg = open(server);
    await pg.query('select 1');
    const heard = () => pg.lifecycle()[0]?.bytesRead ?? 0;
    const before = heard();
    server.say(readyForQuery());
    await eventually(() => heard() > before, 'it is read');
    expect(await pg.query('select 1')).toMatchObject({ command: 'SELECT', rows: [] });
    expect(pg.stats()).toMatchObject({ created: 1, open: 1 });
  });

  test('one that is ready without having answered is not trusted: the outcome is unknown, and the connection ends', async () => {
    await using server = await startScriptedServer(() => readyForQuery());
    await using pg = open(server);
    const error = await rejection(pg.query('select 1'));
    expect(error).toMatchObject({ code: 'BUSBAR_POSTGRES_LEASE_LOST', outcome: 'unknown', connectionFatal: true });
    await eventually(() => pg.stats().open === 0, 'it is left');
    expect(pg.stats().closed).toEqual({ error: 1 });
  });

  test.for<[what: string, answer: Buffer, expected: object]>([
    ['takes writes', booleans({ standby: false, readOnly: false }), { status: 'fulfilled' }],
    ['is a standby', booleans({ standby: true, readOnly: true }), { reason: { code: 'BUSBAR_POSTGRES_NO_TARGET' } }],
    ['does not tell', refused('42501'), { reason: { code: 'BUSBAR_POSTGRES_CONNECT', sqlState: '42501' } }],
  ])('F1 one that does not say what it is, is asked before it is used: it %s', async ([, answer, expected]) => {
    const asked: string[] = [];
    await using server = await startScriptedServer((texts) => {
      const isQuestion = texts.some((text) => text.includes('pg_is_in_recovery'));
      asked.push(...texts);
      return Buffer.concat([isQuestion ? answer : completed('SELECT 0'), readyForQuery()]);
    });
    await using pg = open(server, { targetSessionAttrs: 'read-write', pool: { max: 1, acquireTimeoutMs: 400 } });
    const [outcome] = await Promise.allSettled([pg.query('select 1')]);
    expect(outcome).toMatchObject(expected);
    expect(asked[0]).toContain('pg_is_in_recovery');
    await pg.close();
    expect(pg.stats().open).toBe(0);
  });
});
