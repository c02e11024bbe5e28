import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { Case } from './define-case.ts';

/** A case and where a process of its own finds it. */
export interface LocatedCase {
  readonly definition: Case;
  /** URL of the file. */
  readonly file: string;
  /** Place among the cases of the file. */
  readonly index: number;
  /** Name of the folder, which is that of the package. */
  readonly folder: string;
}

const isCase = (value: unknown): value is Case =>
  typeof value === 'object' && value !== null && 'id' in value && 'arms' in value && 'targets' in value;

/** The cases that a file exports. @throws TypeError if it exports no `cases` */
export const loadCases = async (file: string): Promise<readonly Case[]> => {
  const loaded: unknown = await import(file);
  const cases: unknown = typeof loaded === 'object' && loaded !== null && 'cases' in loaded ? loaded.cases : undefined;
  if (Array.isArray(cases) && cases.every((entry) => isCase(entry))) return cases;
  throw new TypeError(`${file} must export "cases", an array of cases made with defineCase`);
};

/** The cases of a file, with their place. */
export const locateCases = async (file: string): Promise<LocatedCase[]> => {
  const cases = await loadCases(file);
  const folder = basename(dirname(file));
  return cases.map((definition, index) => ({ definition, file, index, folder }));
};

/** Every case below a folder, in the order of file names. */
export const findCases = async (folder: string): Promise<LocatedCase[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => pathToFileURL(join(entry.parentPath, entry.name)).href)
    .toSorted();
  return (await Promise.all(files.map(locateCases))).flat();
};

/**
 * The cases that a filter names by id (`B-CB-1`), by the front of an id (`B-CB`), or by folder (`errors`). No filter names
 * all. @throws RangeError if a filter names none
 */
export const selectCases = (cases: readonly LocatedCase[], only: readonly string[]): readonly LocatedCase[] => {
  const matches = ({ definition, folder }: LocatedCase, filter: string): boolean =>
    folder === filter || definition.id === filter || definition.id.startsWith(`${filter}-`);
  const unknown = only.find((filter) => !cases.some((entry) => matches(entry, filter)));
  if (unknown !== undefined) throw new RangeError(`--only ${unknown} names no case; --list shows them`);
  return only.length === 0 ? cases : cases.filter((entry) => only.some((filter) => matches(entry, filter)));
};
