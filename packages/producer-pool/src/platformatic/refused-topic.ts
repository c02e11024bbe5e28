/**
 * What a failed metadata request says of its topic. The client fails the whole answer for one partition without a leader, and drops the
 * code of an unknown topic; but the answer hangs on the error.
 */
import type { PartitionMetadata, TopicMetadata } from '../driver.ts';
import { UNKNOWN_TOPIC } from '../kafka-errors.ts';

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const property = (value: unknown, name: string): unknown => (isObject(value) ? Reflect.get(value, name) : undefined);
const numbers = (value: unknown): readonly number[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'number') : [];

const partitionsOf = (raw: readonly unknown[]): readonly PartitionMetadata[] => {
  const byId: PartitionMetadata[] = [];
  for (const partition of raw) {
    const leader = property(partition, 'leaderId');
    byId[Number(property(partition, 'partitionIndex'))] = {
      leader: typeof leader === 'number' && leader >= 0 ? leader : undefined,
      replicas: numbers(property(partition, 'replicaNodes')),
      isr: numbers(property(partition, 'isrNodes')),
    };
  }
  return byId;
};

/** Of the chain of an error; undefined if it does not speak of the topic. */
export const refusedTopic = (chain: readonly unknown[], topic: string): TopicMetadata | undefined => {
  for (const error of chain) {
    const topics = property(property(error, 'response'), 'topics');
    const found: unknown = Array.isArray(topics) ? topics.find((one) => property(one, 'name') === topic) : undefined;
    const errorCode = property(found, 'errorCode');
    const partitions = property(found, 'partitions');
    if (typeof errorCode === 'number' && Array.isArray(partitions))
      return { errorCode, partitions: errorCode === 0 ? partitionsOf(partitions) : [] };
    if (property(error, 'message') === `Unknown topic ${topic}.`) return { errorCode: UNKNOWN_TOPIC, partitions: [] };
  }
  return undefined;
};
