/** The machine card: what a result was measured on (BM-6), and what of. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import { promisify } from 'node:util';

import { Type } from 'typebox';

import type { Machine, Runtime, Source } from '../results/schema.ts';
import { validatorOf } from '../results/validated.ts';

const UNKNOWN = 'unknown';
const FINGERPRINT_CHARACTERS = 12;
const BYTES_PER_GIB = 2 ** 30;

const installedOf = validatorOf(Type.Object({ version: Type.String() }), 'package.json of a dependency');
const manifestOf = validatorOf(
  Type.Object({ dependencies: Type.Record(Type.String(), Type.String()) }),
  'package.json of the benchmarks',
);
const run = promisify(execFile);

/** The text of a file, or nothing where the system has no such file. */
const textOf = (file: string): Promise<string | undefined> =>
  readFile(file, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );

/** Load average of the last minute. */
export const loadNow = (): number => os.loadavg()[0] ?? 0;

/** Whether a load says that others used the machine. */
export const isNoisy = (loads: readonly number[], cores: number, maxLoadRatio: number): boolean =>
  loads.some((load) => load > maxLoadRatio * cores);

/** The machine, without its loads. */
export const describeMachine = async (): Promise<Omit<Machine, 'loadBefore' | 'loadAfter'>> => {
  const governor = await textOf('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor');
  const cpuInfo = await textOf('/proc/cpuinfo');
  const cpus = os.cpus();
  const machine = {
    cpuModel: cpus[0]?.model ?? UNKNOWN,
    cores: cpus.length,
    ...(governor === undefined ? {} : { governor }),
    virtualized: cpuInfo !== undefined && /^flags\b.*\bhypervisor\b/m.test(cpuInfo),
    memoryBytes: os.totalmem(),
    os: `${os.type()} ${os.arch()}`,
    kernel: os.release(),
  };
  const gibibytes = Math.round(machine.memoryBytes / BYTES_PER_GIB);
  const traits = [machine.cpuModel, machine.cores, gibibytes, machine.os, machine.kernel, process.versions.v8];
  const fingerprint = createHash('sha256').update(traits.join('\n')).digest('hex').slice(0, FINGERPRINT_CHARACTERS);
  return { ...machine, fingerprint };
};

/** What runs the arms. */
export const describeRuntime = (flags: readonly string[]): Runtime => ({
  node: process.version,
  v8: process.versions.v8,
  flags: [...flags],
});

/** The commit of a folder; outside a repository everything is unknown and nothing is clean. */
export const describeSource = async (folder: string): Promise<Source> => {
  // Without the locks: a look at the state must not disturb somebody's commit.
  const git = (...args: string[]): Promise<string> =>
    run('git', ['--no-optional-locks', '-C', folder, ...args]).then(
      ({ stdout }) => stdout.trim(),
      () => UNKNOWN,
    );
  const [commit, committedAt, branch, changes] = await Promise.all([
    git('rev-parse', 'HEAD'),
    git('show', '--no-patch', '--format=%cI', 'HEAD'),
    git('rev-parse', '--abbrev-ref', 'HEAD'),
    git('status', '--porcelain'),
  ]);
  return { commit, committedAt, branch, dirty: changes !== '' };
};

/** The versions of everything that a package depends on. @throws Error if a dependency is not installed */
export const describePackages = async (packageFolder: URL): Promise<Record<string, string>> => {
  const read = async (path: string): Promise<unknown> =>
    JSON.parse(await readFile(new URL(path, packageFolder), 'utf8'));
  const { dependencies } = manifestOf(await read('package.json'));
  const versions = Object.keys(dependencies).map(
    async (name) => [name, installedOf(await read(`node_modules/${name}/package.json`)).version] as const,
  );
  return Object.fromEntries(await Promise.all(versions));
};
