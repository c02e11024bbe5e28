import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { POSTGRES_DEFAULTS, POSTGRES_LIMITS } from '../src/option-limits.ts';
import type { PostgresOptions } from '../src/options.ts';
import { resolvePostgresOptions, resolveTxRetry } from '../src/resolve-options.ts';
import { PostgresOptionsError } from '../src/usage-errors.ts';
import { like } from './matchers.ts';

const target = { host: 'db', database: 'shop', user: 'app' };
const issuesOf = (options: unknown): readonly string[] => {
  try {
    Reflect.apply(resolvePostgresOptions, undefined, [options]);
  } catch (error) {
    if (error instanceof PostgresOptionsError) return error.details.issues;
    throw error;
  }
  return [];
};
const passwordOf = async (options: PostgresOptions): Promise<string> =>
  (await resolvePostgresOptions(options).credentials({ host: 'db', port: 5432, user: 'app', attempt: 1 })).password;

test('R-STD-3 the defaults are those that are exported', () => {
  const resolved = resolvePostgresOptions(target);
  expect(resolved).toMatchObject({
    ...target,
    name: 'default',
    port: 5432,
    maxRows: 100_000,
    pool: POSTGRES_DEFAULTS.pool,
    timeouts: { ...POSTGRES_DEFAULTS.timeouts, queryDeadlineMs: 20_000 },
    retry: { ...POSTGRES_DEFAULTS.retry, on: ['serialization', 'deadlock'] },
    leak: { ...POSTGRES_DEFAULTS.leak, stack: 'adaptive' },
    tls: { mode: 'verify-full' },
    session: { applicationName: 'busbar', timeZone: 'UTC', gucs: {} },
  });
  expect(Object.isFrozen(resolved) && Object.isFrozen(resolved.pool) && Object.isFrozen(resolved.session)).toBe(true);
});

test('R-STD-3 every number is held to its range', () => {
  for (const section of ['pool', 'timeouts', 'retry', 'leak'] as const)
    for (const [key, limit] of Object.entries(POSTGRES_LIMITS[section]))
      for (const wrong of [limit.min - 1, limit.max + 1, Number.NaN, '5'])
        expect(issuesOf({ ...target, [section]: { [key]: wrong } })).toContainEqual(
          expect.stringMatching(new RegExp(`^${section}\\.${key}: `)),
        );
  for (const key of ['port', 'maxRows'] as const) expect(issuesOf({ ...target, [key]: 0 })).toHaveLength(1);
});

test('R-STD-3 all problems are reported at once, unknown keys among them', () => {
  const issues = issuesOf({
    name: 'Not A Name',
    host: '',
    databse: 'shop',
    targetSessionAttrs: 'master',
    pool: { max: 2, minIdle: 3, reset: 'all', maxx: 1 },
    timeouts: {
      statementMs: 1_000,
      transactionMs: 999,
      lockMs: 1_000,
      idleInTransactionMs: 500,
      queryDeadlineMs: 900,
      nope: 1,
    },
    retry: { baseMs: 300, on: ['whim'], often: true },
    tls: { mode: 'prefer', cert: 'x', strict: true },
    session: {
      searchPath: [],
      applicationName: 'x'.repeat(64),
      timeZone: '',
      gucs: { 'bad name': 'x', ok: 5 },
      role: '',
      rôle: 'x',
    },
    leak: { warnAfterMs: 500, reclaimAfterMs: 400, stack: 'some', loud: true },
    password: 'a',
    passwordFile: 'b',
  });
  expect(issues.map((issue) => issue.split(':')[0])).toEqual([
    'databse',
    'pool.maxx',
    'timeouts.nope',
    'session.rôle',
    'name',
    'targetSessionAttrs',
    'host',
    'database',
    'user',
    'password',
    'tls.strict',
    'tls.mode',
    'tls.cert',
    'session.applicationName',
    'session.timeZone',
    'session.searchPath',
    'session.role',
    'session.gucs',
    'session.gucs',
    'pool.minIdle',
    'pool.reset',
    'timeouts.lockMs',
    'timeouts.idleInTransactionMs',
    'timeouts.transactionMs',
    'timeouts.queryDeadlineMs',
    'retry.often',
    'retry.baseMs',
    'retry.on',
    'leak.loud',
    'leak.stack',
    'leak.reclaimAfterMs',
  ]);
  expect(
    issuesOf({
      ...target,
      session: { gucs: Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`g${n}`, 'x'])) },
    }),
  ).toHaveLength(1);
});

test('H17 what needs a session of its own is refused behind a transaction pooler', () => {
  const setup = () => Promise.resolve();
  const own = { session: { setup }, pool: { reset: 'discard' }, timeouts: { transactionMs: 20_000 } };
  expect(issuesOf({ ...target, ...own, pooler: 'session' })).toEqual([]);
  expect(issuesOf({ ...target, ...own, pooler: 'transaction' })).toEqual([
    'session.setup: not behind a transaction pooler',
    'pool.reset: not behind a transaction pooler',
    'timeouts.transactionMs: not behind a transaction pooler',
  ]);
  expect(issuesOf({ ...target, pooler: 'statement' })).toEqual(['pooler: expected none, session, transaction']);
});

