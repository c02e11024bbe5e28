import type { BatchCall, Entry } from './batch.ts';
import { ProducerAbortedError } from './errors.ts';
import type { Intake } from './intake.ts';
import type { ResolvedProducerPoolOptions } from './options.ts';
import type { ProducerRecord } from './record.ts';
import { type Ack, failed, type Settlement } from './settlement.ts';

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

interface Publisher {
  readonly intake: Intake;
  readonly options: ResolvedProducerPoolOptions;
}

const aborted = (pool: string, topic: string, reason: unknown): ProducerAbortedError =>
  new ProducerAbortedError({ pool, scope: 'record', topic }, { cause: reason, outcome: 'not-sent' });

/** Calls `onAbort` when the signal aborts; returns how to stop listening. */
const listen = (signal: AbortSignal | undefined, onAbort: (reason: unknown) => void): (() => void) => {
  if (signal === undefined) return () => undefined;
  const listener = (): void => {
    onAbort(signal.reason);
  };
  signal.addEventListener('abort', listener, { once: true });
  return () => {
    signal.removeEventListener('abort', listener);
  };
};

/** One record: resolves with its acknowledgement. `maxBlockMs` undefined: does not wait for room. */
export const publishOne = (
  { intake, options }: Publisher,
  record: ProducerRecord,
  o: {
    readonly signal?: AbortSignal | undefined;
    readonly maxBlockMs: number | undefined;
    readonly deliveryTimeoutMs: number;
  },
): Promise<Ack> =>
  new Promise((resolve, reject) => {
    if (o.signal?.aborted === true) {
      reject(aborted(options.name, record.topic, o.signal.reason));
      return;
    }
    let stopListening = (): void => undefined;
    const deliver = (settlement: Settlement, first: boolean): void => {
      if (!first) return;
      stopListening();
      if (settlement.ok) resolve(settlement.ack);
      else reject(settlement.error);
    };
    const entry = intake.submit({ record, maxBlockMs: o.maxBlockMs, deliveryTimeoutMs: o.deliveryTimeoutMs, deliver });
    if (entry === undefined || entry.answered) return;
    stopListening = listen(o.signal, (reason) => {
      intake.abort(new Set([entry]), reason);
    });
  });

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

/** Several records: resolves with one settlement each, in their order; never rejects for a record's fate. */
export const publishMany = async (
  { intake, options }: Publisher,
  records: readonly ProducerRecord[],
  o: BatchOptions & { readonly maxBlockMs: number; readonly deliveryTimeoutMs: number },
): Promise<readonly Settlement[]> => {
  const { signal, maxBlockMs, deliveryTimeoutMs } = o;
  const publication = new BatchPublication(options.name, records.length, o.onSettled);
  const { call, done } = publication;
  const entries = new Set<Entry>();
  for (const [index, record] of records.entries()) {
    const deliver = (settlement: Settlement, first: boolean): void => {
      publication.settle(index, settlement, first);
    };
    if (signal?.aborted === true) deliver(failed(aborted(options.name, record.topic, signal.reason)), true);
    else {
      const entry = intake.submit({ record, call, maxBlockMs, deliveryTimeoutMs, deliver });
      if (entry !== undefined && !entry.answered) entries.add(entry);
    }
  }
  const stopListening = listen(signal, (reason) => {
    intake.abort(entries, reason);
  });
  try {
    return await done.promise;
  } finally {
    stopListening();
  }
};
