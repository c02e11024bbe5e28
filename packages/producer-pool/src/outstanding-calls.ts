/**
 * The calls that are out: started, watched, cut and ended, each exactly once.
 *
 * A call that is older than `attemptTimeoutMs` has its producer killed (LN-7); it is over when the producer is dead, not earlier (LN-10).
 */
import { type AttemptResult, runAttempt } from './attempt.ts';
import type { Batch } from './batch.ts';
import { type Call, type CallObserver, callObserver } from './call.ts';
import { type ProducerErrorDetails, ProducerUnavailableError, ProducerWatchdogError } from './errors.ts';
import type { LaneRunner } from './lane-runner.ts';
import type { ResolvedProducerPoolOptions } from './options.ts';
import type { PooledProducer } from './pooled-producer.ts';
import type { PoolCounters } from './stats.ts';

export interface CallsHost {
  readonly options: ResolvedProducerPoolOptions;
  readonly counters: PoolCounters;
  requestTick(atMs: number): void;
  /** True while another lane was acknowledged a short while ago. */
  othersAcked(runner: LaneRunner): boolean;
  /** The call is over. */
  onEnded(call: Call, result: AttemptResult): void;
  /** The producer of the call cannot be stopped: it stays out. */
  onStuck(call: Call, error: ProducerUnavailableError): void;
  kill(producer: PooledProducer): void;
}

/** The share of the request timeout after which the broker gives up: before the client does. */
const BROKER_SHARE = 0.8;

export class OutstandingCalls {
  readonly #host: CallsHost;
  readonly #observe: CallObserver;
  /**
   * An array, since calls come and go all the time. A Set makes itself a new table every few of them, and the old one points to the new one
   * and to the calls it held: once one table is in the old generation, all that follow are kept, and with them half of all records, until
   * a full collection.
   */
  readonly #calls: Call[] = [];

  constructor(host: CallsHost) {
    this.#host = host;
    this.#observe = callObserver(host.options.name, host.counters);
  }

  get count(): number {
    return this.#calls.length;
  }

  /** Sends a batch of the lane on its producer; `onEnded` tells what came of it. */
  start(runner: LaneRunner, batch: Batch, to: { readonly producer: PooledProducer; readonly partition: number }): void {
    const { options } = this.#host;
    const nowMs = options.clock.now();
    const cut = Promise.withResolvers<never>();
    // Nobody listens while the guard holds the call.
    cut.promise.catch(() => undefined);
    const call: Call = {
      runner,
      batch,
      producer: to.producer,
      broker: runner.leader,
      request: {
        topic: runner.topic.name,
        partition: to.partition,
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
    this.#calls.push(call);
    this.#observe.started(call);
    this.#host.requestTick(call.watchdogAtMs);
    const othersAcked = (): boolean => this.#host.othersAcked(runner);
    const onEncoded = (ms: number): void => {
      this.#host.counters.encodeMs.record(ms);
    };
    void this.#run(call, runAttempt({ options, call, cut: cut.promise, othersAcked, onEncoded }));
  }

  /** A producer is dead: its calls are over. Or its kill does not come back. */
  producerKilled(producer: PooledProducer, how: 'dead' | 'stuck'): void {
    const nowMs = this.#host.options.clock.now();
    for (const call of this.#calls.filter((one) => one.producer === producer)) {
      if (how === 'dead') call.cut(new ProducerWatchdogError(this.#details(call, nowMs - call.startedAtMs)));
      else this.#host.onStuck(call, this.#unavailable(call, 'its producer cannot be stopped'));
    }
  }

  dueAtMs(): number {
    let due = Number.POSITIVE_INFINITY;
    for (const call of this.#calls) if (!call.producer.killing) due = Math.min(due, call.watchdogAtMs);
    return due;
  }

  tick(nowMs: number): void {
    for (const call of this.#calls.filter(({ watchdogAtMs }) => nowMs >= watchdogAtMs)) {
      if (call.producer.killing) continue;
      if (call.sent) this.#host.kill(call.producer);
      else this.#finish(call, { type: 'refused', error: this.#unavailable(call, 'the guard does not answer') });
    }
  }

  async #run(call: Call, attempt: Promise<AttemptResult>): Promise<void> {
    this.#finish(call, await attempt);
  }

  #finish(call: Call, result: AttemptResult): void {
    if (call.done) return;
    call.done = true;
    this.#calls.splice(this.#calls.indexOf(call), 1);
    this.#observe.ended(call, result, this.#host.options.clock.now());
    this.#host.onEnded(call, result);
  }

  #details({ request: { topic, partition } }: Call, limit?: number): ProducerErrorDetails {
    return { pool: this.#host.options.name, scope: 'lane', topic, partition, limit };
  }

  #unavailable(call: Call, why: string): ProducerUnavailableError {
    return new ProducerUnavailableError(this.#details(call), why);
  }
}
