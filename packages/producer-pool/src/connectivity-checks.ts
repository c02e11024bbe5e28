/** Start-up checks of the cluster, in the shape that `@busbar/config` runs. Read-only: nothing is created, nothing produced. */
import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';

import type { ClusterMetadata, HostPort } from './driver.ts';
import { AUTH_ERRORS, faultOfCode } from './kafka-errors.ts';
import type { ResolvedProducerPoolOptions } from './options.ts';

export interface ConnectivityCheck {
  readonly id: string;
  readonly title: string;
  readonly dependsOn?: readonly string[];
  run(c: { readonly signal: AbortSignal }): Promise<CheckOutcome>;
}

export interface CheckOutcome {
  readonly status: 'pass' | 'warn' | 'fail' | 'skip';
  readonly message: string;
  readonly help?: string;
  readonly data?: Readonly<Record<string, string | number | boolean>>;
  readonly category?: 'config' | 'unreachable' | 'auth' | 'incompatible' | 'internal';
}

type Context = Parameters<ConnectivityCheck['run']>[0];

const text = ({ host, port }: HostPort): string => `${host}:${port}`;
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const unreachable = (message: string, help: string): CheckOutcome => ({
  status: 'fail',
  message,
  help,
  category: 'unreachable',
});

const dial = ({ host, port }: HostPort, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal });
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });

/** The addresses that fail, each with its reason. */
const failures = async (
  addresses: readonly HostPort[],
  probe: (address: HostPort) => Promise<unknown>,
): Promise<readonly string[]> => {
  const results = await Promise.allSettled(addresses.map(probe));
  return results.flatMap((result, index) => {
    const address = addresses[index];
    return result.status === 'rejected' && address !== undefined
      ? [`${text(address)} (${messageOf(result.reason)})`]
      : [];
  });
};

class ClusterChecks {
  readonly #options: ResolvedProducerPoolOptions;
  readonly #topics: readonly string[];

  constructor(options: ResolvedProducerPoolOptions, topics: readonly string[]) {
    this.#options = options;
    this.#topics = topics;
  }

  async dns(): Promise<CheckOutcome> {
    const brokers = await this.#bootstrap();
    const failed = await failures(brokers, ({ host }) => lookup(host));
    if (failed.length < brokers.length || brokers.length === 0)
      return { status: failed.length === 0 ? 'pass' : 'warn', message: this.#some('resolved', brokers, failed) };
    return unreachable(
      `no bootstrap broker can be resolved: ${failed.join(', ')}`,
      'check the names in brokers, and the name server',
    );
  }

  async tcp({ signal }: Context): Promise<CheckOutcome> {
    const brokers = await this.#bootstrap();
    const failed = await failures(brokers, (address) => dial(address, signal));
    if (failed.length < brokers.length || brokers.length === 0)
      return { status: failed.length === 0 ? 'pass' : 'warn', message: this.#some('reached', brokers, failed) };
    return unreachable(
      `no bootstrap broker can be reached: ${failed.join(', ')}`,
      'check that Kafka runs, the port, and the network in between',
    );
  }

  async cluster({ signal }: Context): Promise<CheckOutcome> {
    const startedAtMs = this.#options.clock.now();
    let metadata: ClusterMetadata;
    try {
      metadata = await this.#metadata([], signal);
    } catch (error) {
      return this.#refused(error);
    }
    const latencyMs = Math.round(this.#options.clock.now() - startedAtMs);
    // Brokers without bootstrap addresses are not on a network: there is nothing to dial.
    const advertised = this.#options.driver.bootstrap === undefined ? [] : metadata.brokers;
    const failed = await failures(advertised, (address) => dial(address, signal));
    if (failed.length > 0) {
      return unreachable(
        `brokers advertise addresses that cannot be reached: ${failed.join(', ')}`,
        'correct advertised.listeners of these brokers',
      );
    }
    const data = { brokers: metadata.brokers.length, latencyMs };
    return { status: 'pass', message: `${metadata.brokers.length} brokers answer`, data };
  }

  async topic({ signal }: Context): Promise<CheckOutcome> {
    if (this.#topics.length === 0) return { status: 'skip', message: 'no topics are named' };
    let metadata: ClusterMetadata;
    try {
      metadata = await this.#metadata(this.#topics, signal);
    } catch (error) {
      return this.#refused(error);
    }
    const problems = this.#topics.flatMap((topic) => {
      const found = metadata.topics.get(topic);
      if (found === undefined) return [`${topic}: unknown`];
      if (found.errorCode !== 0) return [`${topic}: ${faultOfCode(found.errorCode).kafkaError}`];
      const headless = found.partitions.filter((partition) => partition.leader === undefined).length;
      return headless === 0 ? [] : [`${topic}: ${headless} of ${found.partitions.length} partitions have no leader`];
    });
    if (problems.length === 0)
      return {
        status: 'pass',
        message: `${this.#topics.length} topics are there`,
        data: { topics: this.#topics.length },
      };
    return {
      status: 'fail',
      message: problems.join('; '),
      help: 'create the topics, or grant DESCRIBE and WRITE on them',
      category: 'incompatible',
    };
  }

  async #bootstrap(): Promise<readonly HostPort[]> {
    return (await this.#options.driver.bootstrap?.()) ?? [];
  }

  async #metadata(topics: readonly string[], signal: AbortSignal): Promise<ClusterMetadata> {
    const { driver, connectTimeoutMs, requestTimeoutMs, runInContext } = this.#options;
    return runInContext(() => driver.metadata(topics, { signal, connectTimeoutMs, requestTimeoutMs }));
  }

  #refused(error: unknown): CheckOutcome {
    const { kafkaError = 'UNRECOGNIZED' } = this.#options.driver.classify(error);
    if (!AUTH_ERRORS.has(kafkaError))
      return unreachable(`the cluster does not answer: ${kafkaError}`, 'check brokers, TLS and network');
    return {
      status: 'fail',
      message: `the cluster does not accept this client: ${kafkaError}`,
      help: 'check credentials, certificates and ACLs',
      category: 'auth',
    };
  }

  #some(verb: string, brokers: readonly HostPort[], failed: readonly string[]): string {
    const rest = failed.length === 0 ? '' : `; not ${failed.join(', ')}`;
    return `${brokers.length - failed.length} of ${brokers.length} bootstrap brokers ${verb}${rest}`;
  }
}

/** `kafka.dns` → `kafka.tcp` → `kafka.cluster` → `kafka.topic`. */
export const connectivityChecks = (
  options: ResolvedProducerPoolOptions,
  topics: readonly string[],
): readonly ConnectivityCheck[] => {
  const checks = new ClusterChecks(options, topics);
  return [
    { id: 'kafka.dns', title: 'Kafka: names', run: () => checks.dns() },
    { id: 'kafka.tcp', title: 'Kafka: connection', dependsOn: ['kafka.dns'], run: (c) => checks.tcp(c) },
    {
      id: 'kafka.cluster',
      title: 'Kafka: cluster',
      dependsOn: ['kafka.tcp'],
      run: (c) => checks.cluster(c),
    },
    {
      id: 'kafka.topic',
      title: 'Kafka: topics',
      dependsOn: ['kafka.cluster'],
      run: (c) => checks.topic(c),
    },
  ];
};
