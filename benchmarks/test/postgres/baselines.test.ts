import { createGuard } from '@busbar/postgres';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';

import { EQUAL_WEIGHTS, LONG_TEXT, longCondition, SHORT_TEXTS } from '../../src/arms/postgres/guarded-texts.ts';
import { ProbeAlwaysPool } from '../../src/baselines/probe-always-pool.ts';
import { judgeAnew, precompiledGuard } from '../../src/baselines/regex-guard.ts';

/** Statements that both guards read alike: nothing in a string or comment that looks like syntax, and no pattern in a parameter. */
const condition = fc.constantFrom(
  `a = $1`,
  `a like '%x'`,
  `a ILIKE '%x%'`,
  `a like 'x%'`,
  `a ~ 'x'`,
  `a !~* 'x'`,
  `a = (select max(b) from u)`,
  `exists (  SELECT 1 from u where b = 1)`,
);
const joins = fc.constantFrom('', ' join v on v.id = t.id', ' left JOIN v on v.id = t.id join w on w.id = v.id');
const columns = fc.constantFrom('a', 'a, b', 'count(*)', 'array_agg(a)', "string_agg(a, ',')");
const select = fc
  .record({ columns, joins, conditions: fc.array(condition, { maxLength: 3 }) })
  .map(
    (o) =>
      `select ${o.columns} from t${o.joins}${o.conditions.map((one, at) => `${at === 0 ? ' where ' : ' and '}${one}`).join('')}`,
  );
const statement = fc
  .record({
    selects: fc.array(select, { minLength: 1, maxLength: 3 }),
    operator: fc.constantFrom(' union ', ' union all ', ' INTERSECT ', ' except '),
    tail: fc.constantFrom('', ' limit 5', ' order by a limit 5', ' order by a'),
  })
  .map(({ selects, operator, tail }) => `${selects.join(operator)}${tail}`);

describe('the guard of patterns of B-PG-8 and B-PG-9 (R-PG-4)', () => {
  const ours = createGuard({ weights: EQUAL_WEIGHTS });

  it('scores as ours does where its patterns see no string and no comment', () => {
    const precompiled = precompiledGuard();
    fc.assert(
      fc.property(statement, (text) => {
        // An expensive function counts once for it, however often it is called.
        const { score, reasons } = ours.judge(text);
        const repeated = reasons.find(({ name }) => name === 'expensiveFunction');
        const kinds = ['array_agg', 'string_agg'].filter((name) => text.includes(name)).length;
        const once = repeated === undefined ? score : score - repeated.score + kinds * EQUAL_WEIGHTS.expensiveFunction;
        expect(judgeAnew(text).score).toBe(once);
        expect(precompiled(text)).toEqual(judgeAnew(text));
      }),
    );
  });

  it('and ours give the texts of the cases the scores that are written beside them', () => {
    for (const { text, score } of [...SHORT_TEXTS, LONG_TEXT]) {
      expect(ours.judge(text).score).toBe(score);
      expect(judgeAnew(text)).toEqual({ score, suspicious: false });
    }
    expect(longCondition(10_000)).toHaveLength(10_000);
  });

  it.each(["select 1 where a = '' or '1'='1'", 'select a union all select password', 'select 1; drop table t'])(
    'suspects %s',
    (text) => {
      expect(judgeAnew(text).suspicious).toBe(true);
    },
  );
});

test('R-PG-3 the pool that always probes hands out what answered, and ends what did not', async () => {
  const ended: string[] = [];
  const clientOf = (name: string, isDead: boolean) => ({
    name,
    query: () => (isDead ? Promise.reject(new Error(`${name} is dead`)) : Promise.resolve()),
    release: (destroy?: boolean) => void ended.push(`${name} ${destroy === true ? 'destroyed' : 'released'}`),
  });
  const clients = [clientOf('a', true), clientOf('b', false), clientOf('c', true), clientOf('d', true)];
  const pool = new ProbeAlwaysPool({ connect: () => Promise.resolve(clients.shift() ?? clientOf('none', true)) }, 2);
  expect((await pool.connect()).name).toBe('b');
  expect([pool.validations, ...ended]).toEqual([1, 'a destroyed']);
  await expect(pool.connect()).rejects.toThrow('d is dead');
  expect([pool.validations, ...ended]).toEqual([1, 'a destroyed', 'c destroyed', 'd destroyed']);
});
