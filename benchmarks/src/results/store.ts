import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Results } from './schema.ts';
import { validatorOf } from './validated.ts';

const COMMIT_CHARACTERS = 12;
const validResults = validatorOf(Results, 'results of benchmarks');

/** Name of a run: when it started, in UTC, and the commit. */
export const runIdOf = (startedAt: Date, commit: string): string =>
  `${startedAt.toISOString().replaceAll(/[-:]|\.\d+/g, '')}-${commit.slice(0, COMMIT_CHARACTERS)}`;

/** Writes `<runId>.json` and answers its path. @throws Error if the results do not keep the schema */
export const writeResults = async (content: Results, folder: string): Promise<string> => {
  validResults(content);
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${content.runId}.json`);
  await writeFile(path, `${JSON.stringify(content)}\n`);
  return path;
};

/** @throws Error if the file is not of this format */
export const readResults = async (path: string): Promise<Results> =>
  validResults(JSON.parse(await readFile(path, 'utf8')));
