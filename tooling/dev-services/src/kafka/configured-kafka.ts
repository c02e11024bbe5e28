import { DevServiceError } from '../errors.ts';
import { Brokers, type KafkaService } from './brokers.ts';
import { clusterState } from './metadata-probe.ts';

/** Brokers that the developer named: they serve topics, and nothing there is ours to break or to end. */
export class ConfiguredKafka extends Brokers implements KafkaService {
  readonly nodes = [];

  constructor(brokers: readonly string[]) {
    super({ source: 'configured', version: 'unknown', brokers });
  }

  node(id: number): never {
    throw new DevServiceError('UNSUPPORTED_FAULT', {
      service: 'Kafka',
      reason: `node ${id} is one of BUSBAR_KAFKA_BROKERS and not ours to break`,
      help: 'Unset BUSBAR_KAFKA_BROKERS to run the fault tests on brokers of their own.',
    });
  }

  heal(): Promise<void> {
    return Promise.resolve(); // nothing of it was broken
  }

  logTail(): string {
    return '';
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** Resolves when one of the brokers answers. @throws {DevServiceError} NOT_AVAILABLE when none does. */
export const checkConfiguredKafka = async (brokers: readonly string[]): Promise<ConfiguredKafka> => {
  try {
    await Promise.any(brokers.map((broker) => clusterState(broker, [])));
    return new ConfiguredKafka(brokers);
  } catch (cause) {
    throw new DevServiceError('NOT_AVAILABLE', {
      service: 'Kafka',
      reason: `none of the configured brokers ${brokers.join(', ')} answers`,
      help: 'Correct BUSBAR_KAFKA_BROKERS, or unset it to let the tests start a broker of their own.',
      cause,
    });
  }
};
