import { describe, expect, it } from 'vitest';

import { firstDifference } from '../src/round-trip.ts';

class Money {
  readonly cents = 5;
}
const throughJson = (data: unknown): unknown => JSON.parse(JSON.stringify(data));
const differenceOf = (data: unknown): string | undefined => firstDifference(data, throughJson(data));

describe('firstDifference', () => {
  it.each([
    null,
    true,
    'text',
    0,
    -0,
    1e21,
    [],
    {},
    [[1, { a: 'b' }]],
    { a: undefined },
    Object.assign(Object.create(null), { a: 1 }),
    JSON.parse('{"__proto__":1}'),
  ])('%j survives JSON', (data: unknown) => {
    expect(differenceOf(data)).toBeUndefined();
  });

  it.each<[unknown, string]>([
    [{ at: new Date(0) }, '/at'],
    [{ m: new Map([[1, 2]]) }, '/m'],
    [{ s: [new Set([1])] }, '/s/0'],
    [{ bytes: new Uint8Array(2) }, '/bytes'],
    [{ money: new Money() }, '/money'],
    [[1, Number.NaN], '/1'],
    [[undefined], '/0'],
    [{ f: () => 1 }, '/f'],
    [{ 'a/b': Infinity }, '/a~1b'],
    [new Date(0), ''],
  ])('%j does not survive JSON', (data, path) => {
    expect(differenceOf(data)).toBe(path);
  });
});
