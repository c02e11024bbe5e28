import { probeAll, refusedBy, troubles, unreachable } from './check-outcomes.ts';
import type { CheckContext, CheckOutcome } from './connectivity-check.ts';
import type { ClusterMetadata, HostPort, MetadataOptions, TopicConfig, TopicMetadata } from './driver.ts';
import { faultOfCode } from './kafka-errors.ts';
import { dial, resolveName, secure } from './network-probe.ts';
import type { ResolvedProducerPoolOptions } from './options.ts';
import { unlessAborted } from './within.ts';

const REPLICAS_FOR_SAFETY = 3;
const MIN_ISR_FOR_SAFETY = 2;

interface Described {
  readonly metadata: ClusterMetadata;
  readonly configs: ReadonlyMap<string, TopicConfig> | undefined;
  /** Why the configurations were not told. */
  readonly refusal: string | undefined;
}

/** The checks that the driver answers: who we are, what the cluster is, and its topics. */
export class ClusterChecks {
  readonly #options: ResolvedProducerPoolOptions;
  readonly #topics: readonly string[];
  /** What one check has asked and the next one needs: used once, so that a check that is repeated asks again. */
  #cluster: Promise<ClusterMetadata> | undefined;
  #described: Promise<Described> | undefined;

  constructor(options: ResolvedProducerPoolOptions, topics: readonly string[]) {
    this.#options = options;
    this.#topics = topics;
  }

