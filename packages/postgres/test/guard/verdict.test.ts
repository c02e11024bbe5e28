import { describe, expect, test } from 'vitest';

import { statementSkeleton } from '../../src/guard/skeleton.ts';
import { judge, type Verdict } from '../../src/guard/verdict.ts';
import { POSTGRES_DEFAULTS } from '../../src/option-limits.ts';

const { guardWeights } = POSTGRES_DEFAULTS;
const verdictOn = (text: string): Verdict => judge(text, guardWeights);
const reasonsOf = (text: string): string =>
  verdictOn(text)
    .reasons.map(({ name, count }) => `${name} ${count}`)
    .join(', ');

describe('R-PG-4 what is counted', () => {
  test.for([
    ['select 1', ''],
    ['select * from a join b using (id) left join c on a.x = c.x', 'join 2'],
    ['select * from a, b, c where a.x in (1, 2), d', 'join 2'],
    ['select f(a, b), c from t where (a, b) = (1, 2) group by a, b', ''],
    ['select a is distinct from b, c from t', ''],
    ['select extract(year from d), trim(both from x), c from t', ''],
    ['select * from t where a = any(array[1, 2]) order by a, b limit 1', ''],
    ['select * from t join u on t.a = array[1, 2]', 'join 1'],
    ['delete from a using b, c where a.x = b.x', 'join 1'],
    ['update a set x = 1, y = 2 from b, c where a.x = b.x', 'join 1'],
    ['select (select 1), exists (select 2) from (select 3) x', 'subselect 3'],
    ['with x as (select 1), y as (with z as (select 2) select 3) select * from x', 'subselect 3'],
    ['insert into t select 1', ''],
    ['create table t as select 1', ''],
    ['((select 1)) union all (select 2) intersect (select 3)', 'union 2'],
    ['select 1 where x = all (select 2)', 'subselect 1'],
    ['select 1 union select distinct (select 2)', 'subselect 1, union 1'],
    ['select 1 except distinct (select 2)', 'union 1'],
    ["select * from t where a like '%x' or b ilike E'%y' or c like 'x%' or d like $1", 'leadingWildcard 2'],
    ["select a like any (array['%x', 'y']), b like ('%' || c), d ~~ $$%z$$, e !~~* '%'", 'leadingWildcard 4'],
    ["select 'like', '%x', a like b, '%y'", ''],
    ["select a ~ 'x', b ~* $1, c !~ d, e !~* f, g similar to h, i @~@ j, -k", 'regex 5'],
    ['select a @>>>>>@ b, a ! b, a ~~~ b, a ~>=~ b', ''],
    ["select a like U&'%x', b like U&'x%'", 'leadingWildcard 1'],
    [
      'select array_agg(a), pg_catalog.string_agg(b), generate_series from generate_series (1, 2)',
      'expensiveFunction 3',
    ],
    ['with recursive x as (select 1) select * from x', 'subselect 1, expensiveFunction 1'],
    ['create recursive view v as select 1', ''],
    ['select * from t order by a', 'unlimitedOrder 1'],
    ['values (1), (2) order by 1', 'unlimitedOrder 1'],
    ['select 1 union select 2 order by 1', 'union 1, unlimitedOrder 1'],
    ['select * from t order by a limit 5', ''],
    ['select * from t order by a fetch first row only', ''],
    ['select rank() over (order by a), array(select 1 order by 1) from t', 'subselect 1'],
    ['insert into t select * from u order by a', ''],
    ['with x as (select 1) insert into t select * from x order by 1', 'subselect 1'],
    ['create view v as select * from t order by a', ''],
    ['update t set a = 1', 'unfilteredWrite 1'],
    ['delete from t', 'unfilteredWrite 1'],
    ['delete from t where a = 1', ''],
    ['delete from t where current of c', ''],
    ['with gone as (delete from t returning a) select * from gone', 'unfilteredWrite 1'],
    [
      'with gone as (delete from t where a = 1) update u set b = (select 1 where true)',
      'subselect 1, unfilteredWrite 1',
    ],
    ['explain analyze delete from t', 'unfilteredWrite 1'],
    ['prepare p as update t set a = 1', 'unfilteredWrite 1'],
    ['delete from t; update t set a = 1 where b', 'unfilteredWrite 1'],
    ['select 1; delete from t', 'unfilteredWrite 1'],
    ['select * from t for update', ''],
    ['insert into t values (1) on conflict (a) do update set a = 2', ''],
    ['merge into t using u on t.a = u.a when matched then delete when not matched then do nothing', ''],
    ['grant update, delete on t to r', ''],
    ['create trigger x before update on t for each row execute function f()', ''],
    ['create rule r as on update to t do instead delete from u', ''],
    ['select \'join join union (select\', "union", $$ ~ $$, /* join */ a.join, b as union -- select (select', ''],
    ['join join union', 'join 2, union 1'],
    [')))] select 1', ''],
    [`select ${'('.repeat(1_100)}select 1${')'.repeat(1_100)}, (select 2)`, 'subselect 2'],
    ['select 1 where a order by b, c', 'unlimitedOrder 1'],
  ] as const)('%s: %s', ([text, reasons]) => {
    expect(reasonsOf(text)).toBe(reasons);
  });

  test('the score is the sum of the weights, and a weight of 0 does not count', () => {
    const text = "select * from a join b on a.x ~ 'y', c where d in (select 1) order by 1";
    expect(verdictOn(text)).toMatchObject({
      score: 2 * 2 + 3 + 6 + 2,
      reasons: [
        { name: 'join', count: 2, score: 4 },
        { name: 'subselect', count: 1, score: 3 },
        { name: 'regex', count: 1, score: 6 },
        { name: 'unlimitedOrder', count: 1, score: 2 },
      ],
    });
    expect(judge(text, { ...guardWeights, join: 0, regex: 0, subselect: 10 })).toMatchObject({ score: 12 });
  });
});

