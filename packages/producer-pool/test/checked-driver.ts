import {
  type CheckOutcome,
  type ConnectivityCheckOptions,
  createProducerPool,
  type HostPort,
  type PartitionMetadata,
  type ProducerDriver,
  type SocketTls,
  type TopicConfig,
  type TopicMetadata,
} from '../src/index.ts';
import { memoryDriver } from '../src/testing/index.ts';

const signal = (): AbortSignal => AbortSignal.timeout(10_000);

/** The outcome of one check of a pool with this driver. */
export const outcomeOf = async (
  driver: ProducerDriver,
  id: string,
  o: ConnectivityCheckOptions = {},
): Promise<CheckOutcome> => {
  const pool = createProducerPool({ driver });
  const check = pool.connectivityChecks(o).find((one) => one.id === `kafka.${id}`);
  if (check === undefined) throw new Error(`there is no check ${id}`);
  try {
    return await check.run({ signal: signal() });
  } finally {
    await pool.close();
  }
};

/** A driver whose brokers are at these addresses. */
export const driverAt = (addresses: readonly HostPort[], tls?: SocketTls): ProducerDriver => ({
  ...memoryDriver({ topics: { events: 2 } }),
  bootstrap: () => Promise.resolve(addresses),
  tls: () => Promise.resolve(tls),
});

/** A partition with three replicas, all in sync, unless told otherwise. */
export const partition = (
  o: { leader?: number | undefined; replicas?: readonly number[]; isr?: readonly number[] } = {},
): PartitionMetadata => {
  const { replicas = [1, 2, 3] } = o;
  return { leader: 'leader' in o ? o.leader : 1, replicas, isr: o.isr ?? replicas };
};

const SAFE: TopicConfig = {
  maxMessageBytes: 2_000_000,
  minInsyncReplicas: 2,
  timestampType: 'CreateTime',
  cleanupPolicy: 'delete',
};

/** A driver that knows these topics. */
export const withTopics = (
  topics: Readonly<Record<string, TopicMetadata>>,
  configs?: Readonly<Record<string, Partial<TopicConfig>>>,
): ProducerDriver => ({
  ...driverAt([]),
  metadata: () => Promise.resolve({ brokers: [], topics: new Map(Object.entries(topics)) }),
  ...(configs === undefined
    ? {}
    : {
        topicConfigs: () =>
          Promise.resolve(new Map(Object.entries(configs).map(([name, config]) => [name, { ...SAFE, ...config }]))),
      }),
});
