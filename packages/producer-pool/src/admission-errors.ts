/** What a caller is told whose record never reached a lane. */
import type { Entry } from './batch.ts';
import type { RecordBuffer } from './buffer.ts';
import {
  ProducerBufferFullError,
  ProducerDeliveryTimeoutError,
  type ProducerPoolError,
  ProducerRecordInvalidError,
} from './errors.ts';

/** The caller asked for a partition that is not there. */
export const noPartition = (pool: string, entry: Entry): ProducerPoolError => {
  const details = { pool, scope: 'record', topic: entry.topic, partition: entry.partition } as const;
  return new ProducerRecordInvalidError(details, 'the topic has no such partition');
};

/** The delivery timeout passed while the record waited for room. */
export const expiredWaiting = (pool: string, entry: Entry): ProducerPoolError => {
  const details = { pool, scope: 'pool', topic: entry.topic, attempts: 0 } as const;
  return new ProducerDeliveryTimeoutError(details, { outcome: 'not-sent' });
};

/** There is no room, or none came free in time. */
export const bufferFull = (
  { pool, buffer, oldestAgeMs }: { readonly pool: string; readonly buffer: RecordBuffer; readonly oldestAgeMs: number },
  entry: Entry,
): ProducerPoolError =>
  new ProducerBufferFullError({
    pool,
    scope: 'pool',
    topic: entry.topic,
    buffered: buffer.records,
    limit: buffer.limits.maxRecords,
    bufferedBytes: buffer.bytes,
    limitBytes: buffer.limits.maxBytes,
    oldestAgeMs,
  });
