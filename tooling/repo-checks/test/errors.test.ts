import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import { errors, writeErrorCodes } from '../src/errors.ts';
import {
  collectErrors,
  type DeclaredClass,
  type DeclaredErrors,
  type ErrorExample,
} from '../src/errors/declared-errors.ts';
import { errorFindings, readmeFindings } from '../src/errors/findings.ts';
import { isReleased, nextVersion, renderPage, sinceOf } from '../src/errors/page.ts';
import { repositoryRoot } from '../src/repository.ts';

const DOCS = 'https://github.com/busbar/busbar/blob/main/docs/error-codes.md';

const declared = (own: Partial<DeclaredClass> = {}): DeclaredClass => ({
  folder: 'retry',
  exportName: 'RetryOptionsError',
  name: 'RetryOptionsError',
  code: 'BUSBAR_RETRY_OPTIONS',
  retryable: false,
  when: 'Options are wrong.',
  remedy: 'Correct them.',
  ...own,
});

const exampleOf = ({ folder, code, name }: DeclaredClass, own: Partial<ErrorExample> = {}): ErrorExample => ({
  folder,
  key: code,
  code,
  name,
  docsUrl: `${DOCS}#${code.toLowerCase()}`,
  ...own,
});

const good = declared();

const problemsOf = ({ classes = [], examples = [], failures = [] }: Partial<DeclaredErrors>): readonly string[] =>
  errorFindings({ classes, examples, failures }, DOCS).map(({ problem }) => problem);

describe('R-STD-4 errors of the packages', () => {
  it('a class with a spec, an area, an example and its page has no finding', () => {
    expect(problemsOf({ classes: [good], examples: [exampleOf(good)] })).toEqual([]);
  });

  it.each([
    [{ code: 'BUSBAR_BREAKER_OPTIONS' }, 'BUSBAR_BREAKER_OPTIONS is of no area of this package'],
    [{ folder: 'errors', code: 'BUSBAR_RETRY_OPTIONS' }, 'BUSBAR_RETRY_OPTIONS is of no area of this package'],
    [{ folder: 'retry', code: 'BUSBAR_TIMEOUT' }, 'BUSBAR_TIMEOUT is of no area of this package'],
    [{ folder: 'new', code: 'BUSBAR_NEW_OPTIONS' }, 'BUSBAR_NEW_OPTIONS is of no area of this package'],
    [{ name: 'OptionsError' }, 'RetryOptionsError calls itself OptionsError'],
    [{ when: ' ' }, 'the spec of RetryOptionsError has no "when"'],
    [{ remedy: '' }, 'the spec of RetryOptionsError has no "remedy"'],
  ])('%o is found', (wrong, problem) => {
    const own = declared(wrong);
    expect(problemsOf({ classes: [own], examples: [exampleOf(own)] })).toEqual([problem]);
  });

  it('a shared code belongs to the package of the family, under the name of the platform', () => {
    const aborted = { folder: 'errors', exportName: 'AbortedError', name: 'AbortError', code: 'BUSBAR_ABORTED' };
    const own = declared(aborted);
    expect(problemsOf({ classes: [own], examples: [exampleOf(own)] })).toEqual([]);
  });

  it('a code and a name that two classes have are found once each', () => {
    const examples = [exampleOf(good)];
    expect(problemsOf({ classes: [good, good], examples })).toEqual([
      'the code BUSBAR_RETRY_OPTIONS of RetryOptionsError is that of another class',
      'the name RetryOptionsError of RetryOptionsError is that of another class',
    ]);
  });

  it('a class without example, and an example without class, are found', () => {
    expect(problemsOf({ classes: [good] })).toEqual([
      'BUSBAR_RETRY_OPTIONS has no example in test/error-examples.ts, so it is missing from the union of codes, or there',
    ]);
    expect(problemsOf({ examples: [exampleOf(good)] })).toEqual([
      'BUSBAR_RETRY_OPTIONS has an example but no entry point exports its class',
    ]);
  });

  it('an example of another code, and one that points to another page, are found', () => {
    const example = exampleOf(good, { code: 'BUSBAR_RETRY_EXHAUSTED', docsUrl: 'https://example.org' });
    expect(problemsOf({ classes: [good], examples: [example] })).toEqual([
      'the example of BUSBAR_RETRY_OPTIONS has the code BUSBAR_RETRY_EXHAUSTED',
      `BUSBAR_RETRY_OPTIONS is explained at https://example.org, not at ${DOCS}#busbar_retry_options`,
    ]);
  });

  it('a README names each code, in full or without its area', () => {
    const readme = (text: string) => readmeFindings([good], new Map([['retry', text]])).map(({ problem }) => problem);
    expect(readme('`BUSBAR_RETRY_OPTIONS`')).toEqual([]);
    expect(readme('`OPTIONS`, `CLOSED`')).toEqual([]);
    expect(readme('`MORE_OPTIONS`, Options')).toEqual(['does not name BUSBAR_RETRY_OPTIONS']);
  });
});

