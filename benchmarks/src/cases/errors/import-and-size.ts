/**
 * B-ER-4: what the package every other one imports adds to the start of a process, and how large it is.
 *
 * Clocked is a whole process, from its start to its end: what somebody who starts a service waits for.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { constants, gzipSync } from 'node:zlib';

import { type Arm, type Case, defineCase, type Visit } from '../../harness/define-case.ts';

const IMPORT_RATIO = 1.5;
const MAX_BYTES = 16_000;
/** Processes of a visit; their median is its value. */
const PROCESSES = 5;

/** The built entry point, which is what users load. */
const builtEntry = (): string => {
  const file = fileURLToPath(import.meta.resolve('@busbar/errors'));
  if (!/[/\\]dist[/\\]index\.js$/u.test(file)) throw new Error(`${file} is not built: run without a condition`);
  return file;
};

/** Milliseconds of a process that runs `file`. */
const runProcess = async (file: string): Promise<number> => {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [file], { stdio: 'ignore' });
  await once(child, 'exit');
  const tookMs = performance.now() - startedAt;
  if (child.exitCode !== 0) throw new Error(`node ${file} ended with ${String(child.exitCode)}`);
  return tookMs;
};

const medianOf = (values: readonly number[]): number => {
  const middle = values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
  if (middle === undefined) throw new RangeError('there is no median of nothing');
  return middle;
};

interface Program {
  readonly file: string;
  readonly close: () => Promise<void>;
}

const processArm = (arm: Pick<Arm, 'name' | 'role' | 'package' | 'options'>, open: () => Promise<Program>): Arm => ({
  ...arm,
  setup: async (): Promise<Visit> => {
    const { file, close } = await open();
    const took: number[] = [];
    return {
      run: async (iterations) => {
        // oxlint-disable-next-line no-await-in-loop -- one process at a time
        for (let index = 0; index < iterations; index += 1) took.push(await runProcess(file));
      },
      measure: () => medianOf(took),
      close,
    };
  },
});

const emptyModule = async (): Promise<Program> => {
  const folder = await mkdtemp(join(tmpdir(), 'busbar-benchmark-'));
  const file = join(folder, 'empty.mjs');
  await writeFile(file, '');
  return { file, close: () => rm(folder, { recursive: true }) };
};

const importCase = defineCase({
  id: 'B-ER-4',
  title: 'a process that imports @busbar/errors ÷ one that imports an empty module (R-PR-1)',
  requirements: ['R-PR-1'],
  class: 'process',
  unit: 'ms/op',
  direction: 'smaller',
  iterations: PROCESSES,
  parameters: { what: 'import' },
  arms: [
    processArm({ name: '@busbar/errors', role: 'ours', package: '@busbar/errors' }, () =>
      Promise.resolve({ file: builtEntry(), close: () => Promise.resolve() }),
    ),
    processArm({ name: 'empty module', role: 'bare' }, emptyModule),
  ],
  targets: [{ ours: '@busbar/errors', reference: 'empty module', metric: 'time', bound: IMPORT_RATIO, kind: 'ratio' }],
});

const builtCode = async (): Promise<readonly Buffer[]> => {
  const folder = fileURLToPath(new URL('.', import.meta.resolve('@busbar/errors')));
  const names = (await readdir(folder)).filter((name) => name.endsWith('.js'));
  return Promise.all(names.toSorted().map((name) => readFile(join(folder, name))));
};

const sizeArm = (name: string, sizeOf: (code: Buffer) => number): Arm => ({
  name,
  role: 'ours',
  package: '@busbar/errors',
  options: 'all .js files of dist',
  setup: async (): Promise<Visit> => {
    builtEntry();
    const code = Buffer.concat(await builtCode());
    return {
      run: () => undefined,
      measure: () => sizeOf(code),
      verify: () => {
        if (!code.includes('BUSBAR_INTERNAL')) throw new Error('the code of the package must be in dist');
      },
      close: () => Promise.resolve(),
    };
  },
});

const sizeCase = defineCase({
  id: 'B-ER-4',
  title: 'size of the built @busbar/errors (R-PR-1)',
  requirements: ['R-PR-1'],
  class: 'process',
  unit: 'B',
  direction: 'smaller',
  parameters: { what: 'size' },
  arms: [
    sizeArm('compressed', (code) => gzipSync(code, { level: constants.Z_BEST_COMPRESSION }).length),
    sizeArm('with comments', (code) => code.length),
  ],
  targets: [
    {
      ours: 'compressed',
      reference: 'compressed',
      metric: 'bytes',
      bound: MAX_BYTES,
      kind: 'absolute',
      note: 'gzip, as it is downloaded; half of the files are comments',
    },
  ],
});

export const cases: readonly Case[] = [importCase, sizeCase];
