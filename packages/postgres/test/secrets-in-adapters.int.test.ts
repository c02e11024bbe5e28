import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import { Pool } from 'pg';
import Cursor from 'pg-cursor';
import { describe, expect, test } from 'vitest';

import { adaptPool } from '../src/adapt-pool.ts';
import { createPostgres } from '../src/connection-manager.ts';
import { isPostgresError } from '../src/errors.ts';
import type { Queries } from '../src/queries.ts';
import { rejection } from './eventually.ts';
import { useMarkedSecrets } from './marked-secrets.ts';
import { poolOptions } from './pool-options.ts';

describe('R-PG-5 a marked secret never shows through an adapter', () => {
  const db = useTestDatabase();
  const { secret, expectHidden, expectHeardHidden, heard } = useMarkedSecrets();

  /** A login of its own, whose password is marked. */
  const login = async (): Promise<{ user: string; password: string }> => {
    const [user, password] = [
      `adapter_${secret()
        .toLowerCase()
        .replaceAll(/\W|mark/gu, '')}`,
      secret(),
    ];
    await using admin = createPostgres(poolOptions(db()));
    await admin.execute(`create role ${user} login password '${password}'`);
    return { user, password };
  };

  /** Statements that hold a secret, with what the server says of most of them. */
  const STATEMENTS: readonly ((query: (text: string, values?: unknown[]) => Promise<unknown>) => Promise<unknown>)[] = [
    (query) => query(`select '${secret()}' as a -- ${secret()}`),
    (query) => query('select $1::int', [secret()]),
    (query) => query(`selec '${secret()}'`),
    (query) => query(`select "${secret()}"`),
    (query) => query(`select no_such_function('${secret()}')`),
    (query) => query(`do $$ begin raise exception using errcode = '40001', message = '${secret()}'; end $$`),
    (query) => query(`set work_mem = '${secret()}'`),
    (query) => query(`select pg_sleep(20), '${secret()}'`),
    (query) => query(`commit '${secret()}'`),
  ];

  const limits = {
    slowQueryMs: 1,
    guard: { mode: 'block' },
    timeouts: { statementMs: 300, lockMs: 100, queryDeadlineMs: 400 },
  } as const;

  test('that of asPgPool(): its objects, its own errors, what is counted and told; the errors of the server are for its user as they are', async () => {
    const own = await login();
    await using pg = createPostgres(poolOptions(db(), { ...own, ...limits, tls: { mode: 'disable' } }));
    const pool = pg.asPgPool();
    const from = heard.length;
    const errors: unknown[] = [];
    const client = await pool.connect();
    for (const on of [pool, client])
      for (const statement of STATEMENTS)
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await statement((text, values) => on.query(text, values)).catch((error: unknown) => errors.push(error));
    errors.push(await rejection(client.query(new Cursor(`selec '${secret()}'`)).read(1)));
    for (const shown of [pool, client, pg, pg.stats(), pg.topQueries({ limit: 1_000 }), pg.lifecycle(), pg.health()])
      expectHidden(shown, 'an object of the facade');
    client.release();
    errors.push(await rejection(client.query(`select '${secret()}'`)));
    const ours = errors.filter((error) => isPostgresError(error));
    for (const error of ours) expectHidden(error, 'an error of the facade');
    expect(new Set(ours.map(({ code }) => code))).toContain('BUSBAR_POSTGRES_LEASE_RELEASED');
    expect(errors.length - ours.length).toBeGreaterThan(STATEMENTS.length); // the driver's own, with all that the server said
    expectHeardHidden(from, 2 * STATEMENTS.length);
  });

  test('that of adaptPool(): its objects, its errors, what is counted and told', async () => {
    const { host, port, database } = db();
    const pool = new Pool({ host, port, database, ...(await login()), max: 2 });
    const pg = adaptPool(pool, { ...limits, timeouts: { queryDeadlineMs: 400 } });
    const from = heard.length;
    const run = async (queries: Queries): Promise<unknown[]> => {
      const errors: unknown[] = [];
      for (const statement of STATEMENTS)
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await statement((text, values) => queries.query(text, values)).catch((error: unknown) => errors.push(error));
      return errors;
    };
    const errors = await run(pg);
    await rejection(pg.tx({ retry: false }, async (tx) => errors.push(...(await run(tx)))));
    await using lease = await pg.lease();
    errors.push(...(await run(lease)));
    expect(errors.length).toBeGreaterThan(2 * STATEMENTS.length);
    for (const error of errors) expectHidden(error, 'an error of the adapted pool');
    for (const shown of [pg, lease, pg.stats(), pg.topQueries({ limit: 1_000 }), pg.lifecycle(), pg.health()])
      expectHidden(shown, 'an object of the adapted pool');
    expectHeardHidden(from, 2 * STATEMENTS.length);
    lease.release();
    await pg.close();
    await pool.end();
    const nobody = new Pool({ host, port, database, user: 'nobody', password: secret(), max: 1 });
    const refused = adaptPool(nobody, { pool: { acquireTimeoutMs: 500, connectTimeoutMs: 500 } });
    expectHidden(await rejection(refused.query('select 1')), 'a refused login');
    expectHidden(await refused.start(), 'the report of a refused login');
    await refused.close();
    await nobody.end();
  });
});
