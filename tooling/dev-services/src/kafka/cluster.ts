/**
 * One Kafka node or three, each broker and controller, from Apache's own jars. Ready means: every node lists all nodes and a controller,
 * a topic on all of them has its leaders and replicas, and producers and groups are served; right after the start they are not, and
 * clients log that as an error.
 */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { DevServiceError } from '../errors.ts';
import { poll } from '../poll.ts';
import { releasePorts, reservePorts } from '../ports.ts';
import { openRun } from '../reaper.ts';
import type { Run } from '../run-folder.ts';
import { createTopic, leaderOf, type NewTopic } from './admin.ts';
import { findKafka, type KafkaInstallation } from './class-path.ts';
import { type ConsoleRecord, readTopic, type ReadTopicOptions } from './console-consumer.ts';
import { formatNode } from './format.ts';
import { clusterState, coordinatorError, isWhole, producerIdError } from './metadata-probe.ts';
import { type KafkaNode, KafkaProcess } from './node.ts';
import { brokerAddresses, type NodePlace, serverProperties } from './properties.ts';

export interface KafkaOptions {
  /** Default: 1. Three survive the death of one, and cost 450 MB of memory. */
  readonly nodes?: 1 | 3;
  /** Server settings of every node on top of ours, as in `server.properties`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Brokers and what tests ask of them, wherever they come from. */
export interface KafkaAccess {
  readonly available: true;
  readonly source: 'configured' | 'maven';
  /** `4.3.1`; `unknown` for configured brokers. */
  readonly version: string;
  /** `host:port` of each broker. */
  readonly brokers: readonly string[];
  /** Resolves when every broker knows the topic with its leaders and full replicas. */
  createTopic(name: string, o?: Omit<NewTopic, 'name'>): Promise<void>;
  /** The node that leads a partition now; -1 without one. */
  leader(topic: string, partition: number): Promise<number>;
  /** Everything in a topic, as Apache's own Java consumer sees it: the reader that is not ours (1 s). */
  readWithJava(topic: string, o?: ReadTopicOptions): Promise<readonly ConsoleRecord[]>;
}

/** Brokers that may be broken on purpose, if they are ours. */
export interface KafkaService extends KafkaAccess, AsyncDisposable {
  /** Empty for configured brokers: nothing there is ours to kill. */
  readonly nodes: readonly KafkaNode[];
  /** Node 1, or 1 to 3. @throws {DevServiceError} UNSUPPORTED_FAULT for configured brokers. */
  node(id: number): KafkaNode;
  /** Starts and resumes what is down and resolves when all nodes are members and all replicas in sync. */
  heal(): Promise<void>;
  /** The last 64 KiB of a node's log. */
  logTail(id: number): string;
}

const READY_WITHIN_MS = 60_000;
const PORTS_PER_NODE = 3;
const PORT_ATTEMPTS = 5;
const PROBE_TOPIC = 'dev-services-probe';

/** Access to brokers by their addresses. */
export class Brokers implements KafkaAccess {
  readonly available = true;
  readonly source: 'configured' | 'maven';
  readonly version: string;
  readonly brokers: readonly string[];

  constructor(o: { source: 'configured' | 'maven'; version: string; brokers: readonly string[] }) {
    this.source = o.source;
    this.version = o.version;
    this.brokers = o.brokers;
  }

  /** The brokers that can be asked now. */
  protected askable(): readonly string[] {
    return this.brokers;
  }

  async createTopic(name: string, o: Omit<NewTopic, 'name'> = {}): Promise<void> {
    await createTopic(this.askable(), { name, ...o });
  }

  leader(topic: string, partition: number): Promise<number> {
    return leaderOf(this.askable()[0] ?? '', topic, partition);
  }

  readWithJava(topic: string, o: ReadTopicOptions = {}): Promise<readonly ConsoleRecord[]> {
    return readTopic(this.askable(), topic, o);
  }
}

export interface ClusterPlace {
  readonly run: Run;
  readonly folder: string;
  readonly version: string;
  readonly places: readonly NodePlace[];
  readonly kafka: () => Promise<KafkaInstallation>;
}

export class KafkaCluster extends Brokers implements KafkaService {
  declare readonly source: 'maven';
  readonly nodes: readonly KafkaProcess[];
  readonly folder: string;
  readonly places: readonly NodePlace[];
  readonly #run: Run;

