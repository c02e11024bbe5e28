/**
 * What a failed metadata request says all the same. The client fails the whole answer for one partition without a leader, and drops the
 * code of an unknown topic; but the answer hangs on the error.
 */
import { causes } from '@busbar/errors';
import type { ClusterMetadata } from '@platformatic/kafka';

import type { PartitionMetadata, TopicMetadata } from '../driver.ts';
import { property } from '../foreign-value.ts';
import { UNKNOWN_TOPIC } from '../kafka-errors.ts';

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const numberOf = (value: unknown): number => (typeof value === 'number' ? value : -1);
const numbers = (value: unknown): number[] => listOf(value).filter((one) => typeof one === 'number');

/** The answer, and its part about one topic. */
interface Answer {
  readonly answer: unknown;
  readonly topic: unknown;
}

const answerIn = (error: unknown, topic: string): Answer | undefined => {
  for (const cause of causes(error)) {
    const answer = property(cause, 'response');
    const found = listOf(property(answer, 'topics')).find((one) => property(one, 'name') === topic);
    if (found !== undefined) return { answer, topic: found };
  }
  return undefined;
};

type ClientPartition =
  ClusterMetadata['topics'] extends Map<string, infer T extends { partitions: unknown[] }>
    ? T['partitions'][number]
    : never;

const partitionsOf = (topic: unknown): ClientPartition[] => {
  const byId: ClientPartition[] = [];
  for (const partition of listOf(property(topic, 'partitions'))) {
    byId[numberOf(property(partition, 'partitionIndex'))] = {
      leader: numberOf(property(partition, 'leaderId')),
      leaderEpoch: numberOf(property(partition, 'leaderEpoch')),
      replicas: numbers(property(partition, 'replicaNodes')),
      isr: numbers(property(partition, 'isrNodes')),
      offlineReplicas: numbers(property(partition, 'offlineReplicas')),
    };
  }
  return byId;
};

/** Partitions as the client tells them, as the port does. */
export const portPartitions = (partitions: readonly ClientPartition[]): readonly PartitionMetadata[] =>
  partitions.map(({ leader, replicas, isr }) => ({ leader: leader < 0 ? undefined : leader, replicas, isr }));

/** What the error says of the topic; undefined if it does not speak of it. */
export const topicIn = (error: unknown, topic: string): TopicMetadata | undefined => {
  const found = answerIn(error, topic);
  if (found !== undefined) {
    const errorCode = numberOf(property(found.topic, 'errorCode'));
    return { errorCode, partitions: errorCode === 0 ? portPartitions(partitionsOf(found.topic)) : [] };
  }
  const isUnknown = [...causes(error)].some((cause) => property(cause, 'message') === `Unknown topic ${topic}.`);
  return isUnknown ? { errorCode: UNKNOWN_TOPIC, partitions: [] } : undefined;
};

const brokersOf = (answer: unknown): ClusterMetadata['brokers'] =>
  new Map(
    listOf(property(answer, 'brokers')).map((broker) => [
      numberOf(property(broker, 'nodeId')),
      { host: String(property(broker, 'host')), port: numberOf(property(broker, 'port')), rack: null },
    ]),
  );

/** The metadata in the error, for a topic that is well but for partitions without a leader; undefined if there is more amiss. */
export const metadataIn = (error: unknown, topic: string): ClusterMetadata | undefined => {
  const found = answerIn(error, topic);
  if (found === undefined || property(found.topic, 'errorCode') !== 0) return undefined;
  const { answer } = found;
  const partitions = partitionsOf(found.topic);
  const lastUpdate = Date.now();
  const itself = {
    id: String(property(found.topic, 'topicId')),
    partitions,
    partitionsCount: partitions.length,
    lastUpdate,
  };
  return {
    id: String(property(answer, 'clusterId')),
    brokers: brokersOf(answer),
    controllerId: numberOf(property(answer, 'controllerId')),
    topics: new Map([[topic, itself]]),
    lastUpdate,
  };
};
