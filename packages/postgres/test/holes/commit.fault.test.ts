import { startTcpProxy } from '@busbar-tooling/test-kit/tcp-proxy';
import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import { beforeAll, describe, expect, test } from 'vitest';

import { createPostgres } from '../../src/connection-manager.ts';
import { Connector } from '../../src/connector.ts';
import type { PostgresOptions } from '../../src/options.ts';
import { resolvePostgresOptions } from '../../src/resolve-options.ts';
import { eventually, rejection } from '../eventually.ts';
import { FAILED_BEGIN, failedBegin } from '../failed-begin.ts';
import { like, oneOf } from '../matchers.ts';
import { plainPool } from '../plain-pool.ts';
import { poolOptions } from '../pool-options.ts';
import { timeLapse } from '../time-lapse.ts';

/** Sessions of this file whose COMMIT runs. */
const COMMITTING = `pg_stat_activity where datname = current_database() and query = 'commit' and state = 'active'`;

describe('holes of BEGIN and COMMIT', () => {
  const db = useTestDatabase();
  const open = (own: PostgresOptions = {}) => createPostgres(poolOptions(db(), own));
  const count = async (table: string): Promise<number> => {
    await using pg = open();
    return await pg.value<number>(`select count(*)::int from ${table}`);
  };

  beforeAll(async () => {
    await using pg = open();
    await pg.execute('create table facts (n text)');
    await pg.execute('create table slow_commit (n text)');
    await pg.execute(
      "create function sleep() returns trigger language plpgsql as 'begin perform pg_sleep(1); return null; end'",
    );
    await pg.execute(
      'create constraint trigger sleepy after insert on slow_commit deferrable initially deferred for each row execute function sleep()',
    );
  });

  test('H23 a failed BEGIN executes nothing', async () => {
    const options = resolvePostgresOptions(poolOptions(db()));
    const insert = "insert into facts values ('escaped')";
    expect(await failedBegin(options, { insert, source: () => new Connector(options) })).toMatchObject(FAILED_BEGIN);
    expect(await count('facts')).toBe(0);
  });

  test('H23 plain pg: what is pipelined behind a BEGIN that fails commits by itself', async () => {
    const pool = plainPool(db(), { pipeline: true });
    const client = await pool.connect();
    const failed = rejection(client.query('begin isolation level nonsense'));
    await client.query({ text: 'insert into facts values ($1)', values: ['plain'] });
    expect(await failed).toMatchObject({ code: '42601' });
    client.release();
    await pool.end();
    expect(await count("facts where n = 'plain'")).toBe(1);
  });

  test('H16 a rolled-back COMMIT rejects: a swallowed failure is never a commit', async () => {
    await using pg = open();
    const seen: unknown[] = [];
    const error = await rejection(
      pg.tx(async (tx) => {
        tx.afterCommit(() => seen.push('commit'));
        tx.afterRollback((cause) => seen.push(cause));
        await tx.execute("insert into facts values ('swallowed')");
        await rejection(tx.query('select 1/0'));
      }),
    );
    expect(error).toMatchObject({
      code: 'BUSBAR_POSTGRES_COMMIT_ROLLED_BACK',
      outcome: 'rejected',
      cause: like({ code: 'BUSBAR_POSTGRES_DATA' }),
    });
    expect(seen).toEqual([error]);
    expect(await count("facts where n = 'swallowed'")).toBe(0);
  });

  test('H16 plain pg: COMMIT behind a swallowed failure resolves, and nothing is kept', async () => {
    const pool = plainPool(db());
    const client = await pool.connect();
    await client.query('begin');
    await client.query("insert into facts values ('forgotten')");
    await rejection(client.query('select 1/0'));
    expect(await client.query('commit')).toMatchObject({ command: 'ROLLBACK' });
    client.release();
    await pool.end();
    expect(await count("facts where n = 'forgotten'")).toBe(0);
  });

  test('a COMMIT whose answer is lost is unknown, never repeated, and runs afterUnknown alone', async () => {
    await using proxy = await startTcpProxy({ target: db() });
    await using pg = open({ host: proxy.host, port: proxy.port, retry: { on: ['serialization', 'connection'] } });
    const hooks: string[] = [];
    let attempts = 0;
    const pending = rejection(
      pg.tx(async (tx) => {
        attempts += 1;
        await tx.execute("insert into slow_commit values ('answer lost')");
        tx.afterCommit(() => hooks.push('commit'));
        tx.afterRollback(() => hooks.push('rollback'));
        tx.afterUnknown(() => hooks.push('unknown'));
      }),
    );
    await using observer = open();
    await eventually(
      async () => (await observer.value(`select count(*)::int from ${COMMITTING}`)) === 1,
      'COMMIT runs',
    );
    proxy.dropResponses();
    await eventually(async () => (await count('slow_commit')) === 1, 'it is committed');
    proxy.reset();
    expect(await pending).toMatchObject({
      code: 'BUSBAR_POSTGRES_OUTCOME_UNKNOWN',
      outcome: 'unknown',
      retryable: false,
    });
    expect(hooks).toEqual(['unknown']);
    expect(attempts).toBe(1);
    expect(pg.stats().tx).toMatchObject({ committed: 0, rolledBack: 0, unknown: 1, retries: {} });
  });

  test('a COMMIT whose session is killed before it is done is unknown, and its row is not there', async () => {
    await using pg = open();
    const pending = rejection(pg.tx((tx) => tx.execute("insert into slow_commit values ('killed')")));
    await using observer = open();
    await eventually(
      async () => (await observer.query(`select pg_terminate_backend(pid) from ${COMMITTING}`)).rowCount === 1,
      'COMMIT runs, and is killed',
    );
    expect(await pending).toMatchObject({ code: 'BUSBAR_POSTGRES_OUTCOME_UNKNOWN', sqlState: '57P01' });
    expect(await observer.value("select count(*)::int from slow_commit where n = 'killed'")).toBe(0);
  });

  test('an overdue COMMIT gets its grace and no cancel; behind the grace it is unknown', async () => {
    await using patient = open({ timeouts: { commitGraceMs: 3_000 } });
    await patient.query('select 1');
    await patient.tx({ deadlineMs: 300 }, (tx) => tx.execute("insert into slow_commit values ('patient')"));
    expect(patient.stats().cancelsSent).toBe(0);
    await using hasty = open({ timeouts: { commitGraceMs: 50 } });
    await hasty.query('select 1');
    const error = await rejection(
      hasty.tx({ deadlineMs: 300 }, (tx) => tx.execute("insert into slow_commit values ('hasty')")),
    );
    expect(error).toMatchObject({ code: 'BUSBAR_POSTGRES_OUTCOME_UNKNOWN' });
    expect(hasty.stats().cancelsSent).toBe(0);
  });

  test('close lets a COMMIT end, and never cancels one', async () => {
    const finishing = open({ timeouts: { cancelGraceMs: 100 } });
    const committed = finishing.tx((tx) => tx.execute("insert into slow_commit values ('closing')"));
    await eventually(() => finishing.stats().leased === 1, 'it runs');
    const report = await finishing.close({ deadlineMs: 5_000 });
    expect(await committed).toBe(1);
    expect(report).toMatchObject({ leasesFinished: 1, destroyed: 0, unknownOutcomes: 0 });
    const cut = open({ timeouts: { cancelGraceMs: 300 } });
    const pending = rejection(cut.tx((tx) => tx.execute("insert into slow_commit values ('cut off')")));
    await using observer = open();
    await eventually(
      async () => (await observer.value(`select count(*)::int from ${COMMITTING}`)) === 1,
      'COMMIT runs',
    );
    expect(await cut.close({ deadlineMs: 400 })).toMatchObject({ destroyed: 1 });
    expect(await pending).toMatchObject({ code: 'BUSBAR_POSTGRES_OUTCOME_UNKNOWN' });
    expect(cut.stats()).toMatchObject({ cancelsSent: 0, tx: { unknown: 1 } });
  });

  test('a rollback that is not answered ends the connection, and the error of the callback is rethrown', async () => {
    await using proxy = await startTcpProxy({ target: db() });
    const pg = open({ host: proxy.host, port: proxy.port, ...timeLapse(10) });
    const mine = new Error('mine');
    const thrown = await rejection(
      pg.tx(async (tx) => {
        await tx.execute("insert into facts values ('frozen')");
        proxy.freeze();
        throw mine;
      }),
    );
    expect(thrown).toBe(mine);
    await pg.close({ deadlineMs: 100 });
    expect(await count("facts where n = 'frozen'")).toBe(0);
  });

  test('a loss before COMMIT is written is rejected, and repeated where the pool may', async () => {
    await using pg = open({ retry: { on: ['connection'], baseMs: 1, maxMs: 5 } });
    await using observer = open();
    await pg.tx(async (tx) => {
      await tx.execute("insert into facts values ('once')");
      const pid = await tx.value('select pg_backend_pid()');
      if (tx.attempt === 1) await observer.query('select pg_terminate_backend($1, 5000)', [pid]);
      await tx.query('select 1');
    });
    expect(await observer.value("select count(*)::int from facts where n = 'once'")).toBe(1);
    expect(pg.stats().tx).toMatchObject({ committed: 1, rolledBack: 1, retries: { '57P01': 1 } });
  });

  test('a loss between the last statement and COMMIT is rejected', async () => {
    await using pg = open();
    await using observer = open();
    const error = await rejection(
      pg.tx(async (tx) => {
        await tx.execute("insert into facts values ('never')");
        await observer.query('select pg_terminate_backend($1, 5000)', [await tx.value('select pg_backend_pid()')]);
        await eventually(() => pg.stats().leasesLost === 1, 'the loss is seen');
      }),
    );
    expect(error).toMatchObject({ outcome: 'rejected', sqlState: oneOf('57P01', undefined) });
    expect(await observer.value("select count(*)::int from facts where n = 'never'")).toBe(0);
  });
});
