/** What drivers ask the cluster about a topic's configuration, and how they read the answer. */
import type { TopicConfig } from './driver.ts';

/** Kafka's number for topics among the things that have a configuration. */
export const TOPIC_RESOURCE = 2;

export const TOPIC_CONFIG_NAMES = [
  'max.message.bytes',
  'min.insync.replicas',
  'message.timestamp.type',
  'cleanup.policy',
] as const;

const numberOf = (text: string | undefined): number | undefined => {
  const value = Number(text);
  return text === undefined || text === '' || Number.isNaN(value) ? undefined : value;
};

/** From names and values as Kafka tells them. */
export const topicConfigOf = (
  entries: readonly { readonly name: string; readonly value: string | null | undefined }[],
): TopicConfig => {
  const values = new Map(entries.map(({ name, value }) => [name, value ?? undefined]));
  return {
    maxMessageBytes: numberOf(values.get('max.message.bytes')),
    minInsyncReplicas: numberOf(values.get('min.insync.replicas')),
    timestampType: values.get('message.timestamp.type'),
    cleanupPolicy: values.get('cleanup.policy'),
  };
};
