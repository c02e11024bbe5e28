/**
 * What the pool knows of topics: whether the name is legal (checked once per topic), how many partitions, which leaders.
 *
 * Loads are single-flight and carry every topic that is wanted at that moment. A topic somebody waits for is asked again with a backoff
 * until it is known, refused, or nobody waits any more; for a known topic a failed refresh changes nothing.
 */
import { type Backoff, nextDelayMs, resolveBackoff } from '@busbar/retry';

import type { ClusterMetadata, PartitionMetadata } from './driver.ts';
import {
  ProducerAuthError,
  type ProducerDriverError,
  type ProducerErrorDetails,
  type ProducerPoolError,
  type ProducerUnavailableError,
} from './errors.ts';
import { guarded } from './guarded.ts';
import { AUTH_ERRORS, faultOfCode, INVALID_TOPIC, TOPIC_AUTHORIZATION_FAILED, UNKNOWN_TOPIC } from './kafka-errors.ts';
import { notSent } from './not-sent.ts';
import type { ResolvedProducerPoolOptions } from './options.ts';
import { rejectionError } from './rejection.ts';
import type { PoolCounters } from './stats.ts';
import { topicNameProblem } from './topic-name.ts';
import { unlessAborted } from './within.ts';

export interface Topic {
  readonly name: string;
  /** index = partition; empty until known. */
  partitions: readonly PartitionMetadata[];
  loadedAtMs: number;
  /** Largest batch that the topic takes, compressed; Infinity until known. */
  maxMessageBytes: number;
  limitsAskedAtMs: number;
  /** When a record of the topic was last acknowledged. */
  ackedAtMs: number;
  wanted: boolean;
  retryAtMs: number;
  failures: number;
  unknownReplies: number;
}

export interface MetadataHost {
  readonly options: ResolvedProducerPoolOptions;
  readonly counters: PoolCounters;
  requestTick(atMs: number): void;
  /** True while records wait for the topic to become known. */
  isAwaited(topic: Topic): boolean;
  onKnown(topic: Topic): void;
  /** The topic is refused, does not exist, or the client is not accepted. */
  onRejected(topic: Topic, error: ProducerPoolError): void;
  onRefused(topic: Topic, error: ProducerUnavailableError): void;
}

/** Illegal names remembered; a flood of them must not fill the memory. */
const MAX_PROBLEMS = 1_000;
const FINAL_CODES: ReadonlySet<number> = new Set([INVALID_TOPIC, TOPIC_AUTHORIZATION_FAILED]);

export class TopicDirectory {
  readonly #host: MetadataHost;
  readonly #backoff: Backoff;
  readonly #topics = new Map<string, Topic>();
  readonly #problems = new Map<string, string>();
  #load: { readonly abort: AbortController; readonly deadlineMs: number; readonly done: Promise<void> } | undefined;
  #closed = false;

  constructor(host: MetadataHost) {
    this.#host = host;
    this.#backoff = resolveBackoff(host.options.retry);
  }

