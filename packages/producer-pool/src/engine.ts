/** The parts of a running pool, wired; a failed start throws one away and makes another. */
import { RecordBuffer } from './buffer.ts';
import { Dispatcher } from './dispatcher.ts';
import type { DriverFault } from './driver.ts';
import {
  type ProducerAuthError,
  type ProducerDriverError,
  type ProducerPoolError,
  ProducerUnavailableError,
} from './errors.ts';
import { Intake } from './intake.ts';
import { AUTH_ERRORS } from './kafka-errors.ts';
import { isBusy } from './lane-runner.ts';
import { authError, type Topic, TopicDirectory } from './metadata.ts';
import type { ResolvedProducerPoolOptions } from './options.ts';
import { StickyPartitioner } from './partitioner.ts';
import { Placement } from './placement.ts';
import { Routing, UNKNOWN } from './routing.ts';
import type { ProducerState } from './slot.ts';
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
  | { readonly type: 'topic'; readonly topic: string; readonly error: ProducerPoolError | undefined }
  | { readonly type: 'openFailed'; readonly error: ProducerPoolError };

export class Engine {
  readonly buffer: RecordBuffer;
  readonly ticker: Ticker;
  readonly topics: TopicDirectory;
  readonly placement: Placement;
  readonly dispatcher: Dispatcher;
  readonly routing: Routing;
  readonly intake: Intake;
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
      onOpenFailed: (fault, error) => this.#openFailed(fault, error),
      onKilled: (producer, how) => this.dispatcher.producerKilled(producer, how),
    });
    const sticky = new StickyPartitioner(options.random, options);
    const { buffer, topics, placement } = this;
    this.dispatcher = new Dispatcher({
      options,
      counters,
      buffer,
      topics,
      placement,
      requestTick,
      onBatch: (topic, partition) => {
        sticky.release(topic, partition);
      },
      onSettled: (runner, effect) => {
        this.intake.settled(runner.topic, effect);
      },
    });
    const { dispatcher } = this;
    this.routing = new Routing(dispatcher.lanes, sticky);
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
    this.placement.shared.want(true);
    for (const name of this.#startTopics) {
      const topic = this.topics.get(name);
      if (typeof topic !== 'string') this.topics.want(topic);
    }
  }

  async recycle(reason: string): Promise<void> {
    this.#authError = undefined;
    await Promise.all([
      this.placement.shared.recycle(reason),
      this.placement.quarantine.current === undefined ? undefined : this.placement.quarantine.recycle(reason),
    ]);
  }

  /** Answers what is left and closes everything. */
  async close(deadlineMs: number): Promise<void> {
    this.dispatcher.close();
    await Promise.all([this.placement.close(deadlineMs), this.topics.close()]);
    this.ticker.close();
    await this.#host.options.driver.close();
  }

  gauges(): PoolGauges {
    const { options } = this.#host;
    const nowMs = options.clock.now();
    const lanes = { active: 0, ready: 0, sending: 0, backoff: 0, fenced: 0 };
    for (const runner of this.dispatcher.lanes.values()) {
      const { phase, partition } = runner.lane;
      if (partition === undefined) continue;
      if (isBusy(runner)) lanes.active += 1;
      if (phase === 'ready' || phase === 'sending' || phase === 'backoff' || phase === 'fenced') lanes[phase] += 1;
    }
    const producersByState: Record<ProducerState, number> = {
      connecting: 0,
      ready: 0,
      degraded: 0,
      retiring: 0,
      dead: 0,
    };
    const { shared, quarantine, producers } = this.placement;
    producersByState.connecting = Number(shared.isOpening) + Number(quarantine.isOpening);
    let connections = 0;
    for (const producer of producers) {
      producersByState[producer.slot.state] += 1;
      connections += producer.driver.connections();
    }
    const usable = producersByState.ready + producersByState.degraded;
    return {
      nowMs,
      buffered: {
        records: this.buffer.records,
        bytes: this.buffer.bytes,
        limitRecords: options.buffer.maxRecords,
        limitBytes: options.buffer.maxBytes,
        oldestAgeMs: nowMs - (this.intake.oldest?.publishedAtMs ?? nowMs),
      },
      lanes,
      producersByState,
      slots: {
        total: usable * Math.max(1, this.topics.brokerCount) * this.placement.slotsPerBroker,
        busy: this.dispatcher.outstandingCalls,
      },
      connections,
      perProducer: producers.map((producer) => producer.counters.snapshot(producer.id, nowMs)),
    };
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

  #isAwaited(topic: Topic): boolean {
    const room = this.dispatcher.lanes.peek(topic, UNKNOWN);
    return (room !== undefined && isBusy(room)) || (this.#host.isStarting() && this.#startTopics.has(topic.name));
  }

  #topicKnown(topic: Topic): void {
    this.routing.learn(topic, (runner) => this.intake.waitingIn(runner));
    const room = this.dispatcher.lanes.peek(topic, UNKNOWN);
    if (room !== undefined) this.intake.empty(room);
    this.#host.onProgress({ type: 'topic', topic: topic.name, error: undefined });
  }

  #topicRefused(topic: Topic, error: ProducerPoolError): void {
    const room = this.dispatcher.lanes.peek(topic, UNKNOWN);
    if (room !== undefined) this.dispatcher.apply(room, { type: 'refused', error });
    this.#host.onProgress({ type: 'topic', topic: topic.name, error });
  }

  #producerReady(): void {
    this.#connectedBefore = true;
    this.#openError = undefined;
    this.#authError = undefined;
    this.#host.onProgress({ type: 'ready' });
    this.dispatcher.pump();
  }

  #openFailed(fault: DriverFault, error: ProducerDriverError): void {
    if (fault.kafkaError !== undefined && AUTH_ERRORS.has(fault.kafkaError)) {
      this.#authError = authError(this.#host.options.name, fault, error);
      this.#cannotOpen(this.#authError);
      return;
    }
    this.#openError = error;
    this.#host.onProgress({ type: 'openFailed', error });
  }

  /** Nothing is connected and nothing can be: whoever waits gets an answer now. */
  #cannotOpen(error: ProducerPoolError): void {
    this.#openError = error;
    if (this.placement.shared.current === undefined) this.dispatcher.refuseAll(error);
    this.#host.onProgress({ type: 'openFailed', error });
  }

  #tick(): void {
    const nowMs = this.#host.options.clock.now();
    this.intake.tick(nowMs);
    this.topics.tick(nowMs);
    this.placement.tick(nowMs);
    this.dispatcher.tick(nowMs);
    this.#host.onProgress({ type: 'tick', nowMs });
    this.ticker.request(
      Math.min(this.intake.dueAtMs(), this.topics.dueAtMs(), this.placement.dueAtMs(), this.dispatcher.dueAtMs()),
    );
  }
}
