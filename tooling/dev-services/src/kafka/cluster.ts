/** One Kafka node or three, each broker and controller, from Apache's own jars. */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { DevServiceError } from '../errors.ts';
import { releasePorts, reservePorts } from '../ports.ts';
import { openRun } from '../reaper.ts';
import type { Run } from '../run-folder.ts';
import { startTcpProxy } from '../tcp-proxy.ts';
import { type TestCertificates, testCertificates } from '../tls/certificates.ts';
import { Brokers, type KafkaListeners, type KafkaService } from './brokers.ts';
import { draftArchive } from './class-archive.ts';
import { findKafka, type KafkaInstallation } from './class-path.ts';
import { formatNode } from './format.ts';
import { type KafkaListener, type ListenerOptions, listenersOf } from './listeners.ts';
import { KafkaProcess } from './node.ts';
import { brokerAddresses, isBroker, type NodePlace, serverProperties } from './properties.ts';
import { untilHealthy, untilServed } from './readiness.ts';

export interface KafkaOptions extends ListenerOptions {
  /** Default: 1. Three survive the death of one, and cost 450 MB of memory. */
  readonly nodes?: 1 | 3;
  /** Default: `combined`, every broker may be the controller. `isolated`: a process of its own, node 100, so that breaking brokers never breaks the quorum. */
  readonly controller?: 'combined' | 'isolated';
  /** Server settings of every node on top of ours, as in `server.properties`. */
  readonly settings?: Readonly<Record<string, string>>;
}

const PORT_ATTEMPTS = 5;
const CONTROLLER_ID = 100;

export interface ClusterPlace {
  readonly run: Run;
  readonly folder: string;
  readonly version: string;
  readonly places: readonly NodePlace[];
  readonly kafka: () => Promise<KafkaInstallation>;
  readonly certificates?: TestCertificates | undefined;
}

const listenersAt = (places: readonly NodePlace[]): KafkaListeners => {
  const at = (listener: KafkaListener): readonly string[] => brokerAddresses(places, listener);
  return {
    plain: at('plain'),
    proxied: at('proxied'),
    tls: at('tls'),
    'mutual-tls': at('mutual-tls'),
    expired: at('expired'),
    'wrong-host': at('wrong-host'),
    sasl: at('sasl'),
  };
};

export class KafkaCluster extends Brokers implements KafkaService {
  declare readonly source: 'maven';
  readonly nodes: readonly KafkaProcess[];
  readonly folder: string;
  readonly places: readonly NodePlace[];
  /** Of the listeners with TLS, and of their clients; undefined without such listeners. */
  readonly certificates: TestCertificates | undefined;
  readonly #run: Run;
  readonly #processes: readonly KafkaProcess[];

