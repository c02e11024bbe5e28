import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Check, Finding } from './repository.ts';

/** Folders in which people and build machines keep checkouts. Written in parts, so that this file does not find itself. */
const MACHINE_PATH = new RegExp(
  String.raw`(?<![\w.~:/-])(?:/(?:${['home', 'Users', 'root', 'work', 'builds', 'workspace'].join('|')})/[\w.-]+|[A-Z]:\\+Users\\+\w)`,
  'u',
);

export const machinePathLines = (text: string): readonly number[] =>
  text.split('\n').flatMap((line, index) => (MACHINE_PATH.test(line) ? [index + 1] : []));

/** No tracked file names a folder of somebody's machine. */
export const machinePaths: Check = (root) => {
  const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0').filter(Boolean);
  const findings: Finding[] = [];
  for (const file of tracked) {
    if (file === 'pnpm-lock.yaml') continue;
    for (const line of machinePathLines(readFileSync(join(root, file), 'utf8')))
      findings.push({
        where: `${file}:${line}`,
        problem: 'names an absolute path of a machine',
        remedy: 'derive it from import.meta.url, the working directory or os.tmpdir()',
      });
  }
  return findings;
};
