import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { isRecord } from '../repository.ts';

/** What a class of the error family says of itself. */
export interface DeclaredClass {
  /** Folder of the package that declares it. */
  readonly folder: string;
  /** The name it is exported under. */
  readonly exportName: string;
  readonly name: string;
  readonly code: string;
  readonly retryable: boolean;
  readonly outcome?: string;
  readonly when: string;
  readonly remedy: string;
}

/** One instance from a package's `test/error-examples.ts`, whose keys are the union type of its codes, by its type. */
export interface ErrorExample {
  readonly folder: string;
  readonly key: string;
  readonly code: string;
  readonly name: string;
  readonly docsUrl: string;
}

export interface DeclaredErrors {
  readonly classes: readonly DeclaredClass[];
  readonly examples: readonly ErrorExample[];
  /** Files that could not be imported. */
  readonly failures: readonly { readonly file: string; readonly message: string }[];
}

const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;
const TIMEOUT_MS = 60_000;

const isDeclaredErrors = (value: unknown): value is DeclaredErrors =>
  isRecord(value) && ['classes', 'examples', 'failures'].every((key) => Array.isArray(value[key]));

/** Imports every package from source and collects its errors. */
export const collectErrors = async (root: string): Promise<DeclaredErrors> => {
  const script = fileURLToPath(new URL('collect.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@busbar/source', script, root], {
    maxBuffer: MAX_OUTPUT_BYTES,
    timeout: TIMEOUT_MS,
  });
  const collected: unknown = JSON.parse(stdout);
  if (!isDeclaredErrors(collected)) throw new TypeError('collect.ts did not print the errors of the packages');
  return collected;
};
