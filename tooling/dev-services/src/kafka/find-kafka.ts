import { configuredBrokers } from '../configured.ts';
import { detectKafka } from '../detect.ts';
import { hasDockerEngine } from '../docker.ts';
import { DevServiceError } from '../errors.ts';
import type { Run } from '../run-folder.ts';
import { type KafkaCluster, type KafkaOptions, startKafka } from './cluster.ts';
import { checkConfiguredKafka, type ConfiguredKafka } from './configured-kafka.ts';
import { type DockerKafka, startDockerKafka } from './docker-kafka.ts';

/** Maven may turn out to be unable to fetch the broker; then a container is still better than nothing. */
const startByMaven = async (run: Run, o: KafkaOptions): Promise<KafkaCluster | DockerKafka> => {
  try {
    return await startKafka(o, run);
  } catch (error) {
    const unresolved = error instanceof DevServiceError && error.code === 'RESOLVE_FAILED';
    if (unresolved && o.nodes !== 3 && (await hasDockerEngine())) return startDockerKafka(run);
    throw error;
  }
};

/**
 * The configured brokers, else ours that end with the run.
 * @throws {DevServiceError} NOT_AVAILABLE when there is nothing to run them with; what `startKafka` throws
 */
export const findKafkaService = async (
  run: Run,
  o: KafkaOptions,
): Promise<KafkaCluster | ConfiguredKafka | DockerKafka> => {
  const configured = configuredBrokers(process.env);
  if (configured.length > 0) return checkConfiguredKafka(configured);
  const { use } = await detectKafka();
  if (typeof use !== 'string') throw new DevServiceError('NOT_AVAILABLE', { service: 'Kafka', ...use });
  return use === 'docker' && o.nodes !== 3 ? startDockerKafka(run) : startByMaven(run, o);
};
