/** A cluster of fake brokers in this process, on loopback ports; the controls that break it are awaited, never timed. */
import { FakeBroker, type FakeTls } from './broker.ts';
import type { ClusterState } from './connection.ts';
import { type Fault, FaultPlan, type FaultRule, type FaultScript, type SeenRequest } from './faults.ts';
import { Journal } from './journal.ts';
import type { LogRecord } from './partition-log.ts';
import type { FakeCredentials } from './sasl.ts';
import { elect, type FakeTopicOptions, Topology } from './topology.ts';

export interface FakeClusterOptions {
  /** How many. Default: 3. */
  readonly brokers?: number;
  /** Topics with their number of partitions or more. Default: none. */
  readonly topics?: Readonly<Record<string, number | FakeTopicOptions>>;
  /** Whether Metadata creates a topic that is asked for with leave to create it. Default: false. */
  readonly autoCreateTopics?: boolean;
  /** Default: plaintext. */
  readonly tls?: FakeTls;
  /** Clients must authenticate with PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512. Default: nobody has to. */
  readonly sasl?: FakeCredentials;
  /** Epoch milliseconds. Default: `Date.now`. */
  readonly now?: () => number;
}

/** A record of the log, as a consumer would read it. */
export interface FakeRecord extends LogRecord {
  readonly topic: string;
  readonly partition: number;
}

/** A partition of a topic. */
export interface PartitionName {
  readonly topic: string;
  readonly partition: number;
}

export interface MoveOptions {
  /** Metadata tells the old leader until `tellLeaders()`. Default: false. */
  readonly metadataLags?: boolean;
}

export class FakeCluster implements AsyncDisposable {
  readonly #brokers: ReadonlyMap<number, FakeBroker>;
  readonly #state: ClusterState;
  readonly #closing: AbortController;

  constructor(brokers: readonly FakeBroker[], state: ClusterState, closing: AbortController) {
    this.#brokers = new Map(brokers.map((broker) => [broker.id, broker]));
    this.#state = state;
    this.#closing = closing;
  }

  /** `host:port` of each, for a client to begin with. */
  get bootstrap(): readonly string[] {
    return [...this.#brokers.values()].map(({ port }) => `127.0.0.1:${port}`);
  }

  /** @throws {@link RangeError} for a broker that does not exist */
  broker(id: number): FakeBroker {
    const broker = this.#brokers.get(id);
    if (broker === undefined) throw new RangeError(`there is no broker ${id}`);
    return broker;
  }

  /** Every record of a topic that is kept, partition by partition in order of offsets. */
  log(topic: string): readonly FakeRecord[] {
    const all: FakeRecord[] = [];
    for (const [partition, { log }] of this.#state.topology.topic(topic).partitions.entries())
      for (const record of log.records()) all.push({ ...record, topic, partition });
    return all;
  }

  /**
   * The offset that the next record of each partition gets, index = partition: how many were appended, kept or not.
   * @throws {@link RangeError} for a topic that does not exist
   */
  endOffsets(topic: string): readonly bigint[] {
    return this.#state.topology.topic(topic).partitions.map(({ log }) => BigInt(log.length));
  }

  /** Requests that arrived, all or those of one API; the last 10 000. */
  requests(api?: SeenRequest['api']): readonly SeenRequest[] {
    const { requests } = this.#state.journal;
    return api === undefined ? requests : requests.filter((request) => request.api === api);
  }

  /** Open connections to all brokers. */
  sockets(): number {
    return [...this.#brokers.values()].reduce((sum, { sockets }) => sum + sockets, 0);
  }

  /** Resolves when no client is connected any more. */
  async disconnected(): Promise<void> {
    await Promise.all([...this.#brokers.values()].map((broker) => broker.disconnected()));
  }

  /** What clients did that a careful producer does not: a batch sent while another had no answer, a sequence number used twice. */
  violations(): readonly string[] {
    return [...this.#state.journal.violations];
  }

  /** From now on the rule's requests go wrong. Of several rules for a request the oldest wins. */
  inject(rule: FaultRule): Fault {
    return this.#state.faults.place(rule);
  }

  /** Asked about each request that no rule concerns; undefined ends it. */
  script(script: FaultScript | undefined): void {
    this.#state.faults.follow(script);
  }

  leader({ topic, partition }: PartitionName): number | undefined {
    return this.#state.topology.partition(topic, partition).leader;
  }

  /** Another broker leads; without one the partition is leaderless. */
  moveLeader({ topic, partition }: PartitionName, to: number | undefined, o: MoveOptions = {}): void {
    const state = this.#state.topology.partition(topic, partition);
    const told = state.toldLeader;
    elect(state, to);
    if (o.metadataLags === true) state.toldLeader = told;
  }

  /** Metadata tells the true leaders again. */
  tellLeaders(): void {
    this.#state.topology.tellLeaders();
  }

  /** Which replicas are in sync. */
  setInSync({ topic, partition }: PartitionName, isr: readonly number[]): void {
    this.#state.topology.partition(topic, partition).isr = isr;
  }

  createTopic(topic: string, o: FakeTopicOptions = {}): void {
    this.#state.topology.createTopic(topic, o);
  }

  deleteTopic(topic: string): void {
    this.#state.topology.topics.delete(topic);
  }

  /** Adds partitions up to this number. */
  extendTopic(topic: string, partitions: number): void {
    this.#state.topology.extendTopic(topic, partitions);
  }

  /** The brokers forget every idempotent producer of a topic. */
  forgetProducers(topic: string): void {
    for (const { log } of this.#state.topology.topic(topic).partitions) log.producers.forget();
  }

  /** New connections must authenticate so; undefined: they need not. */
  setCredentials(credentials: FakeCredentials | undefined): void {
    this.#state.credentials = credentials;
  }

  /** Stops every broker and lets go whatever is held. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#state.faults.releaseAll();
    for (const broker of this.#brokers.values()) broker.resume();
    await Promise.all([...this.#brokers.values()].map((broker) => broker.stop()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** A cluster that is up, its brokers numbered from 1. */
export const startFakeCluster = async (o: FakeClusterOptions = {}): Promise<FakeCluster> => {
  const brokerIds = Array.from({ length: o.brokers ?? 3 }, (_, index) => index + 1);
  const closing = new AbortController();
  const topology = new Topology({ brokerIds, autoCreateTopics: o.autoCreateTopics ?? false });
  const state: ClusterState = {
    topology,
    journal: new Journal(),
    faults: new FaultPlan(),
    now: o.now ?? Date.now,
    closing: closing.signal,
    credentials: o.sasl,
  };
  const brokers = brokerIds.map((id) => new FakeBroker(id, state, o.tls));
  await Promise.all(brokers.map((broker) => broker.start()));
  for (const [name, topic] of Object.entries(o.topics ?? {}))
    topology.createTopic(name, typeof topic === 'number' ? { partitions: topic } : topic);
  return new FakeCluster(brokers, state, closing);
};
