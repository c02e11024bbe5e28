/**
 * kafkajs 2.2.4 behind the port. One `Kafka` object per producer, because that is what a kill switch can stop; everything is stated that
 * kafkajs would decide by itself, since `NODE_ENV` changes its defaults.
 */
import type { Admin, Kafka, KafkaConfig, Message, Producer, RecordMetadata } from 'kafkajs';

import {
  bootstrapOf,
  checkConnection,
  type KafkaConnectionOptions,
  type ResolvedConnection,
  resolveConnection,
} from '../connection.ts';
import type {
  ClusterMetadata,
  DriverAck,
  DriverCall,
  DriverProducer,
  FrozenRecord,
  HostPort,
  MetadataOptions,
  OpenProducerOptions,
  PartitionMetadata,
  ProducerDriver,
  TopicConfig,
  TopicMetadata,
} from '../driver.ts';
import { DUPLICATE_SEQUENCE } from '../kafka-errors.ts';
import { TOPIC_CONFIG_NAMES, topicConfigOf } from '../topic-config.ts';
import { clientConfig } from './client-config.ts';
import { availableCodecs, CODEC_NUMBERS, installZstd } from './codecs.ts';
import { classifyKafkaJs, protocolCodeOf } from './error-map.ts';
import { patchIdleTimer } from './idle-timer.ts';
import { KillSwitch, type SocketFactoryPort } from './kill-switch.ts';

export interface KafkaJsDriverOptions extends KafkaConnectionOptions {
  /** Makes the sockets, for a proxy or tunnel; the driver keeps the right to destroy them. */
  readonly socketFactory?: SocketFactoryPort;
  /** Stops the timer that kafkajs 2.2.4 runs every millisecond on idle connections, for the whole process. Default: false. */
  readonly patchIdleTimer?: boolean;
}

/** Inner retries are for stale metadata only; the pool owns the loop. */
const RETRY = { retries: 2, initialRetryTime: 100, maxRetryTime: 500, factor: 0.2, multiplier: 2 };
/** kafkajs refreshes by itself on a stale leader; a refresh by age would fail every partition of a topic when one of them has no leader. */
const METADATA_MAX_AGE_MS = Number.MAX_SAFE_INTEGER;

/** Kafka's number for topics among the things that have a configuration. */
const TOPIC_RESOURCE = 2;

const loadKafkaJs = () => import('kafkajs');

interface Client {
  readonly kafka: Kafka;
  readonly killSwitch: KillSwitch;
}

const makeClient = async (o: KafkaJsDriverOptions, timeouts: MetadataOptions): Promise<Client> => {
  if (o.patchIdleTimer === true) patchIdleTimer();
  const { Kafka: KafkaClass, logLevel, default: all } = await loadKafkaJs();
  installZstd(all.CompressionCodecs);
  const killSwitch = new KillSwitch(o.socketFactory);
  const config: KafkaConfig = {
    ...clientConfig(await resolveConnection(o)),
    connectionTimeout: timeouts.connectTimeoutMs,
    authenticationTimeout: timeouts.connectTimeoutMs,
    requestTimeout: timeouts.requestTimeoutMs,
    enforceRequestTimeout: true,
    retry: { ...RETRY },
    socketFactory: killSwitch.socketFactory,
    // What goes wrong reaches the pool as a fault.
    logLevel: logLevel.NOTHING,
  };
  return { kafka: new KafkaClass(config), killSwitch };
};

/** Runs `fn` and kills the client when the signal aborts, so that `fn` ends. */
const killedBy = async <T>(signal: AbortSignal, client: Client, fn: () => Promise<T>): Promise<T> => {
  const onAbort = (): void => {
    void client.killSwitch.kill('aborted');
  };
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await fn();
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
};

const asBuffer = (part: string | Uint8Array): string | Buffer =>
  typeof part === 'string' ? part : Buffer.from(part.buffer, part.byteOffset, part.byteLength);

const toMessage = (record: FrozenRecord, partition: number): Message => {
  const headers: Record<string, string | Buffer> = {};
  for (const [name, value] of Object.entries(record.headers)) headers[name] = asBuffer(value);
  return {
    key: record.key === null ? null : asBuffer(record.key),
    value: record.value === null ? null : asBuffer(record.value),
    headers,
    partition,
    timestamp: String(record.timestampMs),
  };
};

const toAck = (call: DriverCall, answers: readonly RecordMetadata[]): DriverAck | undefined => {
  const own = answers.find((answer) => answer.topicName === call.topic && answer.partition === call.partition);
  if (own === undefined) return undefined;
  const offset = own.baseOffset ?? own.offset;
  const baseOffset = offset === undefined || offset.startsWith('-') ? undefined : BigInt(offset);
  return { topic: own.topicName, partition: own.partition, errorCode: own.errorCode, baseOffset };
};

class KafkaJsProducer implements DriverProducer {
  readonly id: string;
  readonly #client: Client;
  readonly #producer: Producer;

  constructor(id: string, client: Client, producer: Producer) {
    this.id = id;
    this.#client = client;
    this.#producer = producer;
  }

  async send(call: DriverCall): Promise<DriverAck | undefined> {
    const { topic, partition } = call;
    try {
      const answers = await this.#producer.send({
        topic,
        messages: call.records.map((record) => toMessage(record, partition)),
        acks: call.acks === 'all' ? -1 : 1,
        timeout: call.timeoutMs,
        compression: CODEC_NUMBERS[call.compression],
      });
      return toAck(call, answers);
    } catch (error) {
      // kafkajs throws what is a success: the broker has these records already.
      if (protocolCodeOf(error) === DUPLICATE_SEQUENCE)
        return { topic, partition, errorCode: DUPLICATE_SEQUENCE, baseOffset: undefined };
      throw error;
    }
  }

  connections(): number {
    return this.#client.killSwitch.connections;
  }

  async kill(reason: string): Promise<void> {
    await this.#client.killSwitch.kill(reason);
  }

  async close(o: { readonly deadlineMs: number }): Promise<void> {
    await disconnect(this.#producer, this.#client, o.deadlineMs);
  }
}

