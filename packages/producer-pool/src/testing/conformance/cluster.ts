/** What the conformance rows need of a cluster: a fake one, real Kafka, or the memory of a driver. */
import type { KafkaConnectionOptions } from '../../connection.ts';
import type { FakeCluster } from '../fake-broker/cluster.ts';

/** A record as a reader sees it that is not the driver. */
export interface ConformanceRecord {
  readonly partition: number;
  readonly offset: bigint;
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly { readonly name: string; readonly value: Buffer | null }[];
}

export interface ConformanceTopic {
  readonly partitions?: number;
  readonly maxMessageBytes?: number;
}

/** Ends a fault; resolves when the cluster is whole. */
export type Undo = () => Promise<void>;

/** A way into a cluster, and what becomes of who takes it: undefined lets him in, otherwise the name of the verdict. */
export interface ConformanceDoor {
  readonly name: string;
  readonly connection: KafkaConnectionOptions;
  readonly refusal: string | undefined;
}

export interface ConformanceCluster {
  readonly brokers: readonly string[];
  /** A topic of its own for each row, named by the cluster; 1 partition by default. */
  newTopic(o?: ConformanceTopic): Promise<string>;
  /** Everything in a topic, by partition and offset. */
  log(topic: string): Promise<readonly ConformanceRecord[]>;
  /** DC-3: another broker leads partition 0. */
  readonly moveLeader?: (topic: string) => Promise<void>;
  /** DC-4: records are appended and nobody is told. */
  readonly loseAnswers?: () => Promise<Undo>;
  /** DC-8, DC-18: brokers accept and answer nothing. */
  readonly hang?: () => Promise<Undo>;
  /** DC-13: a client is throttled. */
  readonly throttle?: (clientId: string) => Promise<Undo>;
  /** DC-14. */
  readonly doors?: readonly ConformanceDoor[];
  /** DC-18: nobody listens. */
  readonly stop?: () => Promise<Undo>;
  /** The rows that script single answers: DC-5, 6, 7, 9, 17, 20, 21. */
  readonly fake?: FakeCluster;
}

/** What a fake cluster tells two produce requests that are throttled. */
export const FAKE_THROTTLE_MS = 100;

let topics = 0;

/** A fake cluster of two brokers or more as the rows want it; the caller closes it. */
export const fakeConformance = (fake: FakeCluster): ConformanceCluster => {
  const brokers = fake.bootstrap.map((_, index) => fake.broker(index + 1));
  return {
    fake,
    brokers: fake.bootstrap,
    newTopic: async (o = {}) => {
      topics += 1;
      const name = `conformance-${topics}`;
      fake.createTopic(name, o);
      return name;
    },
    log: async (topic) => fake.log(topic),
    moveLeader: async (topic) => {
      // The first broker leads the first partition of a new topic.
      fake.moveLeader({ topic, partition: 0 }, brokers.length);
    },
    loseAnswers: async () => {
      const fault = fake.inject({ api: 'Produce', times: 1, effect: { answer: 'drop' } });
      return async () => fault.remove();
    },
    hang: async () => {
      for (const broker of brokers) broker.hang();
      return async () => {
        for (const broker of brokers) broker.resume();
      };
    },
    throttle: async () => {
      const fault = fake.inject({ api: 'Produce', times: 2, effect: { throttleMs: FAKE_THROTTLE_MS } });
      return async () => fault.remove();
    },
    stop: async () => {
      await Promise.all(brokers.map((broker) => broker.stop()));
      return async () => {
        await Promise.all(brokers.map((broker) => broker.start()));
      };
    },
  };
};
