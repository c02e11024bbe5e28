/** The two things the launcher has to do with topics: make one, and count what is in it. */
import { DevServiceError } from '../errors.ts';
import { poll } from '../poll.ts';
import { clusterState, type ClusterState, isWhole } from './metadata-probe.ts';
import { ask, WireWriter } from './wire.ts';

export interface NewTopic {
  readonly name: string;
  /** Default: the broker's, 6. */
  readonly partitions?: number;
  /** Default: the broker's, 1 with one node and 3 with three. */
  readonly replicationFactor?: number;
  readonly configs?: Readonly<Record<string, string>>;
}

const CREATE_TOPICS = 19;
const LIST_OFFSETS = 2;
const EARLIEST = -2n;
const LATEST = -1n;
const CREATE_WITHIN_MS = 30_000;
/** The protocol's "as the broker is configured". */
const BROKER_DEFAULT = -1;

const sendCreate = async (broker: string, topic: NewTopic): Promise<void> => {
  const body = new WireWriter();
  body.array([topic], ({ name, partitions, replicationFactor, configs }) => {
    body.string(name);
    body.int32(partitions ?? BROKER_DEFAULT).int16(replicationFactor ?? BROKER_DEFAULT);
    body.array([], () => undefined); // no assignment of our own
    body.array(Object.entries(configs ?? {}), ([key, value]) => body.string(key).string(value));
  });
  body.int32(CREATE_WITHIN_MS).int8(0);
  const answer = await ask(broker, { apiKey: CREATE_TOPICS, apiVersion: 4, body }, CREATE_WITHIN_MS);
  answer.int32(); // throttle time
  const [result] = answer.array(() => ({ name: answer.string(), code: answer.int16(), message: answer.string() }));
  if (result?.code === 0) return;
  throw new DevServiceError('NOT_AVAILABLE', {
    service: 'Kafka',
    reason: `topic ${topic.name} was not created: code ${result?.code}, ${result?.message ?? 'no message'}`,
  });
};

/** Whether a topic is whole in the eyes of one broker. */
const seesTopic = async (broker: string, name: string): Promise<boolean> => {
  const { topics } = await clusterState(broker, [name]);
  return topics.some(isWhole);
};

/** Creates a topic and resolves when each of `brokers` knows it with a leader and full replicas: KRaft tells them one after the other. */
export const createTopic = async (brokers: readonly string[], topic: NewTopic): Promise<void> => {
  const [first = ''] = brokers;
  await sendCreate(first, topic);
  const seen = await poll(
    async () =>
      (await Promise.all(brokers.map((broker) => seesTopic(broker, topic.name)))).every(Boolean) ? true : undefined,
    { intervalMs: 10, timeoutMs: CREATE_WITHIN_MS },
  );
  if (seen === true) return;
  throw new DevServiceError('START_TIMEOUT', {
    service: 'Kafka',
    reason: `topic ${topic.name} has no leaders or too few replicas after ${CREATE_WITHIN_MS} ms`,
  });
};

const offsetAt = async (broker: string, at: { topic: string; partition: number; time: bigint }): Promise<bigint> => {
  const body = new WireWriter().int32(-1); // a client, not a replica
  body.array([at.topic], (topic) => {
    body.string(topic).array([at.partition], (partition) => body.int32(partition).int64(at.time));
  });
  const answer = await ask(broker, { apiKey: LIST_OFFSETS, apiVersion: 1, body });
  const [offsets] = answer.array(() => {
    answer.string(); // topic
    return answer.array(() => {
      answer.int32(); // partition
      answer.int16(); // error
      answer.int64(); // timestamp
      return answer.int64();
    });
  });
  return offsets?.[0] ?? 0n;
};

const addressOf = (state: ClusterState, id: number): string =>
  state.brokers.find((broker) => broker.id === id)?.address ?? '';

/** How many offsets lie between start and end of all partitions: the records, if nothing was compacted or transactional. */
export const countRecords = async (broker: string, topic: string): Promise<number> => {
  const state = await clusterState(broker, [topic]);
  const partitions = state.topics.flatMap((found) => found.partitions);
  const counts = await Promise.all(
    partitions.map(async ({ partition, leader }) => {
      const address = addressOf(state, leader);
      const [end, start] = await Promise.all(
        [LATEST, EARLIEST].map((time) => offsetAt(address, { topic, partition, time })),
      );
      return Number((end ?? 0n) - (start ?? 0n));
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
};

/** The node that leads a partition now; -1 without one. */
export const leaderOf = async (broker: string, topic: string, partition: number): Promise<number> => {
  const { topics } = await clusterState(broker, [topic]);
  return topics.flatMap((found) => found.partitions).find((state) => state.partition === partition)?.leader ?? -1;
};
