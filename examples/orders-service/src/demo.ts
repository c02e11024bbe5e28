import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startDemoServices, type DemoServices } from './demo-services.ts';
import { Director, type DemoOptions } from './director.ts';
import { quantileBetween, type Distribution } from './latency.ts';
import { createLiveView, type LiveView } from './live-view.ts';
import type { LoadReport } from './load.ts';
import { reportLines } from './report.ts';
import { startServiceProcess, type ServiceProcess } from './service-process.ts';
import { logSource, verify } from './verification.ts';

interface Stage {
  readonly options: DemoOptions;
  readonly view: LiveView;
  readonly services: DemoServices;
  readonly service: ServiceProcess;
  readonly director: Director;
  readonly folder: string;
}

const brokerName = ({ kafka }: DemoServices): string =>
  kafka === undefined ? 'memory driver (no Kafka here)' : `Apache Kafka ${kafka.version} (${kafka.source})`;

/** Load, outage and drain, watched once a second. */
const perform = async ({ director, options }: Stage): Promise<LoadReport> => {
  const watching = new AbortController();
  const watched = director.watch(watching.signal);
  try {
    const load = await director.load();
    if (!options.brokerStaysDead) await director.drain();
    return load;
  } finally {
    watching.abort();
    await watched;
  }
};

const stopService = async ({ service, services, options, view }: Stage): Promise<void> => {
  const code = await service.stop();
  view.say(`>>> the service stopped with exit code ${code ?? 'none'}`);
  const { kafka } = services;
  if (!options.brokerStaysDead || kafka === undefined || kafka.source === 'configured') return;
  view.say('>>> the service is gone; the broker is started once more, only to read its log');
  await kafka.node(1).start();
};

const quantiles = (from: Distribution | undefined, to: Distribution) => ({
  p50: quantileBetween(from, to, 0.5),
  p99: quantileBetween(from, to, 0.99),
});

const run = async (stage: Stage, startedAtMs: number): Promise<number> => {
  const { director, services, service, options, folder, view } = stage;
  const load = await perform(stage);
  const { deliveryMs } = (await service.stats()).outbox;
  // The memory driver's log dies with the service; Kafka's is read after it, so that nothing can be added meanwhile.
  const memoryLog = services.kafka === undefined ? await logSource({ services, service, folder }) : undefined;
  await stopService(stage);
  const verdict = await verify(
    {
      databaseUrl: services.databaseUrl,
      ...(memoryLog ?? (await logSource({ services, service, folder }))),
      rolledBack: [...load.declined],
      brokerStayedDead: options.brokerStaysDead,
    },
    folder,
  );
  const { deliveryAtKill: atKill, deliveryAtRestart: atRestart } = director;
  const lines = reportLines({
    verdict,
    rolledBack: load.declined.length,
    repeatedCalls: load.repeatedCalls,
    broker: brokerName(services),
    killed: director.killed,
    brokerStayedDead: options.brokerStaysDead,
    http: director.http,
    delivery: { before: quantiles(undefined, atKill ?? deliveryMs), after: quantiles(atRestart ?? atKill, deliveryMs) },
    wallMs: performance.now() - startedAtMs,
  });
  for (const line of lines) view.say(line);
  return verdict.ok ? 0 : 1;
};

/** Runs the script of the demo; resolves with the exit code that the verifier decides. */
export const runDemo = async (options: DemoOptions): Promise<number> => {
  const startedAtMs = performance.now();
  const view = createLiveView(process.stdout);
  await using services = await startDemoServices(options);
  view.say(
    services.kafka === undefined
      ? `MEMORY DRIVER instead of Kafka: ${services.whyNoKafka ?? ''}`
      : `${brokerName(services)}, PostgreSQL ${services.postgresVersion}`,
  );
  const folder = mkdtempSync(join(tmpdir(), 'busbar-demo-'));
  const service = await startServiceProcess({
    env: services.env,
    driver: services.kafka === undefined ? 'memory' : options.driver,
  });
  const director = new Director({ view, services, service, options });
  try {
    return await run({ options, view, services, service, director, folder }, startedAtMs);
  } finally {
    await service.kill();
    rmSync(folder, { recursive: true, force: true });
  }
};
