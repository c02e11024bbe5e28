/** Records that have no room in the buffer yet: in line until they are admitted, give up or expire. Their callers wait with them. */
import type { Entry } from './batch.ts';
import type { RecordBuffer, Waiter } from './buffer.ts';
import { type BackpressureMessage, channels } from './diagnostics.ts';
import type { LaneRunner } from './lane-runner.ts';
import type { Topic } from './metadata.ts';
import type { ResolvedProducerPoolOptions } from './options.ts';
import type { PoolCounters } from './stats.ts';

export interface WaitingHost {
  readonly options: ResolvedProducerPoolOptions;
  readonly counters: PoolCounters;
  readonly buffer: RecordBuffer;
  requestTick(atMs: number): void;
  /** There is room, and it is charged. */
  onAdmitted(runner: LaneRunner, entry: Entry, nowMs: number): void;
}

/** A record that waits, and for how long at most. */
export interface WaitingRecord {
  readonly entry: Entry;
  readonly topic: Topic;
  readonly untilMs: number;
}

interface Waiting extends Waiter, WaitingRecord {}

const isWaiting = (waiter: Waiter): waiter is Waiting => 'entry' in waiter;

export class WaitingRecords {
  readonly #host: WaitingHost;
  readonly #waiting = new Map<Entry, Waiting>();
  #dueMs = Number.POSITIVE_INFINITY;

  constructor(host: WaitingHost) {
    this.#host = host;
  }

  /** All of them, in the order in which they came. */
  entries(): IterableIterator<Entry> {
    return this.#waiting.keys();
  }

  /** Those that wait for room in a lane, in order. */
  inLineOf(runner: LaneRunner): readonly Entry[] {
    return runner.share.waiters.filter(isWaiting).map(({ entry }) => entry);
  }

  /** Takes the line of a lane apart; each record waits still until it is {@link claim}ed. */
  takeLineOf(runner: LaneRunner): readonly WaitingRecord[] {
    return this.#host.buffer.takeWaiters(runner.share).filter(isWaiting);
  }

  /** False if the record has left meanwhile: one that is answered may have its caller give up on another. */
  claim(entry: Entry): boolean {
    return this.#waiting.delete(entry);
  }

  wait(runner: LaneRunner, { entry, topic, untilMs }: WaitingRecord): void {
    const { options, counters, buffer } = this.#host;
    const sinceMs = options.clock.now();
    const scope = buffer.fitsLane(runner.share, entry.sizeBytes) ? 'pool' : 'lane';
    const admit = (): void => {
      this.#waiting.delete(entry);
      const nowMs = options.clock.now();
      const waitedMs = nowMs - sinceMs;
      counters.bufferWaitMs.record(waitedMs);
      this.#tell({ scope, topic: topic.name, phase: 'end', waitedMs });
      this.#host.onAdmitted(runner, entry, nowMs);
    };
    const waiting: Waiting = { share: runner.share, bytes: entry.sizeBytes, admit, entry, topic, untilMs };
    counters.waits += 1;
    this.#tell({ scope, topic: topic.name, phase: 'begin' });
    this.#waiting.set(entry, waiting);
    this.#dueMs = Math.min(this.#dueMs, untilMs, entry.deadlineAtMs);
    this.#host.requestTick(this.#dueMs);
    buffer.wait(waiting);
  }

  /** Takes a record out of the line; its topic, or undefined if it does not wait. */
  leave(entry: Entry): Topic | undefined {
    const waiting = this.#waiting.get(entry);
    if (waiting === undefined) return undefined;
    this.#waiting.delete(entry);
    this.#host.buffer.cancel(waiting);
    return waiting.topic;
  }

  dueAtMs(): number {
    return this.#dueMs;
  }

  /** Tells of each record that has waited long enough; it leaves the line in `onDue`. */
  tick(nowMs: number, onDue: (record: WaitingRecord) => void): void {
    if (nowMs < this.#dueMs) return;
    let due = Number.POSITIVE_INFINITY;
    for (const waiting of this.#waiting.values()) {
      const at = Math.min(waiting.untilMs, waiting.entry.deadlineAtMs);
      if (at > nowMs) due = Math.min(due, at);
      else {
        this.#host.counters.waitTimeouts += 1;
        onDue(waiting);
      }
    }
    this.#dueMs = due;
  }

  #tell(message: Omit<BackpressureMessage, 'name'>): void {
    if (channels.backpressure.hasSubscribers)
      channels.backpressure.publish({ name: this.#host.options.name, ...message });
  }
}
