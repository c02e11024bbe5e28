/** kafkajs as its documentation says to use it, beside a pool with short times on the same kind of cluster. */
import { connect, type Socket } from 'node:net';

import { Kafka, logLevel, type Message, type Producer, type ProducerConfig, type RecordMetadata } from 'kafkajs';

import { createProducerPool, type ProducerPool, type ProducerPoolOptions } from '../../src/index.ts';
import { kafkaJsDriver } from '../../src/kafkajs/index.ts';
import type { SocketFactoryPort } from '../../src/kafkajs/kill-switch.ts';
import { type FakeCluster, startFakeCluster } from '../../src/testing/index.ts';

export const TOPIC = 't';
/** Of the length in front of a frame. */
const LENGTH_BYTES = 4;

export interface RawOptions extends Pick<ProducerConfig, 'idempotent' | 'createPartitioner'> {
  readonly brokers?: readonly string[];
  readonly requestTimeout?: number;
  readonly retries?: number;
  readonly retryMs?: number;
  readonly tap?: SocketTap;
}

/** A socket factory that sees what reaches its sockets, and what their listeners throw, which would end the process. */
export class SocketTap {
  readonly uncaught: unknown[] = [];
  #broken: Socket | undefined;
  #onHalf: (() => void) | undefined;

  readonly socketFactory: SocketFactoryPort = ({ host, port, onConnect }) => {
    const socket = connect({ host, port }, onConnect);
    const emit = socket.emit.bind(socket);
    Object.defineProperty(socket, 'emit', {
      value: (event: string, ...args: readonly unknown[]): boolean => {
        try {
          return emit(event, ...args);
        } catch (error) {
          return this.uncaught.push(error) > 0;
        } finally {
          const [chunk] = args;
          if (event === 'data' && Buffer.isBuffer(chunk) && chunk.length < LENGTH_BYTES + chunk.readInt32BE()) {
            this.#broken = socket;
            this.#onHalf?.();
          }
        }
      },
    });
    return socket;
  };

  /** Resolves when half a frame has arrived. */
  half(): Promise<void> {
    return new Promise((resolve) => {
      this.#onHalf = resolve;
    });
  }

  /** Breaks the connection that the half frame came from, as a broker does that is killed. */
  reset(): void {
    this.#broken?.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
  }
}

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
      ...(o.tap === undefined ? {} : { socketFactory: o.tap.socketFactory }),
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
  o: Partial<ProducerPoolOptions> & { readonly patchIdleTimer?: boolean; readonly tap?: SocketTap } = {},
): Promise<ProducerPool> => {
  const { patchIdleTimer = false, tap, ...options } = o;
  const pool = createProducerPool({
    driver: kafkaJsDriver({
      brokers: cluster.bootstrap,
      clientId: 'pool',
      patchIdleTimer,
      ...(tap === undefined ? {} : { socketFactory: tap.socketFactory }),
    }),
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
