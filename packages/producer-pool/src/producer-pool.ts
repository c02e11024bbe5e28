/**
 * The pool: turns `publish(record)` into a verified acknowledgement of the broker, batched, in order per partition, bounded in memory.
 *
 * record → intake (check, freeze, charge) → lane (queue, batch, retry) → dispatcher (producer, call, watchdog) → driver
 */
import type { Terms } from './accepted-record.ts';
import type { ConnectivityCheck, ConnectivityCheckOptions } from './connectivity-check.ts';
import { connectivityChecks } from './connectivity-checks.ts';
import { channels } from './diagnostics.ts';
import { Engine, type EngineProgress } from './engine.ts';
import {
  ProducerAbortedError,
  ProducerAuthError,
  ProducerClosedError,
  ProducerConnectError,
  ProducerDeliveryTimeoutError,
  type ProducerPoolError,
  ProducerUnavailableError,
} from './errors.ts';
import { judgeHealth, type PoolHealth } from './health.ts';
import type { ProducerPoolOptions, ResolvedProducerPoolOptions } from './options.ts';
import type { CloseReport, ProducerPool, StartOptions } from './pool-port.ts';
import { type BatchOptions, publishMany, publishOne, type PublishOptions } from './publishing.ts';
import type { ProducerRecord } from './record.ts';
import { resolveProducerPoolOptions } from './resolve-options.ts';
import type { Ack, Settlement } from './settlement.ts';
import { PoolCounters, type ProducerPoolStats, snapshotStats } from './stats.ts';
import { within } from './within.ts';

/**
 * Makes a pool; opens nothing.
 * @throws {@link ProducerOptionsError} with every problem of the options
 */
export const createProducerPool = (options: ProducerPoolOptions): ProducerPool =>
  new Pool(resolveProducerPoolOptions(options));

type Lifecycle = 'created' | 'starting' | 'started' | 'closing' | 'closed';

interface Start {
  readonly mode: 'require' | 'degraded';
  readonly deadlineMs: number;
  readonly missing: Set<string>;
  connected: boolean;
  lastError: ProducerPoolError | undefined;
  readonly done: PromiseWithResolvers<void>;
}

class Pool implements ProducerPool {
  readonly name: string;
  readonly #options: ResolvedProducerPoolOptions;
  /** Of all calls without options of their own. */
  readonly #terms: Terms;
  readonly #counters: PoolCounters;
  #engine: Engine;
  #state: Lifecycle = 'created';
  #start: Start | undefined;
  #starting: Promise<void> | undefined;
  #closing: Promise<CloseReport> | undefined;
  #producerNumber = 0;
  #startedAtMs = 0;

  constructor(options: ResolvedProducerPoolOptions) {
    this.name = options.name;
    this.#options = options;
    this.#terms = this.#termsOf({});
    this.#counters = new PoolCounters(options.maxTopicStats);
    this.#engine = this.#newEngine();
    if (channels.created.hasSubscribers) channels.created.publish({ name: this.name, instance: this });
  }

  laneOf(record: { readonly topic: string; readonly key?: string | Uint8Array | null }): string | undefined {
    const topic = this.#engine.topics.peek(record.topic);
    if (topic === undefined || record.key === undefined || record.key === null) return undefined;
    const partition = this.#engine.routing.partitionOf(topic, record.key);
    return partition === undefined ? undefined : `${topic.name}-${partition}`;
  }

