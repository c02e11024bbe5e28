/**
 * What a fake cluster consists of: brokers, topics, leaders. Two views of the leaders are kept, the true one and the one that Metadata
 * tells, so that metadata can lag behind a move as it does in a real cluster.
 */
import { PartitionLog } from './partition-log.ts';

/** Kafka's default `message.max.bytes`. */
const MAX_MESSAGE_BYTES = 1_048_588;
const DEFAULT_REPLICAS = 3;

export interface FakeTopicOptions {
  /** Default: 1. */
  readonly partitions?: number;
  /** Default: 1 048 588 bytes of a batch. */
  readonly maxMessageBytes?: number;
  /** Default: 1. */
  readonly minInsyncReplicas?: number;
  /** Bytes of batches that a partition keeps; the oldest go. Default: everything is kept. */
  readonly retentionBytes?: number;
}

export interface FakePartition {
  readonly log: PartitionLog;
  readonly replicas: readonly number[];
  isr: readonly number[];
  leader: number | undefined;
  leaderEpoch: number;
  /** The leader that Metadata tells. */
  toldLeader: number | undefined;
}

export interface FakeTopic {
  readonly name: string;
  /** 16 bytes. */
  readonly id: Buffer;
  readonly maxMessageBytes: number;
  readonly minInsyncReplicas: number;
  readonly retentionBytes: number | undefined;
  /** index = partition */
  readonly partitions: FakePartition[];
}

export interface NodeAddress {
  readonly id: number;
  readonly host: string;
  readonly port: number;
}

export class Topology {
  readonly topics = new Map<string, FakeTopic>();
  readonly autoCreateTopics: boolean;
  /** What Metadata tells of each broker that is up, by broker id. */
  readonly addresses = new Map<number, NodeAddress>();
  readonly #brokerIds: readonly number[];
  #lastProducerId = 1_000n;
  #lastTopicId = 0;

  constructor(o: { readonly brokerIds: readonly number[]; readonly autoCreateTopics: boolean }) {
    this.#brokerIds = o.brokerIds;
    this.autoCreateTopics = o.autoCreateTopics;
  }

  nextProducerId(): bigint {
    this.#lastProducerId += 1n;
    return this.#lastProducerId;
  }

  /** Leaders go round: partition p is led by broker (p mod n). */
  createTopic(name: string, o: FakeTopicOptions): void {
    this.#lastTopicId += 1;
    const id = Buffer.alloc(16);
    id.writeUInt32BE(this.#lastTopicId, 12);
    const { partitions = 1, maxMessageBytes = MAX_MESSAGE_BYTES, minInsyncReplicas = 1, retentionBytes } = o;
    this.topics.set(name, { name, id, maxMessageBytes, minInsyncReplicas, retentionBytes, partitions: [] });
    this.extendTopic(name, partitions);
  }

  /** @throws {@link RangeError} for a topic that does not exist */
  extendTopic(name: string, partitions: number): void {
    const topic = this.topic(name);
    for (let index = topic.partitions.length; index < partitions; index += 1) {
      const first = index % this.#brokerIds.length;
      const inTurn = [...this.#brokerIds.slice(first), ...this.#brokerIds.slice(0, first)];
      const replicas = inTurn.slice(0, DEFAULT_REPLICAS);
      const leader = replicas.find((id) => this.addresses.has(id));
      topic.partitions.push({
        log: new PartitionLog(topic.retentionBytes),
        replicas,
        isr: replicas,
        leader,
        leaderEpoch: 0,
        toldLeader: leader,
      });
    }
  }

  /** @throws {@link RangeError} for a topic that does not exist */
  topic(name: string): FakeTopic {
    const topic = this.topics.get(name);
    if (topic === undefined) throw new RangeError(`there is no topic ${name}`);
    return topic;
  }

  /** @throws {@link RangeError} for a partition that does not exist */
  partition(name: string, index: number): FakePartition {
    const partition = this.topic(name).partitions[index];
    if (partition === undefined) throw new RangeError(`${name} has no partition ${index}`);
    return partition;
  }

  /** Elects a leader for each partition that the broker led; with nobody to elect the partition is leaderless. */
  leave(brokerId: number): void {
    this.addresses.delete(brokerId);
    for (const partition of this.#partitions()) {
      if (partition.leader !== brokerId) continue;
      elect(
        partition,
        partition.isr.find((id) => this.addresses.has(id)),
      );
    }
  }

  join(address: NodeAddress): void {
    this.addresses.set(address.id, address);
    for (const partition of this.#partitions()) {
      if (partition.leader === undefined && partition.isr.includes(address.id)) elect(partition, address.id);
    }
  }

  /** Metadata tells the truth again. */
  tellLeaders(): void {
    for (const partition of this.#partitions()) partition.toldLeader = partition.leader;
  }

  *#partitions(): Generator<FakePartition> {
    for (const topic of this.topics.values()) yield* topic.partitions;
  }
}

/** Topics of Kafka's own, to which no client may write. */
export const isInternal = (topic: string): boolean => topic === '__consumer_offsets' || topic === '__transaction_state';

export const elect = (partition: FakePartition, leader: number | undefined): void => {
  partition.leader = leader;
  partition.leaderEpoch += 1;
  partition.toldLeader = leader;
};
