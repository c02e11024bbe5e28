/** The Kafka of the whole run as a target: the configured one, else one node that the first case that wants it starts. */
import { once } from '../once.ts';
import { type KafkaTarget, topicNames } from './kafka-target.ts';

/** Visits write gigabytes in a run; a minute of keeping what was deleted is the default. */
const CONFIGS = { 'file.delete.delay.ms': '1000' };

/** Records between start and end of all partitions. */
const countOn = async (bootstrap: readonly string[], topic: string): Promise<number> => {
  const { Kafka, logLevel } = await import('kafkajs');
  const admin = new Kafka({ clientId: 'bench-count', brokers: [...bootstrap], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const offsets = await admin.fetchTopicOffsets(topic);
    return offsets.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
  } finally {
    await admin.disconnect();
  }
};

/** @throws Error where there is no Kafka, saying why and what to do */
export const realKafka = once(async (): Promise<KafkaTarget> => {
  const { sharedKafka } = await import('@busbar-tooling/dev-services');
  const kafka = await sharedKafka();
  if (!kafka.available) throw new Error(`no Kafka: ${kafka.reason} ${kafka.help}`);
  const nextName = topicNames();
  return {
    bootstrap: kafka.brokers,
    createTopic: async (partitions) => {
      const topic = nextName();
      await kafka.createTopic(topic, { partitions, configs: CONFIGS });
      return topic;
    },
    count: (topic) => countOn(kafka.brokers, topic),
    deleteTopic: (topic) => kafka.deleteTopic(topic),
  };
});
