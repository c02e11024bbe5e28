/**
 * When brokers are ready: never by a line of a log. Every node lists all nodes and a controller, a topic on all of them has its leaders
 * and replicas, and producers and groups are served; right after the start they are not, and clients log that as an error.
 */
import { DevServiceError } from '../errors.ts';
import { poll } from '../poll.ts';
import { createTopic } from './admin.ts';
import { clusterState, coordinatorError, isWhole, producerIdError } from './metadata-probe.ts';

export interface ProbedCluster {
  /** One address per node. */
  readonly brokers: readonly string[];
  /** The end of the logs, for the error. */
  logTails(): string;
}

const READY_WITHIN_MS = 60_000;
const PROBE_TOPIC = 'dev-services-probe';

/** Asks every node, each 50 ms, until all say yes. */
const until = async (
  cluster: ProbedCluster,
  what: string,
  isSo: (broker: string) => Promise<boolean>,
): Promise<void> => {
  const saysYes = (broker: string): Promise<boolean> => isSo(broker).catch(() => false);
  const all = await poll(
    async () => ((await Promise.all(cluster.brokers.map(saysYes))).every(Boolean) ? true : undefined),
    { intervalMs: 50, timeoutMs: READY_WITHIN_MS },
  );
  if (all === true) return;
  throw new DevServiceError('START_TIMEOUT', {
    service: 'Kafka',
    reason: `after ${READY_WITHIN_MS} ms it is not so that ${what}`,
    logTail: cluster.logTails(),
  });
};

/** Resolves when every node lists all nodes and a controller, and every partition has a leader and all replicas in sync. */
export const untilHealthy = (cluster: ProbedCluster): Promise<void> =>
  until(cluster, 'all nodes and replicas are there', async (broker) => {
    const { brokers, controller, topics } = await clusterState(broker);
    return controller >= 0 && brokers.length === cluster.brokers.length && topics.every(isWhole);
  });

/** Resolves when a new cluster serves topics, producers and consumers. */
export const untilServed = async (cluster: ProbedCluster): Promise<void> => {
  await untilHealthy(cluster);
  await createTopic(cluster.brokers, { name: PROBE_TOPIC, partitions: 1, replicationFactor: cluster.brokers.length });
  await until(cluster, 'producers are served', async (broker) => (await producerIdError(broker)) === 0);
  await until(cluster, 'groups are served', async (broker) => (await coordinatorError(broker)) === 0);
  await untilHealthy(cluster);
};
