import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { locateJsonFault } from '../src/json-position.ts';

/** `path line:column expected` of the fault. */
const faultOf = (text: string): string => {
  const fault = locateJsonFault(text);
  return fault === undefined ? 'none' : `${fault.path} ${fault.line}:${fault.column} ${fault.expected}`;
};

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

describe('locateJsonFault', () => {
  it.each([
    ['', ' 1:1 a value'],
    ['  \n\t ', ' 2:3 a value'],
    ['nul', ' 1:4 "null"'],
    ['trye', ' 1:3 "true"'],
    ['undefined', ' 1:1 a value'],
    ['1 2', ' 1:3 the end of the text'],
    ['01', ' 1:2 the end of the text'],
    ['-', ' 1:2 a digit'],
    ['1.', ' 1:3 a digit'],
    ['1e+', ' 1:4 a digit'],
    ['1E-x', ' 1:4 a digit'],
    ['.5', ' 1:1 a value'],
    ['"abc', ' 1:5 the closing quote of the string'],
    ['"a\nb"', ' 1:3 an escaped control character'],
    [String.raw`"\x"`, ' 1:3 an escape sequence'],
    ['"\\', ' 1:3 an escape sequence'],
    [String.raw`"\u12g4"`, ' 1:6 four hexadecimal digits'],
    ['[', '/0 1:2 a value or "]"'],
    ['[1,]', '/1 1:4 a value'],
    ['[1 2]', '/0 1:4 "," or "]"'],
    ['[1}', '/0 1:3 "," or "]"'],
    ['{', ' 1:2 a property name or "}"'],
    ['{a:1}', ' 1:2 a property name or "}"'],
    ['{"a" 1}', '/a 1:6 ":"'],
    ['{"a":}', '/a 1:6 a value'],
    ['{"a":1,}', ' 1:8 a property name'],
    ['{"a":1 "b":2}', '/a 1:8 "," or "}"'],
    ["{'a':1}", ' 1:2 a property name or "}"'],
    ['{"a":1,"b', ' 1:10 the closing quote of the string'],
    ['{\n  "a": [\n    {"b/c": tru}\n  ]\n}', '/a/0/b~1c 3:16 "true"'],
    [String.raw`{"\u0061":[1,2,{"x":!}]}`, '/a/2/x 1:21 a value'],
    ['\uFEFF{}', ' 1:1 a value'],
    ['[NaN]', '/0 1:2 a value or "]"'],
    ['[1,Infinity]', '/1 1:4 a value'],
    ['/* c */ 1', ' 1:1 a value'],
  ])('%j has its fault at %s', (text, fault) => {
    expect(faultOf(text)).toBe(fault);
    expect(isJson(text)).toBe(false);
  });

  it.each([
    '0',
    '-0.5e-10',
    '"\\"\\\\\\/\\b\\f\\n\\r\\t\\uD83D"',
    '[]',
    '[[],{}]',
    '{"a":{"b":[true,false,null]},"":1}',
    ' [ 1 , 2 ]\r\n',
  ])('%j is JSON', (text) => {
    expect(locateJsonFault(text)).toBeUndefined();
    expect(isJson(text)).toBe(true);
  });

  it('E-I4 does not quote the text, unlike the message of JSON.parse', () => {
    const fault = locateJsonFault('{"password": hunter2}');
    expect(JSON.stringify(fault)).not.toContain('hunter2');
    expect(fault?.message).toBe('is no JSON: unexpected character');
    expect(locateJsonFault('{"password": ')?.message).toBe('is no JSON: the text ends too early');
  });

  it('E-I3 needs no stack for a million nested arrays, and cuts the pointer', () => {
    const depth = 1_000_000;
    const fault = locateJsonFault('['.repeat(depth));
    expect(fault).toMatchObject({ line: 1, column: depth + 1, expected: 'a value or "]"' });
    expect(fault?.path.length).toBe(512);
    expect(locateJsonFault(`${'['.repeat(depth)}${']'.repeat(depth)}`)).toBeUndefined();
  });

  it('D4 finds a fault exactly where JSON.parse throws, at the position of its first wrong character', () => {
    const token = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"',
      '1',
      '-',
      '0',
      '.5',
      'e3',
      'true',
      'nul',
      ' ',
      '\n',
      '\\u00',
      'x',
    );
    const soup = fc.array(token, { maxLength: 12 }).map((tokens) => tokens.join(''));
    const mutated = fc
      .tuple(fc.json(), fc.nat(), fc.constantFrom('', '"', '}', ',', '\\', '\u0001', '1'))
      .map(
        ([text, at, insert]) =>
          text.slice(0, at % (text.length + 1)) + insert + text.slice((at % (text.length + 1)) + 1),
      );
    fc.assert(
      fc.property(fc.oneof(soup, mutated, fc.json(), fc.string()), (text) => {
        const fault = locateJsonFault(text);
        if ((fault === undefined) !== isJson(text)) return false;
        return fault === undefined || isFirstWrongCharacter(text, fault.line ?? 0, fault.column ?? 0);
      }),
      { numRuns: 1_000 },
    );
  });
});

/** What stands before the fault can be completed to JSON, and with the faulty character it cannot. */
function isFirstWrongCharacter(text: string, line: number, column: number): boolean {
  const lines = text.split('\n');
  const at = lines.slice(0, line - 1).reduce((sum, before) => sum + before.length + 1, 0) + column - 1;
  return canBeCompleted(text.slice(0, at)) && (at >= text.length || !canBeCompleted(text.slice(0, at + 1)));
}

/** Ends of a token that was cut anywhere. */
const TOKEN_ENDS = [
  '',
  '0',
  '+0',
  'rue',
  'ue',
  'alse',
  'lse',
  'se',
  'e',
  'ull',
  'll',
  'l',
  '"',
  'n"',
  '0"',
  '00"',
  '000"',
  '0000"',
];
/** Ends of a member that was cut after its name, or of a comma or bracket that wants something. */
const MEMBER_ENDS = ['', ':0', '0', '"":0'];

/** Asks JSON.parse, not the scanner: tries every way in which a cut text can go on. */
function canBeCompleted(prefix: string): boolean {
  const closers = closersOf(prefix);
  return TOKEN_ENDS.some((token) => MEMBER_ENDS.some((member) => isJson(prefix + token + member + closers)));
}

/** The brackets that are open outside of strings. */
function closersOf(prefix: string): string {
  const outside = prefix.replaceAll(/"(?:[^"\\]|\\.?)*("|$)/gs, '');
  const open: string[] = [];
  for (const character of outside) {
    if (character === '[' || character === '{') open.unshift(character === '[' ? ']' : '}');
    else if (character === ']' || character === '}') open.shift();
  }
  return open.join('');
}
