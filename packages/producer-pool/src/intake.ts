/**
 * The way in: a record is checked, frozen, charged to the buffer and handed to its lane. Who finds no room waits here.
 */
import { AcceptedRecord, type Submission, type Terms } from './accepted-record.ts';
import { bufferFull, expiredWaiting, noPartition } from './admission-errors.ts';
import type { Entry, Recipient } from './batch.ts';
import type { RecordBuffer } from './buffer.ts';
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
  keyIdOf,
  type ProducerRecord,
  RECORD_OVERHEAD_BYTES,
  recordBytes,
  recordProblem,
} from './record.ts';
import type { Routing } from './routing.ts';
import { ackOf } from './settlement.ts';
import type { PoolCounters } from './stats.ts';
import { WaitingRecords } from './waiting-records.ts';

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

export class Intake {
  readonly #host: IntakeHost;
  readonly #open = new OpenRecords();
  readonly #waiting: WaitingRecords;
  #isClosed = false;

  constructor(host: IntakeHost) {
    this.#host = host;
    const { options, counters, buffer } = host;
    this.#waiting = new WaitingRecords({
      options,
      counters,
      buffer,
      requestTick: (atMs) => {
        host.requestTick(atMs);
      },
      onAdmitted: (runner, entry, nowMs) => {
        this.#admit(runner, entry, nowMs);
      },
    });
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
    const entry = new AcceptedRecord(submission, bytes, nowMs);
    this.#open.add(entry);
    const untilMs = terms.maxBlockMs === undefined ? undefined : nowMs + terms.maxBlockMs;
    this.#place(topic, entry, { untilMs, nowMs });
    topics.refreshIfOld(topic, nowMs);
    return entry;
  }

  /** Tells the callers of a batch that it is acknowledged. */
  acknowledged(topic: Topic, { batch, ack }: LaneEffect & { type: 'acknowledge' }, nowMs: number): void {
    let index = 0;
    for (const entry of batch.entries) {
      const first = !entry.answered;
      entry.answered = true;
      if (first) {
        this.#open.remove(entry);
        this.#countAcknowledged(entry, nowMs);
      }
      entry.recipient.acknowledged(ackOf(ack, index, entry.record.timestampMs), first);
      index += 1;
      this.#letGoOn(topic, entry);
    }
    this.#open.endFlushes();
  }

  /** Tells a caller that a lane could not deliver the record, or does not know. */
  failed(topic: Topic, effect: LaneEffect & { type: 'fail' }): void {
    const { entry, error, first, final } = effect;
    if (first) this.#fail(entry, error);
    else if (error.outcome !== 'unknown') entry.recipient.failed(error, false);
    if (final) this.#letGoOn(topic, entry);
  }

  /** Records that wait for room in a lane, in order. */
  waitingIn(runner: LaneRunner): readonly Entry[] {
    return this.#waiting.inLineOf(runner);
  }

  /** The topic is known, or its old partition empty: the records of the room go on in order, then those who wait for the room. */
  empty(room: LaneRunner): void {
    const { buffer, dispatcher, routing, options } = this.#host;
    const entries = room.lane.queue;
    // All of them first: room that becomes free meanwhile must not let one into a room that nobody empties any more.
    const waiters = this.#waiting.takeLineOf(room);
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
      if (this.#waiting.claim(entry)) this.#place(topic, entry, { untilMs, nowMs: options.clock.now() });
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
    for (const entry of this.#waiting.entries()) {
      this.#leave(entry);
      this.#refuseEntry(entry, new ProducerClosedError(this.#details()));
    }
  }

  dueAtMs(): number {
    return this.#waiting.dueAtMs();
  }

  tick(nowMs: number): void {
    this.#waiting.tick(nowMs, ({ entry, untilMs }) => {
      this.#leave(entry);
      this.#refuseEntry(entry, untilMs <= nowMs ? this.#full(entry) : expiredWaiting(this.#host.options.name, entry));
    });
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
      this.#waiting.wait(runner, { topic, entry, untilMs });
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

  /** Takes a waiting record out of the line; false if it does not wait. */
  #leave(entry: Entry): boolean {
    const topic = this.#waiting.leave(entry);
    if (topic === undefined) return false;
    this.#letGoOn(topic, entry);
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
    recipient.failed(error, true);
  }

  #refuseEntry(entry: Entry, error: ProducerPoolError): void {
    entry.answered = true;
    entry.gone = true;
    if (entry.call !== undefined && entry.keyId !== undefined)
      entry.call.blockedKeys.add(callKey(entry.topic, entry.keyId));
    this.#fail(entry, error);
  }

  #fail(entry: Entry, error: ProducerPoolError): void {
    this.#open.remove(entry);
    this.#host.counters.countRejection(error);
    entry.recipient.failed(error, true);
    this.#open.endFlushes();
  }

  #countAcknowledged(entry: Entry, nowMs: number): void {
    const { counters } = this.#host;
    counters.acknowledged += 1;
    counters.acknowledgedBytes += entry.sizeBytes;
    counters.publishToAckMs.record(nowMs - entry.publishedAtMs);
  }
}
