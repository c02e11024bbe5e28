import { channel } from 'node:diagnostics_channel';
import { inspect } from 'node:util';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { defineConfig, defineRule, Setting, tryLoadConfig } from '../src/index.ts';
import { exampleSettings, REQUIRED_ENV } from './example-settings.ts';

const port = fc.integer({ min: 1, max: 65_535 });
const maybePort = fc.option(port, { nil: undefined });

describe('precedence', () => {
  it('R-CF-1 the last layer that speaks wins, and the rest is what it overrode', () => {
    const layers = fc.record({
      profile: maybePort,
      file1: maybePort,
      file2: maybePort,
      env: maybePort,
      explicit: maybePort,
    });
    fc.assert(
      fc.property(layers, (said) => {
        const definition = defineConfig({
          schema: Setting.group({ port: Setting.int({ default: 7, max: 65_535, doc: 'Port.' }) }),
          profiles: { test: { port: said.profile } },
        });
        const result = tryLoadConfig(definition, {
          profile: 'test',
          env: { BUSBAR_PORT: said.env === undefined ? undefined : String(said.env) },
          files: [
            { name: '1', data: { port: said.file1 } },
            { name: '2', data: { port: said.file2 } },
          ],
          explicit: { port: said.explicit },
        });
        const spoken = [7, said.profile, said.file1, said.file2, said.env, said.explicit].filter(
          (value) => value !== undefined,
        );
        const model = spoken.toReversed();
        if (!result.ok) throw result.error;
        const { overrode } = result.config.explain('port');
        expect(result.config.value.port).toBe(model[0]);
        expect(overrode.map(({ value }) => value)).toEqual(model.slice(1).map(String));
      }),
    );
  });
});

/** Long and odd enough never to be part of anything else that is printed. */
const secretText = fc.stringMatching(/^[A-Za-z0-9"'\\{}=, ]{4,20}$/u).map((text) => `hunter2<${text}>`);

const leaky = defineConfig({
  schema: Setting.group({
    password: Setting.optional(Setting.secret({ doc: 'Password.', minLength: 12, maxLength: 16 })),
    tokens: Setting.optional(Setting.list(Setting.secret({ doc: 'Token.' }), { doc: 'Tokens.' })),
    url: Setting.optional(Setting.url({ doc: 'URL.' })),
  }),
  rules: [
    defineRule(Setting.group({ password: Setting.optional(Setting.secret({ doc: 'Password.' })) }), {
      code: 'THROWS',
      needs: ['password'],
      check: (password) => {
        throw new TypeError(`cannot use ${password?.reveal() ?? ''}`);
      },
    }),
  ],
});

const placements = {
  'as its variable': (secret: string) => ({ env: { BUSBAR_PASSWORD: secret } }),
  'as a misspelt variable': (secret: string) => ({ env: { BUSBAR_PASWORD: secret } }),
  'in its file': (secret: string) => ({ env: { BUSBAR_PASSWORD_FILE: '/f' }, readFile: () => Buffer.from(secret) }),
  'in a list': (secret: string) => ({ env: { BUSBAR_TOKENS: secret } }),
  'in a broken file': (secret: string) => ({
    env: {},
    files: ['f'],
    readFile: () => Buffer.from(`{ "password": ${secret}`),
  }),
  'in a duplicate': (secret: string) => ({
    env: {},
    files: ['f'],
    readFile: () => Buffer.from(`{ "password": ${JSON.stringify(secret)}, "password": 1 }`),
  }),
  'under an unknown key': (secret: string) => ({ env: {}, files: [{ name: 'f', data: { pasword: secret } }] }),
  'as explicit': (secret: string) => ({ env: {}, explicit: { password: secret } }),
  'in a URL': (secret: string) => ({ env: { BUSBAR_URL: `https://user:${encodeURIComponent(secret)}@host` } }),
  overridden: (secret: string) => ({ env: { BUSBAR_PASSWORD: secret }, explicit: { password: 'long enough pw' } }),
} as const;

describe('secrets', () => {
  it.each(Object.entries(placements))('R-CF-1 never show, placed %s', (_where, place) => {
    const published: string[] = [];
    const listen = (message: unknown): number => published.push(inspect(message, { depth: null }));
    for (const name of ['loaded', 'invalid']) channel(`busbar:config:${name}`).subscribe(listen);
    fc.assert(
      fc.property(secretText, (secret) => {
        published.length = 0;
        const result = tryLoadConfig(leaky, place(secret));
        const subject: unknown = result.ok
          ? [result.config, result.config.explain('password'), result.config.describe()]
          : result.error;
        const shown = [
          inspect(subject, { depth: null, showHidden: true }),
          inspect(subject, { depth: null, customInspect: false }),
          JSON.stringify(subject),
          ...(result.ok
            ? []
            : [
                result.error.message,
                result.error.stack ?? '',
                result.error.format({ color: true }),
                String(result.error.cause),
              ]),
          ...published,
        ].join('\n');
        expect(shown).not.toContain('hunter2');
      }),
      { numRuns: 50 },
    );
    for (const name of ['loaded', 'invalid']) channel(`busbar:config:${name}`).unsubscribe(listen);
  });

  it('no input crashes the loader', () => {
    const anything = fc.anything({ withNullPrototype: true, withMap: true, withDate: true, withBigInt: true });
    const names = fc.constantFrom(
      ...exampleSettings.settings.map(({ env }) => env),
      'BUSBAR_X',
      'BUSBAR_POSTGRES_PORT_FILE',
    );
    fc.assert(
      fc.property(fc.dictionary(names, fc.string()), anything, (env, data) => {
        const result = tryLoadConfig(exampleSettings, {
          env: { ...REQUIRED_ENV, ...env },
          files: [{ name: 'f', data }],
        });
        const issues = result.ok ? result.config.warnings : result.error.issues;
        expect(issues.some(({ severity }) => severity === 'error')).toBe(!result.ok);
      }),
    );
  });
});
