import { DevServiceError } from '../errors.ts';
import type { KafkaSource } from '../sources.ts';
import type { TestCertificates } from '../tls/certificates.ts';
import {
  configureTopic,
  createTopic,
  deleteTopic,
  extendTopic,
  leaderOf,
  limitProducers,
  type NewTopic,
} from './admin.ts';
import { type ConsoleRecord, readTopic, type ReadTopicOptions } from './console-consumer.ts';
import { moveLeader } from './leaders.ts';
import type { KafkaListener } from './listeners.ts';
import type { KafkaNode } from './node.ts';

export type KafkaListeners = Readonly<Record<KafkaListener, readonly string[]>>;

/** Brokers and what tests ask of them, wherever they come from. */
export interface KafkaAccess {
  readonly available: true;
  readonly source: KafkaSource;
  /** `4.3.1`; `unknown` for configured ones. */
  readonly version: string;
  /** `host:port` of each broker. */
  readonly brokers: readonly string[];
  /** The same by the way clients come in; empty where there is no such listener. `plain` is `brokers`. */
  readonly listeners: KafkaListeners;
  /** Resolves when every broker knows the topic with its leaders and full replicas. */
  createTopic(name: string, o?: Omit<NewTopic, 'name'>): Promise<void>;
  /** The node that leads a partition now; -1 without one. */
  leader(topic: string, partition: number): Promise<number>;
  /** Everything in a topic, as Apache's own Java consumer sees it: the reader that is not ours (1 s). */
  readWithJava(topic: string, o?: ReadTopicOptions): Promise<readonly ConsoleRecord[]>;
  /** Takes a topic away; who still writes to it is told UNKNOWN_TOPIC. Resolves when no broker knows it. */
  deleteTopic(name: string): Promise<void>;
  /** Adds partitions up to `partitions`; resolves when every broker knows them. */
  extendTopic(name: string, partitions: number): Promise<void>;
  /** Changes settings of a topic, `max.message.bytes` say; undefined: as the broker has it. Brokers apply them a moment later. */
  configureTopic(name: string, configs: Readonly<Record<string, string | undefined>>): Promise<void>;
  /** Makes one of a partition's replicas its leader; resolves when it is elected. @throws when it is not in sync. */
  moveLeader(topic: string, partition: number, node: number): Promise<void>;
  /** Clients named so may write so many bytes per second to a broker, and are throttled beyond; undefined: no limit. */
  limitProducers(clientId: string, bytesPerSecond: number | undefined): Promise<void>;
}

/** Brokers that may be broken on purpose, if they are ours. */
export interface KafkaService extends KafkaAccess, AsyncDisposable {
  /** Of the listeners with TLS, and of their clients; undefined without such listeners. */
  readonly certificates?: TestCertificates | undefined;
  /** Empty for configured brokers: nothing there is ours to kill. */
  readonly nodes: readonly KafkaNode[];
  /** Node 1, or 1 to 3. @throws {DevServiceError} UNSUPPORTED_FAULT for configured brokers. */
  node(id: number): KafkaNode;
  /** Starts and resumes what is down and resolves when all nodes are members and all replicas in sync. */
  heal(): Promise<void>;
  /** The last 64 KiB of a node's log. */
  logTail(id: number): string;
}

const NO_LISTENERS: KafkaListeners = {
  plain: [],
  proxied: [],
  tls: [],
  'mutual-tls': [],
  expired: [],
  'wrong-host': [],
  sasl: [],
};

/** Access to brokers by their addresses. */
export class Brokers implements KafkaAccess {
  readonly available = true;
  readonly source: KafkaSource;
  readonly version: string;
  readonly brokers: readonly string[];
  readonly listeners: KafkaListeners;

  constructor(o: { source: KafkaSource; version: string; brokers: readonly string[]; listeners?: KafkaListeners }) {
    this.source = o.source;
    this.version = o.version;
    this.brokers = o.brokers;
    this.listeners = o.listeners ?? { ...NO_LISTENERS, plain: o.brokers };
  }

  /** The brokers that can be asked now. */
  protected askable(): readonly string[] {
    return this.brokers;
  }

  #running(): readonly string[] {
    const brokers = this.askable();
    if (brokers.length > 0) return brokers;
    throw new DevServiceError('NOT_AVAILABLE', {
      service: 'Kafka',
      reason: 'no broker runs',
      help: 'Start a node, or heal().',
    });
  }

  async createTopic(name: string, o: Omit<NewTopic, 'name'> = {}): Promise<void> {
    await createTopic(this.#running(), { name, ...o });
  }

  async leader(topic: string, partition: number): Promise<number> {
    return leaderOf(this.#running()[0] ?? '', topic, partition);
  }

  async readWithJava(topic: string, o: ReadTopicOptions = {}): Promise<readonly ConsoleRecord[]> {
    return readTopic(this.#running(), topic, o);
  }

  async deleteTopic(name: string): Promise<void> {
    await deleteTopic(this.#running(), name);
  }

  async extendTopic(name: string, partitions: number): Promise<void> {
    await extendTopic(this.#running(), name, partitions);
  }

  async configureTopic(name: string, configs: Readonly<Record<string, string | undefined>>): Promise<void> {
    await configureTopic(this.#running(), name, configs);
  }

  async moveLeader(topic: string, partition: number, node: number): Promise<void> {
    await moveLeader(this.#running()[0] ?? '', { topic, partition, node });
  }

  async limitProducers(clientId: string, bytesPerSecond: number | undefined): Promise<void> {
    await limitProducers(this.#running(), clientId, bytesPerSecond);
  }
}
