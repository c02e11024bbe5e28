import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';

import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import { Pool } from 'pg';
import { describe, expect, test } from 'vitest';

import { createPostgres } from '../../src/connection-manager.ts';
import type { PostgresOptions } from '../../src/options.ts';
import { resolvePostgresOptions } from '../../src/resolve-options.ts';
import { rejection } from '../eventually.ts';
import { plainPool } from '../plain-pool.ts';
import { poolOptions } from '../pool-options.ts';

describe('holes of settings: what is read that nobody gave, and shown that nobody should see', () => {
  const db = useTestDatabase();
  const open = (own: PostgresOptions = {}) => createPostgres(poolOptions(db(), own));
  const target = { host: 'db', database: 'shop', user: 'app' };
  const SETTINGS = `select current_setting('search_path') as path, current_setting('application_name') as name, current_database() as db`;

  test('H22 pgpass is never read', async () => {
    const role = `filed_${db().database.slice(-6)}`;
    await using admin = open();
    await admin.execute(`create role ${role} login password 'in-the-file'`);
    const directory = await mkdtemp(join(tmpdir(), 'busbar-pgpass-'));
    const before = process.env['PGPASSFILE'];
    try {
      process.env['PGPASSFILE'] = join(directory, 'pgpass');
      await writeFile(process.env['PGPASSFILE'], `*:*:*:${role}:in-the-file\n`, { mode: 0o600 });
      const { host, port, database } = db();
      const login = { host, port, database, user: role, tls: { mode: 'disable' }, pool: { max: 1 } } as const;
      await using pg = createPostgres(login);
      expect(await rejection(pg.query('select 1'))).toMatchObject({ code: 'BUSBAR_POSTGRES_AUTH' });
      await using right = createPostgres({ ...login, password: 'in-the-file' });
      expect(await right.value('select 1')).toBe(1);
    } finally {
      if (before === undefined) delete process.env['PGPASSFILE'];
      else process.env['PGPASSFILE'] = before;
      await rm(directory, { recursive: true });
      await admin.execute(`drop role ${role}`);
    }
  });

  test('H24 no object shows a secret', () => {
    const options: PostgresOptions = {
      ...target,
      password: 'hunter2',
      tls: { ca: 'CA', cert: 'CERT', key: 'hunter2' },
    };
    const resolved = resolvePostgresOptions(options);
    const pg = createPostgres({ url: 'postgres://app:hunter2@db/shop' });
    for (const shown of [resolved, pg, pg.stats(), pg.health()])
      expect(`${inspect(shown, { depth: Infinity, showHidden: true })} ${JSON.stringify(shown)}`).not.toContain(
        'hunter2',
      );
    expect(resolved.tls.material()).toEqual({ ca: 'CA', cert: 'CERT', key: 'hunter2' });
  });

  test('H24 plain pg-pool: the connection string shows its password', () => {
    const pool = new Pool({ connectionString: 'postgres://app:hunter2@db/shop' });
    expect(inspect(pool)).toContain('hunter2');
    expect(JSON.stringify(pool)).toContain('hunter2');
  });

  test('H25 PG variables change nothing', async () => {
    const before = { ...process.env };
    Object.assign(process.env, {
      PGOPTIONS: '-c search_path=evil',
      PGAPPNAME: 'evil',
      PGSSLMODE: 'require',
      PGREPLICATION: 'database',
      PGUSER: 'evil',
      PGHOST: '192.0.2.1',
      PGDATABASE: 'evil',
      PGPASSWORD: 'evil',
      PGPORT: '1',
    });
    try {
      await using pg = open();
      expect(await pg.one(SETTINGS)).toEqual({
        path: '"$user", public',
        name: 'busbar',
        db: db().database,
      });
    } finally {
      for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    }
  });

  test('H25 plain pg: variables are taken for what is left empty', async () => {
    const before = { ...process.env };
    Object.assign(process.env, { PGOPTIONS: '-c search_path=evil', PGAPPNAME: 'evil' });
    const pool = plainPool(db(), { options: '', application_name: '' });
    try {
      expect((await pool.query(SETTINGS)).rows).toEqual([{ path: 'evil', name: 'evil', db: db().database }]);
      process.env['PGSSLMODE'] = 'require';
      const strict = plainPool(db());
      expect(await rejection(strict.query('select 1'))).toMatchObject({
        message: 'The server does not support SSL connections',
      });
    } finally {
      for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
      await pool.end();
    }
  });
});