test('a URL is split once, and takes the place of the single fields', async () => {
  const url = 'postgresql://a%40b:p%3Aw%2F@[::1]:5433/my%20db?sslmode=require&application_name=orders';
  expect(resolvePostgresOptions({ url })).toMatchObject({
    host: '::1',
    port: 5433,
    database: 'my db',
    user: 'a@b',
    tls: { mode: 'require' },
    session: { applicationName: 'orders' },
  });
  expect(await passwordOf({ url })).toBe('p:w/');
});

test('a URL that is wrong, says too much or lets others choose plaintext is refused without being repeated', () => {
  const refused = (url: string, own: PostgresOptions = {}) => issuesOf({ url, ...own }).join('; ');
  expect(refused('mysql://u:secret@h/d')).toContain('url: expected postgres://');
  expect(refused('nonsense')).toContain('url: expected');
  expect(refused('postgres://u@h/d?sslmode=prefer')).toContain('sslmode must be');
  expect(refused('postgres://u@h/d?sslrootcert=x')).toContain('unknown parameter "sslrootcert"');
  expect(refused('postgres://u:%zz@h/d')).toContain('the password is not percent-encoded');
  expect(refused('postgres://u@h/d', { host: 'other' })).toContain('host: also given by url');
  expect(refused('postgres://u@h/d?sslmode=disable', { tls: { mode: 'require' } })).toContain('also given as sslmode');
  expect(refused('postgres://u:secret@h/d', { password: 'x' })).toContain('password: give one of');
  expect(refused('postgres://u:secret@h/d?x=1')).not.toContain('secret');
});

test('R-PG-10 the password comes from one source; a file is read for each connection', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'busbar-postgres-'));
  const passwordFile = join(dir, 'password');
  try {
    await writeFile(passwordFile, 'first\n');
    const { credentials } = resolvePostgresOptions({ ...target, passwordFile });
    const read = async () => (await credentials({ host: 'db', port: 1, user: 'app', attempt: 1 })).password;
    expect(await read()).toBe('first');
    await writeFile(passwordFile, ' second\r\n');
    expect(await read()).toBe(' second');
    await writeFile(passwordFile, 'third');
    expect(await read()).toBe('third');
  } finally {
    await rm(dir, { recursive: true });
  }
  expect(await passwordOf({ ...target, credentials: ({ user }) => Promise.resolve({ password: `for ${user}` }) })).toBe(
    'for app',
  );
  expect(await passwordOf(target)).toBe('');
});

test('the retry of one transaction starts from that of the pool', () => {
  const base = resolvePostgresOptions({ ...target, retry: { maxAttempts: 7 } }).retry;
  expect(resolveTxRetry(undefined, { base, name: 'x' })).toBe(base);
  expect(resolveTxRetry({ baseMs: 9, on: ['connection'] }, { base, name: 'x' })).toEqual({
    maxAttempts: 7,
    baseMs: 9,
    maxMs: 250,
    on: ['connection'],
  });
  expect(() => resolveTxRetry({ maxAttempts: 99 }, { base, name: 'x' })).toThrow(
    like({ code: 'BUSBAR_POSTGRES_OPTIONS' }),
  );
});

test('F1 targets are read once, and all problems are told', () => {
  const { host: _host, ...rest } = target;
  const given = ['db1', 'db2:5433', '[::1]:5434', '[fe80::1]', '/var/run/postgresql'];
  const { targets, host, port } = resolvePostgresOptions({ ...rest, targets: given });
  const folder = { host: '/var/run/postgresql', port: 5432 };
  const [first, ...others] = targets;
  expect(first).toEqual({ host, port });
  expect(first).toEqual({ host: 'db1', port: 5432 });
  expect(others).toEqual([
    { host: 'db2', port: 5433 },
    { host: '::1', port: 5434 },
    { host: 'fe80::1', port: 5432 },
    folder,
  ]);
  expect(issuesOf({ ...target, port: 1, targets: ['db1'] })).toEqual([
    'targets: also given by host',
    'targets: also given by port',
  ]);
  const count = 'targets: expected 1 to 16 servers';
  expect(issuesOf({ ...rest, targets: [] })).toEqual([count]);
  expect(issuesOf({ ...rest, targets: Array.from({ length: 17 }, (_, n) => `db${n}`) })).toEqual([count]);
  for (const wrong of ['', 'a b', '::1', 'db:', 'db:x', 7])
    expect(issuesOf({ ...rest, targets: [wrong] })).toEqual(['targets: expected host:port, or host']);
  expect(issuesOf({ ...rest, targets: ['db:70000'] })).toHaveLength(1);
});
