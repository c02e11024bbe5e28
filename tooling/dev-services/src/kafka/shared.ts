/** The brokers that a whole test run shares: one node for everybody, three for the fault tests, which run one file at a time. */
import { basename, join } from 'node:path';

import { isJsonRecord, type JsonRecord, numberOf, numbersOf, stringOf, stringsOf } from '../record.ts';
import type { Run } from '../run-folder.ts';
import { isUnavailable, sharedRecord, sharedRun, type Unavailable, unavailableOf } from '../shared-services.ts';
import type { KafkaAccess, KafkaService } from './brokers.ts';
import { findKafka } from './class-path.ts';
import { KafkaCluster, startKafka } from './cluster.ts';
import { ConfiguredKafka } from './configured-kafka.ts';
import { DockerKafka } from './docker-kafka.ts';
import { findKafkaService } from './find-kafka.ts';
import type { NodePlace } from './properties.ts';

const PORT_NAMES = ['internal', 'plain', 'controller'] as const;

const clusterRecord = (cluster: KafkaCluster): JsonRecord => ({
  available: true,
  source: cluster.source,
  version: cluster.version,
  folder: basename(cluster.folder),
  nodes: cluster.places.map(({ id, ports }) => ({ id, ports: PORT_NAMES.map((name) => ports[name] ?? 0) })),
});

/** What other processes need to reach the brokers. */
export const kafkaRecord = (kafka: KafkaCluster | ConfiguredKafka | DockerKafka): JsonRecord => {
  if (kafka instanceof KafkaCluster) return clusterRecord(kafka);
  if (kafka instanceof DockerKafka) return { available: true, source: kafka.source, port: kafka.port };
  return { available: true, source: kafka.source, brokers: kafka.brokers };
};

const placesOf = (record: JsonRecord): readonly NodePlace[] =>
  (Array.isArray(record['nodes']) ? record['nodes'] : []).filter(isJsonRecord).map((node) => {
    const [internal = 0, plain = 0, controller = 0] = numbersOf(node, 'ports');
    return { id: numberOf(node, 'id'), ports: { internal, plain, controller } };
  });

const clusterFrom = (run: Run, record: JsonRecord): KafkaCluster =>
  new KafkaCluster({
    run,
    folder: join(run.folder, stringOf(record, 'folder')),
    version: stringOf(record, 'version'),
    places: placesOf(record),
    kafka: () => findKafka(),
  });

/** Three nodes that a user may break and has to heal, and that end with the run. */
export type BreakableKafka = Omit<KafkaService, typeof Symbol.asyncDispose>;

/**
 * The run's shared broker: the configured ones, else one node of ours, started by the first caller of all processes.
 * @throws {DevServiceError} when it is there but does not start; a missing one is an answer, not an error.
 */
export const sharedKafka = async (run?: Run): Promise<KafkaAccess | Unavailable> => {
  const itsRun = run ?? (await sharedRun());
  const record = await sharedRecord(itsRun, 'kafka', async () => kafkaRecord(await findKafkaService(itsRun, {})));
  if (isUnavailable(record)) return unavailableOf(record);
  switch (stringOf(record, 'source')) {
    case 'maven':
      return clusterFrom(itsRun, record);
    case 'docker':
      return new DockerKafka(itsRun, numberOf(record, 'port'));
    default:
      return new ConfiguredKafka(stringsOf(record, 'brokers'));
  }
};

/** The run's three nodes, which its users may break and have to heal; never a configured cluster: nothing there is ours to kill. */
export const sharedKafkaCluster = async (run?: Run): Promise<BreakableKafka | Unavailable> => {
  const itsRun = run ?? (await sharedRun());
  const record = await sharedRecord(itsRun, 'kafka-3', async () =>
    clusterRecord(await startKafka({ nodes: 3 }, itsRun)),
  );
  return isUnavailable(record) ? unavailableOf(record) : clusterFrom(itsRun, record);
};
