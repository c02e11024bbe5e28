/**
 * The shell around the lanes: gives ready lanes a producer in turn, and carries out what lanes decide.
 *
 * One lane sends one batch a turn (LN-14).
 */
import type { AttemptResult } from './attempt.ts';
import type { Batch, Entry } from './batch.ts';
import type { RecordBuffer } from './buffer.ts';
import { type CallEnd, endOf } from './call-slots.ts';
import type { Call } from './call.ts';
import { channels, type LaneMessage } from './diagnostics.ts';
import type { ProducerPoolError } from './errors.ts';
import { DUPLICATE_SEQUENCE } from './kafka-errors.ts';
import { LanePolicies } from './lane-policies.ts';
import type { LaneRunner } from './lane-runner.ts';
import { isOccupied, laneDueAtMs, type LaneEffect, type LaneEvent, type LanePhase } from './lane-state.ts';
import { LaneTable } from './lane-table.ts';
import { nextLane } from './lane.ts';
import type { LoadMeter } from './load-meter.ts';
import type { TopicDirectory } from './metadata.ts';
import type { ResolvedProducerPoolOptions } from './options.ts';
import { OutstandingCalls } from './outstanding-calls.ts';
import type { Placement } from './placement.ts';
import type { PooledProducer } from './pooled-producer.ts';
import { RecentAcks } from './recent-acks.ts';
import type { PoolCounters } from './stats.ts';

export interface DispatcherHost {
  readonly options: ResolvedProducerPoolOptions;
  readonly counters: PoolCounters;
  readonly buffer: RecordBuffer;
  readonly topics: TopicDirectory;
  readonly placement: Placement;
  readonly load: LoadMeter;
  requestTick(atMs: number): void;
  /** A batch of the partition has started or failed: keyless records may go elsewhere. */
  onBatch(topic: string, partition: number): void;
  /** A call is about to start. */
  onCall(): void;
  onAcknowledged(runner: LaneRunner, effect: LaneEffect & { type: 'acknowledge' }, nowMs: number): void;
  onFailed(runner: LaneRunner, effect: LaneEffect & { type: 'fail' }): void;
}

export class Dispatcher {
  readonly #host: DispatcherHost;
  readonly #policies: LanePolicies;
  readonly #lanes: LaneTable;
  readonly #calls: OutstandingCalls;
  /** In the order in which they became ready. */
  readonly #ready = new Set<LaneRunner>();
  /** Lanes whose linger ends with this turn. */
  readonly #lingering = new Set<LaneRunner>();
  #pumping: NodeJS.Immediate | undefined;
  readonly #recentAcks = new RecentAcks();
  #flushing = 0;

