/**
 * The services by hand:
 *
 *     node tooling/dev-services/src/main.ts up [--kafka 3] [--isolated] [--tls] [--retry]   starts both in the foreground; Ctrl-C ends them
 *     node tooling/dev-services/src/main.ts status                     the runs of this user that are alive
 *     node tooling/dev-services/src/main.ts down                       ends every `up` of this user
 *     node tooling/dev-services/src/main.ts doctor                     what is here, what would be used, what is missing and why
 *
 * `up` prints the BUSBAR_* lines for an application, and DEV_SERVICES_STATE, by which a test run attaches instead of starting its own.
 * With `--tls` the brokers have listeners with TLS and with SASL too, which it lists, and the authority's certificate in a file.
 */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';

import { detectServices } from './detect.ts';
import { DevServiceError } from './errors.ts';
import type { KafkaOptions } from './kafka/cluster.ts';
import { endProcesses } from './process.ts';
import { detectionLines, environmentLines, listenerLines } from './report.ts';
import { baseFolder, endRun, findRun, type Run } from './run-folder.ts';
import { startServices } from './services.ts';

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** Tells the runs of `up` from those of tests. */
const upMark = (folder: string): string => join(folder, 'up');

const liveRuns = (): readonly Run[] => {
  const base = baseFolder();
  return readdirSync(base)
    .map((name) => findRun(join(base, name)))
    .filter((run) => run !== undefined);
};

const up = async (kafka: KafkaOptions): Promise<number> => {
  const services = await startServices({ kafka, log: print });
  const folder = dirname(services.stateFile);
  writeFileSync(upMark(folder), '');
  const caFile = join(folder, 'ca.pem');
  const ca = services.kafka.available ? services.kafka.certificates?.ca : undefined;
  if (ca !== undefined) writeFileSync(caFile, ca);
  for (const line of [...environmentLines(services), ...listenerLines(services, caFile)]) print(line);
  print('Ctrl-C ends them.');
  // Ended by a signal: whatever ends this process, the reaper ends the services.
  setInterval(() => undefined, 2 ** 30);
  return 0;
};

const status = (): number => {
  const runs = liveRuns();
  for (const { folder, owner } of runs) {
    const kind = existsSync(upMark(folder)) ? 'up' : 'tests';
    print(`${kind} of process ${owner.pid}: ${folder}`);
  }
  if (runs.length === 0) print('nothing runs');
  return 0;
};

const down = async (): Promise<number> => {
  const runs = liveRuns().filter(({ folder }) => existsSync(upMark(folder)));
  await Promise.all(
    runs.map(async ({ folder, owner }) => {
      await endProcesses([owner], 'SIGTERM', 2_000);
      await endRun(folder);
    }),
  );
  print(runs.length === 0 ? 'nothing to end' : `ended ${runs.length}`);
  return 0;
};

const doctor = async (): Promise<number> => {
  for (const line of detectionLines(await detectServices())) print(line);
  return 0;
};

const main = async (args: readonly string[]): Promise<number> => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      kafka: { type: 'string', default: '1' },
      isolated: { type: 'boolean', default: false },
      retry: { type: 'boolean', default: false },
      tls: { type: 'boolean', default: false },
    },
  });
  if (values.retry) process.env['DEV_SERVICES_RETRY'] = '1';
  const [command = ''] = positionals;
  switch (command) {
    case 'up':
      return up({
        nodes: values.kafka === '3' ? 3 : 1,
        controller: values.isolated ? 'isolated' : 'combined',
        security: values.tls ? ['tls', 'sasl'] : [],
      });
    case 'status':
      return status();
    case 'down':
      return down();
    case 'doctor':
      return doctor();
    default:
      print('usage: main.ts up [--kafka 3] [--isolated] [--tls] [--retry] | status | down | doctor');
      return 2;
  }
};

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof DevServiceError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
