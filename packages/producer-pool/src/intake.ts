/**
 * The way in: a record is checked, frozen, charged to the buffer and handed to its lane. Who finds no room waits here.
 */
import { bufferFull, expiredWaiting, noPartition } from './admission-errors.ts';
import type { BatchCall, Entry, Recipient } from './batch.ts';
import type { RecordBuffer, Waiter } from './buffer.ts';
import { type BackpressureMessage, channels } from './diagnostics.ts';
import type { Dispatcher } from './dispatcher.ts';
import {
  ProducerAbortedError,
  ProducerClosedError,
  type ProducerErrorDetails,
  type ProducerPoolError,
  ProducerRecordInvalidError,
  ProducerRecordTooLargeError,
} from './errors.ts';
import type { LaneRunner } from './lane-runner.ts';
import { callKey, type LaneEffect } from './lane-state.ts';
import type { Topic, TopicDirectory } from './metadata.ts';
import { OpenRecords } from './open-records.ts';
import type { ResolvedProducerPoolOptions } from './options.ts';
import {
  FRAMING_BYTES,
  freezeRecord,
  keyIdOf,
  type ProducerRecord,
  RECORD_OVERHEAD_BYTES,
  recordBytes,
  recordProblem,
} from './record.ts';
import type { Routing } from './routing.ts';
import { failed, type Settlement } from './settlement.ts';
import type { PoolCounters } from './stats.ts';

export interface IntakeHost {
  readonly options: ResolvedProducerPoolOptions;
  readonly counters: PoolCounters;
  readonly buffer: RecordBuffer;
  readonly topics: TopicDirectory;
  readonly dispatcher: Dispatcher;
  readonly routing: Routing;
  requestTick(atMs: number): void;
  /** Why nothing can be accepted at present, undefined if it can. */
  refusal(): ProducerPoolError | undefined;
}

/** What is the same for every record of a call, or of all calls that ask for nothing of their own. */
export interface Terms {
  readonly call: BatchCall | undefined;
  /** How long to wait for room; undefined: not at all, and never behind others. */
  readonly maxBlockMs: number | undefined;
  readonly deliveryTimeoutMs: number;
}

interface Submission {
  readonly record: ProducerRecord;
  readonly terms: Terms;
  readonly recipient: Recipient;
}

interface Waiting extends Waiter {
  readonly entry: Entry;
  readonly topic: Topic;
  readonly untilMs: number;
}

const isWaiting = (waiter: Waiter): waiter is Waiting => 'entry' in waiter;

export class Intake {
  readonly #host: IntakeHost;
  readonly #open = new OpenRecords();
  #isClosed = false;
  readonly #waiting = new Map<Entry, Waiting>();
  #waitDueMs = Number.POSITIVE_INFINITY;

  constructor(host: IntakeHost) {
    this.#host = host;
  }

  /** When the record was published that has waited longest for its answer; Infinity if none waits. */
  get oldestAtMs(): number {
    return this.#open.oldest?.publishedAtMs ?? Number.POSITIVE_INFINITY;
  }

  /** Takes a record in; its recipient is told exactly once with `first`. Returns it unless it was refused at once. */
  submit(record: ProducerRecord, terms: Terms, recipient: Recipient): Entry | undefined {
    const { topics, options } = this.#host;
    const submission = { record, terms, recipient };
    const closed = this.#host.refusal();
    if (closed !== undefined) return this.#refuse(submission, closed);
    const topic = topics.get(record.topic);
    if (typeof topic === 'string')
      return this.#refuse(submission, new ProducerRecordInvalidError(this.#detailsOf(record), topic));
    const problem = recordProblem(record, options);
    if (problem !== undefined)
      return this.#refuse(submission, new ProducerRecordInvalidError(this.#detailsOf(record), problem));
    const bytes = recordBytes(record);
    const limit = options.maxRequestBytes - FRAMING_BYTES;
    if (bytes > limit)
      return this.#refuse(submission, new ProducerRecordTooLargeError({ ...this.#detailsOf(record), limit }));
    const nowMs = options.clock.now();
    const entry = newEntry(submission, bytes + RECORD_OVERHEAD_BYTES, nowMs);
    this.#open.add(entry);
    const untilMs = terms.maxBlockMs === undefined ? undefined : nowMs + terms.maxBlockMs;
    this.#place(topic, entry, { untilMs, nowMs });
    topics.refreshIfOld(topic, nowMs);
    return entry;
  }

  /** Carries a lane's answer to the caller. */
  settled(topic: Topic, effect: LaneEffect & { type: 'settle' }, nowMs: number): void {
    const { entry, settlement, first, final } = effect;
    if (first) this.#answer(entry, settlement, nowMs);
    else if (settlement.ok || settlement.error.outcome !== 'unknown') entry.recipient.deliver(settlement, false);
    if (final) this.#letGoOn(topic, entry);
  }

