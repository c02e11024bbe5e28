import { expect, test } from 'vitest';

import { statementKind } from '../src/statement-kind.ts';

test.for([
  ['select 1', 'read', false],
  ['  (values (1))', 'read', false],
  ['-- c\n/* b /* n */ */ UPDATE t set a = 1', 'write', false],
  ['with x as (select 1) select * from x', 'read', false],
  ['with x as (DELETE from t returning 1) select * from x', 'write', false],
  ['create table t ()', 'ddl', false],
  ['vacuum', 'admin', false],
  ['set a = 1', 'admin', false],
  ['', 'admin', false],
  ['-- only a comment', 'admin', false],
  ['/* never closed', 'admin', false],
  ['prepare p as select 1', 'admin', false],
  ['prepare  transaction $$x$$', 'admin', true],
  [';;commit', 'admin', true],
  ['start transaction', 'admin', true],
  ['release s', 'admin', true],
  ['beginning', 'admin', false],
] as const)('%s is %s', ([text, operation, txControl]) => {
  expect(statementKind(text)).toMatchObject({ operation, txControl });
});

test('the first word is found in linear time, whatever stands before it', () => {
  const startedAtMs = performance.now();
  statementKind('/* '.repeat(200_000));
  statementKind(`${'/**/'.repeat(200_000)}begin`);
  statementKind(`with ${'x '.repeat(200_000)}`);
  expect(performance.now() - startedAtMs).toBeLessThan(500);
});
