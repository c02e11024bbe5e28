/** The parts of a running pool, wired; a failed start throws one away and makes another. */
import { RecordBuffer } from './buffer.ts';
import { Dispatcher } from './dispatcher.ts';
import {
  type ProducerAuthError,
  type ProducerDriverError,
  type ProducerPoolError,
  ProducerUnavailableError,
} from './errors.ts';
import { laneGauges, producerGauges } from './gauges.ts';
import { Intake } from './intake.ts';
import { AUTH_ERRORS } from './kafka-errors.ts';
import { isBusy } from './lane-runner.ts';
import { LoadMeter } from './load-meter.ts';
import { authError, type Topic, TopicDirectory } from './metadata.ts';
import type { ResolvedProducerPoolOptions } from './options.ts';
import { StickyPartitioner } from './partitioner.ts';
import { Placement } from './placement.ts';
import { Probe } from './probe.ts';
import type { Publisher } from './publishing.ts';
import { Routing, UNKNOWN } from './routing.ts';
import { Scaler } from './scaler.ts';
import type { PoolCounters, PoolGauges } from './stats.ts';
import { Ticker } from './ticker.ts';

export interface EngineHost {
  readonly options: ResolvedProducerPoolOptions;
  readonly counters: PoolCounters;
  nextProducerId(): string;
  /** Why nothing may be published, apart from what the engine itself knows. */
  refusal(): ProducerPoolError | undefined;
  /** True while a start waits for the topics of the options. */
  isStarting(): boolean;
  /** Something that a waiting start looks at has changed. */
  onProgress(event: EngineProgress): void;
}

export type EngineProgress =
  | { readonly type: 'ready' }
  | { readonly type: 'tick'; readonly nowMs: number }
  | { readonly type: 'topicKnown'; readonly topic: string }
  /** Of a topic, or of the connection. */
  | { readonly type: 'failed'; readonly error: ProducerPoolError; readonly of: 'topic' | 'connection' };

export class Engine implements Publisher {
  readonly pool: string;
  readonly buffer: RecordBuffer;
  readonly ticker: Ticker;
  readonly topics: TopicDirectory;
  readonly placement: Placement;
  readonly dispatcher: Dispatcher;
  readonly routing: Routing;
  readonly intake: Intake;
  readonly #scaler: Scaler;
  readonly #probe: Probe;
  readonly #host: EngineHost;
  readonly #startTopics: ReadonlySet<string>;
  #connectedBefore = false;
  #openError: ProducerPoolError | undefined;
  #authError: ProducerAuthError | undefined;

  // oxlint-disable-next-line max-lines-per-function -- wiring: one part after another
  constructor(host: EngineHost) {
    this.#host = host;
    const { options, counters } = host;
    const { clock, timers } = options;
    this.pool = options.name;
    const requestTick = (atMs: number): void => {
      this.ticker.request(atMs);
    };
    this.#startTopics = new Set(options.topics);
    this.buffer = new RecordBuffer(options.buffer);
    this.ticker = new Ticker({ clock, timers, onDue: () => this.#tick() });
    this.topics = new TopicDirectory({
      options,
      counters,
      requestTick,
      isAwaited: (topic) => this.#isAwaited(topic),
      onKnown: (topic) => this.#topicKnown(topic),
      onRejected: (topic, error) => this.#topicRefused(topic, error),
      onRefused: (topic, error) => this.#topicRefused(topic, error),
    });
    this.placement = new Placement({
      options,
      counters,
      requestTick,
      nextId: () => host.nextProducerId(),
      onReady: () => this.#producerReady(),
      onRefused: (error) => this.#cannotOpen(error),
      onOpenFailed: (error) => this.#openFailed(error),
      onKilled: (producer, how) => this.dispatcher.producerKilled(producer, how),
    });
    const sticky = new StickyPartitioner(options.random, options);
    const { buffer, topics, placement } = this;
    const load = new LoadMeter();
    this.#scaler = new Scaler({ options, counters, load, placement, requestTick });
    this.#probe = new Probe({
      options,
      requestTick,
      quietSinceMs: () => this.#quietSinceMs(),
      onProbed: (answered) => {
        placement.probed(answered);
      },
    });
    this.dispatcher = new Dispatcher({
      options,
      counters,
      buffer,
      topics,
      placement,
      requestTick,
      load,
      onBatch: (topic, partition) => {
        sticky.release(topic, partition);
      },
      onCall: () => {
        this.#scaler.wake(clock.now());
      },
      onAcknowledged: (runner, effect, nowMs) => {
        this.intake.acknowledged(runner.topic, effect, nowMs);
      },
      onFailed: (runner, effect) => {
        this.intake.failed(runner.topic, effect);
      },
    });
    const { dispatcher } = this;
    this.routing = new Routing(dispatcher.lanes, sticky, options.onPartitionGrowth);
    const { routing } = this;
    this.intake = new Intake({
      options,
      counters,
      buffer,
      topics,
      dispatcher,
      routing,
      requestTick,
      refusal: () => this.#refusal(),
    });
  }