describe('the page of codes', () => {
  const since = new Map([[good.code, '1.2.0']]);

  it('says what each code means, escapes what would end a cell, and knows its versions again', () => {
    const page = renderPage({
      classes: [declared({ when: 'a | b', retryable: true, outcome: 'rejected' })],
      since,
      lists: [{ title: 'Others', codes: ['X', 'Y'] }],
    });
    expect(page).toContain(
      '| <a id="busbar_retry_options"></a>`BUSBAR_RETRY_OPTIONS` | `RetryOptionsError` | a \\| b | yes       | rejected | Correct them. | 1.2.0 |\n',
    );
    expect(page).toContain('## RETRY: `@busbar/retry`\n');
    expect(page).toContain('### Others\n\n`X`, `Y`\n');
    expect(sinceOf(page)).toEqual(since);
  });

  it.each([
    ['0.1.0', '0.0.0', false],
    ['0.1.0', '0.1.0', true],
    ['0.1.0', '1.0.0', true],
    ['0.9.0', '0.10.0', true],
    ['1.0.0', '0.9.9', false],
  ])('%s is part of %s: %s', (version, current, released) => {
    expect(isReleased(version, current)).toBe(released);
  });

  it('a new code appears in the next minor version', () => {
    expect(nextVersion('0.0.0')).toBe('0.1.0');
    expect(nextVersion('1.9.3')).toBe('1.10.0');
  });
});

