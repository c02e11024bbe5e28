import { describe, expect, test } from 'vitest';

import { routineCall } from '../src/routine.ts';

const shown = (...given: Parameters<typeof routineCall>) => {
  const { text, values } = routineCall(...given);
  return [text, values];
};
const refusal = (fn: string, args: unknown, kind?: unknown): string => {
  try {
    Reflect.apply(routineCall, undefined, [fn, args, kind]);
  } catch (error) {
    return String(error);
  }
  return 'nothing';
};

describe('R-PG-2 the statement of a call', () => {
  test('quotes names, and takes arguments by position or by name', () => {
    expect(shown('now', [])).toEqual(['select * from "now"()', []]);
    expect(shown('app.Charge', [1, null])).toEqual(['select * from "app"."Charge"($1, $2)', [1, null]]);
    expect(shown('pay"', { 'a"b': 1, c: [2] })).toEqual(['select * from "pay"""("a""b" => $1, "c" => $2)', [1, [2]]]);
    expect(shown('app.settle', { day: 'x' }, 'procedure')).toEqual(['call "app"."settle"("day" => $1)', ['x']]);
  });

  test('refuses what is no name, no list of arguments, or no kind', () => {
    for (const fn of ['', 'a.', '.a', 'a.b.c', 'a\0b'])
      expect(refusal(fn, [])).toMatch(/fn: expected a name, or schema\.name$/);
    for (const args of [undefined, null, 'a'])
      expect(refusal('f', args)).toMatch(/args: expected a list of values, or values by name$/);
    expect(refusal('f', [1, undefined])).toMatch(/args\.1: expected a value, or null for NULL$/);
    expect(refusal('f', { cents: undefined })).toMatch(/args\.cents: expected a value, or null for NULL$/);
    expect(refusal('f', [], 'view')).toMatch(/kind: expected function or procedure$/);
  });
});
