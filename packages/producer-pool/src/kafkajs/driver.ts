/** kafkajs 2.2.4 behind the port. One `Kafka` object per producer, because that is what a kill switch can stop. */
import type { Admin } from 'kafkajs';

import { bootstrapOf, checkConnection, tlsOf } from '../connection.ts';
import type {
  ClusterMetadata,
  DriverProducer,
  HostPort,
  MetadataOptions,
  OpenProducerOptions,
  PartitionMetadata,
  ProducerDriver,
  SocketTls,
  TopicConfig,
  TopicMetadata,
} from '../driver.ts';
import { eachTopic } from '../each-topic.ts';
import { killedBy } from '../killed-by.ts';
import { TOPIC_CONFIG_NAMES, TOPIC_RESOURCE, topicConfigOf } from '../topic-config.ts';
import { disconnect, type KafkaJsDriverOptions, makeClient, RETRY } from './client.ts';
import { availableCodecs } from './codecs.ts';
import { classifyKafkaJs, protocolCodeOf } from './error-map.ts';
import { KafkaJsProducer } from './producer.ts';

/** kafkajs refreshes by itself on a stale leader; a refresh by age would only hold up a call. */
const METADATA_MAX_AGE_MS = Number.MAX_SAFE_INTEGER;

export const partitionsOf = (
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

  tls(): Promise<SocketTls | undefined> {
    return tlsOf(this.#options);
  }

  async metadata(topics: readonly string[], o: MetadataOptions): Promise<ClusterMetadata> {
    return this.#asAdmin(o, async (admin) => {
      if (topics.length === 0) {
        const { brokers } = await admin.describeCluster();
        return { brokers: brokers.map(({ nodeId, host, port }) => ({ id: nodeId, host, port })), topics: new Map() };
      }
      return { brokers: [], topics: await eachTopic(topics, (topic) => topicBy(admin, topic)) };
    });
  }

  async topicConfigs(topics: readonly string[], o: MetadataOptions): Promise<ReadonlyMap<string, TopicConfig>> {
    return this.#asAdmin(o, (admin) => eachTopic(topics, (topic) => configOf(admin, topic)));
  }

  async open(o: OpenProducerOptions): Promise<DriverProducer> {
    const client = await makeClient(this.#options, o);
    const { killSwitch } = client;
    const producer = client.kafka.producer({
      idempotent: o.idempotent,
      ...(o.idempotent ? { maxInFlightRequests: 1 } : {}),
      retry: { ...RETRY },
      allowAutoTopicCreation: false,
      metadataMaxAge: METADATA_MAX_AGE_MS,
      // Every message names its partition.
      createPartitioner:
        () =>
        ({ message }) =>
          Number(message.partition),
    });
    try {
      await killedBy(
        o.signal,
        () => killSwitch.kill('aborted'),
        () => producer.connect(),
      );
    } catch (error) {
      await killSwitch.kill('not opened');
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
      return await killedBy(
        o.signal,
        () => client.killSwitch.kill('aborted'),
        async () => {
          await admin.connect();
          return ask(admin);
        },
      );
    } finally {
      await disconnect(admin, client, ADMIN_CLOSE_MS);
    }
  }
}

const topicBy = async (admin: Admin, topic: string): Promise<TopicMetadata> => {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return { errorCode: 0, partitions: partitionsOf(topics.flatMap(({ partitions }) => partitions)) };
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
