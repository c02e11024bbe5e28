import { Type, type TObject } from 'typebox';
import { describe, expect, it } from 'vitest';

import { snakeCase } from '../src/env-names.ts';
import { ConfigDefinitionError, defineConfig, loadConfig, Setting, type ConfigInput } from '../src/index.ts';
import { exampleSettings } from './example-settings.ts';

const int = (env?: string) => Setting.int({ default: 1, doc: 'A count.', ...(env === undefined ? {} : { env }) });

const fail = (message: string): never => {
  throw new SyntaxError(message);
};

const nonsense = (): false => {
  const answers: { value: false } = { value: false };
  Object.assign(answers, { value: 1 });
  return answers.value;
};

const problemsOf = (input: ConfigInput<TObject>): readonly string[] => {
  try {
    defineConfig(input);
    return [];
  } catch (error) {
    if (error instanceof ConfigDefinitionError) return error.details.issues;
    throw error;
  }
};

describe('defineConfig', () => {
  it('R-STD-3 computes the variable of every setting from its path', () => {
    expect(exampleSettings.settings.map(({ env }) => env)).toMatchSnapshot();
    expect(['maxQueue', 'caFile', 'sha256Key', 'baseURL', 'a', 'http2Port'].map(snakeCase)).toEqual([
      'MAX_QUEUE',
      'CA_FILE',
      'SHA256_KEY',
      'BASE_URL',
      'A',
      'HTTP2_PORT',
    ]);
  });

  it('serves settings of any application under a prefix of its own', () => {
    const definition = defineConfig({
      prefix: 'MY_APP',
      schema: Setting.group({ http: Setting.group({ port: int() }) }),
    });
    expect(loadConfig(definition, { env: { MY_APP_HTTP_PORT: '8080' } }).value).toEqual({ http: { port: 8080 } });
  });

  it('takes a variable in full where a setting names one', () => {
    const definition = defineConfig({ schema: Setting.group({ region: int('REGION') }) });
    expect(loadConfig(definition, { env: { REGION: '3' } }).value.region).toBe(3);
  });

  it('survives a trip of its schema through JSON', () => {
    const section = exampleSettings.schema.properties.postgres;
    const copy: unknown = JSON.parse(JSON.stringify({ properties: { postgres: section } }));
    const schema: TObject = Object.assign(Type.Object({}), copy);
    const env = { BUSBAR_POSTGRES_HOST: 'h', BUSBAR_POSTGRES_DATABASE: 'd', BUSBAR_POSTGRES_SESSION_GUCS: 'a=1' };
    const { value } = loadConfig(defineConfig({ schema }), { env });
    expect(value).toMatchObject({ postgres: { host: 'h', port: 5432, session: { gucs: { a: '1' } } } });
  });

  it.each([
    [
      'two settings of one variable',
      { schema: Setting.group({ pool: Setting.group({ max: int() }), poolMax: int() }) },
      'poolMax: its variable BUSBAR_POOL_MAX belongs to pool.max',
    ],
    [
      'a setting on the file variable of another',
      { schema: Setting.group({ ca: int(), caFile: int() }) },
      'caFile: its variable BUSBAR_CA_FILE belongs to ca',
    ],
    [
      'a reserved variable',
      { schema: Setting.group({ env: int() }) },
      'env: its variable BUSBAR_ENV belongs to the profile',
    ],
    [
      'a duration without its unit',
      { schema: Setting.group({ timeout: Setting.durationMs({ default: 1, doc: '.' }) }) },
      'timeout: the name of a durationMs setting ends in Ms',
    ],
    [
      'a unit on another kind',
      { schema: Setting.group({ waitMs: int() }) },
      'waitMs: a setting whose name ends in Ms is built with Setting.durationMs',
    ],
    [
      'a schema that is no setting',
      { schema: Type.Object({ a: Type.String() }) },
      'a: is neither a setting nor a group; build it with Setting',
    ],
    [
      'a name that makes no variable',
      { schema: Setting.group({ 'a.b': int() }) },
      'a.b: a name is a letter a-z followed by letters and digits',
    ],
    [
      'a default out of range',
      { schema: Setting.group({ a: Setting.int({ default: 0, doc: '.' }) }) },
      'a: its default 0 is below the minimum 1',
    ],
    [
      'a prefix in lower case',
      { prefix: 'busbar', schema: Setting.group({}) },
      'the prefix "busbar" is not in upper snake case',
    ],
    [
      'a profile with an unknown name',
      { schema: Setting.group({ a: int() }), profiles: { test: { b: 1 } } },
      'profile test: there is no setting b',
    ],
    [
      'a profile with a wrong value',
      { schema: Setting.group({ a: int() }), profiles: { test: { a: 0 } } },
      'profile test: a 0 is below the minimum 1',
    ],
    [
      'a profile with a value for a section',
      { schema: Setting.group({ a: Setting.group({ b: int() }) }), profiles: { test: { a: 0 } } },
      'profile test: a is a group of settings, not a value',
    ],
    [
      'a rule under a taken code',
      { schema: Setting.group({ a: int() }), rules: [{ code: 'MISSING', needs: [], check: () => false }] },
      'rule MISSING: the code is taken',
    ],
    [
      'a rule over nothing',
      { schema: Setting.group({ a: int() }), rules: [{ code: 'X', needs: ['b'], check: () => false }] },
      'rule X: there is no setting b',
    ],
    [
      'a derived default of nothing',
      { schema: Setting.group({ a: int() }), derived: [{ path: 'b', from: ['a'], doc: '.', compute: () => 1 }] },
      'derived b: there is no setting b',
    ],
    [
      'two defaults of one setting',
      { schema: Setting.group({ a: int() }), derived: [{ path: 'a', from: [], doc: '.', compute: () => 1 }] },
      'derived a: the setting has a default of its own',
    ],
  ] as const)('refuses %s', (_what, input, problem) => {
    // The inputs are wrong on purpose, also for the compiler: they go in as what a program without types would pass.
    expect(problemsOf(structuredInput(input))).toEqual([problem]);
  });

  it('refuses derived defaults in a circle, and one that is computed twice', () => {
    const number = (name: string) => Setting.number({ doc: name });
    const schema = Setting.group({ a: number('a'), b: number('b') });
    const circle = problemsOf({
      schema,
      derived: [
        { path: 'a', from: ['b'], doc: '.', compute: () => 1 },
        { path: 'b', from: ['a'], doc: '.', compute: () => 1 },
      ],
    });
    expect(circle).toEqual(['a: its derived default depends on itself']);
    const once = { path: 'a', from: [], doc: '.', compute: () => 1 } as const;
    expect(problemsOf({ schema, derived: [once, once] })).toEqual(['derived a: is computed twice']);
  });

  it('computes derived defaults in the order of their dependencies, not of their declaration', () => {
    const schema = Setting.group({
      a: Setting.number({ doc: '.' }),
      b: Setting.number({ doc: '.' }),
      c: Setting.number({ default: 1, doc: '.' }),
    });
    const plusOne = (value: number) => value + 1;
    const definition = defineConfig({
      schema,
      derived: [
        { path: 'a', from: ['b'], doc: '.', compute: plusOne },
        { path: 'b', from: ['c'], doc: '.', compute: plusOne },
      ],
    });
    expect(loadConfig(definition, { env: {} }).value).toEqual({ a: 3, b: 2, c: 1 });
  });

  it('turns a derived default that throws or is out of range into an issue, and undefined into no default', () => {
    const schema = Setting.group({
      thrown: Setting.int({ doc: '.' }),
      wrong: Setting.int({ doc: '.' }),
      none: Setting.optional(Setting.int({ doc: '.' })),
    });
    const definition = defineConfig({
      schema,
      derived: [
        { path: 'thrown', from: [], doc: '.', compute: () => fail('hunter2') },
        { path: 'wrong', from: [], doc: '.', compute: () => -1 },
        { path: 'none', from: [], doc: '.', compute: () => undefined },
      ],
    });
    expect(() => loadConfig(definition, { env: {} })).toThrow(
      /thrown: its default cannot be computed: SyntaxError[\s\S]+wrong: -1 is below/u,
    );
    expect(() => loadConfig(definition, { env: {} })).not.toThrow(/hunter2|none/u);
  });

  it('turns a rule that throws, or answers nonsense, into an issue without its message', () => {
    const rules = [
      { code: 'THROWS', needs: ['a'], check: () => fail('hunter2') },
      { code: 'NONSENSE', needs: ['a'], check: nonsense },
    ] as const;
    const definition = defineConfig({ schema: Setting.group({ a: int() }), rules });
    expect(() => loadConfig(definition, { env: {} })).toThrow(
      /error\[THROWS\] the rule itself failed: SyntaxError[\s\S]+error\[NONSENSE\] the rule gave no verdict/u,
    );
    expect(() => loadConfig(definition, { env: {} })).not.toThrow(/hunter2/u);
  });
});

/** Functions and schemas pass through; only the types are forgotten. */
const structuredInput = (input: object): ConfigInput<TObject> => {
  const forgetful: { value: ConfigInput<TObject> } = { value: { schema: Setting.group({}) } };
  Object.assign(forgetful, { value: input });
  return forgetful.value;
};