  constructor(place: ClusterPlace) {
    const { places, folder, run, kafka } = place;
    super({
      source: 'maven',
      version: place.version,
      brokers: brokerAddresses(places),
      listeners: listenersAt(places),
    });
    this.folder = folder;
    this.places = places;
    this.certificates = place.certificates;
    this.#run = run;
    this.#processes = places.map((node) => {
      const { id, ports } = node;
      const address = `127.0.0.1:${ports.plain ?? ports.controller}`;
      return new KafkaProcess({
        id,
        address,
        folder: join(folder, `node-${id}`),
        run,
        kafka,
        isBroker: isBroker(node),
      });
    });
    this.nodes = this.#processes.filter((_, index) => places[index]?.ports.plain !== undefined);
  }

  /** Brokers and the isolated controller, if there is one. */
  get processes(): readonly KafkaProcess[] {
    return this.#processes;
  }

  protected override askable(): readonly string[] {
    return this.nodes.filter((node) => node.isServing()).map((node) => node.address);
  }

  node(id: number): KafkaProcess {
    const found = this.#processes.find((node) => node.id === id);
    if (found !== undefined) return found;
    throw new RangeError(`there is no Kafka node ${id}: this cluster has ${this.nodes.length}`);
  }

  logTail(id: number): string {
    return this.node(id).logTail();
  }

  async heal(): Promise<void> {
    for (const node of this.#processes) {
      node.resume();
      node.proxy?.pass();
    }
    await Promise.all(
      this.#processes.map(async (node) => {
        await node.proxy?.accept();
        await node.start();
      }),
    );
    await untilHealthy(this);
  }

  logTails(): string {
    return this.#processes.map((node) => node.logTail()).join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.#processes.map(async (node) => {
        await node.kill();
        await node.proxy?.[Symbol.asyncDispose]();
      }),
    );
    releasePorts(this.#run, this.places.flatMap(portsOf));
    if (process.env['DEV_SERVICES_KEEP'] !== '1') rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

const portsOf = ({ ports, proxyPort }: NodePlace): readonly number[] => [
  ...Object.values(ports),
  ...(proxyPort === undefined ? [] : [proxyPort]),
];

/** The nodes of a cluster, with a port from `take` for each listener. */
const placesFor = (o: KafkaOptions, take: () => number): readonly NodePlace[] => {
  const isolated = o.controller === 'isolated';
  const brokers = Array.from({ length: o.nodes ?? 1 }, (_, index): NodePlace => {
    const doors = listenersOf(o).map((listener) => [listener, take()] as const);
    const ports = { internal: take(), ...(isolated ? {} : { controller: take() }), ...Object.fromEntries(doors) };
    return { id: index + 1, ports, ...(o.proxied === true ? { proxyPort: take() } : {}) };
  });
  return isolated ? [...brokers, { id: CONTROLLER_ID, ports: { controller: take() } }] : brokers;
};

const reservePlaces = async (run: Run, o: KafkaOptions): Promise<readonly NodePlace[]> => {
  const count = placesFor(o, () => 0).flatMap(portsOf).length;
  const ports = (await reservePorts(run, count)).values();
  return placesFor(o, () => ports.next().value ?? 0);
};

const portWasTaken = (error: unknown): boolean =>
  error instanceof DevServiceError && error.code === 'EXITED_EARLY' && error.logTail.includes('Address already in use');

const openProxy = async (cluster: KafkaCluster, { id, ports, proxyPort }: NodePlace): Promise<void> => {
  if (ports.proxied === undefined || proxyPort === undefined) return;
  const target = { host: '127.0.0.1', port: ports.proxied };
  cluster.node(id).proxy = await startTcpProxy({ target, listenPort: proxyPort });
};

/** The first node of a machine that is alone writes the archive of classes on the way: twice the time, once. */
const startNodes = async (cluster: KafkaCluster, kafka: KafkaInstallation): Promise<void> => {
  const { processes } = cluster;
  const archive = processes.length === 1 ? draftArchive(kafka) : undefined;
  await Promise.all(processes.map((node) => node.start(archive?.flags)));
  await untilServed(cluster);
  if (archive === undefined) return;
  await Promise.all(processes.map((node) => node.stop()));
  await archive.keep();
  await cluster.heal();
};

/** Folders, configuration and proxies; then every process, and the wait until they serve. */
const bringUp = async (cluster: KafkaCluster, kafka: KafkaInstallation, o: KafkaOptions): Promise<void> => {
  const { places, certificates } = cluster;
  await Promise.all(
    places.map(async (place) => {
      const { id, folder } = cluster.node(place.id);
      const properties = serverProperties({
        node: place,
        nodes: places,
        dataFolder: join(folder, 'data'),
        settings: o.settings ?? {},
        ...(certificates === undefined ? {} : { certificates }),
      });
      const users = o.security?.includes('sasl') ?? false;
      await formatNode(kafka, { id, folder, properties, users });
      await openProxy(cluster, place);
    }),
  );
  await startNodes(cluster, kafka);
};

const launch = async (kafka: KafkaInstallation, run: Run, o: KafkaOptions): Promise<KafkaCluster> => {
  const cluster = new KafkaCluster({
    run,
    folder: join(run.folder, `kafka-${randomBytes(4).toString('hex')}`),
    version: kafka.version,
    places: await reservePlaces(run, o),
    kafka: () => Promise.resolve(kafka),
    certificates: (o.security ?? []).length === 0 ? undefined : testCertificates(),
  });
  try {
    await bringUp(cluster, kafka, o);
    return cluster;
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
};

/**
 * Starts brokers of one's own: for tests that kill, pause or configure them. One node is ready in 1–2 s, three in 4–5 s; the first of a machine in 6 s.
 * They end with `run`'s owner (default: this process) at the latest, and keep no process alive.
 * @throws {DevServiceError} NOT_AVAILABLE, RESOLVE_FAILED, EXITED_EARLY or START_TIMEOUT with the end of the logs
 */
export const startKafka = async (options: KafkaOptions = {}, run?: Run): Promise<KafkaCluster> => {
  const kafka = await findKafka();
  const itsRun = run ?? (await openRun());
  const attempt = (left: number): Promise<KafkaCluster> =>
    launch(kafka, itsRun, options).catch((error: unknown) => {
      if (left === 0 || !portWasTaken(error)) throw error;
      return attempt(left - 1);
    });
  return attempt(PORT_ATTEMPTS - 1);
};
