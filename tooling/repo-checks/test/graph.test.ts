import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import { ALLOWED_IMPORTS, cycles, findCycle, graph, indexImports } from '../src/graph.ts';
import { importsIn } from '../src/imports.ts';
import { publishedPackages, repositoryRoot, type Check } from '../src/repository.ts';

const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A repository of one package `packages/retry` with these sources. */
const repositoryWith = (sources: Readonly<Record<string, string>>, dependencies: readonly string[] = []): string => {
  const root = mkdtempSync(join(tmpdir(), 'busbar-graph-'));
  made.push(root);
  const files = {
    'package.json': JSON.stringify({
      name: '@busbar/retry',
      dependencies: Object.fromEntries(dependencies.map((name) => [name, '*'])),
    }),
    ...sources,
  };
  for (const [name, text] of Object.entries(files)) {
    const file = join(root, 'packages', 'retry', name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return root;
};

const problems = async (check: Check, root: string): Promise<readonly string[]> =>
  (await check(root)).map(({ where, problem }) => `${where} ${problem}`);

describe('dependency graph', () => {
  it('an edge outside the table is found, type-only imports included', async () => {
    const root = repositoryWith({ 'src/a.ts': "import type { Pool } from 'pg';\n" }, ['pg']);
    expect(await problems(graph, root)).toEqual(['packages/retry/src/a.ts:1 @busbar/retry must not import pg']);
  });

  it('an allowed edge that the manifest does not declare is found', async () => {
    const root = repositoryWith({ 'src/a.ts': "\nexport { BusbarError } from '@busbar/errors';\n" });
    expect(await problems(graph, root)).toEqual([
      'packages/retry/src/a.ts:2 @busbar/errors is not declared in the manifest',
    ]);
  });

  it('a declared edge of the table, Node.js modules and relative imports are no findings', async () => {
    const root = repositoryWith(
      {
        'src/a.ts': "import { x } from '@busbar/errors';\nimport fs from 'node:fs';\nimport { b } from './b.ts';\n",
        'src/b.ts': '',
      },
      ['@busbar/errors'],
    );
    expect(await problems(graph, root)).toEqual([]);
  });

  it('a dynamic import is an edge, an example in a doc comment is none', () => {
    const text = " * import { createBusbar } from 'busbar';\nconst m = await import('kafkajs');\n";
    expect(importsIn(text)).toEqual([{ specifier: 'kafkajs', line: 2, typeOnly: false }]);
  });

  it('an import over several lines is found at its end; Buffer.from and prose are none', () => {
    const text =
      "import {\n  a,\n} from './a.ts';\nimport './effect.ts';\nBuffer.from('bytes'); const s = 'taken from \"b\"';\n";
    expect(importsIn(text)).toEqual([
      { specifier: './a.ts', line: 3, typeOnly: false },
      { specifier: './effect.ts', line: 4, typeOnly: false },
    ]);
  });

  it('a source that imports index.ts is found', async () => {
    const root = repositoryWith({ 'src/a.ts': "import { b } from './index.ts';\n", 'src/index.ts': '' });
    expect(await problems(indexImports, root)).toEqual(['packages/retry/src/a.ts:1 imports ./index.ts']);
  });

  it('an import cycle over three files is found, and a type-only one is none', async () => {
    const root = repositoryWith({
      'src/a.ts': "import { B } from './b.ts';\nimport type { D } from './d.ts';\n",
      'src/b.ts': "import { C } from './inner/c.ts';\n",
      'src/d.ts': "import { A } from './a.ts';\n",
      'src/inner/c.ts': "import { A } from '../a.ts';\n",
    });
    expect(await problems(cycles, root)).toEqual([
      'packages/retry/src/a.ts import cycle: src/a.ts → src/b.ts → src/inner/c.ts → src/a.ts',
    ]);
  });

  it('a diamond is no cycle', () => {
    expect(
      findCycle(
        new Map([
          ['a', ['b', 'c']],
          ['b', ['d']],
          ['c', ['d']],
          ['d', []],
        ]),
      ),
    ).toBeUndefined();
  });

  it('every published package has a row in the table', () => {
    expect(publishedPackages(repositoryRoot).map(({ folder }) => folder)).toEqual(
      Object.keys(ALLOWED_IMPORTS).toSorted(),
    );
  });
});
