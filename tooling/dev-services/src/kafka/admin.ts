/** What the launcher does with topics: make, configure, extend and take away one, count what is in it, and slow its writers down. */
import { DevServiceError } from '../errors.ts';
import { poll } from '../poll.ts';
import { clusterState, type ClusterState, isWhole, type TopicState } from './metadata-probe.ts';
import { ask, WireWriter } from './wire.ts';

export interface NewTopic {
  readonly name: string;
  /** Default: the broker's, 6. */
  readonly partitions?: number;
  /** Default: the broker's, 1 with one node and 3 with three. */
  readonly replicationFactor?: number;
  /** The nodes of each partition, as many for each, the preferred leader first; instead of the two numbers. */
  readonly assignments?: readonly (readonly number[])[];
  readonly configs?: Readonly<Record<string, string>>;
}

const CREATE_TOPICS = 19;
const LIST_OFFSETS = 2;
const DELETE_TOPICS = 20;
const CREATE_PARTITIONS = 37;
const INCREMENTAL_ALTER_CONFIGS = 44;
const ALTER_CLIENT_QUOTAS = 49;
const EARLIEST = -2n;
const LATEST = -1n;
const CREATE_WITHIN_MS = 30_000;
/** The protocol's "as the broker is configured". */
const BROKER_DEFAULT = -1;

export const refused = (what: string, code: number, message: string | null = null): DevServiceError =>
  new DevServiceError('NOT_AVAILABLE', {
    service: 'Kafka',
    reason: `${what}: code ${code}, ${message ?? 'no message'}`,
  });

const sendCreate = async (broker: string, topic: NewTopic): Promise<void> => {
  const body = new WireWriter();
  body.array([topic], ({ name, partitions, replicationFactor, assignments, configs }) => {
    body.string(name);
    body.int32(partitions ?? BROKER_DEFAULT).int16(replicationFactor ?? BROKER_DEFAULT);
    body.array([...(assignments ?? []).entries()], ([partition, nodes]) =>
      body.int32(partition).array(nodes, (node) => body.int32(node)),
    );
    body.array(Object.entries(configs ?? {}), ([key, value]) => body.string(key).string(value));
  });
  body.int32(CREATE_WITHIN_MS).int8(0);
  const answer = await ask(broker, { apiKey: CREATE_TOPICS, apiVersion: 4, body }, CREATE_WITHIN_MS);
  answer.int32(); // throttle time
  const [result] = answer.array(() => ({ name: answer.string(), code: answer.int16(), message: answer.string() }));
  if (result?.code !== 0) throw refused(`topic ${topic.name} was not created`, result?.code ?? -1, result?.message);
};

/** Polls until every broker's view of a topic is as wished. */
const untilSeen = async (
  brokers: readonly string[],
  name: string,
  isSo: (topic: TopicState | undefined) => boolean,
): Promise<void> => {
  const asks = async (broker: string): Promise<boolean> => isSo((await clusterState(broker, [name])).topics[0]);
  const seen = await poll(async () => ((await Promise.all(brokers.map(asks))).every(Boolean) ? true : undefined), {
    intervalMs: 10,
    timeoutMs: CREATE_WITHIN_MS,
  });
  if (seen === true) return;
  throw new DevServiceError('START_TIMEOUT', {
    service: 'Kafka',
    reason: `topic ${name} is not as it should be on every broker after ${CREATE_WITHIN_MS} ms`,
  });
};

/** Creates a topic and resolves when each of `brokers` knows it with a leader and full replicas: KRaft tells them one after the other. */
export const createTopic = async (brokers: readonly string[], topic: NewTopic): Promise<void> => {
  const [first = ''] = brokers;
  await sendCreate(first, topic);
  await untilSeen(brokers, topic.name, (found) => found !== undefined && isWhole(found));
};

/** Resolves when no broker knows it any more. */
export const deleteTopic = async (brokers: readonly string[], name: string): Promise<void> => {
  const body = new WireWriter();
  body.array([name], (topic) => body.string(topic)).int32(CREATE_WITHIN_MS);
  const answer = await ask(brokers[0] ?? '', { apiKey: DELETE_TOPICS, apiVersion: 3, body }, CREATE_WITHIN_MS);
  answer.int32(); // throttle time
  const [result] = answer.array(() => ({ name: answer.string(), code: answer.int16() }));
  if (result?.code !== 0) throw refused(`topic ${name} was not deleted`, result?.code ?? -1);
  await untilSeen(brokers, name, (found) => found?.errorCode !== 0);
};

/** Adds partitions up to `partitions`. */
export const extendTopic = async (brokers: readonly string[], name: string, partitions: number): Promise<void> => {
  const body = new WireWriter();
  body.array([name], (topic) =>
    body
      .string(topic)
      .int32(partitions)
      .array(null, () => undefined),
  );
  body.int32(CREATE_WITHIN_MS).int8(0);
  const answer = await ask(brokers[0] ?? '', { apiKey: CREATE_PARTITIONS, apiVersion: 1, body }, CREATE_WITHIN_MS);
  answer.int32(); // throttle time
  const [result] = answer.array(() => ({ name: answer.string(), code: answer.int16(), message: answer.string() }));
  if (result?.code !== 0) throw refused(`topic ${name} was not extended`, result?.code ?? -1, result?.message);
  await untilSeen(
    brokers,
    name,
    (found) => found !== undefined && isWhole(found) && found.partitions.length === partitions,
  );
};

const TOPIC_RESOURCE = 2;
const SET = 0;
const DELETE = 1;

/** Changes settings of a topic; undefined: back to the broker's. Resolves when the controller took it, a moment before the brokers do. */
export const configureTopic = async (
  brokers: readonly string[],
  name: string,
  configs: Readonly<Record<string, string | undefined>>,
): Promise<void> => {
  const body = new WireWriter();
  body.array([name], (topic) => {
    body.int8(TOPIC_RESOURCE).string(topic);
    body.array(Object.entries(configs), ([key, value]) =>
      body
        .string(key)
        .int8(value === undefined ? DELETE : SET)
        .string(value ?? null),
    );
  });
  body.int8(0); // for good, not on trial
  const answer = await ask(brokers[0] ?? '', { apiKey: INCREMENTAL_ALTER_CONFIGS, apiVersion: 0, body });
  answer.int32(); // throttle time
  const [result] = answer.array(() => ({ code: answer.int16(), message: answer.string() }));
  if (result?.code !== 0) throw refused(`topic ${name} was not configured`, result?.code ?? -1, result?.message);
};

/** The quota of a client id; undefined removes it. Brokers apply it a moment later. */
export const limitProducers = async (
  brokers: readonly string[],
  clientId: string,
  bytesPerSecond: number | undefined,
): Promise<void> => {
  const body = new WireWriter();
  body.array([clientId], (id) => {
    body.array([id], (name) => body.string('client-id').string(name));
    body.array(['producer_byte_rate'], (key) => {
      body
        .string(key)
        .float64(bytesPerSecond ?? 0)
        .int8(bytesPerSecond === undefined ? 1 : 0);
    });
  });
  body.int8(0); // for good, not on trial
  const answer = await ask(brokers[0] ?? '', { apiKey: ALTER_CLIENT_QUOTAS, apiVersion: 0, body });
  answer.int32(); // throttle time
  const [result] = answer.array(() => ({ code: answer.int16(), message: answer.string() }));
  if (result?.code !== 0) throw refused(`client ${clientId} was not limited`, result?.code ?? -1, result?.message);
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
