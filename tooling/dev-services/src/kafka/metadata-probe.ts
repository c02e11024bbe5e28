/** What a broker says about the cluster: the launcher's idea of "ready", never a line of a log. */
import { ask, WireWriter } from './wire.ts';

interface PartitionState {
  readonly partition: number;
  /** -1 without one. */
  readonly leader: number;
  readonly replicas: readonly number[];
  readonly inSync: readonly number[];
}

export interface TopicState {
  /** The protocol's code, 0 without an error. */
  readonly errorCode: number;
  readonly name: string;
  readonly partitions: readonly PartitionState[];
}

export interface ClusterState {
  readonly brokers: readonly { readonly id: number; readonly address: string }[];
  /** Any broker answers to this in KRaft; -1 before one is elected. */
  readonly controller: number;
  readonly topics: readonly TopicState[];
}

const METADATA = 3;
const FIND_COORDINATOR = 10;
const INIT_PRODUCER_ID = 22;

/** Asks one broker; `topics` null means all. Rejects when it does not answer. */
export const clusterState = async (broker: string, topics: readonly string[] | null = null): Promise<ClusterState> => {
  const body = new WireWriter();
  body.array(topics, (topic) => body.string(topic)).int8(0); // 0: create nothing
  const answer = await ask(broker, { apiKey: METADATA, apiVersion: 4, body });
  answer.int32(); // throttle time
  const brokers = answer.array(() => {
    const id = answer.int32();
    const address = `${answer.string()}:${answer.int32()}`;
    answer.string(); // rack
    return { id, address };
  });
  answer.string(); // cluster id
  const controller = answer.int32();
  const states = answer.array((): TopicState => {
    const errorCode = answer.int16();
    const name = answer.string() ?? '';
    answer.int8(); // internal
    const partitions = answer.array((): PartitionState => {
      answer.int16(); // error
      return {
        partition: answer.int32(),
        leader: answer.int32(),
        replicas: answer.array(() => answer.int32()),
        inSync: answer.array(() => answer.int32()),
      };
    });
    return { errorCode, name, partitions };
  });
  return { brokers, controller, topics: states };
};

/** Whether every partition of a topic has a leader and all its replicas in sync. */
export const isWhole = ({ errorCode, partitions }: TopicState): boolean =>
  errorCode === 0 &&
  partitions.length > 0 &&
  partitions.every(({ leader, replicas, inSync }) => leader >= 0 && inSync.length === replicas.length);

/** The error code of asking for a producer id; 14 while the broker is still loading. */
export const producerIdError = async (broker: string): Promise<number> => {
  const body = new WireWriter().string(null).int32(60_000);
  const answer = await ask(broker, { apiKey: INIT_PRODUCER_ID, apiVersion: 1, body });
  answer.int32(); // throttle time
  return answer.int16();
};

/** The error code of asking for a group's coordinator; 15 until the offsets topic is there. */
export const coordinatorError = async (broker: string): Promise<number> => {
  const body = new WireWriter().string('dev-services').int8(0); // 0: a group
  const answer = await ask(broker, { apiKey: FIND_COORDINATOR, apiVersion: 1, body });
  answer.int32(); // throttle time
  return answer.int16();
};
