import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { startServices, type Services } from '@busbar-tooling/dev-services';

import { repositoryRoot } from './repository.ts';
import { closingLine, summarize } from './test-report.ts';

/**
 * The README's test command: install check → services → types and build → one vitest run → the closing line.
 * Nothing is printed after `N passed, N failed, N skipped`, which is also written to node_modules/.cache/busbar/test-summary.txt.
 */
const cache = join(repositoryRoot, 'node_modules', '.cache', 'busbar');
const summaryFile = join(cache, 'test-summary.txt');
const reportFile = join(cache, 'test-report.json');

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** Runs a tool of the repository to its end with its output shown; resolves with the exit code, 1 when it could not be started. */
const tool = (command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<number> =>
  new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: repositoryRoot,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'inherit', 'inherit'],
      shell: process.platform === 'win32',
    });
    child.once('error', (error) => {
      say(`${command} did not start: ${error.message}`);
      resolve(1);
    });
    child.once('close', (code) => resolve(code ?? 1));
  });

const bin = (name: string): string => join(repositoryRoot, 'node_modules', '.bin', name);

const typesAndBuild = async (): Promise<{ typeErrors: boolean; built: boolean }> => {
  const types = await tool(bin('tsc'), ['-p', 'tooling/tsconfig/repository.json']);
  const built = await tool(bin('turbo'), ['run', 'build', '--output-logs=errors-only'], {
    TURBO_TELEMETRY_DISABLED: '1',
  });
  return { typeErrors: types !== 0, built: built === 0 };
};

const sayServices = (services: Services): void => {
  const { postgres, kafka } = services;
  say(
    postgres.available
      ? `PostgreSQL ${postgres.version} (${postgres.source})`
      : `no PostgreSQL: ${postgres.reason}. ${postgres.help}`,
  );
  say(kafka.available ? `Kafka ${kafka.version} (${kafka.source})` : `no Kafka: ${kafka.reason}. ${kafka.help}`);
};

const vitest = (stateFile: string): Promise<number> => {
  rmSync(reportFile, { force: true });
  return tool(
    bin('vitest'),
    [
      'run',
      '--root',
      '.',
      '--config',
      'tooling/vitest-preset/repository.ts',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${reportFile}`,
    ],
    { DEV_SERVICES_STATE: stateFile },
  );
};

const finish = (line: string, failed: number): void => {
  mkdirSync(cache, { recursive: true });
  writeFileSync(summaryFile, `${line}\n`);
  say(line);
  process.exitCode = failed > 0 ? 1 : 0;
};

const main = async (): Promise<void> => {
  mkdirSync(cache, { recursive: true });
  // pnpm runs a script on the old node_modules when its own install check has failed: this one ends the run.
  if ((await tool('pnpm', ['install', '--frozen-lockfile'])) !== 0) return finish('0 passed, 1 failed, 0 skipped', 1);
  const starting = startServices({ log: say });
  const { typeErrors, built } = await typesAndBuild();
  await using services = await starting;
  sayServices(services);
  const exitCode = await vitest(services.stateFile);
  const report: unknown = existsSync(reportFile) ? JSON.parse(readFileSync(reportFile, 'utf8')) : undefined;
  const summary = summarize({ report, exitCode, typeErrors: typeErrors || !built });
  for (const [reason, tests] of summary.skipReasons) say(`skipped ${tests}: ${reason}`);
  return finish(closingLine(summary), summary.failed);
};

await main();
