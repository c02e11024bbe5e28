import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One thing that is wrong: where, what, and what to do about it. All findings of all checks are printed at once. */
export interface Finding {
  /** Path from the root of the repository, with forward slashes, and a line where there is one: `packages/retry/src/retry.ts:12`. */
  readonly where: string;
  readonly problem: string;
  readonly remedy: string;
}

/** A check reads the repository below `root` and says what is wrong; it writes nothing. */
export type Check = (root: string) => readonly Finding[] | Promise<readonly Finding[]>;

export const repositoryRoot = fileURLToPath(new URL('../../..', import.meta.url)).replace(/[/\\]$/u, '');

const posix = (path: string): string => path.split(sep).join('/');

/** Files below `folder` whose name ends with `ending`, as absolute paths in a stable order; folders named in `skip` are not entered. */
export const filesBelow = (
  folder: string,
  ending: string,
  skip: readonly string[] = ['node_modules', 'dist'],
): readonly string[] => {
  const found: string[] = [];
  for (const name of readdirSync(folder).toSorted()) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) {
      if (!skip.includes(name)) found.push(...filesBelow(path, ending, skip));
    } else if (name.endsWith(ending)) found.push(path);
  }
  return found;
};

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The object in a JSON file; anything else in it is a broken repository. */
const readJsonObject = (file: string): Readonly<Record<string, unknown>> => {
  const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
  if (!isRecord(value)) throw new TypeError(`${file} does not hold a JSON object`);
  return value;
};

export interface PublishedPackage {
  /** Folder name below `packages/`. */
  readonly folder: string;
  readonly directory: string;
  readonly name: string;
  readonly manifest: Readonly<Record<string, unknown>>;
}

export const publishedPackages = (root: string): readonly PublishedPackage[] =>
  readdirSync(join(root, 'packages'))
    .toSorted()
    .map((folder) => {
      const directory = join(root, 'packages', folder);
      const manifest = readJsonObject(join(directory, 'package.json'));
      return { folder, directory, name: String(manifest['name']), manifest };
    });

/** Names in one dependency section of a manifest. */
export const dependencyNames = (manifest: Readonly<Record<string, unknown>>, section: string): readonly string[] => {
  const entries = manifest[section];
  return isRecord(entries) ? Object.keys(entries) : [];
};

/** Entry points of a package, `.` first, without `./package.json`. */
export const entryPoints = (manifest: Readonly<Record<string, unknown>>): readonly string[] => {
  const exported = manifest['exports'];
  return isRecord(exported) ? Object.keys(exported).filter((entry) => entry !== './package.json') : [];
};

export const fromRoot = (root: string, file: string): string => posix(relative(root, file));