/** `disconnect()` alone promises nothing: it may hang, and leaves sockets and retry loops. */
const disconnect = async (part: { disconnect(): Promise<void> }, client: Client, deadlineMs: number): Promise<void> => {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, deadlineMs);
  await Promise.race([part.disconnect().catch(() => undefined), late.promise]);
  clearTimeout(timer);
  await client.killSwitch.kill('closed');
};

const partitionsOf = (
  partitions: readonly { partitionId: number; leader: number; replicas: number[]; isr: number[] }[],
): readonly PartitionMetadata[] => {
  const byId: PartitionMetadata[] = [];
  for (const { partitionId, leader, replicas, isr } of partitions) {
    byId[partitionId] = { leader: leader < 0 ? undefined : leader, replicas, isr };
  }
  return byId;
};

/** How long an admin client gets to say goodbye. */
const ADMIN_CLOSE_MS = 1_000;

class KafkaJsDriver implements ProducerDriver {
  readonly name = 'kafkajs';
  readonly capabilities = {
    inFlightPerBroker: { plain: 16, idempotent: 1 },
    selfHeals: false,
    maxRecordsPerCall: 500,
    compression: availableCodecs(),
  };
  readonly classify = classifyKafkaJs;
  readonly #options: KafkaJsDriverOptions;

  constructor(options: KafkaJsDriverOptions) {
    this.#options = options;
  }

  bootstrap(): Promise<readonly HostPort[]> {
    return bootstrapOf(this.#options);
  }

  async tls(): Promise<ResolvedConnection['tls']> {
    const { tls } = await resolveConnection(this.#options);
    return tls;
  }

  async metadata(topics: readonly string[], o: MetadataOptions): Promise<ClusterMetadata> {
    return this.#asAdmin(o, async (admin) => {
      if (topics.length === 0) {
        const { brokers } = await admin.describeCluster();
        return { brokers: brokers.map(({ nodeId, host, port }) => ({ id: nodeId, host, port })), topics: new Map() };
      }
      // One request a topic: kafkajs fails the whole answer for one topic it does not find.
      const found = await Promise.all(topics.map(async (topic) => [topic, await topicBy(admin, topic)] as const));
      return { brokers: [], topics: new Map(found) };
    });
  }

  async topicConfigs(topics: readonly string[], o: MetadataOptions): Promise<ReadonlyMap<string, TopicConfig>> {
    return this.#asAdmin(o, async (admin) => {
      const found = await Promise.all(topics.map(async (topic) => [topic, await configOf(admin, topic)] as const));
      return new Map(found.flatMap(([topic, config]) => (config === undefined ? [] : [[topic, config]])));
    });
  }

  async open(o: OpenProducerOptions): Promise<DriverProducer> {
    const client = await makeClient(this.#options, o);
    const producer = client.kafka.producer({
      idempotent: o.idempotent,
      ...(o.idempotent ? { maxInFlightRequests: 1 } : {}),
      retry: { ...RETRY },
      allowAutoTopicCreation: false,
      metadataMaxAge: METADATA_MAX_AGE_MS,
      // Every message names its partition.
      createPartitioner: () => (args) => args.message.partition ?? 0,
    });
    try {
      await killedBy(o.signal, client, async () => {
        await producer.connect();
      });
    } catch (error) {
      await client.killSwitch.kill('not opened');
      throw error;
    }
    return new KafkaJsProducer(o.id, client, producer);
  }

  async close(): Promise<void> {
    // Nothing is kept between calls.
  }

  /** By a client of its own each time: refreshes are minutes apart, and an idle kafkajs connection costs CPU. */
  async #asAdmin<T>(o: MetadataOptions, ask: (admin: Admin) => Promise<T>): Promise<T> {
    const client = await makeClient(this.#options, o);
    const admin = client.kafka.admin({ retry: { ...RETRY } });
    try {
      return await killedBy(o.signal, client, async () => {
        await admin.connect();
        return ask(admin);
      });
    } finally {
      await disconnect(admin, client, ADMIN_CLOSE_MS);
    }
  }
}

const topicBy = async (admin: Admin, topic: string): Promise<TopicMetadata> => {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const found = topics.find(({ name }) => name === topic);
    return { errorCode: 0, partitions: partitionsOf(found?.partitions ?? []) };
  } catch (error) {
    const errorCode = protocolCodeOf(error);
    if (errorCode === undefined) throw error;
    return { errorCode, partitions: [] };
  }
};

/** Undefined where the cluster refuses to say. */
const configOf = async (admin: Admin, topic: string): Promise<TopicConfig | undefined> => {
  try {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: TOPIC_RESOURCE, name: topic, configNames: [...TOPIC_CONFIG_NAMES] }],
    });
    const entries = resources.flatMap(({ configEntries }) => configEntries);
    return topicConfigOf(entries.map(({ configName, configValue }) => ({ name: configName, value: configValue })));
  } catch (error) {
    if (protocolCodeOf(error) === undefined) throw error;
    return undefined;
  }
};

/**
 * kafkajs as a driver; opens nothing, imports kafkajs at first use.
 * @throws {@link ProducerOptionsError} with every problem of the connection
 */
export const kafkaJsDriver = (o: KafkaJsDriverOptions): ProducerDriver => {
  checkConnection('kafkajs', o);
  return new KafkaJsDriver({ ...o });
};
