/**
 * Producer pool → `Publisher` of the outbox (P1–P5 of its contract).
 *
 * P1 an ack of the pool is verified. P2 `publishBatch` of the pool sends no successor of a failed record of its key. P3 every record has a
 * settlement at its delivery timeout, and the late truth is told through `onSettled`. P4 nothing is rewritten. P5 fates never reject.
 */
import type { Breaker } from '@busbar/circuit-breaker';
import { outcomeOf, retryAfterMsOf } from '@busbar/errors';
import type { Publisher, PublishOutcome } from '@busbar/outbox';
import type { ProducerPool, ProducerPoolError, Settlement } from '@busbar/producer-pool';

type FailedOutcome = Extract<PublishOutcome, { readonly ok: false }>;

/** Whom a failure of the pool concerns, in the outbox's words: only `record` ever counts against an event. */
const scopeOf = (error: ProducerPoolError): FailedOutcome['scope'] => {
  // Its predecessor failed, and says whose fault that was; this one was merely not sent after it.
  if (error.code === 'BUSBAR_PRODUCER_KEY_BLOCKED') return 'lane';
  switch (error.details.scope) {
    case 'record':
    case 'topic':
    case 'lane':
      return error.details.scope;
    case 'client':
    case 'broker':
    case 'pool':
      return 'broker';
    default:
      return error.details.scope satisfies never;
  }
};

const failedOutcome = (error: ProducerPoolError): FailedOutcome => {
  const retryAfterMs = retryAfterMsOf(error);
  return {
    ok: false,
    scope: scopeOf(error),
    outcome: outcomeOf(error) ?? 'unknown',
    code: error.code,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    error,
  };
};

const outcomeOfSettlement = (settlement: Settlement): PublishOutcome =>
  settlement.ok ? { ok: true } : failedOutcome(settlement.error);

/** The pool as the outbox sees it. Whether an attempt may be made again is the breaker's to say; the attempt itself then takes the permit. */
export const publisherOf = (producers: ProducerPool, breaker: Breaker | undefined): Publisher => ({
  keepsKeyPrefix: true,
  publish: async (record, { timeoutMs, signal }) => {
    const limits = { deliveryTimeoutMs: timeoutMs, maxBlockMs: timeoutMs, ...(signal === undefined ? {} : { signal }) };
    const [settlement] = await producers.publishBatch([record], limits);
    // One record in, one settlement out: without it the pool broke its word, and nothing is known of the record.
    return settlement === undefined
      ? { ok: false, scope: 'broker', outcome: 'unknown', code: 'BUSBAR_INTERNAL', error: undefined }
      : outcomeOfSettlement(settlement);
  },
  publishBatch: async (records, { timeoutMs, signal, onSettled }) => {
    const settlements = await producers.publishBatch(records, {
      deliveryTimeoutMs: timeoutMs,
      maxBlockMs: timeoutMs,
      ...(signal === undefined ? {} : { signal }),
      ...(onSettled === undefined
        ? {}
        : { onSettled: (index, settlement) => onSettled(index, outcomeOfSettlement(settlement)) }),
    });
    return settlements.map((settlement) => outcomeOfSettlement(settlement));
  },
  laneOf: (record) => producers.laneOf(record),
  ...(breaker === undefined
    ? {}
    : {
        ready: async ({ signal }) => {
          breaker.release(await breaker.ready({ signal }));
        },
      }),
});
