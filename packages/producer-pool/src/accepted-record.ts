import type { BatchCall, Entry, Recipient } from './batch.ts';
import type { FrozenRecord } from './driver.ts';
import { freezeRecord, keyIdOf, type ProducerRecord, RECORD_OVERHEAD_BYTES } from './record.ts';

/** What is the same for every record of a call, or of all calls that ask for nothing of their own. */
export interface Terms {
  readonly call: BatchCall | undefined;
  /** How long to wait for room; undefined: not at all, and never behind others. */
  readonly maxBlockMs: number | undefined;
  readonly deliveryTimeoutMs: number;
}

/** A record that somebody wants published, and how. */
export interface Submission {
  readonly record: ProducerRecord;
  readonly terms: Terms;
  readonly recipient: Recipient;
}

/**
 * An entry with nothing done to it yet.
 *
 * A class, and so is all that lives as long as a record is on its way. V8 allocates what is written as a literal in the old generation
 * once most of it has outlived a collection of the young one, which happens while a process warms up with a thousand records on their way
 * and a small young generation. From then on every record is garbage that only a full collection takes away, and keeps what it points to
 * from being collected earlier: half as much CPU again. Instances of a class always begin in the young generation.
 */
export class AcceptedRecord implements Entry {
  readonly record: FrozenRecord;
  readonly topic: string;
  readonly partition: number | undefined;
  readonly keyId: string | undefined;
  readonly sizeBytes: number;
  readonly ownTimestamp: boolean;
  readonly call: BatchCall | undefined;
  readonly recipient: Recipient;
  readonly publishedAtMs: number;
  readonly deadlineAtMs: number;
  answered = false;
  gone = false;
  sequence = 0;
  earlier: Entry | undefined = undefined;
  later: Entry | undefined = undefined;

  /** `bytes`: of key, value and headers. */
  constructor({ record, terms, recipient }: Submission, bytes: number, nowMs: number) {
    this.record = freezeRecord(record, Date.now());
    this.topic = record.topic;
    this.partition = record.partition;
    this.keyId = keyIdOf(record.key);
    this.sizeBytes = bytes + RECORD_OVERHEAD_BYTES;
    this.ownTimestamp = record.timestampMs !== undefined;
    this.call = terms.call;
    this.recipient = recipient;
    this.publishedAtMs = nowMs;
    this.deadlineAtMs = nowMs + terms.deliveryTimeoutMs;
  }
}
