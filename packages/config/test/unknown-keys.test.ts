import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { editDistance, nearestName } from '../src/unknown-keys.ts';
import { exampleSettings } from './example-settings.ts';

const names = exampleSettings.settings.map(({ path }) => path);

describe('did you mean', () => {
  it.each([
    ['', '', 0],
    ['a', '', 1],
    ['host', 'hosst', 1],
    ['host', 'hots', 1],
    ['host', 'most', 1],
    ['kitten', 'sitting', 3],
  ])('counts the edits from %j to %j', (a, b, edits) => {
    expect(editDistance(a, b, 9)).toBe(edits);
    expect(editDistance(b, a, 9)).toBe(edits);
  });

  it('gives up beyond its limit', () => {
    expect(editDistance('kitten', 'sitting', 2)).toBe(Number.POSITIVE_INFINITY);
    expect(editDistance('a', 'abcd', 2)).toBe(Number.POSITIVE_INFINITY);
  });

  it('suggests the name again after any one edit to it', () => {
    const edited = fc
      .tuple(fc.constantFrom(...names), fc.nat(), fc.constantFrom('', 'q', 'Q'))
      .map(([name, seed, insert]) => {
        const at = seed % name.length;
        return { name, typed: `${name.slice(0, at)}${insert}${name.slice(at + 1)}` };
      });
    fc.assert(
      fc.property(edited, ({ name, typed }) => {
        expect(nearestName(typed, names)).toBe(name);
      }),
    );
  });

  it('suggests nothing for what resembles nothing, or is too long to be a slip', () => {
    expect(nearestName('entirely.different', names)).toBeUndefined();
    expect(nearestName('x'.repeat(129), names)).toBeUndefined();
  });
});
