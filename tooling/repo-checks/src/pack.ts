import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import {
  dependencyNames,
  entryPoints,
  publishedPackages,
  type Check,
  type Finding,
  type PublishedPackage,
} from './repository.ts';

const run = promisify(execFile);

/** The oldest Node.js that the published packages support (`engines.node`). */
export const OLDEST_NODE = '22.15.0';

/** npm and npx as installed beside the Node.js in use; a shell is needed for their `.cmd` files on Windows. */
const npmOptions = { shell: process.platform === 'win32', maxBuffer: 16 * 1024 * 1024 } as const;

/** Path of an executable of that Node.js version, installed by npm into its own cache when it is not there. */
export const nodeExecutable = async (version: string): Promise<string> => {
  const { stdout } = await run(
    'npx',
    ['-y', '-p', `node@${version}`, '--', 'node', '-p', 'process.execPath'],
    npmOptions,
  );
  return stdout.trim();
};

/** Packed packages in a folder of their own in the system's temporary folder, removed by `using`. */
export interface Tarballs extends Disposable {
  readonly folder: string;
  /** npm name → path of the tarball. */
  readonly byName: ReadonlyMap<string, string>;
}

/** Packs every published package as pnpm publishes it (`workspace:` and `catalog:` become ranges). They must be built. */
export const packAll = async (root: string): Promise<Tarballs> => {
  const folder = mkdtempSync(join(tmpdir(), 'busbar-packed-'));
  const byName = new Map<string, string>();
  for (const { directory, name } of publishedPackages(root)) {
    const destination = join(folder, name.replace('/', '-'));
    mkdirSync(destination);
    // oxlint-disable-next-line no-await-in-loop -- one pack at a time on a small machine
    await run('pnpm', ['pack', '--pack-destination', destination], { ...npmOptions, cwd: directory });
    const [tarball] = readdirSync(destination);
    if (tarball !== undefined) byName.set(name, join(destination, tarball));
  }
  return { folder, byName, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
};

/** The package and, transitively, the packages of ours that it declares. */
const closure = (root: string, own: PublishedPackage): readonly string[] => {
  const byName = new Map(publishedPackages(root).map((published) => [published.name, published]));
  const names = new Set<string>();
  const visit = (published: PublishedPackage): void => {
    if (names.has(published.name)) return;
    names.add(published.name);
    for (const dependency of dependencyNames(published.manifest, 'dependencies')) {
      const target = byName.get(dependency);
      if (target !== undefined) visit(target);
    }
  };
  visit(own);
  return [...names];
};

export interface Installed {
  /** An empty project in which only the package, and the packages of ours that it declares, are installed from their tarballs. */
  readonly project: string;
}

export const installAlone = async (root: string, own: PublishedPackage, tarballs: Tarballs): Promise<Installed> => {
  const project = mkdtempSync(join(tarballs.folder, 'project-'));
  const dependencies = Object.fromEntries(
    closure(root, own).map((name) => [name, `file:${tarballs.byName.get(name) ?? `no tarball of ${name}`}`]),
  );
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({ name: 'alone', private: true, type: 'module', dependencies }),
  );
  await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'], {
    ...npmOptions,
    cwd: project,
  });
  return { project };
};

/** Imports and requires every entry point of the installed package with that Node.js; resolves with what went wrong, if anything. */
export const importEntries = async (o: {
  project: string;
  own: PublishedPackage;
  node: string;
}): Promise<string | undefined> => {
  const specifiers = entryPoints(o.own.manifest).map((entry) => o.own.name + entry.slice(1));
  const program = `
    import { createRequire } from 'node:module';
    const require = createRequire(import.meta.url);
    for (const specifier of ${JSON.stringify(specifiers)}) {
      const names = Object.keys(await import(specifier));
      if (names.length === 0) throw new Error(specifier + ' exports nothing');
      if (Object.keys(require(specifier)).length === 0) throw new Error('require: ' + specifier + ' exports nothing');
    }
    console.log('imported');`;
  try {
    const { stdout } = await run(o.node, ['--input-type=module', '--eval', program], {
      cwd: o.project,
      env: { PATH: process.env['PATH'] },
    });
    return stdout.trim() === 'imported' ? undefined : stdout;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

const lintTarball = async (own: PublishedPackage, tarball: string, root: string): Promise<readonly Finding[]> => {
  const findings: Finding[] = [];
  const tools = [
    { tool: 'publint', args: ['--strict', tarball] },
    { tool: 'attw', args: ['--profile', 'esm-only', '--no-emoji', '--format', 'ascii', tarball] },
  ];
  for (const { tool, args } of tools) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- one tool at a time on a small machine
      await run(join(root, 'node_modules', '.bin', tool), args, npmOptions);
    } catch (error) {
      findings.push({
        where: `packages/${own.folder}/package.json`,
        problem: `${tool}: ${error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error)}`,
        remedy: 'mend the exports map or the files list',
      });
    }
  }
  return findings;
};

/** Every package packs, passes publint and attw, installs alone from its tarball, and every entry point loads on the oldest and this Node.js. */
export const pack: Check = async (root) => {
  const findings: Finding[] = [];
  const nodes = [process.execPath, await nodeExecutable(OLDEST_NODE)];
  const tarballs = await packAll(root);
  try {
    for (const own of publishedPackages(root)) {
      const tarball = tarballs.byName.get(own.name);
      if (tarball === undefined) continue;
      // oxlint-disable-next-line no-await-in-loop -- one install at a time on a small machine
      findings.push(...(await lintTarball(own, tarball, root)));
      // oxlint-disable-next-line no-await-in-loop -- as above
      const { project } = await installAlone(root, own, tarballs);
      for (const node of nodes) {
        // oxlint-disable-next-line no-await-in-loop -- as above
        const problem = await importEntries({ project, own, node });
        if (problem !== undefined)
          findings.push({
            where: `packages/${own.folder}/package.json`,
            problem,
            remedy: `make every entry load with ${node}`,
          });
      }
    }
  } finally {
    tarballs[Symbol.dispose]();
  }
  return findings;
};
