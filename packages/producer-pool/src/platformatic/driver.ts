/** @platformatic/kafka 2.12 behind the port: the driver for throughput. */
import { causes } from '@busbar/errors';
import type { ClusterMetadata as ClientMetadata } from '@platformatic/kafka';

import {
  bootstrapOf,
  checkConnection,
  type KafkaConnectionOptions,
  type ResolvedConnection,
  resolveConnection,
} from '../connection.ts';
import type {
  ClusterMetadata,
  DriverProducer,
  HostPort,
  MetadataOptions,
  OpenProducerOptions,
  ProducerDriver,
  TopicMetadata,
} from '../driver.ts';
import { type Client, killedBy, makeClient } from './client.ts';
import { classifyPlatformatic } from './error-map.ts';
import { PlatformaticDriverProducer } from './producer.ts';
import { refusedTopic } from './refused-topic.ts';

const topicOf = (metadata: ClientMetadata, topic: string): TopicMetadata => ({
  errorCode: 0,
  partitions: (metadata.topics.get(topic)?.partitions ?? []).map(({ leader, replicas, isr }) => ({
    leader: leader < 0 ? undefined : leader,
    replicas,
    isr,
  })),
});

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

  async tls(): Promise<ResolvedConnection['tls']> {
    const { tls } = await resolveConnection(this.#options);
    return tls;
  }

  /** By a client of its own each time: refreshes are minutes apart. */
  async metadata(topics: readonly string[], o: MetadataOptions): Promise<ClusterMetadata> {
    const client = await makeClient(this.#options, { ...o, idempotent: false });
    try {
      return await killedBy(o.signal, client, async () => {
        const { brokers } = await client.producer.metadata({ topics: [] });
        // One request a topic: the client fails the whole answer for one topic it does not find.
        const found = await Promise.all(topics.map(async (topic) => [topic, await topicBy(client, topic)] as const));
        return {
          brokers: [...brokers].map(([id, { host, port }]) => ({ id, host, port })),
          topics: new Map(found),
        };
      });
    } finally {
      await client.kill();
    }
  }

  async open(o: OpenProducerOptions): Promise<DriverProducer> {
    const client = await makeClient(this.#options, o);
    try {
      await killedBy(o.signal, client, async () => {
        await (o.idempotent ? client.producer.initIdempotentProducer({}) : client.producer.metadata({ topics: [] }));
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
}

const topicBy = async ({ producer }: Client, topic: string): Promise<TopicMetadata> => {
  try {
    return topicOf(await producer.metadata({ topics: [topic], forceUpdate: true }), topic);
  } catch (error) {
    const refused = refusedTopic([...causes(error)], topic);
    if (refused === undefined) throw error;
    return refused;
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
