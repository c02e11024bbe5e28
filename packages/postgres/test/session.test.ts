import { expect, test } from 'vitest';

import { resolvePostgresOptions } from '../src/resolve-options.ts';
import { lateSettings, settingsAfterDiscard, startupOptions, transactionSettings } from '../src/session.ts';

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
  expect(lateSettings({ pooler: 'none', session, timeouts }, 16)).toEqual([]);
  expect(lateSettings({ pooler: 'none', session, timeouts }, 17)).toMatchObject([
    { values: ['transaction_timeout', '20000'] },
  ]);
  expect(lateSettings(resolve(), 17)).toEqual([]);
});

test('H17 behind a pooler the settings are sent with the set-up of a session, or with each transaction, and not at all in the start-up message', () => {
  const own = { session: { searchPath: ['app'] } };
  const all = ['statement_timeout', '15000', 'lock_timeout', '5000', 'idle_in_transaction_session_timeout', '60000'];
  const values = [...all, 'TimeZone', 'UTC', 'search_path', '"app"'];
  const bySession = resolve({ ...own, pooler: 'session' });
  expect(lateSettings(bySession, 15)).toMatchObject([{ values }]);
  expect(lateSettings(bySession, 15)[0]?.text).toBe(
    'select set_config($1, $2, false), set_config($3, $4, false), set_config($5, $6, false), set_config($7, $8, false), set_config($9, $10, false)',
  );
  expect(transactionSettings(bySession)).toEqual([]);
  const byTransaction = resolve({ ...own, pooler: 'transaction' });
  expect(lateSettings(byTransaction, 17)).toEqual([]);
  expect(transactionSettings(byTransaction)).toMatchObject([{ values }]);
  expect(transactionSettings(byTransaction)[0]?.text).toContain('set_config($9, $10, true)');
  expect(byTransaction.statements.cacheSize).toBe(0);
  expect(resolve({ pooler: 'transaction', poolerPreparedStatements: true }).statements.cacheSize).toBe(100);
});