  async auth({ signal }: CheckContext): Promise<CheckOutcome> {
    const beganAtMs = this.#options.clock.now();
    try {
      this.#cluster = this.#metadata([], signal);
      await this.#cluster;
    } catch (error) {
      this.#cluster = undefined;
      return refusedBy(this.#options.driver, error);
    }
    const latencyMs = Math.round(this.#options.clock.now() - beganAtMs);
    return { status: 'pass', message: 'the cluster accepts this client', data: { latencyMs } };
  }

  /** The `advertised.listeners` mistake: brokers that are reached at the first address only. */
  async cluster({ signal }: CheckContext): Promise<CheckOutcome> {
    const { driver } = this.#options;
    let metadata: ClusterMetadata;
    try {
      const asked = this.#cluster ?? this.#metadata([], signal);
      this.#cluster = undefined;
      metadata = await asked;
    } catch (error) {
      return refusedBy(driver, error);
    }
    // Brokers without bootstrap addresses are not on a network: there is nothing to dial.
    const advertised = driver.bootstrap === undefined ? [] : metadata.brokers;
    const found = await probeAll(advertised, await this.#reach(signal));
    const trouble = troubles(found).join(', ');
    const help = 'correct advertised.listeners of these brokers, or the names in their certificates';
    if (found.some(({ failed }) => failed))
      return unreachable(`brokers advertise addresses that cannot be used from here: ${trouble}`, help);
    const data = { brokers: metadata.brokers.length };
    const message = `${metadata.brokers.length} brokers answer${trouble === '' ? '' : `; but ${trouble}`}`;
    return { status: trouble === '' ? 'pass' : 'warn', message, data };
  }

  async topic({ signal }: CheckContext): Promise<CheckOutcome> {
    if (this.#topics.length === 0) return { status: 'skip', message: 'no topics are named' };
    let described: Described;
    try {
      this.#described = this.#describe(signal);
      described = await this.#described;
    } catch (error) {
      this.#described = undefined;
      return refusedBy(this.#options.driver, error);
    }
    const { metadata, configs } = described;
    const serious: string[] = [];
    const mild: string[] = [];
    let partitions = 0;
    for (const topic of this.#topics) {
      const found = metadata.topics.get(topic);
      partitions += found?.partitions.length ?? 0;
      const problem = topicProblem(found, configs?.get(topic));
      if (problem !== undefined) serious.push(`${topic}: ${problem}`);
      else if (isUnderReplicated(found)) mild.push(`${topic}: replicas are behind`);
    }
    const data = { topics: this.#topics.length, partitions };
    if (serious.length > 0)
      return {
        status: 'fail',
        message: [...serious, ...mild].join('; '),
        help: 'create the topics, start their brokers, or grant DESCRIBE and WRITE on them',
        category: 'incompatible',
        data,
      };
    if (mild.length > 0) return { status: 'warn', message: mild.join('; '), data };
    return { status: 'pass', message: `${this.#topics.length} topics are there`, data };
  }

  async topicConfig({ signal }: CheckContext): Promise<CheckOutcome> {
    const { driver } = this.#options;
    if (this.#topics.length === 0) return { status: 'skip', message: 'no topics are named' };
    if (driver.topicConfigs === undefined)
      return { status: 'skip', message: `driver ${driver.name} cannot ask for it` };
    let described: Described;
    try {
      const asked = this.#described ?? this.#describe(signal);
      this.#described = undefined;
      described = await asked;
    } catch (error) {
      return refusedBy(driver, error);
    }
    const { metadata, configs, refusal } = described;
    if (refusal !== undefined) {
      const help = 'grant DESCRIBE_CONFIGS on the topics';
      return { status: 'warn', message: `the configuration may not be read: ${refusal}`, help };
    }
    const problems = this.#topics.flatMap((topic) =>
      configProblems(this.#options, configs?.get(topic), metadata.topics.get(topic)).map(
        (problem) => `${topic}: ${problem}`,
      ),
    );
    if (problems.length === 0) return { status: 'pass', message: 'the topics are configured for safety' };
    return { status: 'warn', message: problems.join('; '), help: 'change the configuration of the topics' };
  }

  /** Name, connection and encryption of an advertised address. */
  async #reach(signal: AbortSignal): Promise<(address: HostPort) => Promise<string | undefined>> {
    const { driver } = this.#options;
    const tls = await driver.tls?.();
    return async (address) => {
      await resolveName(address, signal);
      if (driver.tls === undefined) return dial(address, signal);
      return secure(address, { tls, signal, nowMs: Date.now() });
    };
  }

  #metadata(topics: readonly string[], signal: AbortSignal): Promise<ClusterMetadata> {
    const { driver, runInContext } = this.#options;
    return unlessAborted(signal, () => runInContext(() => driver.metadata(topics, this.#timeouts(signal))));
  }

  /** Partitions and configurations of the topics; that the latter may not be read is no reason to fail. */
  async #describe(signal: AbortSignal): Promise<Described> {
    const { driver, runInContext } = this.#options;
    const ask = async () => driver.topicConfigs?.(this.#topics, this.#timeouts(signal));
    const [metadata, configured] = await Promise.all([
      this.#metadata(this.#topics, signal),
      unlessAborted(signal, () => runInContext(ask)).then(
        (configs): Omit<Described, 'metadata'> => ({ configs, refusal: undefined }),
        (error: unknown) => ({ configs: undefined, refusal: driver.classify(error).kafkaError ?? 'UNRECOGNIZED' }),
      ),
    ]);
    return { metadata, ...configured };
  }

  #timeouts(signal: AbortSignal): MetadataOptions {
    const { connectTimeoutMs, requestTimeoutMs } = this.#options;
    return { signal, connectTimeoutMs, requestTimeoutMs };
  }
}

const topicProblem = (found: TopicMetadata | undefined, config: TopicConfig | undefined): string | undefined => {
  if (found === undefined) return 'unknown';
  if (found.errorCode !== 0) return faultOfCode(found.errorCode).kafkaError;
  const { partitions } = found;
  const headless = partitions.filter(({ leader }) => leader === undefined).length;
  if (headless > 0) return `${headless} of ${partitions.length} partitions have no leader`;
  const least = config?.minInsyncReplicas ?? 0;
  const short = partitions.filter(({ isr }) => isr.length < least).length;
  return short === 0
    ? undefined
    : `${short} of ${partitions.length} partitions have fewer replicas in sync than min.insync.replicas = ${least}`;
};

const isUnderReplicated = (found: TopicMetadata | undefined): boolean =>
  found?.partitions.some(({ isr, replicas }) => isr.length < replicas.length) === true;

type Rule = readonly [broken: boolean, problem: string];

const configProblems = (
  { maxRequestBytes }: ResolvedProducerPoolOptions,
  config: TopicConfig | undefined,
  metadata: TopicMetadata | undefined,
): readonly string[] => {
  if (config === undefined) return ['its configuration is not told'];
  const replicas = Math.max(0, ...(metadata?.partitions ?? []).map((partition) => partition.replicas.length));
  const {
    maxMessageBytes = maxRequestBytes,
    minInsyncReplicas = MIN_ISR_FOR_SAFETY,
    timestampType,
    cleanupPolicy,
  } = config;
  const rules: readonly Rule[] = [
    [
      maxMessageBytes < maxRequestBytes,
      `max.message.bytes = ${maxMessageBytes} is below maxRequestBytes = ${maxRequestBytes}`,
    ],
    [
      replicas >= REPLICAS_FOR_SAFETY && minInsyncReplicas < MIN_ISR_FOR_SAFETY,
      `min.insync.replicas = ${minInsyncReplicas} of ${replicas} replicas: a record may be on one broker alone`,
    ],
    [timestampType === 'LogAppendTime', 'message.timestamp.type = LogAppendTime: the time of an event is replaced'],
    [
      cleanupPolicy?.includes('compact') === true,
      `cleanup.policy = ${cleanupPolicy}: only the last event of a key is kept`,
    ],
  ];
  return rules.flatMap(([broken, problem]) => (broken ? [problem] : []));
};
