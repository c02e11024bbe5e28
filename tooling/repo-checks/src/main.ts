import { errors, writeErrorCodes } from './errors.ts';
import { cycles, graph, indexImports } from './graph.ts';
import { lockfile } from './lockfile.ts';
import { machinePaths } from './machine-paths.ts';
import { pack } from './pack.ts';
import { repositoryRoot, type Check } from './repository.ts';

/**
 * `node tooling/repo-checks/src/main.ts [name …] [--write]`: runs the named checks, else all, and prints every finding; exit 1 if
 * there is one. `--write` first writes what a check compares with.
 */
const CHECKS: Readonly<Record<string, Check>> = {
  graph,
  cycles,
  'index-imports': indexImports,
  errors,
  lockfile,
  'machine-paths': machinePaths,
  pack,
};

/** Checks of a generated file, with what generates it. */
const WRITERS: Readonly<Record<string, Check>> = { errors: writeErrorCodes };

const names = process.argv.slice(2).filter((argument) => argument !== '--write');
const isWriting = names.length !== process.argv.length - 2;
const wanted = names.length > 0 ? names : Object.keys(CHECKS);
let found = 0;
for (const name of wanted) {
  const check = (isWriting ? WRITERS[name] : undefined) ?? CHECKS[name];
  if (check === undefined) {
    process.stderr.write(`unknown check "${name}"; there are: ${Object.keys(CHECKS).join(', ')}\n`);
    process.exit(64);
  }
  // oxlint-disable-next-line no-await-in-loop -- one after the other: pack installs and builds
  const findings = await check(repositoryRoot);
  for (const finding of findings)
    process.stdout.write(`${name}  ${finding.where}: ${finding.problem}\n    help: ${finding.remedy}\n`);
  process.stdout.write(`${findings.length === 0 ? 'ok  ' : 'FAIL'} ${name}\n`);
  found += findings.length;
}
process.exitCode = found === 0 ? 0 : 1;
