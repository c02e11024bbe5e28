/**
 * Start-up checks of the cluster, in the shape that `@busbar/config` runs. Read-only: nothing is created, and nothing is produced unless a
 * topic for it is named.
 *
 * `kafka.dns` → `kafka.tcp` → `kafka.tls` → `kafka.auth` → `kafka.cluster` → `kafka.topic` → `kafka.topicConfig`, `kafka.produce`
 */
import { AddressChecks } from './address-checks.ts';
import { ClusterChecks } from './cluster-checks.ts';
import type { ConnectivityCheck, ConnectivityCheckOptions } from './connectivity-check.ts';
import type { ResolvedProducerPoolOptions } from './options.ts';
import { probeProduce } from './produce-check.ts';

/** The checks of a pool's cluster; each may be run several times. */
export const connectivityChecks = (
  options: ResolvedProducerPoolOptions,
  { topics = options.topics, writeProbe }: ConnectivityCheckOptions,
): readonly ConnectivityCheck[] => {
  const addresses = new AddressChecks(options);
  const cluster = new ClusterChecks(options, topics);
  const after = (id: string): readonly string[] => [`kafka.${id}`];
  const checks: readonly ConnectivityCheck[] = [
    { id: 'kafka.dns', title: 'Kafka: names', run: (c) => addresses.dns(c) },
    { id: 'kafka.tcp', title: 'Kafka: connection', dependsOn: after('dns'), run: (c) => addresses.tcp(c) },
    { id: 'kafka.tls', title: 'Kafka: encryption', dependsOn: after('tcp'), run: (c) => addresses.tls(c) },
    { id: 'kafka.auth', title: 'Kafka: authentication', dependsOn: after('tls'), run: (c) => cluster.auth(c) },
    { id: 'kafka.cluster', title: 'Kafka: cluster', dependsOn: after('auth'), run: (c) => cluster.cluster(c) },
    { id: 'kafka.topic', title: 'Kafka: topics', dependsOn: after('cluster'), run: (c) => cluster.topic(c) },
    {
      id: 'kafka.topicConfig',
      title: 'Kafka: configuration of topics',
      dependsOn: after('topic'),
      run: (c) => cluster.topicConfig(c),
    },
  ];
  if (writeProbe === undefined) return checks;
  const produce: ConnectivityCheck = {
    id: 'kafka.produce',
    title: 'Kafka: a record',
    dependsOn: after('cluster'),
    run: (c) => probeProduce(options, writeProbe, c.signal),
  };
  return [...checks, produce];
};
