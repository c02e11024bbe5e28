import type { DataOf, EncodeOptions, EventCodec, EventMap } from '@busbar/envelope';
import type { Outbox, PublishReceipt, Queryable } from '@busbar/outbox';
import type { Postgres, TxOptions } from '@busbar/postgres';

import { BusTransaction, type BusTx, type PublishInTransaction } from './bus-transaction.ts';

export interface PublishOptions extends EncodeOptions {
  /** A transaction of the caller's own, of `pg` or of ours: the event is inserted into it at once, and commits with it. */
  readonly tx?: Queryable;
  /** Of the whole call. Default: `outbox.publish.directTimeoutMs`. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** What to do while the broker is away. Default: `outbox.publish.whenUnavailable`. */
  readonly whenUnavailable?: 'spill' | 'wait' | 'fail';
}

/** Where a published event is durable when the promise resolves; with `transaction`, as soon as that commits. */
export type Published = { readonly id: string } & (PublishReceipt | { readonly via: 'transaction' });

interface Parts<R extends EventMap> {
  readonly codec: EventCodec<R>;
  readonly outbox: Outbox;
  readonly postgres: Postgres;
}

/** Encodes and inserts, or sends: the two ways an event leaves the service without a transaction of the bus. */
export const publishEvent = async <R extends EventMap, N extends keyof R & string>(
  { codec, outbox }: Pick<Parts<R>, 'codec' | 'outbox'>,
  event: { readonly name: N; readonly data: DataOf<R[N]['schema']> },
  options: PublishOptions = {},
): Promise<Published> => {
  const { tx, timeoutMs, signal, whenUnavailable, ...encodeOptions } = options;
  const record = codec.encode(event.name, event.data, encodeOptions);
  if (tx !== undefined) {
    await outbox.append(tx, record, signal === undefined ? {} : { signal });
    return { id: record.id, via: 'transaction' };
  }
  const receipt = await outbox.publish(record, {
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(signal === undefined ? {} : { signal }),
    ...(whenUnavailable === undefined ? {} : { whenUnavailable }),
  });
  return { id: record.id, ...receipt };
};

/** Runs `fn` in a transaction in which `publish` defers to COMMIT. */
export const runTransaction = <R extends EventMap, T>(
  { codec, outbox, postgres }: Parts<R>,
  options: TxOptions,
  fn: (tx: BusTx<R>) => Promise<T>,
): Promise<T> => {
  const publish: PublishInTransaction<R> = (tx, { name, data, options: encodeOptions }) => {
    const record = codec.encode(name, data, encodeOptions);
    outbox.defer(tx, record);
    return { id: record.id };
  };
  return postgres.tx(options, (tx) => fn(new BusTransaction(tx, publish)));
};
