import { DevServiceError } from '../errors.ts';
import type { KafkaSource } from '../sources.ts';
import { createTopic, leaderOf, type NewTopic } from './admin.ts';
import { type ConsoleRecord, readTopic, type ReadTopicOptions } from './console-consumer.ts';
import type { KafkaNode } from './node.ts';

/** Brokers and what tests ask of them, wherever they come from. */
export interface KafkaAccess {
  readonly available: true;
  readonly source: KafkaSource;
  /** `4.3.1`; `unknown` for configured ones. */
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

/** Access to brokers by their addresses. */
export class Brokers implements KafkaAccess {
  readonly available = true;
  readonly source: KafkaSource;
  readonly version: string;
  readonly brokers: readonly string[];

  constructor(o: { source: KafkaSource; version: string; brokers: readonly string[] }) {
    this.source = o.source;
    this.version = o.version;
    this.brokers = o.brokers;
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
}
