import { expect, test } from 'vitest';

import { resolvePostgresOptions } from '../src/resolve-options.ts';
import { lateSettings, settingsAfterDiscard, startupOptions } from '../src/session.ts';

const resolve = (own: Parameters<typeof resolvePostgresOptions>[0] = {}) =>
  resolvePostgresOptions({ host: 'h', database: 'd', user: 'u', ...own });

test('R-PG-1 schema, role and time limits of a session are in the start-up message', () => {
  const { session, timeouts } = resolve({
    session: { searchPath: ['my schema', 'b"c'], role: 'report reader', gucs: { 'my.path': 'c:\\x' } },
  });
  expect(startupOptions(session, timeouts)).toBe(
    '-c statement_timeout=15000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=60000 -c TimeZone=UTC ' +
      String.raw`-c search_path="my\ schema","b""c" -c role=report\ reader -c my.path=c:\\x`,
  );
  expect(settingsAfterDiscard(session)).toMatchObject([{ values: ['role', 'report reader'] }]);
  expect(settingsAfterDiscard(resolve().session)).toEqual([]);
});

test('H28 what an older server does not know is neither in the start-up message nor set behind it', () => {
  const { session, timeouts } = resolve({ timeouts: { transactionMs: 20_000 } });
  expect(startupOptions(session, timeouts)).not.toContain('transaction_timeout');
  expect(lateSettings(timeouts, 16)).toEqual([]);
  expect(lateSettings(timeouts, 17)).toMatchObject([{ values: ['transaction_timeout', '20000'] }]);
  expect(lateSettings(resolve().timeouts, 17)).toEqual([]);
});
