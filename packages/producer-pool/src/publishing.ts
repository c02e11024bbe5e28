import type { Terms } from './accepted-record.ts';
import type { BatchCall, Entry, Recipient } from './batch.ts';
import { ProducerAbortedError, type ProducerPoolError } from './errors.ts';
import type { Intake } from './intake.ts';
import type { ProducerRecord } from './record.ts';
import { type Ack, acknowledged, failed, type Settlement } from './settlement.ts';

export interface PublishOptions {
  /** Ends the wait: not-sent while queued, unknown once an attempt was made; the record may still be delivered then. */
  readonly signal?: AbortSignal;
  /** How long to wait for room in the buffer. Default: `buffer.maxBlockMs`. */
  readonly maxBlockMs?: number;
  /** From the call to the answer. Default: the pool's. Range: from 1 ms; may be shorter than an attempt. */
  readonly deliveryTimeoutMs?: number;
}

export interface BatchOptions extends PublishOptions {
  /** Told of each record as it is settled, and a second time if the truth of an `unknown` one becomes known. */
  readonly onSettled?: (index: number, settlement: Settlement) => void;
}

/** What a record is published with. */
export interface Publisher {
  readonly intake: Intake;
  readonly pool: string;
}

const aborted = (pool: string, topic: string, reason: unknown): ProducerAbortedError =>
  new ProducerAbortedError({ pool, scope: 'record', topic }, { cause: reason, outcome: 'not-sent' });

/** Calls `onAbort` when the signal aborts; returns how to stop listening. */
const listen = (signal: AbortSignal, onAbort: (reason: unknown) => void): (() => void) => {
  const listener = (): void => {
    onAbort(signal.reason);
  };
  signal.addEventListener('abort', listener, { once: true });
  return () => {
    signal.removeEventListener('abort', listener);
  };
};

/** One `publish` call. One object for each record: what it holds lives until the acknowledgement. */
class Publication implements Recipient {
  readonly promise: Promise<Ack>;
  readonly #resolve: (ack: Ack) => void;
  readonly #reject: (error: Error) => void;
  /** Set while a signal is listened to. */
  stopListening: (() => void) | undefined;

  constructor() {
    const { promise, resolve, reject } = Promise.withResolvers<Ack>();
    this.promise = promise;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  acknowledged(ack: Ack, first: boolean): void {
    if (!first) return;
    this.stopListening?.();
    this.#resolve(ack);
  }

  failed(error: ProducerPoolError, first: boolean): void {
    if (!first) return;
    this.stopListening?.();
    this.#reject(error);
  }
}

/** One record: resolves with its acknowledgement. */
export const publishOne = (
  { intake, pool }: Publisher,
  record: ProducerRecord,
  o: { readonly terms: Terms; readonly signal: AbortSignal | undefined },
): Promise<Ack> => {
  const { signal, terms } = o;
  if (signal?.aborted === true) return Promise.reject(aborted(pool, record.topic, signal.reason));
  const publication = new Publication();
  const entry = intake.submit(record, terms, publication);
  if (signal !== undefined && entry?.answered === false)
    publication.stopListening = listen(signal, (reason) => {
      intake.abort(new Set([entry]), reason);
    });
  return publication.promise;
};

/** One `publishBatch` call: its settlements as they come in. */
class BatchPublication {
  readonly call: BatchCall = { blockedKeys: new Set() };
  readonly settlements: Settlement[] = [];
  readonly done = Promise.withResolvers<readonly Settlement[]>();
  readonly #pool: string;
  readonly #onSettled: BatchOptions['onSettled'];
  #missing: number;

  constructor(pool: string, records: number, onSettled: BatchOptions['onSettled']) {
    this.#pool = pool;
    this.#missing = records;
    this.#onSettled = onSettled;
    if (records === 0) this.done.resolve([]);
  }

  settle(index: number, settlement: Settlement, first: boolean): void {
    if (first) {
      this.settlements[index] = settlement;
      this.#missing -= 1;
    }
    this.#tell(index, settlement);
    if (first && this.#missing === 0) this.done.resolve(this.settlements);
  }

  #tell(index: number, settlement: Settlement): void {
    try {
      this.#onSettled?.(index, settlement);
    } catch (error) {
      // A throwing callback must not disturb the records of others; it is the user's to see.
      process.emitWarning(`onSettled of pool "${this.#pool}" threw`, { type: 'BusbarWarning', detail: String(error) });
    }
  }
}

/** One record of a `publishBatch` call. */
class BatchedPublication implements Recipient {
  readonly #batch: BatchPublication;
  readonly #index: number;

  constructor(batch: BatchPublication, index: number) {
    this.#batch = batch;
    this.#index = index;
  }

  acknowledged(ack: Ack, first: boolean): void {
    this.#batch.settle(this.#index, acknowledged(ack), first);
  }

  failed(error: ProducerPoolError, first: boolean): void {
    this.#batch.settle(this.#index, failed(error), first);
  }
}

/** Several records: resolves with one settlement each, in their order; never rejects for a record's fate. */
export const publishMany = async (
  { intake, pool }: Publisher,
  records: readonly ProducerRecord[],
  o: BatchOptions & { readonly maxBlockMs: number; readonly deliveryTimeoutMs: number },
): Promise<readonly Settlement[]> => {
  const { signal, maxBlockMs, deliveryTimeoutMs } = o;
  const publication = new BatchPublication(pool, records.length, o.onSettled);
  const { call, done } = publication;
  const terms: Terms = { call, maxBlockMs, deliveryTimeoutMs };
  const entries = new Set<Entry>();
  for (const [index, record] of records.entries()) {
    const recipient = new BatchedPublication(publication, index);
    if (signal?.aborted === true) recipient.failed(aborted(pool, record.topic, signal.reason), true);
    else {
      const entry = intake.submit(record, terms, recipient);
      if (entry?.answered === false) entries.add(entry);
    }
  }
  if (signal === undefined) return done.promise;
  const stopListening = listen(signal, (reason) => {
    intake.abort(entries, reason);
  });
  try {
    return await done.promise;
  } finally {
    stopListening();
  }
};