  constructor(host: DispatcherHost) {
    this.#host = host;
    this.#policies = new LanePolicies(host.options);
    this.#lanes = new LaneTable({
      laneIdleMs: host.options.laneIdleMs,
      now: () => this.#now(),
      onForgotten: (runner) => {
        host.placement.forget(runner);
      },
    });
    this.#calls = new OutstandingCalls({
      options: host.options,
      counters: host.counters,
      requestTick: (atMs) => {
        host.requestTick(atMs);
      },
      othersAcked: (runner) => this.#recentAcks.ofOthers(runner, this.#now()),
      onEnded: (call, result) => {
        this.#ended(call, result);
      },
      onStuck: ({ runner }, error) => {
        this.apply(runner, { type: 'stuck', error });
      },
      kill: (producer) => {
        host.placement.kill(producer);
      },
    });
  }

  get lanes(): LaneTable {
    return this.#lanes;
  }

  get outstandingCalls(): number {
    return this.#calls.count;
  }

  /** Advances a lane and carries out its effects. */
  apply(runner: LaneRunner, event: LaneEvent, nowMs = this.#now()): void {
    const from = runner.lane.phase;
    const context = { policy: this.#policies.of(runner.topic), nowMs };
    for (const effect of nextLane(runner.lane, event, context)) {
      this.#carryOut(runner, effect, nowMs);
    }
    if (this.#flushing > 0 && event.type === 'enqueue') nextLane(runner.lane, { type: 'flush' }, context);
    this.#follow(runner, { from, reason: event.type, nowMs });
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
    let due = this.#calls.dueAtMs();
    for (const runner of this.#lanes.values()) due = Math.min(due, laneDueAtMs(runner.lane));
    return due;
  }

  tick(nowMs: number): void {
    for (const runner of this.#lanes.values()) {
      if (laneDueAtMs(runner.lane) <= nowMs) this.apply(runner, { type: 'tick' });
    }
    this.#calls.tick(nowMs);
    this.pump();
  }

  /** Starts what can start: every ready lane once, in turn. */
  pump(): void {
    // Where one lane finds no room none of the others will, apart from those that may not use every producer.
    const full = new Set<number>();
    for (const runner of this.#ready) {
      if (runner.lane.phase !== 'ready') {
        this.#ready.delete(runner);
        continue;
      }
      const { leader } = runner;
      const isBound = runner.left.size > 0;
      if (full.has(leader) && !isBound) continue;
      const producer = this.#host.placement.take(runner, leader);
      if (producer === undefined) {
        if (!isBound) full.add(leader);
        continue;
      }
      this.#ready.delete(runner);
      runner.producer = producer;
      this.apply(runner, { type: 'send' });
      // Nothing was left to send.
      if (runner.producer === producer && !this.#isOutstanding(runner))
        this.#release(runner, producer, { broker: runner.leader, how: 'unsent' });
    }
  }

  /** A producer is dead: its calls are over. Or its kill does not come back: its lanes refuse. */
  producerKilled(producer: PooledProducer, how: 'dead' | 'stuck'): void {
    this.#calls.producerKilled(producer, how);
  }

  #now(): number {
    return this.#host.options.clock.now();
  }

  #isOutstanding(runner: LaneRunner): boolean {
    return runner.lane.phase === 'sending' || runner.lane.phase === 'fenced';
  }

  #start(runner: LaneRunner, batch: Batch): void {
    const { producer, partition } = runner;
    if (producer === undefined || partition === undefined) return;
    const nowMs = this.#now();
    this.#host.onCall();
    this.#host.load.started(runner, { broker: runner.leader, waitMs: nowMs - runner.lane.readySinceMs, nowMs });
    this.#host.onBatch(runner.topic.name, partition);
    this.#calls.start(runner, batch, { producer, partition });
  }

  #ended(call: Call, result: AttemptResult): void {
    const { runner, producer } = call;
    const nowMs = this.#now();
    this.#host.load.ended(result, { durationMs: nowMs - call.startedAtMs, nowMs });
    if (result.type === 'acked') this.#acked(call, result);
    else if (result.type === 'failed') this.#failed(call, result);
    else this.apply(runner, { type: 'refused', error: result.error });
    this.#release(runner, producer, { broker: call.broker, how: endOf(result) });
    this.#host.placement.review();
    this.pump();
  }

  #acked({ runner, producer }: Call, { ack }: AttemptResult & { type: 'acked' }): void {
    const nowMs = this.#now();
    this.#host.placement.acked(producer);
    runner.topic.ackedAtMs = nowMs;
    this.#recentAcks.add(runner, nowMs);
    const { errorCode, baseOffset, throttleMs = 0 } = ack;
    const duplicate = errorCode === DUPLICATE_SEQUENCE || (baseOffset !== undefined && baseOffset < 0n);
    this.apply(runner, {
      type: 'acked',
      baseOffset: duplicate ? undefined : baseOffset,
      producerId: producer.id,
      throttleMs,
    });
  }

  #failed({ runner, producer, request }: Call, result: AttemptResult & { type: 'failed' }): void {
    const { fault, error, laneFault } = result;
    const { placement, topics } = this.#host;
    placement.faulted(runner, producer, fault);
    if (fault.refreshMetadata) topics.want(runner.topic);
    this.#host.onBatch(request.topic, request.partition);
    this.apply(runner, { type: 'failed', fault, error, laneFault, topicAckedAtMs: runner.topic.ackedAtMs });
  }

  #release(
    runner: LaneRunner,
    producer: PooledProducer,
    { broker, how }: { readonly broker: number; readonly how: CallEnd },
  ): void {
    runner.producer = undefined;
    this.#host.placement.release(producer, broker, how);
  }

  #carryOut(runner: LaneRunner, effect: LaneEffect, nowMs: number): void {
    const { buffer } = this.#host;
    if (effect.type === 'call') this.#start(runner, effect.batch);
    else if (effect.type === 'acknowledge') {
      this.#host.onAcknowledged(runner, effect, nowMs);
      buffer.release(runner.share, effect.batch.sizeBytes, effect.batch.entries.length);
    } else {
      this.#host.onFailed(runner, effect);
      if (effect.final) buffer.release(runner.share, effect.entry.sizeBytes);
    }
  }

  /** What the shell owes a lane after each step: a place among the ready, a timer, its idle time, a message. */
  #follow(
    runner: LaneRunner,
    { from, reason, nowMs }: { readonly from: LanePhase; readonly reason: LaneEvent['type']; readonly nowMs: number },
  ): void {
    const { lane } = runner;
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

const isTold = (phase: LanePhase): boolean => phase === 'backoff' || phase === 'fenced';
