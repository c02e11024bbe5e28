/** One Kafka node or three, each broker and controller, from Apache's own jars. */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { DevServiceError } from '../errors.ts';
import { releasePorts, reservePorts } from '../ports.ts';
import { openRun } from '../reaper.ts';
import type { Run } from '../run-folder.ts';
import { Brokers, type KafkaService } from './brokers.ts';
import { findKafka, type KafkaInstallation } from './class-path.ts';
import { formatNode } from './format.ts';
import { KafkaProcess } from './node.ts';
import { brokerAddresses, type NodePlace, serverProperties } from './properties.ts';
import { untilHealthy, untilServed } from './readiness.ts';

export interface KafkaOptions {
  /** Default: 1. Three survive the death of one, and cost 450 MB of memory. */
  readonly nodes?: 1 | 3;
  /** Server settings of every node on top of ours, as in `server.properties`. */
  readonly settings?: Readonly<Record<string, string>>;
}

const PORTS_PER_NODE = 3;
const PORT_ATTEMPTS = 5;

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
    return this.nodes.filter((node) => node.isServing()).map((node) => node.address);
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
    await untilHealthy(this);
  }

  logTails(): string {
    return this.nodes.map((node) => node.logTail()).join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
    releasePorts(
      this.#run,
      this.places.flatMap(({ ports }) => Object.values(ports)),
    );
    if (process.env['DEV_SERVICES_KEEP'] !== '1') rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
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
    await untilServed(cluster);
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
