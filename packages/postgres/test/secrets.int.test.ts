import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import { describe, expect, test } from 'vitest';

import { createPostgres } from '../src/connection-manager.ts';
import type { PostgresOptions } from '../src/options.ts';
import type { Postgres } from '../src/postgres.ts';
import type { Queries } from '../src/queries.ts';
import { resolvePostgresOptions } from '../src/resolve-options.ts';
import { sql } from '../src/statement.ts';
import { rejection } from './eventually.ts';
import { useMarkedSecrets } from './marked-secrets.ts';
import { containing, like } from './matchers.ts';
import { poolOptions } from './pool-options.ts';

describe('R-PG-5 a marked secret never shows', () => {
  const db = useTestDatabase();
  const { random, secret, expectHidden, expectHeardHidden, heard } = useMarkedSecrets();

  const RAISE = (mark: () => string, code: string): string =>
    `do $do$ begin raise exception using errcode = '${code}', message = '${mark()}', detail = '${mark()}', hint = '${mark()}',
     column = '${mark()}', constraint = '${mark()}', datatype = '${mark()}', table = '${mark()}', schema = '${mark()}'; end $do$`;

  /** Statements that hold a secret, most of which the server refuses. */
  const STATEMENTS: readonly ((queries: Queries) => Promise<unknown>)[] = [
    (q) => q.query(`select '${secret()}' as a, E'${secret()}', $$${secret()}$$ -- ${secret()}\n /* ${secret()} */`),
    (q) => q.query('select $1::text as a', [secret()]),
    (q) => q.query(sql`select ${secret()}::text`),
    (q) => q.query(`select '${secret()}'::int`),
    (q) => q.query('select $1::int', [secret()]),
    (q) => q.query('select $1::jsonb', [`{"a": ${secret()}`]),
    (q) => q.query(`selec '${secret()}'`),
    (q) => q.query(`select 1 from t where '${secret()}`),
    (q) => q.query(`select 1 '${secret()}' x y`),
    (q) => q.query(`select "${secret()}"`),
    (q) => q.query(`select * from people where email = "${secret()}"`),
    (q) => q.query(`select no_such_function('${secret()}')`),
    (q) => q.query('insert into people values ($1), ($1)', [secret()]),
    (q) => q.query(`insert into people values ('${secret()}'), (null)`),
    (q) => q.query('insert into people values ($1)', [`${secret()}!`]),
    (q) => q.query('insert into short values ($1)', [secret()]),
    (q) => q.query(`copy people from stdin -- ${secret()}`),
    (q) => q.query(`select set_config('busbar.secret', '${secret()}', true), current_setting('no.${secret()}')`),
    (q) => q.query(`set work_mem = '${secret()}'`),
    (q) => q.query(`select to_date('${secret()}', 'YYYY')`),
    (q) => q.query(`select '${secret()}' ~ '('`),
    ...['P0001', '40001', '40P01', '42P01', '42601', '55P03', '57014', '53300', '22P02', '23505', '25006', '3D000'].map(
      (code) => (q: Queries) => q.query(RAISE(secret, code)),
    ),
    (q) => q.query('select raises($1)', [secret()]),
    (q) => q.query(`create role r${'x'.repeat(3)} login password '${secret()}' nonsense`),
    (q) => q.query(`select * from dblink('host=db password=${secret()}', 'select 1') as t(a int)`),
    (q) => q.one(`select '${secret()}' from generate_series(1, 2)`),
    (q) => q.query(`select pg_sleep(1), '${secret()}'`, [secret()], { deadlineMs: 30 }),
    (q) => q.query('select $1', [undefined, secret()]),
    (q) => q.query(`commit '${secret()}'`),
    (q) => q.query(`select ${Array.from({ length: 30 }, () => `(select '${secret()}')`).join(', ')}`, []),
  ];

  const objectsOf = (pg: Postgres): readonly unknown[] => [
    pg,
    pg.stats(),
    pg.health(),
    pg.topQueries({ limit: 1_000 }),
  ];

  test('in a statement, a parameter, or what the server says about them', async () => {
    await using pg = createPostgres(
      poolOptions(db(), { slowQueryMs: 1, guard: { mode: 'block' }, statements: { autoPrepareAfter: 1 } }),
    );
    await pg.execute("create table people (email text primary key not null check (email not like '%!'))");
    await pg.execute('create table short (v varchar(2))');
    await pg.execute(
      "create function raises(v text) returns int language plpgsql as $f$ begin raise exception '%', v using errcode = '40001'; end $f$",
    );
    const run = async (index: number): Promise<void> => {
      const statement = STATEMENTS[index];
      if (statement === undefined) throw new Error('no such statement');
      const outcomes = await Promise.allSettled([
        statement(pg),
        pg.tx({ retry: false }, async (tx) => {
          expectHidden(tx, `the transaction of statement ${index}`);
          await statement(tx);
        }),
      ]);
      for (const outcome of outcomes)
        if (outcome.status === 'rejected') expectHidden(outcome.reason, `the error of statement ${index}`);
    };
    await Promise.all(STATEMENTS.map((_, index) => run(index)));
    await Promise.all(STATEMENTS.map((_, index) => run(index)));
    await using lease = await pg.lease();
    expectHidden(lease, 'the lease');
    for (const shown of objectsOf(pg)) expectHidden(shown, 'an object of the pool');
    expectHeardHidden(0, 2 * STATEMENTS.length);
  });

  test('in an option, a password file, a provider, a set-up, or a key', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'busbar-secrets-'));
    const passwordFile = join(folder, 'password');
    await writeFile(passwordFile, secret());
    const { host, port, database } = db();
    const admin = createPostgres(poolOptions(db()));
    await admin.execute("create role guarded login password 'right'");
    await admin.close();
    const target = { host, port, database, user: 'guarded', tls: { mode: 'disable' } } as const;
    const OPTIONS: readonly PostgresOptions[] = [
      { ...target, password: secret() },
      { ...target, passwordFile },
      { ...target, credentials: () => Promise.resolve({ password: secret() }) },
      { ...target, credentials: () => Promise.reject(new Error(`the vault said token=${secret()}`)) },
      { url: `postgres://guarded:${secret()}@${host}:${port}/${database}?sslmode=disable` },
      {
        ...poolOptions(db()),
        session: { setup: () => Promise.reject(new Error(`login failed: password=${secret()}`)) },
      },
      {
        ...poolOptions(db()),
        session: {
          gucs: { 'busbar.token': secret() },
          setup: (s) => s.query(`selec ${secret()}`).then(() => undefined),
        },
      },
      {
        ...target,
        password: secret(),
        tls: { mode: 'require', ca: secret(), cert: secret(), key: `-----BEGIN PRIVATE KEY-----\n${secret()}` },
      },
      { ...target, host: '127.0.0.1', port: 1, password: secret() },
    ];
    const before = heard.length;
    const use = async (options: PostgresOptions, index: number): Promise<void> => {
      await using pg = createPostgres({ ...options, pool: { acquireTimeoutMs: 300, connectTimeoutMs: 300 } });
      expectHidden(await rejection(pg.query('select 1')), `option set ${index}`);
      expectHidden(await pg.start(), `the report of option set ${index}`);
      for (const shown of objectsOf(pg)) expectHidden(shown, `an object of option set ${index}`);
    };
    await Promise.all(OPTIONS.map(use));
    expectHeardHidden(before, OPTIONS.length);
    await rm(folder, { recursive: true });
  });

  test('C5 nor where it stands as a name in an error of the server or in a slow statement', async () => {
    const password = `vault_${Math.trunc(random() * 2 ** 31)}`;
    await using admin = createPostgres(poolOptions(db()));
    const role = `named_${db().database.slice(-6)}`;
    await admin.execute(`create role ${role} login password '${password}'`);
    await using pg = createPostgres(poolOptions(db(), { user: role, password, slowQueryMs: 1 }));
    const error = await rejection(pg.query(`select * from ${password}`));
    expect(error).toMatchObject({ code: 'BUSBAR_POSTGRES_SCHEMA' });
    expect(String(error)).toContain('relation "[redacted]" does not exist');
    await pg.query(`select pg_sleep(0.01) as ${password}`);
    const statement = containing('as [redacted]');
    expect(heard).toContainEqual({ event: 'query-slow', message: like({ statement }) });
    await pg.close();
    await admin.execute(`drop role ${role}`);
  });

  test('in options that are refused', () => {
    const target = { host: 'db', database: 'd', user: 'u' };
    const mark = secret();
    const refused: unknown[] = [
      { url: `mysql://u:${mark}@h/d` },
      { url: `postgres://u:${mark}@h:99999/d` },
      { url: `postgres://u:${mark}@h/d?sslmode=x` },
      { url: `u:${mark}@h` },
      { url: `postgres://u:${mark}%zz@h/d` },
      { ...target, url: `postgres://u:${mark}@h/d`, password: mark },
      { ...target, password: mark, passwordFile: mark },
      { ...target, tls: { mode: mark, cert: mark } },
      {
        ...target,
        session: { searchPath: [`${mark}${'x'.repeat(70)}`], timeZone: `${mark}\0`, gucs: { a: `${mark}\0` } },
      },
      { ...target, pool: { max: mark }, timeouts: { lockMs: mark }, retry: { on: [mark] } },
      { ...target, guard: { mode: mark, weights: { join: mark } }, maxRows: mark, statements: { ttlMs: mark } },
      { ...target, password: mark, port: mark },
    ];
    for (const options of refused) {
      let error: unknown;
      try {
        Reflect.apply(resolvePostgresOptions, undefined, [options]);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(Error);
      expectHidden(error, JSON.stringify(options));
    }
  });
});
