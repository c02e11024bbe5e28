import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { lockfileFindings } from '../src/lockfile.ts';
import { machinePathLines } from '../src/machine-paths.ts';
import { repositoryRoot } from '../src/repository.ts';

const lock = readFileSync(join(repositoryRoot, 'pnpm-lock.yaml'), 'utf8');

describe('lockfile', () => {
  it('the repository has the native binaries of Linux, macOS and Windows and no address', () => {
    expect(lockfileFindings(lock)).toEqual([]);
  });

  it('a native family without its Windows binary is named', () => {
    const text = lock
      .split('\n')
      .filter((line) => !/@turbo\/windows-/u.test(line))
      .join('\n');
    expect(lockfileFindings(text).map(({ problem }) => problem)).toEqual(['no Windows binary of turbo']);
  });

  it('an address in the lockfile is named with its line', () => {
    const text = `${lock}\n    resolution: {tarball: 'x'}\n`;
    expect(lockfileFindings(text)).toHaveLength(1);
  });
});

describe('machine paths', () => {
  const folder = (name: string): string => `/${name}/someone/busbar`;

  it.each(['home', 'Users', 'root', 'work', 'builds'])('an absolute path below /%s is found', (name) => {
    expect(machinePathLines(`first\nat ${folder(name)}/x.ts`)).toEqual([2]);
  });

  it('a Windows profile folder is found', () => {
    expect(machinePathLines(String.raw`C:\Users` + String.raw`\someone`)).toEqual([1]);
  });

  it.each(['https://example.org/home/page', 'packages/work/of', './root/x', "url('/orders/1')", 'a /work of art'])(
    '%s is no machine path',
    (text) => {
      expect(machinePathLines(text)).toEqual([]);
    },
  );
});
