import { describe, expect, test } from 'vitest';

import { checksOf, type ConnectivityOutcome } from '../src/connectivity-checks.ts';
import type { Result } from '../src/queries.ts';
import type { AnyRow, Row } from '../src/row-decoder.ts';
import { runStartupChecks } from '../src/startup-check.ts';
import type { TargetSessionAttrs } from '../src/targets.ts';

/** A server that answers as it is told. */
class ScriptedQueries {
  readonly #row: Row | Error;

  constructor(row: Row | Error) {
    this.#row = row;
  }

  query<R extends AnyRow>(): Promise<Result<R>>;
  query(): Promise<Result> {
    return Promise.resolve({ rows: [], rowCount: 0, command: '', fields: [] });
  }

  one<R extends AnyRow>(): Promise<R>;
  one(): Promise<Row> {
    return this.#row instanceof Error ? Promise.reject(this.#row) : Promise.resolve(this.#row);
  }
}

const clock = { now: () => 0 };
const server: Row = {
  version_num: 180_004,
  version: '18.4',
  standby: false,
  read_only: false,
  encoding: 'UTF8',
  server_ms: 0,
};
const check = async (
  own: Row | Error,
  targetSessionAttrs: TargetSessionAttrs = 'read-write',
): Promise<ConnectivityOutcome | undefined> => {
  const row = own instanceof Error ? own : { ...server, server_ms: Date.now(), ...own };
  const checks = checksOf({
    targets: [{ host: 'db', port: 5432 }],
    queries: new ScriptedQueries(row),
    clock,
    targetSessionAttrs,
  });
  return checks.find(({ id }) => id === 'pg.server')?.run({ signal: AbortSignal.timeout(1_000) });
};

describe('the check of the server', () => {
  test.for<[what: string, own: Row | Error, expected: Partial<ConnectivityOutcome>]>([
    ['fits', {}, { status: 'pass', message: 'PostgreSQL 18.4, 0 ms' }],
    ['is too old', { version_num: 130_000, version: '13.0' }, { status: 'fail', category: 'incompatible' }],
    ['is a standby', { standby: true }, { status: 'fail', message: 'the server is not read-write' }],
    ['is read-only', { read_only: true }, { status: 'fail', category: 'incompatible' }],
    ['has another encoding', { encoding: 'LATIN1' }, { status: 'fail', message: 'the database is encoded in LATIN1' }],
    ['has another time', { server_ms: 0 }, { status: 'warn' }],
    [
      'breaks the check itself',
      new Error('postgres://u:secret@h'),
      { status: 'fail', category: 'internal', message: 'the check itself failed' },
    ],
  ])('R-PG-8 tells when the server %s', async ([, own, expected]) => {
    expect(await check(own)).toMatchObject(expected);
  });

  test('R-PG-8 a standby is what a pool for reads asks for', async () => {
    expect(await check({ standby: true }, 'standby')).toMatchObject({ status: 'pass', data: { standby: true } });
  });
});

test('a start-up check that names no limit gets the default one, and a warning does not fail the start', async () => {
  const report = await runStartupChecks(
    [
      { id: 'a', title: 'a', run: () => Promise.resolve({ status: 'warn', message: 'hm' }) },
      {
        id: 'b',
        title: 'b',
        dependsOn: ['a'],
        run: () => Promise.resolve({ status: 'pass', message: 'fine', help: 'none' }),
      },
    ],
    clock,
  );
  expect(report).toEqual({
    ok: true,
    durationMs: 0,
    checks: [
      { id: 'a', status: 'warn', message: 'hm', latencyMs: 0 },
      { id: 'b', status: 'pass', message: 'fine', help: 'none', latencyMs: 0 },
    ],
  });
});
