import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { lineKeyOf, scanJson } from '../src/json-scanner.ts';

const parse = (text: string): unknown => JSON.parse(text);

const parseOrUndefined = (text: string): unknown => {
  try {
    return { value: parse(text) };
  } catch {
    return undefined;
  }
};

describe('scanJson', () => {
  it('reads every JSON document as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.nat(3), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        expect(scanJson(text)).toMatchObject({ ok: true, value: parse(text) });
      }),
    );
  });

  it('accepts and refuses mangled documents as JSON.parse does, and never throws', () => {
    const mangled = fc
      .tuple(fc.json({ maxDepth: 3 }), fc.nat(), fc.constantFrom(...'{}[]",:.e-+0x\\ \n\t\u0001'.split('')))
      .map(([text, seed, character]) => {
        const at = seed % (text.length + 1);
        return text.slice(0, at) + character + text.slice(at + (seed % 2));
      });
    fc.assert(
      fc.property(mangled, (text) => {
        const scanned = scanJson(text);
        if (!scanned.ok && scanned.code === 'FILE_DUPLICATE_KEY') return;
        expect(scanned.ok ? { value: scanned.value } : undefined).toEqual(parseOrUndefined(text));
      }),
      { numRuns: 2000 },
    );
  });

  it('knows the line of every key', () => {
    const text = '{\n "a": {\n\n  "b": [ 1,\n { "c": 2 } ] },\n"__proto__": 3 }';
    const scanned = scanJson(text);
    expect(scanned.ok && Object.fromEntries(scanned.lines)).toEqual({
      a: 2,
      [lineKeyOf(['a', 'b'])]: 4,
      [lineKeyOf(['a', 'b', '1', 'c'])]: 5,
      ['__proto__']: 6,
    });
  });

  it.each([
    [
      '{"a": 1,\n "a": 2}',
      { code: 'FILE_DUPLICATE_KEY', message: 'the key "a" stands here twice', line: 2, column: 2 },
    ],
    ['{"a" 1}', { message: 'a colon is missing after a key', line: 1, column: 6 }],
    ['{"a": tru}', { message: 'a value is expected', column: 7 }],
    ['{"a": "x', { message: 'a string is not closed', column: 7 }],
    ['{"a": "\\q"}', { message: 'a string has an invalid escape or a control character' }],
    ['[1 2]', { message: 'an array is not closed here, or a comma is missing', column: 4 }],
    ['{"a":1 "b"}', { message: 'an object is not closed here, or a comma is missing' }],
    ['{a:1}', { message: 'a string in double quotes is expected' }],
    ['1 2', { message: 'nothing may follow the first value' }],
    ['', { message: 'a value is expected', line: 1, column: 1 }],
    ['['.repeat(20), { message: 'deeper than 16 levels' }],
  ])('says where %j is wrong, without quoting it', (text, fault) => {
    expect(scanJson(text)).toMatchObject({ ok: false, ...fault });
  });

  it('skips a byte order mark', () => {
    expect(scanJson('\uFEFF[]')).toMatchObject({ ok: true, value: [] });
  });
});