  async start(o: StartOptions = {}): Promise<void> {
    if (this.#state === 'closing' || this.#state === 'closed') throw new ProducerClosedError(this.#details());
    this.#starting ??= this.#connect(o.mode ?? 'require');
    await this.#orAborted(this.#starting, o.signal);
  }

  publish(record: ProducerRecord, o?: PublishOptions): Promise<Ack> {
    const terms = o === undefined ? this.#terms : this.#termsOf(o);
    return publishOne(this.#engine, record, { terms, signal: o?.signal });
  }

  tryPublish(record: ProducerRecord, o: Omit<PublishOptions, 'maxBlockMs'> = {}): Promise<Ack> {
    const terms = { ...this.#termsOf(o), maxBlockMs: undefined };
    return publishOne(this.#engine, record, { terms, signal: o.signal });
  }

  publishBatch(records: readonly ProducerRecord[], o: BatchOptions = {}): Promise<readonly Settlement[]> {
    return publishMany(this.#engine, records, { ...o, ...this.#termsOf(o) });
  }

  async flush(o: { readonly deadlineMs?: number; readonly signal?: AbortSignal } = {}): Promise<void> {
    const { dispatcher, intake } = this.#engine;
    dispatcher.flush(true);
    try {
      await this.#orAborted(this.#inTime(intake.drained(), o.deadlineMs), o.signal);
    } finally {
      dispatcher.flush(false);
    }
  }

  async recycle(reason: string): Promise<void> {
    if (this.#state === 'closing' || this.#state === 'closed') throw new ProducerClosedError(this.#details());
    if (this.#state !== 'created') await this.#engine.recycle(reason);
  }

  connectivityChecks(o: ConnectivityCheckOptions = {}): readonly ConnectivityCheck[] {
    return connectivityChecks(this.#options, o);
  }

  health(): PoolHealth {
    const gauges = this.#engine.gauges();
    const { buffered } = gauges;
    const lastAcks = gauges.perProducer.map((producer) => producer.lastAckAgeMs ?? Number.POSITIVE_INFINITY);
    return judgeHealth({
      lifecycle: this.#state,
      producersByState: gauges.producersByState,
      missingProducers: this.#engine.missingProducers,
      fencedLanes: gauges.lanes.fenced,
      stuckLanes: this.#engine.stuckLanes,
      bufferRatio: Math.max(buffered.records / buffered.limitRecords, buffered.bytes / buffered.limitBytes),
      oldestAgeMs: buffered.oldestAgeMs,
      deliveryTimeoutMs: this.#options.deliveryTimeoutMs,
      lastAckAgeMs: Math.min(this.#now() - this.#startedAtMs, ...lastAcks),
    });
  }

  stats(): ProducerPoolStats {
    return snapshotStats(this.#counters, this.#engine.gauges());
  }

  close(o: { readonly deadlineMs?: number } = {}): Promise<CloseReport> {
    this.#closing ??= this.#shutDown(o.deadlineMs ?? this.#options.closeTimeoutMs);
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #now(): number {
    return this.#options.clock.now();
  }

  #details() {
    return { pool: this.name, scope: 'pool' } as const;
  }

  #termsOf(o: PublishOptions) {
    return {
      call: undefined,
      maxBlockMs: o.maxBlockMs ?? this.#options.buffer.maxBlockMs,
      deliveryTimeoutMs: o.deliveryTimeoutMs ?? this.#options.deliveryTimeoutMs,
    };
  }

  #newEngine(): Engine {
    return new Engine({
      options: this.#options,
      counters: this.#counters,
      nextProducerId: () => `${this.name}-${(this.#producerNumber += 1)}`,
      refusal: () => this.#refusal(),
      isStarting: () => this.#start !== undefined,
      onProgress: (event) => {
        this.#progress(event);
      },
    });
  }

  #refusal(): ProducerPoolError | undefined {
    if (this.#state === 'created') return new ProducerUnavailableError(this.#details(), 'the pool is not started');
    return this.#state === 'closing' || this.#state === 'closed' ? new ProducerClosedError(this.#details()) : undefined;
  }

  async #connect(mode: Start['mode']): Promise<void> {
    const deadlineMs = this.#now() + this.#options.startTimeoutMs;
    const missing = new Set(this.#options.topics);
    const start: Start = {
      mode,
      deadlineMs,
      missing,
      connected: false,
      lastError: undefined,
      done: Promise.withResolvers(),
    };
    this.#start = start;
    this.#state = 'starting';
    this.#startedAtMs = this.#now();
    this.#engine.ticker.request(deadlineMs);
    this.#engine.connect();
    try {
      await start.done.promise;
      if (this.#state === 'starting') this.#state = 'started';
    } catch (error) {
      this.#starting = undefined;
      if (this.#state === 'starting') {
        this.#state = 'created';
        const failed = this.#engine;
        this.#engine = this.#newEngine();
        await failed.close(this.#options.pool.retireGraceMs);
      }
      throw error;
    } finally {
      this.#start = undefined;
    }
  }

  /** Whether a waiting start has come to its end. */
  #progress(event: EngineProgress): void {
    const start = this.#start;
    if (start === undefined) return;
    if (event.type === 'tick') this.#startTick(start, event.nowMs);
    else if (event.type === 'ready') start.connected = true;
    else if (event.type === 'topicKnown') start.missing.delete(event.topic);
    else this.#startFault(start, event.error, event.of === 'topic');
    if (start.connected && start.missing.size === 0) start.done.resolve();
  }

  #startTick(start: Start, nowMs: number): void {
    if (nowMs < start.deadlineMs) this.#engine.ticker.request(start.deadlineMs);
    else if (start.mode === 'degraded') start.done.resolve();
    else start.done.reject(this.#cannotConnect(start));
  }

  /** A missing topic and a refused client do not mend themselves; anything else may, until the deadline. */
  #startFault(start: Start, error: ProducerPoolError, isTopic: boolean): void {
    start.lastError = error;
    if (start.mode === 'degraded') start.done.resolve();
    else if (isTopic || error instanceof ProducerAuthError) start.done.reject(error);
  }

  #cannotConnect(start: Start): ProducerConnectError {
    const { kafkaError, kafkaCode } = start.lastError?.details ?? {};
    const details = {
      pool: this.name,
      scope: 'broker',
      limit: this.#options.startTimeoutMs,
      kafkaError,
      kafkaCode,
    } as const;
    return new ProducerConnectError(details, { cause: start.lastError });
  }

  async #shutDown(deadlineMs: number): Promise<CloseReport> {
    const beganAtMs = this.#now();
    const before = this.#tally();
    const { intake, dispatcher } = this.#engine;
    this.#state = 'closing';
    this.#start?.done.reject(new ProducerClosedError(this.#details()));
    intake.close();
    dispatcher.flush(true);
    await within(intake.drained(), deadlineMs, this.#options.timers);
    const restMs = Math.max(this.#options.pool.killTimeoutMs, deadlineMs - (this.#now() - beganAtMs));
    await this.#engine.close(restMs);
    this.#state = 'closed';
    const after = this.#tally();
    const report: CloseReport = {
      acknowledged: after.acknowledged - before.acknowledged,
      rejected: after.rejected - before.rejected,
      unknown: after.unknown - before.unknown,
      elapsedMs: this.#now() - beganAtMs,
    };
    if (channels.closed.hasSubscribers) channels.closed.publish({ name: this.name, report });
    return report;
  }

  #tally() {
    const { acknowledged, unknown, rejected } = this.#counters;
    const all = Object.values(rejected).reduce((sum, count) => sum + count, 0);
    return { acknowledged, unknown, rejected: all - unknown };
  }

  async #inTime(promise: Promise<void>, deadlineMs: number | undefined): Promise<void> {
    if (deadlineMs === undefined) return promise;
    if ((await within(promise, deadlineMs, this.#options.timers)) === 'resolved') return;
    throw new ProducerDeliveryTimeoutError({ ...this.#details(), limit: deadlineMs }, { outcome: 'unknown' });
  }

  async #orAborted(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
    if (signal === undefined) return promise;
    const gaveUp = (): ProducerAbortedError =>
      new ProducerAbortedError(this.#details(), { cause: signal.reason, outcome: 'not-sent' });
    if (signal.aborted) throw gaveUp();
    const aborted = Promise.withResolvers<never>();
    const onAbort = (): void => {
      aborted.reject(gaveUp());
    };
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await Promise.race([promise, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }
}
