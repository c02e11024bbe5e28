import { describe, expect, it } from 'vitest';

import { defineConfig, Setting, tryLoadConfig, type Issue } from '../src/index.ts';

/** A configuration with one setting under the variable BUSBAR_X, or under a unit suffix that its kind asks for. */
const issueOf = (input: unknown): Issue | undefined => {
  const schema = Setting.group({
    waitMs: Setting.durationMs({ default: 100, min: 100, max: 10_000, doc: '.' }),
    limitBytes: Setting.sizeBytes({ default: 1024, min: 1024, doc: '.' }),
    share: Setting.group({ failureRatio: Setting.ratio({ default: 0.5, doc: '.' }) }),
    names: Setting.list(Setting.string({ doc: '.', maxLength: 3 }), {
      default: ['a'],
      minItems: 1,
      maxItems: 2,
      doc: '.',
    }),
    labels: Setting.map(Setting.int({ doc: '.' }), { default: {}, maxNames: 1, doc: '.' }),
    mode: Setting.oneOf(['a', 'b'], { default: 'a', doc: '.' }),
    text: Setting.string({ default: 'x', maxLength: 5, doc: '.' }),
    flag: Setting.boolean({ default: false, doc: '.' }),
    token: Setting.optional(Setting.secret({ doc: '.', maxLength: 4 })),
  });
  const result = tryLoadConfig(defineConfig({ schema }), { env: {}, files: [{ name: 'f', data: input }] });
  return result.ok ? undefined : result.error.issues[0];
};

describe('Setting', () => {
  it.each([
    [{ waitMs: 30 }, '30 is below the minimum 100ms', '30 is 30ms; did you mean "30s"?'],
    [{ waitMs: '0' }, '"0" is below the minimum 100ms', undefined],
    [{ waitMs: '50ms' }, '"50ms" is below the minimum 100ms', undefined],
    [{ waitMs: 20_000 }, '20000 is above the maximum 10s', undefined],
    [{ waitMs: 100.5 }, '100.5 is not an integer', undefined],
    [{ limitBytes: '1kB' }, '"1kB" is below the minimum 1KiB', undefined],
    [{ limitBytes: true }, 'true is not an integer', undefined],
    [{ share: { failureRatio: '150%' } }, '"150%" is above the maximum 1', undefined],
    [{ names: [] }, 'has fewer than 1 items', undefined],
    [{ names: 'a,b,c' }, '"a,b,c" has more than 2 items', undefined],
    [{ names: ['a', 'long'] }, 'item 1 is longer than 3 characters', undefined],
    [{ names: ['a', null] }, 'item 2 is not a value', 'leave the key out to leave the setting unset'],
    [{ names: { a: 1 } }, 'is not a list', 'write item, item, … or a JSON array'],
    [{ names: 'a,,' }, '"a,," has an empty item', 'write item, item, … without a trailing comma'],
    [{ labels: 'a=1,b=2' }, '"a=1,b=2" has more than 1 names', undefined],
    [{ labels: 'a=x' }, '"a=x" item 1 is not an integer', 'write decimal digits, for example 10'],
    [{ labels: [] }, 'is not a map', 'write name=value, … or a JSON object'],
    [{ labels: 'a' }, '"a" has an item without a name', 'write name=value, name=value, …'],
    [{ mode: 'c' }, '"c" is none of a, b', undefined],
    [{ text: 'x'.repeat(200) }, `"${'x'.repeat(80)}…" is longer than 5 characters`, undefined],
    [{ text: '' }, '"" is shorter than 1 characters', undefined],
    [{ text: 5 }, '5 is not a text', undefined],
    [{ text: new Map() }, 'is not a text', undefined],
    [{ flag: 'maybe' }, '"maybe" is not a boolean', 'write true or false'],
    [{ flag: 1 }, '1 is not a boolean', undefined],
    [{ token: '12345' }, 'is longer than 4 characters', undefined],
  ])('R-CF-1 says what is wrong with %j', (input, message, help) => {
    const issue = issueOf(input);
    expect([issue?.message, issue?.help]).toEqual([message, help]);
  });

  it.each([
    [{ waitMs: '5s', limitBytes: '1MiB', share: { failureRatio: '7%' } }],
    [{ names: '["a","b"]', labels: '{"a": 1}', flag: 'on', mode: ' b ' }],
    [{ labels: { a: '7' } }],
  ])('accepts %j', (input) => {
    expect(issueOf(input)).toBeUndefined();
  });
});