  /** Brokers that hold a partition of a known topic. */
  get brokerCount(): number {
    const brokers = new Set<number>();
    for (const topic of this.#topics.values())
      for (const { replicas } of topic.partitions) for (const id of replicas) brokers.add(id);
    return brokers.size;
  }

  /** The topic, or what is wrong with its name; the name is checked once per topic. */
  get(name: string): Topic | string {
    const known = this.#topics.get(name) ?? this.#problems.get(name);
    if (known !== undefined) return known;
    const problem = topicNameProblem(name);
    if (problem !== undefined) {
      if (this.#problems.size < MAX_PROBLEMS) this.#problems.set(name, problem);
      return problem;
    }
    const topic: Topic = {
      name,
      partitions: [],
      loadedAtMs: Number.NEGATIVE_INFINITY,
      maxMessageBytes: Number.POSITIVE_INFINITY,
      limitsAskedAtMs: Number.NEGATIVE_INFINITY,
      ackedAtMs: Number.NEGATIVE_INFINITY,
      wanted: false,
      retryAtMs: 0,
      failures: 0,
      unknownReplies: 0,
    };
    this.#topics.set(name, topic);
    return topic;
  }

  /** The topic as far as it has been asked for already; asks nobody. */
  peek(name: string): Topic | undefined {
    return this.#topics.get(name);
  }

  /** Asks the cluster soon; a topic loaded a moment ago is not asked again. */
  want(topic: Topic): void {
    const { options } = this.#host;
    if (topic.wanted || this.#now() - topic.loadedAtMs < options.retry.baseMs) return;
    topic.wanted = true;
    topic.retryAtMs = 0;
    this.#next();
  }

  /** Asks again for a known topic when what is known of it has become old. */
  refreshIfOld(topic: Topic, nowMs: number): void {
    if (topic.partitions.length === 0) return;
    if (nowMs - topic.loadedAtMs >= this.#host.options.metadataMaxAgeMs) this.want(topic);
  }

  dueAtMs(): number {
    if (this.#load !== undefined) return this.#load.deadlineMs;
    let due = Number.POSITIVE_INFINITY;
    for (const topic of this.#topics.values()) if (topic.wanted) due = Math.min(due, topic.retryAtMs);
    return due;
  }

  tick(nowMs: number): void {
    if (this.#load !== undefined && nowMs >= this.#load.deadlineMs) this.#load.abort.abort();
    this.#next();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#load?.abort.abort();
    await this.#load?.done;
  }

  #now(): number {
    return this.#host.options.clock.now();
  }

  #next(): void {
    if (this.#load !== undefined || this.#closed) return;
    const nowMs = this.#now();
    const topics = [...this.#topics.values()].filter((topic) => topic.wanted && topic.retryAtMs <= nowMs);
    if (topics.length === 0) {
      this.#host.requestTick(this.dueAtMs());
      return;
    }
    const { requestTimeoutMs, connectTimeoutMs } = this.#host.options;
    const abort = new AbortController();
    const deadlineMs = nowMs + requestTimeoutMs + connectTimeoutMs;
    this.#host.requestTick(deadlineMs);
    const done = this.#ask(topics, abort.signal).finally(() => {
      this.#load = undefined;
      this.#next();
    });
    this.#load = { abort, deadlineMs, done };
  }

  async #ask(topics: readonly Topic[], signal: AbortSignal): Promise<void> {
    const { options, counters } = this.#host;
    counters.metadataRefreshes += 1;
    // A refresh nobody waits for tells the guard nothing.
    const guard = topics.some((topic) => this.#host.isAwaited(topic)) ? options.guard : undefined;
    const ask = async (): Promise<ClusterMetadata> => {
      try {
        return await this.#askDriver(topics, signal);
      } catch (error) {
        throw notSent(options, error);
      }
    };
    const result = await guarded(guard, ask, { pool: options.name, scope: 'broker' });
    if (this.#closed) return;
    if (result.type === 'done') {
      this.#learn(topics, result.value);
      await this.#askLimits(topics, signal);
    } else if (result.type === 'refused') {
      for (const topic of topics) {
        topic.wanted = false;
        this.#host.onRefused(topic, result.error);
      }
    } else this.#failed(topics, notSent(options, result.error));
  }

  #askDriver(topics: readonly Topic[], signal: AbortSignal): Promise<ClusterMetadata> {
    const { driver, runInContext, connectTimeoutMs, requestTimeoutMs } = this.#host.options;
    const names = topics.map((topic) => topic.name);
    return unlessAborted(signal, () =>
      runInContext(() => driver.metadata(names, { signal, connectTimeoutMs, requestTimeoutMs })),
    );
  }

  #learn(topics: readonly Topic[], metadata: ClusterMetadata): void {
    for (const topic of topics) {
      const found = metadata.topics.get(topic.name);
      if (found !== undefined && found.errorCode === 0 && found.partitions.length > 0) {
        topic.partitions = found.partitions;
        topic.loadedAtMs = this.#now();
        topic.wanted = false;
        topic.failures = 0;
        topic.unknownReplies = 0;
        this.#host.onKnown(topic);
      } else this.#missing(topic, found === undefined || found.errorCode === 0 ? UNKNOWN_TOPIC : found.errorCode);
    }
  }

  /** After the partitions, so that no record waits for it; a cluster that does not tell leaves the limits open. */
  async #askLimits(topics: readonly Topic[], signal: AbortSignal): Promise<void> {
    const { driver, metadataMaxAgeMs, connectTimeoutMs, requestTimeoutMs, runInContext } = this.#host.options;
    const nowMs = this.#now();
    const due = topics.filter(
      ({ partitions, limitsAskedAtMs }) => partitions.length > 0 && nowMs - limitsAskedAtMs >= metadataMaxAgeMs,
    );
    if (driver.topicConfigs === undefined || due.length === 0) return;
    for (const topic of due) topic.limitsAskedAtMs = nowMs;
    const names = due.map(({ name }) => name);
    const ask = () => driver.topicConfigs?.(names, { signal, connectTimeoutMs, requestTimeoutMs });
    const configs = await unlessAborted(signal, async () => runInContext(ask)).catch(() => undefined);
    for (const topic of due) topic.maxMessageBytes = configs?.get(topic.name)?.maxMessageBytes ?? topic.maxMessageBytes;
  }

  #missing(topic: Topic, code: number): void {
    if (code === UNKNOWN_TOPIC) topic.unknownReplies += 1;
    const { unknownTopicRetries, name: pool } = this.#host.options;
    if (!FINAL_CODES.has(code) && topic.unknownReplies <= unknownTopicRetries) return this.#again(topic);
    const attempts = topic.unknownReplies;
    topic.wanted = false;
    topic.failures = 0;
    topic.unknownReplies = 0;
    const fault = faultOfCode(code);
    this.#host.onRejected(
      topic,
      rejectionError({
        pool,
        topic: topic.name,
        fault,
        scope: 'topic',
        attempts,
        outcome: 'rejected',
        cause: undefined,
      }),
    );
  }

  #failed(topics: readonly Topic[], error: ProducerDriverError): void {
    const { kafkaError } = error.details;
    const refused = kafkaError !== undefined && AUTH_ERRORS.has(kafkaError);
    for (const topic of topics) {
      if (refused) {
        topic.wanted = false;
        this.#host.onRejected(topic, authError(this.#host.options.name, error.details, error));
      } else this.#again(topic);
    }
  }

  #again(topic: Topic): void {
    const isKnown = topic.partitions.length > 0;
    if (isKnown || !this.#host.isAwaited(topic)) {
      topic.wanted = false;
      return;
    }
    topic.failures += 1;
    topic.retryAtMs =
      this.#now() + nextDelayMs(this.#backoff, { retry: topic.failures, previousMs: 0 }, this.#host.options.random);
  }
}

/** The cluster does not take this client. */
export const authError = (
  pool: string,
  { kafkaError, kafkaCode }: Pick<ProducerErrorDetails, 'kafkaError' | 'kafkaCode'>,
  cause: unknown,
): ProducerAuthError => new ProducerAuthError({ pool, scope: 'client', kafkaError, kafkaCode }, { cause });