describe('a repository', () => {
  const made: string[] = [];
  afterEach(() => {
    for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
  });

  const write = (root: string, files: Readonly<Record<string, string>>): void => {
    for (const [name, text] of Object.entries(files)) {
      const file = join(root, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  };

  const manifest = (name: string, version: string): string =>
    JSON.stringify({
      name,
      version,
      type: 'module',
      repository: { url: 'git+https://github.com/busbar/busbar.git' },
      exports: { '.': { '@busbar/source': './src/index.ts' } },
    });

  const errorClass = (cause: string): string => `export class Retry${cause}Error extends Error {
    static readonly spec = { name: 'Retry${cause}Error', code: 'BUSBAR_RETRY_${cause.toUpperCase()}', retryable: false,
      when: 'It fails.', remedy: 'Look.' };
    readonly code = 'BUSBAR_RETRY_${cause.toUpperCase()}';
    readonly docsUrl = '${DOCS}#busbar_retry_${cause.toLowerCase()}';
  }\n`;

  const retryWith = (causes: readonly string[]): Readonly<Record<string, string>> => ({
    'packages/retry/src/index.ts': `export const DEFAULTS = {};\n${causes.map(errorClass).join('')}`,
    'packages/retry/README.md': causes.map((cause) => cause.toUpperCase()).join(' '),
    'packages/retry/test/error-examples.ts': `import * as own from '../src/index.ts';
      export const errorExamples = { ${causes.map((cause) => `BUSBAR_RETRY_${cause.toUpperCase()}: new own.Retry${cause}Error()`).join(', ')} };`,
  });

  const repository = (version: string): string => {
    const root = mkdtempSync(join(tmpdir(), 'busbar-errors-'));
    made.push(root);
    write(root, {
      'packages/errors/package.json': manifest('@busbar/errors', version),
      'packages/errors/src/index.ts': '',
      'packages/retry/package.json': manifest('@busbar/retry', version),
      'packages/config/package.json': '{}',
      'packages/config/src/issue.ts':
        "export const ISSUE_CODES = new Set(['MISSING', 'INVALID']);\nconst other = 'NO';",
      'packages/envelope/package.json': '{}',
      'packages/envelope/src/decode.ts': "export type DecodeCode = 'TOO_LARGE';",
      'docs/README.md': '',
      ...retryWith(['Options', 'Exhausted']),
    });
    return root;
  };

  const problems = async (root: string): Promise<readonly string[]> =>
    (await errors(root)).map(({ where, problem }) => `${where} ${problem}`);

  it('whose page is not written, or older than its classes, is told so', async () => {
    const root = repository('0.0.0');
    const stale = ['docs/error-codes.md is not what the error classes make of it'];
    expect(await problems(root)).toEqual(stale);
    expect(await writeErrorCodes(root)).toEqual([]);
    expect(await problems(root)).toEqual([]);
    const page = readFileSync(join(root, 'docs', 'error-codes.md'), 'utf8');
    expect([...sinceOf(page)]).toEqual([
      ['BUSBAR_RETRY_EXHAUSTED', '0.1.0'],
      ['BUSBAR_RETRY_OPTIONS', '0.1.0'],
    ]);
    expect(page).toContain('`MISSING`, `INVALID`\n');
    write(root, retryWith(['Options']));
    expect(await problems(root)).toEqual(stale); // nothing was released, so a code may go
  });

  it('keeps the version of a released code, and lets it go only with a major changeset', async () => {
    const root = repository('0.0.0');
    await writeErrorCodes(root);
    write(root, { 'packages/retry/package.json': manifest('@busbar/retry', '0.3.0') });
    write(root, retryWith(['Options', 'Budget']));
    const gone = 'docs/error-codes.md BUSBAR_RETRY_EXHAUSTED is gone, which exists since 0.1.0';
    expect(await problems(root)).toContain(gone);
    const before = readFileSync(join(root, 'docs', 'error-codes.md'), 'utf8');
    expect(await writeErrorCodes(root)).toHaveLength(1);
    expect(readFileSync(join(root, 'docs', 'error-codes.md'), 'utf8')).toBe(before);
    write(root, { '.changeset/one.md': "---\n'@busbar/retry': major\n---\n\nfeat!: no budget\n" });
    expect(await writeErrorCodes(root)).toEqual([]);
    expect([...sinceOf(readFileSync(join(root, 'docs', 'error-codes.md'), 'utf8'))]).toEqual([
      ['BUSBAR_RETRY_BUDGET', '0.4.0'],
      ['BUSBAR_RETRY_OPTIONS', '0.1.0'],
    ]);
  });

  it('with an entry point that does not load is told which', async () => {
    const root = repository('0.0.0');
    write(root, { 'packages/errors/src/index.ts': "throw new Error('broken');" });
    expect((await collectErrors(root)).failures).toEqual([
      { file: 'packages/errors/src/index.ts', message: 'Error: broken' },
    ]);
    expect(await problems(root)).toContain('packages/errors/src/index.ts cannot be imported: Error: broken');
  });

  it('such as this one: a class belongs to the package that declares it, not to those that pass it on', async () => {
    const { classes } = await collectErrors(repositoryRoot);
    const folderOf = (code: string) => classes.filter((own) => own.code === code).map(({ folder }) => folder);
    expect(folderOf('BUSBAR_ABORTED')).toEqual(['errors']);
    expect(folderOf('BUSBAR_RETRY_EXHAUSTED')).toEqual(['retry']);
    expect(folderOf('BUSBAR_OUTBOX_CLOSED')).toEqual(['outbox']);
  });
});
