import type {
  ClusterMetadata,
  DriverAck,
  DriverCall,
  DriverFault,
  DriverProducer,
  FrozenRecord,
  OpenProducerOptions,
  ProducerDriver,
  TopicMetadata,
} from '../driver.ts';
import { FAULTS, UNKNOWN_TOPIC } from '../kafka-errors.ts';

export interface MemoryDriverOptions {
  /** Topics and their partitions. Default: none; a topic that is not named does not exist. */
  readonly topics?: Readonly<Record<string, number>>;
}

/** A record as a consumer would read it. */
export interface MemoryRecord extends FrozenRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

/** A cluster of one broker in this process: it keeps what it is sent and can be switched off. */
export interface MemoryDriver extends ProducerDriver {
  /** Everything appended to a topic, in order of arrival. */
  log(topic: string): readonly MemoryRecord[];
  /** The broker refuses connections and breaks those it has. */
  down(): void;
  /** The broker takes connections again, and clients reconnect by themselves; the log is still there. */
  up(): void;
}

class MemoryBrokerDown extends Error {
  readonly code = 'ECONNREFUSED';
}

const BROKER = { id: 1, host: 'memory', port: 9092 };

interface Cluster {
  readonly logs: Map<string, MemoryRecord[][]>;
  readonly arrivals: Map<string, MemoryRecord[]>;
  isDown: boolean;
}

const append = (cluster: Cluster, call: DriverCall): DriverAck => {
  const { topic, partition } = call;
  const log = cluster.logs.get(topic)?.[partition];
  if (log === undefined) return { topic, partition, errorCode: UNKNOWN_TOPIC, baseOffset: undefined };
  const base = log.length;
  for (const [index, record] of call.records.entries()) {
    const kept: MemoryRecord = { ...record, topic, partition, offset: BigInt(base + index) };
    log.push(kept);
    cluster.arrivals.get(topic)?.push(kept);
  }
  return { topic, partition, errorCode: 0, baseOffset: BigInt(base) };
};

const memoryProducer = (cluster: Cluster, id: string): DriverProducer => {
  let isOpen = true;
  const end = (): Promise<void> => {
    isOpen = false;
    return Promise.resolve();
  };
  return {
    id,
    send: (call) => {
      return !isOpen || cluster.isDown
        ? Promise.reject(new MemoryBrokerDown('the broker is down'))
        : Promise.resolve(append(cluster, call));
    },
    connections: () => Number(isOpen && !cluster.isDown),
    kill: end,
    close: end,
  };
};

const describe = (cluster: Cluster, topic: string): TopicMetadata => {
  const count = cluster.logs.get(topic)?.length;
  if (count === undefined) return { errorCode: UNKNOWN_TOPIC, partitions: [] };
  return {
    errorCode: 0,
    partitions: Array.from({ length: count }, () => ({ leader: BROKER.id, replicas: [BROKER.id], isr: [BROKER.id] })),
  };
};

const classify = (error: unknown): DriverFault =>
  error instanceof MemoryBrokerDown ? FAULTS.notConnected : FAULTS.unrecognized;

/** A driver without a cluster, for tests and demonstrations. What it acknowledges is in `log()`, and lost with the process. */
export const memoryDriver = (o: MemoryDriverOptions = {}): MemoryDriver => {
  const topics = Object.entries(o.topics ?? {});
  const cluster: Cluster = {
    logs: new Map(topics.map(([topic, partitions]) => [topic, Array.from({ length: partitions }, () => [])])),
    arrivals: new Map(topics.map(([topic]) => [topic, []])),
    isDown: false,
  };
  const whenUp = <T>(make: () => T): Promise<T> =>
    cluster.isDown ? Promise.reject(new MemoryBrokerDown('the broker is down')) : Promise.resolve(make());
  return {
    name: 'memory',
    capabilities: {
      inFlightPerBroker: { plain: 16, idempotent: 16 },
      selfHeals: true,
      maxRecordsPerCall: 100_000,
      compression: ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
    },
    metadata: (names): Promise<ClusterMetadata> =>
      whenUp(() => ({ brokers: [BROKER], topics: new Map(names.map((name) => [name, describe(cluster, name)])) })),
    open: (options: OpenProducerOptions) => whenUp(() => memoryProducer(cluster, options.id)),
    classify,
    close: () => Promise.resolve(),
    log: (topic) => [...(cluster.arrivals.get(topic) ?? [])],
    down: () => {
      cluster.isDown = true;
    },
    up: () => {
      cluster.isDown = false;
    },
  };
};