  /** Records that wait for room in a lane, in order. */
  waitingIn(runner: LaneRunner): readonly Entry[] {
    return runner.share.waiters.filter(isWaiting).map(({ entry }) => entry);
  }

  /** The topic is known, or its old partition empty: the records of the room go on in order, then those who wait for the room. */
  empty(room: LaneRunner): void {
    const { buffer, dispatcher, routing, options } = this.#host;
    const entries = room.lane.queue;
    // All of them first: room that becomes free meanwhile must not let one into a room that nobody empties any more.
    const waiters = buffer.takeWaiters(room.share).filter(isWaiting);
    dispatcher.apply(room, { type: 'handOver' });
    for (const entry of entries) {
      const runner = routing.route(room.topic, entry);
      if (runner === undefined) {
        this.#refuseEntry(entry, noPartition(options.name, entry));
        buffer.release(room.share, entry.sizeBytes);
        continue;
      }
      buffer.move(room.share, runner.share, entry.sizeBytes);
      dispatcher.apply(runner, { type: 'enqueue', entry });
    }
    for (const { entry, topic, untilMs } of waiters) {
      // One that is answered here may have its caller give up on another.
      if (this.#waiting.delete(entry)) this.#place(topic, entry, { untilMs, nowMs: options.clock.now() });
    }
  }

  /** The caller gave up: waiting and queued records leave, the others are only let go of. */
  abort(entries: ReadonlySet<Entry>, reason: unknown): void {
    const details = this.#details();
    for (const entry of entries) {
      if (this.#leave(entry))
        this.#refuseEntry(
          entry,
          new ProducerAbortedError({ ...details, topic: entry.topic }, { cause: reason, outcome: 'not-sent' }),
        );
    }
    this.#host.dispatcher.abort(entries, reason);
  }

  /** Resolves when every record published before has its answer. */
  drained(): Promise<void> {
    return this.#open.drained();
  }

  /** Answers everybody who waits for room; from here on no held record goes on: it is answered where it is. */
  close(): void {
    this.#isClosed = true;
    for (const entry of this.#waiting.keys()) {
      this.#leave(entry);
      this.#refuseEntry(entry, new ProducerClosedError(this.#details()));
    }
  }

  dueAtMs(): number {
    return this.#waitDueMs;
  }

  tick(nowMs: number): void {
    if (nowMs < this.#waitDueMs) return;
    let due = Number.POSITIVE_INFINITY;
    for (const { entry, untilMs } of this.#waiting.values()) {
      const at = Math.min(untilMs, entry.deadlineAtMs);
      if (at > nowMs) due = Math.min(due, at);
      else {
        this.#leave(entry);
        this.#host.counters.waitTimeouts += 1;
        this.#refuseEntry(entry, untilMs <= nowMs ? this.#full(entry) : expiredWaiting(this.#host.options.name, entry));
      }
    }
    this.#waitDueMs = due;
  }

  #details(): ProducerErrorDetails {
    return { pool: this.#host.options.name, scope: 'pool' };
  }

  #detailsOf({ topic }: ProducerRecord): ProducerErrorDetails {
    return { pool: this.#host.options.name, scope: 'record', topic };
  }

  /** Finds the lane of a record and a place in it. `untilMs` undefined: now or never. */
  #place(
    topic: Topic,
    entry: Entry,
    { untilMs, nowMs }: { readonly untilMs: number | undefined; readonly nowMs: number },
  ): void {
    const { buffer, dispatcher, routing, topics, options } = this.#host;
    const tooLarge = this.#tooLarge(topic, entry);
    if (tooLarge !== undefined) return this.#refuseEntry(entry, tooLarge);
    const runner = routing.route(topic, entry);
    if (runner === undefined) return this.#refuseEntry(entry, noPartition(options.name, entry));
    if (buffer.tryAdmit(runner.share, entry.sizeBytes)) this.#admit(runner, entry, nowMs);
    else if (untilMs === undefined || untilMs <= nowMs) this.#refuseEntry(entry, this.#full(entry));
    else {
      this.#wait(runner, { topic, entry, untilMs });
      // What lingers makes room.
      if (options.lingerMs > 0) dispatcher.hurry();
    }
    if (routing.countOf(topic) === undefined) topics.want(topic);
  }

  /** What the topic will not take is refused unsent; compressed it might still fit (LN-11). */
  #tooLarge(topic: Topic, entry: Entry): ProducerPoolError | undefined {
    const { compression, name: pool } = this.#host.options;
    const limit = topic.maxMessageBytes;
    if (compression !== 'none' || entry.sizeBytes - RECORD_OVERHEAD_BYTES <= limit) return undefined;
    return new ProducerRecordTooLargeError({ pool, scope: 'record', topic: topic.name, limit });
  }

