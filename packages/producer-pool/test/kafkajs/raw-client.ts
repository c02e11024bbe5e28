/** kafkajs as its documentation says to use it, beside a pool with short times on the same kind of cluster. */
import { connect } from 'node:net';

import {
  type ISocketFactory,
  Kafka,
  logLevel,
  type Message,
  type Producer,
  type ProducerConfig,
  type RecordMetadata,
} from 'kafkajs';

import { createProducerPool, type ProducerPool, type ProducerPoolOptions } from '../../src/index.ts';
import { kafkaJsDriver } from '../../src/kafkajs/index.ts';
import { type FakeCluster, startFakeCluster } from '../../src/testing/index.ts';

export const TOPIC = 't';

export interface RawOptions extends Pick<ProducerConfig, 'idempotent' | 'createPartitioner'> {
  readonly brokers?: readonly string[];
  readonly requestTimeout?: number;
  readonly retries?: number;
  readonly retryMs?: number;
  /** Gets what a listener of a socket throws, which would end the process. */
  readonly onUncaught?: (error: unknown) => void;
}

/** A plain socket, but for exceptions of its listeners. */
const catchingSocket =
  (onUncaught: (error: unknown) => void): ISocketFactory =>
  ({ host, port, onConnect }) => {
    const socket = connect({ host, port }, onConnect);
    const { emit } = socket;
    Object.defineProperty(socket, 'emit', {
      value: (...args: readonly unknown[]): boolean => {
        try {
          return Reflect.apply(emit, socket, args) === true;
        } catch (error) {
          onUncaught(error);
          return false;
        }
      },
    });
    return socket;
  };

interface Awaited {
  readonly text: string;
  readonly broker: string | undefined;
  readonly resolve: () => void;
}

/** A connected producer of kafkajs, with its debug log as a signal of what happens inside. */
export class RawClient implements AsyncDisposable {
  readonly kafka: Kafka;
  readonly producer: Producer;
  readonly #awaited = new Set<Awaited>();

  constructor(cluster: FakeCluster, o: RawOptions) {
    const { brokers = cluster.bootstrap, requestTimeout = 30_000, retries = 20, retryMs = 10 } = o;
    const retry = { retries, initialRetryTime: retryMs, maxRetryTime: retryMs, multiplier: 1, factor: 0.1 };
    this.kafka = new Kafka({
      clientId: 'raw',
      brokers: [...brokers],
      requestTimeout,
      retry,
      ...(o.onUncaught === undefined ? {} : { socketFactory: catchingSocket(o.onUncaught) }),
      logLevel: logLevel.DEBUG,
      logCreator:
        () =>
        ({ log }) => {
          for (const { text, broker, resolve } of this.#awaited)
            if (log.message.includes(text) && (broker === undefined || broker === log['broker'])) resolve();
        },
    });
    this.producer = this.kafka.producer({
      allowAutoTopicCreation: false,
      retry,
      ...(o.idempotent === true ? { idempotent: true } : {}),
      ...(o.createPartitioner === undefined ? {} : { createPartitioner: o.createPartitioner }),
    });
  }

  /** Resolves when kafkajs logs something that contains this, of the broker at this `host:port` if one is named. */
  said(text: string, broker?: string): Promise<void> {
    return new Promise((resolve) => {
      const awaited = {
        text,
        broker,
        resolve: () => {
          this.#awaited.delete(awaited);
          resolve();
        },
      };
      this.#awaited.add(awaited);
    });
  }

  send(...messages: readonly Message[]): Promise<RecordMetadata[]> {
    return this.producer.send({ topic: TOPIC, messages: [...messages] });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.producer.disconnect();
  }
}

export const rawClient = async (cluster: FakeCluster, o: RawOptions = {}): Promise<RawClient> => {
  const client = new RawClient(cluster, o);
  await client.producer.connect();
  return client;
};

/** A started pool that gives up and retries soon. */
export const startedPool = async (
  cluster: FakeCluster,
  o: Partial<ProducerPoolOptions> & { readonly patchIdleTimer?: boolean } = {},
): Promise<ProducerPool> => {
  const { patchIdleTimer = false, ...options } = o;
  const pool = createProducerPool({
    driver: kafkaJsDriver({ brokers: cluster.bootstrap, clientId: 'pool', patchIdleTimer }),
    requestTimeoutMs: 1_000,
    connectTimeoutMs: 500,
    retry: { baseMs: 1, maxMs: 20 },
    ...options,
    pool: { replaceBaseMs: 1, replaceMaxMs: 20, ...options.pool },
  });
  await pool.start();
  return pool;
};

/** The values in the log, partition by partition. */
export const valuesOf = (cluster: FakeCluster): readonly string[] =>
  cluster.log(TOPIC).map(({ value }) => value?.toString('utf8') ?? '');

/** Partition p of the topic is led by broker p + 1 in turn. */
export const clusterOf = (brokers: number, partitions: number): Promise<FakeCluster> =>
  startFakeCluster({ brokers, topics: { [TOPIC]: partitions } });

/** A record, for either of them. */
export const on = (partition: number, value: string) => ({ topic: TOPIC, partition, value });
