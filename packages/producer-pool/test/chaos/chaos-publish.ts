/** How a caller publishes who wants each record in the log and each key in order: what is not accepted is published again, in order. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Ack, ProducerPool, ProducerPoolError } from '../../src/index.ts';
import type { ChaosRecord, Told } from './chaos-report.ts';

export interface KeyPublisher {
  readonly pool: ProducerPool;
  readonly topic: string;
  readonly random: () => number;
  /** Share of the records whose caller turns away from them at once. */
  readonly abortRatio: number;
  /** At most, in one call. */
  readonly recordsAtOnce: number;
  /** Before what was not accepted is published again. */
  readonly waitMs: number;
  readonly onAck: (told: Told) => void;
  /** A record is published again although it may have been, or may yet be, delivered. */
  readonly onDoubt?: () => void;
  /** Ends the work without a last word on each record. */
  readonly giveUp?: AbortSignal;
}

/** Answers that are the last word on a record. */
const FINAL = new Set(['BUSBAR_PRODUCER_RECORD_TOO_LARGE', 'BUSBAR_PRODUCER_ABORTED']);

/** The offset is a getter of the class. */
const tell = (record: ChaosRecord, { partition, offset }: Ack, o: KeyPublisher): void => {
  o.onAck({ record, partition, offset });
};

const isToRepeat = ({ code, outcome }: ProducerPoolError, o: KeyPublisher): boolean => {
  if (FINAL.has(code)) return false;
  if (outcome === 'unknown') o.onDoubt?.();
  return true;
};

/** Publishes the records of one key, a few at a time, until each has its last word. */
export const publishKey = async (records: readonly ChaosRecord[], o: KeyPublisher): Promise<void> => {
  for (let rest = records; rest.length > 0 && o.giveUp?.aborted !== true;) {
    const some = rest.slice(0, 1 + Math.floor(o.random() * o.recordsAtOnce));
    const abort = new AbortController();
    if (o.random() < o.abortRatio * some.length) setImmediate(() => abort.abort());
    const batch = some.map(({ key, value }) => ({ topic: o.topic, key, value }));
    // oxlint-disable no-await-in-loop -- the next records of the key follow the answers to these
    const settlements = await o.pool.publishBatch(batch, { signal: abort.signal });
    const again = some.filter((record, index) => {
      const settlement = settlements[index];
      if (settlement?.ok === true) tell(record, settlement.ack, o);
      return settlement?.ok === false && isToRepeat(settlement.error, o);
    });
    if (again.length > 0) await sleep(o.waitMs);
    // oxlint-enable no-await-in-loop
    rest = [...again, ...rest.slice(some.length)];
  }
};
