/**
 * The shell around the lanes: gives ready lanes a producer in turn, runs their calls, watches them, and carries out what lanes decide.
 *
 * One lane sends one batch a turn (LN-14). A call that is older than `attemptTimeoutMs` has its producer killed (LN-7); its lane goes on
 * when the producer is dead, not earlier (LN-10).
 */
import { resolveBackoff } from '@busbar/retry';

import { type AttemptResult, runAttempt } from './attempt.ts';
import type { Batch, Entry } from './batch.ts';
import type { RecordBuffer } from './buffer.ts';
import { type CallObserver, callObserver, type Call } from './call.ts';
import { channels, type LaneMessage } from './diagnostics.ts';
import { type ProducerPoolError, ProducerUnavailableError, ProducerWatchdogError } from './errors.ts';
import { DUPLICATE_SEQUENCE } from './kafka-errors.ts';
import { isBusy, LaneRunner } from './lane-runner.ts';
import {
  isOccupied,
  laneDueAtMs,
  type LaneEffect,
  type LaneEvent,
  type LanePhase,
  type LanePolicy,
} from './lane-state.ts';
import { nextLane } from './lane.ts';
import type { Topic, TopicDirectory } from './metadata.ts';
import type { ResolvedProducerPoolOptions } from './options.ts';
import type { Placement } from './placement.ts';
import type { PooledProducer } from './producer-seat.ts';
import { RecentAcks } from './recent-acks.ts';
import type { PoolCounters } from './stats.ts';

export interface DispatcherHost {
  readonly options: ResolvedProducerPoolOptions;
  readonly counters: PoolCounters;
  readonly buffer: RecordBuffer;
  readonly topics: TopicDirectory;
  readonly placement: Placement;
  requestTick(atMs: number): void;
  /** A batch of the partition has started or failed: keyless records may go elsewhere. */
  onBatch(topic: string, partition: number): void;
  onSettled(runner: LaneRunner, effect: LaneEffect & { type: 'settle' }): void;
}

/** A new lane in so many looks for lanes to forget. */
const SWEEP_EVERY = 64;

export class Dispatcher {
  readonly #host: DispatcherHost;
  readonly #policy: LanePolicy;
  readonly #observe: CallObserver;
  readonly #lanes = new Map<string, LaneRunner>();
  /** In the order in which they became ready. */
  readonly #ready = new Set<LaneRunner>();
  readonly #calls = new Set<Call>();
  /** Lanes whose linger ends with this turn. */
  readonly #lingering = new Set<LaneRunner>();
  #pumping: NodeJS.Immediate | undefined;
  readonly #recentAcks = new RecentAcks();
  #flushing = 0;

  constructor(host: DispatcherHost) {
    this.#host = host;
    const {
      name: pool,
      retry,
      maxBatchRecords,
      maxBatchBytes,
      lingerMs,
      unknownTopicRetries,
      onTimeout,
      random,
    } = host.options;
    const backoff = resolveBackoff({ baseMs: retry.baseMs, maxMs: retry.maxMs });
    this.#policy = { pool, maxBatchRecords, maxBatchBytes, lingerMs, backoff, unknownTopicRetries, onTimeout, random };
    this.#observe = callObserver(host.options.name, host.counters);
  }

  get lanes(): Iterable<LaneRunner> {
    return this.#lanes.values();
  }

  get outstandingCalls(): number {
    return this.#calls.size;
  }

  /** The lane of a partition. */
  lane(topic: Topic, partition: number): LaneRunner {
    return (
      this.#lanes.get(`${topic.name}/${partition}`) ??
      this.#add(`${topic.name}/${partition}`, new LaneRunner(topic, partition))
    );
  }

  /** A waiting room for records whose partition is not known yet; nothing is sent from it. */
  room(topic: Topic, name: string): LaneRunner {
    return (
      this.#lanes.get(`${topic.name}/${name}`) ?? this.#add(`${topic.name}/${name}`, new LaneRunner(topic, undefined))
    );
  }

  /** The lane or room if there is one. */
  peek(topic: Topic, name: number | string): LaneRunner | undefined {
    return this.#lanes.get(`${topic.name}/${name}`);
  }

