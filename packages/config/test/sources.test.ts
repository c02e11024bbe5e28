import { inspect } from 'node:util';

import { describe, expect, it } from 'vitest';

import { Secret } from '../src/index.ts';
import { filesOf, issuesOf, load, REQUIRED_ENV } from './example-settings.ts';

describe('files', () => {
  it('R-CF-1 names file and line of a wrong value', () => {
    const issues = issuesOf({
      files: ['b.json'],
      readFile: filesOf({ 'b.json': '{\n "postgres": {\n\n "port": 70000 } }' }),
    });
    expect(issues).toMatchObject([
      {
        code: 'INVALID',
        source: { kind: 'file', name: 'b.json', line: 4 },
        message: '70000 is above the maximum 65535',
      },
    ]);
  });

  it('does not call settings missing that an unreadable file may hold', () => {
    const broken = issuesOf({ env: {}, files: ['b.json'], readFile: filesOf({ 'b.json': '{ "postgres": hunter2 }' }) });
    expect(broken).toEqual([
      {
        code: 'FILE_SYNTAX',
        severity: 'error',
        source: { kind: 'file', name: 'b.json', line: 1 },
        message: 'column 15: a value is expected',
      },
    ]);
    expect(issuesOf({ env: {}, files: ['none.json'], readFile: filesOf({}) })).toEqual([
      {
        code: 'FILE_UNREADABLE',
        severity: 'error',
        source: { kind: 'file', name: 'none.json' },
        message: 'cannot be read: ENOENT',
      },
    ]);
    expect(issuesOf({ envFiles: ['none.env'], readFile: filesOf({}) })).toMatchObject([{ code: 'FILE_UNREADABLE' }]);
  });

  it('refuses a file of more than a mebibyte and a key that stands twice', () => {
    const issues = issuesOf({
      files: ['big', 'twice'],
      readFile: filesOf({ big: ' '.repeat(1_048_577), twice: '{"a":1,"a":2}' }),
    });
    expect(issues.map(({ code }) => code)).toEqual(['FILE_UNREADABLE', 'FILE_DUPLICATE_KEY']);
  });

  it('reads the disk by default', () => {
    const config = load({ files: [new URL('fixture.json', import.meta.url)] });
    expect(config.value.postgres.pool.max).toBe(42);
  });
});

describe('secret files', () => {
  const env = { ...REQUIRED_ENV, BUSBAR_POSTGRES_PASSWORD: '', BUSBAR_POSTGRES_PASSWORD_FILE: '/run/pw' };

  it('strips one trailing newline and nothing else', () => {
    const config = load({ env, readFile: filesOf({ '/run/pw': ' secret \n\n' }) });
    expect(config.value.postgres.password?.reveal()).toBe(' secret \n');
    expect(config.explain('postgres.password')).toMatchObject({
      value: '[secret]',
      source: { kind: 'secret-file', path: '/run/pw', env: 'BUSBAR_POSTGRES_PASSWORD_FILE' },
    });
  });

  it('works for every setting', () => {
    const config = load({
      env: { ...REQUIRED_ENV, BUSBAR_POSTGRES_PORT_FILE: '/port' },
      readFile: filesOf({ '/port': '6000\n' }),
    });
    expect(config.value.postgres.port).toBe(6000);
  });

  it.each([
    [{}, 'SECRET_FILE_UNREADABLE'],
    [{ '/run/pw': '\n' }, 'SECRET_FILE_EMPTY'],
    [{ '/run/pw': 'x'.repeat(65_537) }, 'SECRET_FILE_TOO_LARGE'],
  ])('refuses %#: %s', (texts, code) => {
    expect(issuesOf({ env, readFile: filesOf(texts) }).map((issue) => issue.code)).toEqual([code]);
  });

  it('refuses a variable and its file together', () => {
    expect(issuesOf({ env: { ...env, BUSBAR_POSTGRES_PASSWORD: 'hunter2' } })).toMatchObject([
      { code: 'AMBIGUOUS', message: 'both BUSBAR_POSTGRES_PASSWORD and BUSBAR_POSTGRES_PASSWORD_FILE are set' },
    ]);
  });
});

describe('unknown names', () => {
  it('R-CF-1 names a misspelt variable and the nearest known one, never its value', () => {
    const issues = issuesOf({ env: { ...REQUIRED_ENV, BUSBAR_POSTGRES_PASWORD: 'hunter2' } });
    expect(issues).toEqual([
      {
        code: 'UNKNOWN_ENV',
        severity: 'error',
        env: 'BUSBAR_POSTGRES_PASWORD',
        source: { kind: 'env', name: 'BUSBAR_POSTGRES_PASWORD' },
        message: 'unknown variable',
        help: 'did you mean BUSBAR_POSTGRES_PASSWORD?',
      },
    ]);
  });

  it('leaves alone what has another prefix, is blank, or is reserved', () => {
    const env = { ...REQUIRED_ENV, BUSBARX: '1', PGHOST: 'x', BUSBAR_WHATEVER: ' ', BUSBAR_CONFIG_FILE: 'a.json' };
    expect(issuesOf({ env })).toEqual([]);
  });

  it('notices a missing unit suffix in explicit options', () => {
    const issues = issuesOf({ files: [{ name: 'f', data: { outbox: { lease: 10 } } }] });
    expect(issues).toMatchObject([{ code: 'UNKNOWN_KEY', path: 'outbox.lease', help: 'did you mean outbox.leaseMs?' }]);
  });

  it('turns into warnings or silence on request', () => {
    const env = { ...REQUIRED_ENV, BUSBAR_NONSENSE_AT_ALL: '1' };
    expect(issuesOf({ env, unknown: 'warn' })).toMatchObject([{ code: 'UNKNOWN_ENV', severity: 'warning' }]);
    expect(issuesOf({ env, unknown: 'ignore' })).toEqual([]);
  });

  it('hints at no more than a hundred names and cuts long ones', () => {
    const data = Object.fromEntries(Array.from({ length: 102 }, (_, index) => [`serviceNam${index}`, 1]));
    const issues = issuesOf({ files: [{ name: 'f', data: { ...data, ['x'.repeat(200)]: 1 } }] });
    expect(issues.filter(({ help }) => help !== undefined)).toHaveLength(100);
    expect(issues.at(-1)?.path).toHaveLength(129);
  });
});

describe('secrets', () => {
  it('R-CF-1 prints nothing of a loaded secret', () => {
    const config = load();
    const shown = [
      inspect(config, { depth: null, showHidden: true }),
      JSON.stringify(config),
      String(config.value.postgres.password),
    ].join();
    expect(shown).not.toContain('hunter2');
    expect(shown).toContain('[secret]');
  });

  it('accepts a Secret and refuses another type without showing it', () => {
    expect(load({ explicit: { postgres: { password: new Secret('abcdef') } } }).value.postgres.password?.reveal()).toBe(
      'abcdef',
    );
    const issues = issuesOf({
      files: [{ name: 'f', data: { postgres: { password: 424_242 } } }],
      env: { ...REQUIRED_ENV, BUSBAR_POSTGRES_PASSWORD: '' },
    });
    expect(issues).toMatchObject([{ code: 'INVALID', message: 'is not a text' }]);
    expect(JSON.stringify(issues)).not.toContain('424242');
  });
});