describe('what a statement does', () => {
  test.for([
    ['select 1', 'read', false],
    ['  (values (1))', 'read', false],
    ['-- c\n/* b /* n */ */ UPDATE t set a = 1', 'write', false],
    ['with x as (select 1) select * from x', 'read', false],
    ['with x as (DELETE from t returning 1) select * from x', 'write', false],
    ['with x as (select \'delete from t\') select "insert" from x', 'read', false],
    ['select * into u from t', 'write', false],
    ['explain delete from t', 'read', false],
    ['explain (analyze, costs off) delete from t', 'write', false],
    ['create table t ()', 'ddl', false],
    ['vacuum', 'admin', false],
    ['set a = 1', 'admin', false],
    ['', 'admin', false],
    ['-- only a comment', 'admin', false],
    ['/* never closed', 'admin', false],
    ['analyze t', 'admin', false],
    ['prepare p as select 1', 'admin', false],
    ['prepare  transaction $$x$$', 'admin', true],
    [';;commit', 'admin', true],
    ['start transaction', 'admin', true],
    ['release s', 'admin', true],
    ['select 1; rollback', 'read', true],
    ['beginning', 'admin', false],
    ['set transaction read only', 'admin', false],
  ] as const)('%s is %s, transaction control %s', ([text, operation, txControl]) => {
    expect(verdictOn(text)).toMatchObject({ operation, txControl });
  });

  test.for([
    ['set a = 1', true],
    ['set local a = 1', false],
    ['set transaction read only', false],
    ['reset all', true],
    ['discard all', true],
    ['listen x', true],
    ['prepare p as select 1', true],
    ['create temp table t ()', true],
    ['create temporary view v as select 1', true],
    ['create table t (temp int)', false],
    ['select temp from t', false],
    ["select set_config('a', 'b', false)", true],
    ['select pg_advisory_lock(1)', true],
    ['select pg_advisory_lock', false],
    ['select 1; set a = 1', true],
    ['set a = 1; select 1', true],
    ['select 1', false],
  ] as const)('%s leaves something on the session: %s', ([text, session]) => {
    expect(verdictOn(text).session).toBe(session);
  });

  test('statements, parameters and bytes are counted', () => {
    expect(verdictOn('select $2, $11, $3; ; select 1;')).toMatchObject({ statements: 2, params: 11, bytes: 31 });
    expect(verdictOn(`select $${'9'.repeat(400)}`).params).toBe(999_999_999);
    expect(verdictOn("select 'ä'").bytes).toBe(11);
    expect(verdictOn('values (1), (2);').bytes).toBe(11);
    const insert = (rows: string): number => verdictOn(`insert into t values (1, 'ä')${rows} returning *`).bytes;
    expect(insert(", (2, 'größer'), (3, 'c')")).toBe(insert('') - 1); // the blank behind them
  });

  test.for([
    ['select * from orders o join "Customers" c using (id)', 'SELECT orders Customers'],
    [
      'select * from shop.orders, only lines, lateral f(1) where x in (select a from b)',
      'SELECT shop.orders lines f SELECT b',
    ],
    ['with x as (select 1 from a) insert into b select * from x', 'SELECT a INSERT b x'],
    ['update only t set a = 1', 'UPDATE t'],
    ['delete from t where a = 1', 'DELETE t'],
    ['merge into t using u on true', 'MERGE t'],
    ['create table if not exists a.b (c int)', 'CREATE a.b'],
    ['truncate table t', 'TRUNCATE t'],
    ['copy t to stdout', 'COPY t'],
    ['select * from comment, "from" where a = 1', 'SELECT comment from'],
    ["select * from 'x', 5", 'SELECT'],
    ['select a.b.c from -t', 'SELECT'],
    ['vacuum t', 'VACUUM'],
    ['grant truncate on t to r', 'GRANT'],
    ['begin', 'BEGIN'],
    ['', ''],
    [`select * from ${'t'.repeat(100)}`, `SELECT ${'t'.repeat(63)}`],
    [`select * from ${'名'.repeat(30)}, Ärger, "Ärger`, `SELECT ${'名'.repeat(21)} Ärger Ärge`],
    [`${'x'.repeat(100)} y`, 'X'.repeat(32)],
  ] as const)('%s is summarised as %s', ([text, summary]) => {
    expect(verdictOn(text).summary).toBe(summary);
  });
});

test('a summary of many tables ends with a whole name', () => {
  const tables = Array.from({ length: 50 }, (_, n) => `table_${n}`).join(', ');
  const { summary } = verdictOn(`select * from ${tables}`);
  expect(summary).toMatch(/^SELECT( table_\d+)+$/);
  expect(summary.length).toBeGreaterThan(240);
  expect(summary.length).toBeLessThanOrEqual(255);
});

describe('R-PG-5 the skeleton of a statement', () => {
  test('has no literal and no comment, and is cut off where it was asked to be', () => {
    const text = `select a, 'hunter2' as b -- hunter2\nfrom "T" where c = $1 and d in (1, 2) /* hunter2 */ and e = -5;`;
    expect(statementSkeleton(text, 200)).toBe('select a , ? as b from "?" where c = ? and d in ( ? ) and e = ?');
    expect(statementSkeleton(text, 12)).toBe('select a , …');
    expect(statementSkeleton('select 1; select - a;;', 200)).toBe('select ? ; select - a');
    expect(statementSkeleton('select -; select $1', 200)).toBe('select - ; select ?');
    expect(statementSkeleton('select "never closed, hunter2', 200)).toBe('select "?"');
  });
});