  /** Advances a lane and carries out its effects. */
  apply(runner: LaneRunner, event: LaneEvent): void {
    const from = runner.lane.phase;
    for (const effect of nextLane(runner.lane, event, { policy: this.#policy, nowMs: this.#now() })) {
      if (effect.type === 'call') this.#start(runner, effect.batch);
      else this.#settle(runner, effect);
    }
    if (this.#flushing > 0 && event.type === 'enqueue')
      nextLane(runner.lane, { type: 'flush' }, { policy: this.#policy, nowMs: this.#now() });
    this.#follow(runner, from, event.type);
  }

  /** Ends every linger; while `on`, nothing lingers. */
  flush(on: boolean): void {
    this.#flushing += on ? 1 : -1;
    if (on) this.hurry();
  }

  /** Ends the linger of all lanes: the buffer is full. */
  hurry(): void {
    for (const runner of this.#lanes.values())
      if (runner.lane.phase === 'lingering') this.apply(runner, { type: 'flush' });
  }

  /** Nothing can be sent: every lane without an outstanding call answers its callers. */
  refuseAll(error: ProducerPoolError): void {
    for (const runner of this.#lanes.values()) {
      const { lane } = runner;
      if (lane.phase !== 'sending' && lane.phase !== 'fenced' && isOccupied(lane))
        this.apply(runner, { type: 'refused', error });
    }
  }

  abort(entries: ReadonlySet<Entry>, reason: unknown): void {
    for (const runner of this.#lanes.values())
      if (isOccupied(runner.lane)) this.apply(runner, { type: 'abort', entries, reason });
  }

  close(): void {
    for (const runner of this.#lanes.values()) this.apply(runner, { type: 'close' });
    if (this.#pumping !== undefined) clearImmediate(this.#pumping);
    this.#pumping = undefined;
  }

  dueAtMs(): number {
    let due = Number.POSITIVE_INFINITY;
    for (const runner of this.#lanes.values()) due = Math.min(due, laneDueAtMs(runner.lane));
    for (const call of this.#calls) if (!call.producer.killing) due = Math.min(due, call.watchdogAtMs);
    return due;
  }

  tick(nowMs: number): void {
    for (const runner of this.#lanes.values()) {
      if (laneDueAtMs(runner.lane) <= nowMs) this.apply(runner, { type: 'tick' });
    }
    for (const call of this.#calls) {
      if (nowMs < call.watchdogAtMs || call.producer.killing) continue;
      if (call.sent) this.#host.placement.kill(call.producer);
      else this.#finish(call, { type: 'refused', error: this.#unavailable(call, 'the guard does not answer') });
    }
    this.pump();
  }

  /** Starts what can start: every ready lane once, in turn. */
  pump(): void {
    for (const runner of this.#ready) {
      if (runner.lane.phase !== 'ready') {
        this.#ready.delete(runner);
        continue;
      }
      const producer = this.#host.placement.take(runner, runner.leader);
      if (producer === undefined) continue;
      this.#ready.delete(runner);
      runner.producer = producer;
      this.apply(runner, { type: 'send' });
      // Nothing was left to send.
      if (runner.producer === producer && !this.#isOutstanding(runner)) this.#release(runner, producer, runner.leader);
    }
  }

  /** A producer is dead: its calls are over. Or its kill does not come back: its lanes refuse. */
  producerKilled(producer: PooledProducer, how: 'dead' | 'stuck'): void {
    for (const call of this.#calls) {
      if (call.producer !== producer) continue;
      if (how === 'dead') call.cut(new ProducerWatchdogError(this.#details(call, this.#now() - call.startedAtMs)));
      else this.apply(call.runner, { type: 'stuck', error: this.#unavailable(call, 'its producer cannot be stopped') });
    }
  }

  #now(): number {
    return this.#host.options.clock.now();
  }

  #add(key: string, runner: LaneRunner): LaneRunner {
    // Here and not by a timer: an idle pool has none.
    if (this.#lanes.size % SWEEP_EVERY === 0) this.#sweep();
    runner.idleSinceMs = this.#now();
    this.#lanes.set(key, runner);
    return runner;
  }

  /** Forgets lanes that have been idle for long. */
  #sweep(): void {
    const nowMs = this.#now();
    for (const [key, runner] of this.#lanes) {
      const { share } = runner;
      if (isBusy(runner) || share.records > 0 || nowMs - runner.idleSinceMs < this.#host.options.laneIdleMs) continue;
      this.#lanes.delete(key);
      this.#host.placement.forget(runner);
    }
  }

  #isOutstanding(runner: LaneRunner): boolean {
    return runner.lane.phase === 'sending' || runner.lane.phase === 'fenced';
  }

  #details(call: Call, limit?: number) {
    const { topic, partition } = call.request;
    return { pool: this.#host.options.name, scope: 'lane', topic, partition, limit } as const;
  }

  #unavailable(call: Call, why: string): ProducerUnavailableError {
    return new ProducerUnavailableError(this.#details(call), why);
  }

  #start(runner: LaneRunner, batch: Batch): void {
    const { producer, partition } = runner;
    if (producer === undefined || partition === undefined) return;
    const { options } = this.#host;
    const nowMs = this.#now();
    const cut = Promise.withResolvers<never>();
    // Nobody listens while the guard holds the call.
    cut.promise.catch(() => undefined);
    const call: Call = {
      runner,
      batch,
      producer,
      broker: runner.leader,
      request: {
        topic: runner.topic.name,
        partition,
        records: batch.entries.map((entry) => entry.record),
        acks: options.acks,
        compression: options.compression,
        timeoutMs: Math.floor(options.requestTimeoutMs * BROKER_SHARE),
      },
      startedAtMs: nowMs,
      watchdogAtMs: nowMs + options.attemptTimeoutMs,
      waitMs: nowMs - runner.lane.readySinceMs,
      cut: cut.reject,
      sent: false,
      done: false,
    };
    this.#calls.add(call);
    this.#observe.started(call);
    this.#host.requestTick(call.watchdogAtMs);
    this.#host.onBatch(call.request.topic, partition);
    const othersAcked = (): boolean => this.#recentAcks.ofOthers(runner, this.#now());
    void this.#run(call, runAttempt({ options, call, cut: cut.promise, othersAcked }));
  }

  async #run(call: Call, attempt: Promise<AttemptResult>): Promise<void> {
    this.#finish(call, await attempt);
  }

  #finish(call: Call, result: AttemptResult): void {
    if (call.done) return;
    call.done = true;
    const { runner, producer } = call;
    const { placement, topics } = this.#host;
    const nowMs = this.#now();
    this.#calls.delete(call);
    this.#observe.ended(call, result, nowMs);
    if (result.type === 'acked') {
      placement.acked(producer);
      runner.topic.ackedAtMs = nowMs;
      this.#recentAcks.add(runner, nowMs);
      const { baseOffset, throttleMs = 0 } = result.ack;
      const duplicate = result.ack.errorCode === DUPLICATE_SEQUENCE || (baseOffset !== undefined && baseOffset < 0n);
      this.apply(runner, {
        type: 'acked',
        baseOffset: duplicate ? undefined : baseOffset,
        producerId: producer.id,
        throttleMs,
      });
    } else if (result.type === 'failed') {
      const { fault, error, laneFault } = result;
      placement.faulted(runner, producer, fault);
      if (fault.refreshMetadata) topics.want(runner.topic);
      this.#host.onBatch(call.request.topic, call.request.partition);
      this.apply(runner, { type: 'failed', fault, error, laneFault, topicAckedAtMs: runner.topic.ackedAtMs });
    } else this.apply(runner, { type: 'refused', error: result.error });
    this.#release(runner, producer, call.broker);
    placement.review();
    this.pump();
  }

  #release(runner: LaneRunner, producer: PooledProducer, broker: number): void {
    runner.producer = undefined;
    this.#host.placement.release(producer, broker);
  }

  #settle(runner: LaneRunner, effect: LaneEffect & { type: 'settle' }): void {
    this.#host.onSettled(runner, effect);
    if (effect.final) this.#host.buffer.release(runner.share, effect.entry.sizeBytes);
  }

  /** What the shell owes a lane after each step: a place among the ready, a timer, its idle time, a message. */
  #follow(runner: LaneRunner, from: LanePhase, reason: LaneEvent['type']): void {
    const { lane } = runner;
    const nowMs = this.#now();
    if (lane.phase === 'ready' && lane.partition !== undefined) {
      this.#ready.add(runner);
      this.#pumpSoon();
    } else if (lane.phase === 'lingering' && lane.dueAtMs <= nowMs) {
      this.#lingering.add(runner);
      this.#pumpSoon();
    }
    if (lane.phase === 'idle' && from !== 'idle') runner.idleSinceMs = nowMs;
    this.#host.requestTick(laneDueAtMs(lane));
    const tells = from !== lane.phase && (isTold(from) || isTold(lane.phase)) && channels.lane.hasSubscribers;
    if (tells) {
      const message: LaneMessage = {
        name: this.#host.options.name,
        topic: lane.topic,
        partition: lane.partition,
        from,
        to: lane.phase,
        reason,
      };
      channels.lane.publish(message);
    }
  }

  /** At the end of the turn, so that what is published in one turn goes in one batch. */
  #pumpSoon(): void {
    this.#pumping ??= setImmediate(() => {
      this.#pumping = undefined;
      for (const runner of this.#lingering) this.apply(runner, { type: 'tick' });
      this.#lingering.clear();
      this.pump();
    });
  }
}

/** The share of the request timeout after which the broker gives up: before the client does. */
const BROKER_SHARE = 0.8;

const isTold = (phase: LanePhase): boolean => phase === 'backoff' || phase === 'fenced';
