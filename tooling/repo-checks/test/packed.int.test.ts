import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { importEntries, installAlone, nodeExecutable, OLDEST_NODE, packAll, type Tarballs } from '../src/pack.ts';
import { publishedPackages, repositoryRoot } from '../src/repository.ts';

const packages = publishedPackages(repositoryRoot);
const INSTALL_TIMEOUT_MS = 120_000;

/** What the test command builds before it runs tests; `turbo run build` makes it for a run of this file alone. */
const built = packages.every(({ directory }) => existsSync(join(directory, 'dist', 'index.js')));

describe('packed packages', () => {
  let tarballs: Tarballs;
  let oldestNode: string;

  beforeAll(async () => {
    if (!built) throw new Error('the packages are not built: npx -y pnpm@12 build');
    tarballs = await packAll(repositoryRoot);
    oldestNode = await nodeExecutable(OLDEST_NODE);
  }, INSTALL_TIMEOUT_MS);
  afterAll(() => tarballs[Symbol.dispose]());

  it.each(packages)(
    `R-STD-7 $name installs alone and every entry loads on Node.js ${OLDEST_NODE} and ${process.versions.node}`,
    { timeout: INSTALL_TIMEOUT_MS },
    async (own) => {
      const { project } = await installAlone(repositoryRoot, own, tarballs);
      expect(await importEntries({ project, own, node: process.execPath })).toBeUndefined();
      expect(await importEntries({ project, own, node: oldestNode })).toBeUndefined();
    },
  );
});