  constructor(place: ClusterPlace) {
    super({ source: 'maven', version: place.version, brokers: brokerAddresses(place.places) });
    this.folder = place.folder;
    this.places = place.places;
    this.#run = place.run;
    this.nodes = place.places.map(
      ({ id, ports }) =>
        new KafkaProcess({
          id,
          address: `127.0.0.1:${ports.plain}`,
          folder: join(place.folder, `node-${id}`),
          run: place.run,
          kafka: place.kafka,
        }),
    );
  }

  protected override askable(): readonly string[] {
    return this.nodes.filter((node) => node.isRunning()).map((node) => node.address);
  }

  node(id: number): KafkaProcess {
    const found = this.nodes.find((node) => node.id === id);
    if (found !== undefined) return found;
    throw new RangeError(`there is no Kafka node ${id}: this cluster has ${this.nodes.length}`);
  }

  logTail(id: number): string {
    return this.node(id).logTail();
  }

  async heal(): Promise<void> {
    for (const node of this.nodes) node.resume();
    await Promise.all(this.nodes.map((node) => node.start()));
    await this.#until('all nodes and replicas are there', (broker) => this.#isHealthy(broker));
  }

  /** Waits until the cluster serves producers, consumers and new topics. */
  async untilReady(): Promise<void> {
    await this.#until('all nodes are there', (broker) => this.#isHealthy(broker));
    await this.createTopic(PROBE_TOPIC, { partitions: 1, replicationFactor: this.nodes.length });
    await this.#until('producers are served', async (broker) => (await producerIdError(broker)) === 0);
    await this.#until('groups are served', async (broker) => (await coordinatorError(broker)) === 0);
    await this.#until('all replicas are there', (broker) => this.#isHealthy(broker));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
    releasePorts(
      this.#run,
      this.places.flatMap(({ ports }) => Object.values(ports)),
    );
    if (process.env['DEV_SERVICES_KEEP'] !== '1') rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #isHealthy(broker: string): Promise<boolean> {
    const { brokers, controller, topics } = await clusterState(broker);
    return controller >= 0 && brokers.length === this.nodes.length && topics.every(isWhole);
  }

  /** Asks every node, each 50 ms, until all say yes. */
  async #until(what: string, isSo: (broker: string) => Promise<boolean>): Promise<void> {
    const saysYes = (broker: string): Promise<boolean> => isSo(broker).catch(() => false);
    const all = await poll(
      async () => ((await Promise.all(this.brokers.map(saysYes))).every(Boolean) ? true : undefined),
      { intervalMs: 50, timeoutMs: READY_WITHIN_MS },
    );
    if (all === true) return;
    throw new DevServiceError('START_TIMEOUT', {
      service: 'Kafka',
      reason: `after ${READY_WITHIN_MS} ms it is not so that ${what}`,
      logTail: this.nodes.map((node) => node.logTail()).join('\n'),
    });
  }
}

const placesFor = (ports: readonly number[]): readonly NodePlace[] =>
  Array.from({ length: ports.length / PORTS_PER_NODE }, (_, index) => {
    const [internal = 0, plain = 0, controller = 0] = ports.slice(index * PORTS_PER_NODE);
    return { id: index + 1, ports: { internal, plain, controller } };
  });

const portWasTaken = (error: unknown): boolean =>
  error instanceof DevServiceError && error.code === 'EXITED_EARLY' && error.logTail.includes('Address already in use');

const launch = async (kafka: KafkaInstallation, run: Run, o: KafkaOptions): Promise<KafkaCluster> => {
  const places = placesFor(await reservePorts(run, (o.nodes ?? 1) * PORTS_PER_NODE));
  const folder = join(run.folder, `kafka-${randomBytes(4).toString('hex')}`);
  const cluster = new KafkaCluster({
    run,
    folder,
    version: kafka.version,
    places,
    kafka: () => Promise.resolve(kafka),
  });
  try {
    await Promise.all(
      cluster.nodes.map(async (node, index) => {
        const place = places[index];
        if (place === undefined) return;
        const dataFolder = join(node.folder, 'data');
        await formatNode(
          kafka,
          node,
          serverProperties({ node: place, nodes: places, dataFolder, settings: o.settings ?? {} }),
        );
      }),
    );
    await Promise.all(cluster.nodes.map((node) => node.start()));
    await cluster.untilReady();
    return cluster;
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
};

/**
 * Starts brokers of one's own: for tests that kill, pause or configure them. One node is ready in 2–3 s, three in 6–8 s.
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