  #admit(runner: LaneRunner, entry: Entry, nowMs: number): void {
    const { counters, dispatcher } = this.#host;
    counters.accepted += 1;
    counters.acceptedBytes += entry.sizeBytes;
    dispatcher.apply(runner, { type: 'enqueue', entry }, nowMs);
  }

  #wait(runner: LaneRunner, o: { topic: Topic; entry: Entry; untilMs: number }): void {
    const { options, counters, buffer } = this.#host;
    const { entry, topic, untilMs } = o;
    const sinceMs = options.clock.now();
    const scope = buffer.fitsLane(runner.share, entry.sizeBytes) ? 'pool' : 'lane';
    const admit = (): void => {
      this.#waiting.delete(entry);
      const nowMs = options.clock.now();
      const waitedMs = nowMs - sinceMs;
      counters.bufferWaitMs.record(waitedMs);
      this.#tell({ scope, topic: topic.name, phase: 'end', waitedMs });
      this.#admit(runner, entry, nowMs);
    };
    const waiting: Waiting = { share: runner.share, bytes: entry.sizeBytes, admit, entry, topic, untilMs };
    counters.waits += 1;
    this.#tell({ scope, topic: topic.name, phase: 'begin' });
    this.#waiting.set(entry, waiting);
    this.#waitDueMs = Math.min(this.#waitDueMs, untilMs, entry.deadlineAtMs);
    this.#host.requestTick(this.#waitDueMs);
    buffer.wait(waiting);
  }

  #tell(message: Omit<BackpressureMessage, 'name'>): void {
    if (channels.backpressure.hasSubscribers)
      channels.backpressure.publish({ name: this.#host.options.name, ...message });
  }

  /** Takes a waiting record out of the line; false if it does not wait. */
  #leave(entry: Entry): boolean {
    const waiting = this.#waiting.get(entry);
    if (waiting === undefined) return false;
    this.#waiting.delete(entry);
    this.#host.buffer.cancel(waiting);
    this.#letGoOn(waiting.topic, entry);
    return true;
  }

  /** What a growth of the topic held back until this record was gone. */
  #letGoOn(topic: Topic, entry: Entry): void {
    if (this.#isClosed) return;
    for (const room of this.#host.routing.left(topic, entry)) this.empty(room);
  }

  #full(entry: Entry): ProducerPoolError {
    const nowMs = this.#host.options.clock.now();
    const oldestAgeMs = Math.round(nowMs - Math.min(nowMs, this.oldestAtMs));
    return bufferFull({ pool: this.#host.options.name, buffer: this.#host.buffer, oldestAgeMs }, entry);
  }

  #refuse({ record, terms: { call }, recipient }: Submission, error: ProducerPoolError): undefined {
    const keyId = recordProblem(record, this.#host.options) === undefined ? keyIdOf(record.key) : undefined;
    if (call !== undefined && keyId !== undefined) call.blockedKeys.add(callKey(record.topic, keyId));
    this.#host.counters.countRejection(error);
    recipient.deliver(failed(error), true);
  }

  #refuseEntry(entry: Entry, error: ProducerPoolError): void {
    entry.answered = true;
    entry.gone = true;
    if (entry.call !== undefined && entry.keyId !== undefined)
      entry.call.blockedKeys.add(callKey(entry.topic, entry.keyId));
    this.#answer(entry, failed(error), this.#host.options.clock.now());
  }

  #answer(entry: Entry, settlement: Settlement, nowMs: number): void {
    this.#open.remove(entry);
    this.#count(settlement, entry, nowMs);
    entry.recipient.deliver(settlement, true);
    this.#open.endFlushes();
  }

  #count(settlement: Settlement, entry: Entry, nowMs: number): void {
    const { counters } = this.#host;
    if (!settlement.ok) return counters.countRejection(settlement.error);
    counters.acknowledged += 1;
    counters.acknowledgedBytes += entry.sizeBytes;
    counters.publishToAckMs.record(nowMs - entry.publishedAtMs);
  }
}

const newEntry = ({ record, terms, recipient }: Submission, sizeBytes: number, nowMs: number): Entry => ({
  record: freezeRecord(record, Date.now()),
  topic: record.topic,
  partition: record.partition,
  keyId: keyIdOf(record.key),
  sizeBytes,
  ownTimestamp: record.timestampMs !== undefined,
  call: terms.call,
  recipient,
  publishedAtMs: nowMs,
  deadlineAtMs: nowMs + terms.deliveryTimeoutMs,
  answered: false,
  gone: false,
  sequence: 0,
  earlier: undefined,
  later: undefined,
});
