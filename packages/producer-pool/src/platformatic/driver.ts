/** @platformatic/kafka 2.12 behind the port: the driver for throughput. */
import type { Admin } from '@platformatic/kafka';

import { bootstrapOf, checkConnection, type KafkaConnectionOptions, tlsOf } from '../connection.ts';
import type {
  ClusterMetadata,
  DriverProducer,
  HostPort,
  MetadataOptions,
  OpenProducerOptions,
  ProducerDriver,
  SocketTls,
  TopicConfig,
  TopicMetadata,
} from '../driver.ts';
import { eachTopic } from '../each-topic.ts';
import { INVALID_TOPIC } from '../kafka-errors.ts';
import { TOPIC_CONFIG_NAMES, TOPIC_RESOURCE, topicConfigOf } from '../topic-config.ts';
import { makeAdmin, makeProducer } from './client.ts';
import { classifyPlatformatic } from './error-map.ts';
import { portPartitions, topicIn } from './metadata-answer.ts';
import { PlatformaticDriverProducer } from './producer.ts';

class PlatformaticDriver implements ProducerDriver {
  readonly name = 'platformatic';
  readonly capabilities = {
    inFlightPerBroker: { plain: 5, idempotent: 1 },
    selfHeals: true,
    maxRecordsPerCall: 100_000,
    compression: ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
  } as const;
  readonly classify = classifyPlatformatic;
  readonly #options: KafkaConnectionOptions;

  constructor(options: KafkaConnectionOptions) {
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
      const { brokers } = await admin.metadata({ topics: [] });
      return {
        brokers: [...brokers].map(([id, { host, port }]) => ({ id, host, port })),
        topics: await eachTopic(topics, (topic) => topicBy(admin, topic)),
      };
    });
  }

  async topicConfigs(topics: readonly string[], o: MetadataOptions): Promise<ReadonlyMap<string, TopicConfig>> {
    return this.#asAdmin(o, (admin) => eachTopic(topics, (topic) => configOf(admin, topic)));
  }

  async open(o: OpenProducerOptions): Promise<DriverProducer> {
    const client = await makeProducer(this.#options, o);
    try {
      await client.begin(o.signal, async () => {
        await (o.idempotent ? client.inner.initIdempotentProducer({}) : client.inner.metadata({ topics: [] }));
      });
    } catch (error) {
      await client.kill();
      throw error;
    }
    return new PlatformaticDriverProducer(o.id, client, o.idempotent);
  }

  async close(): Promise<void> {
    // Nothing is kept between calls.
  }

  /** By a client of its own each time: refreshes are minutes apart. */
  async #asAdmin<T>(o: MetadataOptions, ask: (admin: Admin) => Promise<T>): Promise<T> {
    const client = await makeAdmin(this.#options, o);
    try {
      return await client.begin(o.signal, () => ask(client.inner));
    } finally {
      await client.kill();
    }
  }
}

const topicBy = async (admin: Admin, topic: string): Promise<TopicMetadata> => {
  try {
    const { topics } = await admin.metadata({ topics: [topic], forceUpdate: true });
    const found = topics.get(topic);
    // The client hides the topics that are Kafka's own, to which nobody else may write.
    if (found === undefined) return { errorCode: INVALID_TOPIC, partitions: [] };
    return { errorCode: 0, partitions: portPartitions(found.partitions) };
  } catch (error) {
    const told = topicIn(error, topic);
    if (told === undefined) throw error;
    return told;
  }
};

/** Undefined where the cluster refuses to say. */
const configOf = async (admin: Admin, topic: string): Promise<TopicConfig | undefined> => {
  try {
    const resources = await admin.describeConfigs({
      resources: [{ resourceType: TOPIC_RESOURCE, resourceName: topic, configurationKeys: [...TOPIC_CONFIG_NAMES] }],
    });
    return topicConfigOf(resources.flatMap(({ configs }) => configs));
  } catch (error) {
    if (classifyPlatformatic(error).kafkaCode === undefined) throw error;
    return undefined;
  }
};

/**
 * @platformatic/kafka as a driver; opens nothing, imports the client at first use (0.5 s).
 * @throws {@link ProducerOptionsError} with every problem of the connection
 */
export const platformaticDriver = (o: KafkaConnectionOptions): ProducerDriver => {
  checkConnection('platformatic', o);
  return new PlatformaticDriver({ ...o });
};