  /** Starts connecting and asks for the topics of the options. */
  connect(): void {
    this.placement.seats.fill(true);
    for (const name of this.#startTopics) {
      const topic = this.topics.get(name);
      if (typeof topic !== 'string') this.topics.want(topic);
    }
  }

  async recycle(reason: string): Promise<void> {
    this.#authError = undefined;
    const [error] = await this.placement.recycle(reason);
    if (error === undefined) return;
    const { name: pool } = this.#host.options;
    throw new ProducerUnavailableError({ pool, scope: 'broker' }, 'not every producer could be replaced', {
      cause: error,
    });
  }

  /** Answers what is left and closes everything. */
  async close(deadlineMs: number): Promise<void> {
    this.dispatcher.close();
    await Promise.all([this.placement.close(deadlineMs), this.topics.close(), this.#probe.close()]);
    this.ticker.close();
    await this.#host.options.driver.close();
  }

  gauges(): PoolGauges {
    const { options } = this.#host;
    const nowMs = options.clock.now();
    const brokers = Math.max(1, this.topics.brokerCount);
    const { slots, ...producers } = producerGauges(this.placement, { brokers, nowMs });
    return {
      nowMs,
      buffered: {
        records: this.buffer.records,
        bytes: this.buffer.bytes,
        limitRecords: options.buffer.maxRecords,
        limitBytes: options.buffer.maxBytes,
        oldestAgeMs: nowMs - Math.min(nowMs, this.intake.oldestAtMs),
      },
      lanes: laneGauges(this.dispatcher.lanes.values()),
      slots: { total: slots, busy: this.dispatcher.outstandingCalls },
      ...producers,
    };
  }

  /** Shared producers there should be and are not. */
  get missingProducers(): number {
    const { seats } = this.placement;
    return seats.size - seats.producers().length;
  }

  get stuckLanes(): number {
    let stuck = 0;
    for (const { lane } of this.dispatcher.lanes.values()) if (lane.stuck) stuck += 1;
    return stuck;
  }

  /** In degraded mode nobody waits for a cluster that has never been there. */
  #refusal(): ProducerPoolError | undefined {
    const error = this.#host.refusal() ?? this.#authError;
    if (error !== undefined || this.#connectedBefore || this.#openError === undefined) return error;
    const { name: pool } = this.#host.options;
    return new ProducerUnavailableError({ pool, scope: 'broker' }, 'nothing is connected yet', {
      cause: this.#openError,
    });
  }

  #quietSinceMs(): number {
    if (this.dispatcher.outstandingCalls > 0) return Number.POSITIVE_INFINITY;
    const used = this.placement.seats.producers().map(({ lastUsedMs }) => lastUsedMs);
    return used.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...used);
  }

  #isAwaited(topic: Topic): boolean {
    const room = this.dispatcher.lanes.peek(topic, UNKNOWN);
    return (room !== undefined && isBusy(room)) || (this.#host.isStarting() && this.#startTopics.has(topic.name));
  }

  #topicKnown(topic: Topic): void {
    this.routing.learn(topic, (runner) => this.intake.waitingIn(runner));
    const room = this.dispatcher.lanes.peek(topic, UNKNOWN);
    if (room !== undefined) this.intake.empty(room);
    this.#host.onProgress({ type: 'topicKnown', topic: topic.name });
  }

  #topicRefused(topic: Topic, error: ProducerPoolError): void {
    const room = this.dispatcher.lanes.peek(topic, UNKNOWN);
    if (room !== undefined) this.dispatcher.apply(room, { type: 'refused', error });
    this.#host.onProgress({ type: 'failed', error, of: 'topic' });
  }

  #producerReady(): void {
    this.#connectedBefore = true;
    this.#openError = undefined;
    this.#authError = undefined;
    this.#host.onProgress({ type: 'ready' });
    this.ticker.request(this.#probe.dueAtMs());
    this.dispatcher.pump();
  }

  #openFailed(error: ProducerDriverError): void {
    const { kafkaError } = error.details;
    if (kafkaError !== undefined && AUTH_ERRORS.has(kafkaError)) {
      this.#authError = authError(this.#host.options.name, error.details, error);
      this.#cannotOpen(this.#authError);
      return;
    }
    this.#openError = error;
    this.#host.onProgress({ type: 'failed', error, of: 'connection' });
  }

  /** Nothing is connected and nothing can be: whoever waits gets an answer now. */
  #cannotOpen(error: ProducerPoolError): void {
    this.#openError = error;
    if (!this.placement.seats.isConnected) this.dispatcher.refuseAll(error);
    this.#host.onProgress({ type: 'failed', error, of: 'connection' });
  }

  #tick(): void {
    const nowMs = this.#host.options.clock.now();
    this.intake.tick(nowMs);
    this.topics.tick(nowMs);
    this.placement.tick(nowMs);
    this.#scaler.tick(nowMs);
    this.#probe.tick(nowMs);
    this.dispatcher.tick(nowMs);
    this.#host.onProgress({ type: 'tick', nowMs });
    const parts = [this.intake, this.topics, this.placement, this.#scaler, this.#probe, this.dispatcher];
    this.ticker.request(Math.min(...parts.map((part) => part.dueAtMs())));
  }
}
