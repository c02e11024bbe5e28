/** kafkajs 2.2.4 behind the port. One `Kafka` object per producer, because that is what a kill switch can stop. */
import type { Admin } from 'kafkajs';

import { bootstrapOf, checkConnection, type ResolvedConnection, resolveConnection } from '../connection.ts';
import type {
  ClusterMetadata,
  DriverProducer,
  HostPort,
  MetadataOptions,
  OpenProducerOptions,
  PartitionMetadata,
  ProducerDriver,
  TopicConfig,
  TopicMetadata,
} from '../driver.ts';
import { TOPIC_CONFIG_NAMES, topicConfigOf } from '../topic-config.ts';
import { disconnect, killedBy, type KafkaJsDriverOptions, makeClient, RETRY } from './client.ts';
import { availableCodecs } from './codecs.ts';
import { classifyKafkaJs, protocolCodeOf } from './error-map.ts';
import { KafkaJsProducer } from './producer.ts';

/** kafkajs refreshes by itself on a stale leader; a refresh by age would only hold up a call. */
const METADATA_MAX_AGE_MS = Number.MAX_SAFE_INTEGER;

/** Kafka's number for topics among the things that have a configuration. */
const TOPIC_RESOURCE = 2;

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
