import { expect, test } from 'vitest';

import { classifySqlState, isConnectionFatal, sqlStateOf } from '../src/sqlstate.ts';

test.for([
  ['08006', 'lease-lost', true],
  ['08007', 'outcome-unknown', true],
  ['22P02', 'data', false],
  ['23505', 'constraint', false],
  ['25006', 'read-only', false],
  ['25P02', 'tx-aborted', false],
  ['25P03', 'lease-lost', true],
  ['28P01', 'auth', false],
  ['3D000', 'schema', false],
  ['40001', 'serialization', false],
  ['40003', 'outcome-unknown', false],
  ['40P01', 'deadlock', false],
  ['42501', 'privilege', false],
  ['42601', 'syntax', false],
  ['42P01', 'schema', false],
  ['53100', 'resource', false],
  ['53300', 'too-many-connections', false],
  ['54000', 'resource', false],
  ['55P03', 'lock-timeout', false],
  ['57000', 'statement-timeout', false],
  ['57014', 'statement-timeout', false],
  ['57P01', 'lease-lost', true],
  ['P0001', 'internal', false],
  ['XX000', 'internal', false],
  ['XX001', 'internal', true],
  ['??', 'internal', false],
] as const)('R-STD-4 SQLSTATE %s is %s', ([code, kind, connectionFatal]) => {
  expect(classifySqlState(code)).toEqual({ kind, connectionFatal });
});

test('H26 classes survive lc_messages: the severity is localised, and not looked at', () => {
  for (const severity of ['ERROR', 'ERREUR', 'FEHLER', 'BŁĄD', 'PANIC'])
    expect([sqlStateOf({ code: '23505', severity }), isConnectionFatal({ code: '23505', severity })]).toEqual([
      '23505',
      false,
    ]);
  for (const severity of ['FATAL', 'FATALE', 'KATASTROFALNY'])
    expect(isConnectionFatal({ code: '57P01', severity })).toBe(true);
});

test('only an error of the server has a SQLSTATE', () => {
  for (const foreign of [
    undefined,
    null,
    'x',
    {},
    { code: 'EPIPE' },
    { code: 'ECONNRESET', severity: 'x' },
    { code: 5, severity: 'x' },
  ])
    expect(sqlStateOf(foreign)).toBeUndefined();
  expect(isConnectionFatal({ code: '57P01', severity: 'FATAL' })).toBe(true);
  expect(isConnectionFatal(new Error('x'))).toBe(false);
});
