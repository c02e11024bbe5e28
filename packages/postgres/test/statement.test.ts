import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { defineStatement, givenStatement, sql, SqlFragment } from '../src/statement.ts';
import { ArgumentInvalidError } from '../src/usage-errors.ts';

describe('R-PG-2 sql templates', () => {
  test('values become parameters, fragments become text, and numbers run on', () => {
    const filter = sql`age > ${18} and name = ${"x'; drop table t"}`;
    const query = sql`select ${sql.id('a"b', 'c')} from t where ${filter} and id in (${sql.join([1, 2])}) ${sql.raw('limit 5')}`;
    expect(query.text).toBe('select "a""b"."c" from t where age > $1 and name = $2 and id in ($3, $4) limit 5');
    expect(query.values).toEqual([18, "x'; drop table t", 1, 2]);
    expect(sql.join([sql`a = ${1}`, sql`b = ${2}`], sql` or `).text).toBe('a = $1 or b = $2');
    expect([sql.join([]).text, sql``.text, sql`${1}`.text]).toEqual(['', '', '$1']);
  });

  test('a template is put together once, and each use of it has its own values', () => {
    const make = (id: number) => sql`select * from t where id = ${id}`;
    expect(make(1).text).toBe(make(2).text);
    expect([make(1).values, make(2).values]).toEqual([[1], [2]]);
  });

  test('what could meet the wrong value is refused', () => {
    for (const make of [() => sql`select $1, ${2}`, () => sql.raw('$2'), () => sql.id(''), () => sql.id('a\0')])
      expect(make).toThrow(ArgumentInvalidError);
    expect(() => sql`select $$x$$, $a$x$a$, ${1}`).not.toThrow();
    expect(sql.id('a$1').text).toBe('"a$1"');
    expect(() => givenStatement(sql`select ${1}`, [2])).toThrow(ArgumentInvalidError);
    expect(() => givenStatement({ text: 'select $1', values: [1] }, [2])).toThrow(ArgumentInvalidError);
    for (const wrong of [5, undefined, null, {}, { text: 5 }])
      expect((): unknown => Reflect.apply(givenStatement, undefined, [wrong])).toThrow(ArgumentInvalidError);
  });

  test('any nesting gives as many parameters as values, in the order of the text', () => {
    const { fragment } = fc.letrec<{ fragment: SqlFragment; item: unknown }>((tie) => ({
      item: fc.oneof({ depthSize: 'small' }, fc.integer(), tie('fragment')),
      fragment: fc.array(tie('item'), { maxLength: 4 }).map((items) => sql`<${sql.join(items)}>`),
    }));
    fc.assert(
      fc.property(fragment, ({ text, values }) => {
        expect(text.match(/\$\d+/g) ?? []).toEqual(values.map((_, index) => `$${index + 1}`));
        expect(values.some((value) => value instanceof SqlFragment)).toBe(false);
      }),
    );
  });

  test('defineStatement keeps what it was given and binds values', () => {
    const byId = defineStatement<{ a: number }>({
      text: 'select a from t where id = $1',
      maxRows: 1,
      idempotent: true,
    });
    expect(Object.isFrozen(byId)).toBe(true);
    expect(byId.bind(7)).toEqual({ text: 'select a from t where id = $1', values: [7] });
    expect(givenStatement(byId, [7])).toMatchObject({ text: byId.text, values: [7], traits: { maxRows: 1 } });
    expect(givenStatement(byId.bind(8))).toEqual({ text: byId.text, values: [8], traits: {}, placed: undefined });
    expect(givenStatement({ text: 'select $1' }, [9])).toMatchObject({ values: [9] });
    expect(givenStatement('select 1')).toEqual({ text: 'select 1', values: [], traits: {}, placed: undefined });
  });
});
