import type { DataOf, EncodeOptions, EventMap } from '@busbar/envelope';
import type { BoundStatement, Tx } from '@busbar/postgres';

/** A transaction in which events are published; all of them commit with it, or none. */
export interface BusTx<R extends EventMap> extends Omit<Tx, 'savepoint'> {
  /**
   * Publishes in this transaction: validated now, written together with COMMIT, delivered after it, and never when it rolls back.
   * @throws {@link EnvelopeError} when the event is bad; the transaction is still usable.
   */
  publish<N extends keyof R & string>(
    name: N,
    data: DataOf<R[N]['schema']>,
    o?: EncodeOptions,
  ): Promise<{ readonly id: string }>;
  /** Work that can be undone by itself, its events included. */
  savepoint<T>(fn: (tx: BusTx<R>) => Promise<T>): Promise<T>;
}

/** Encodes an event and hands it to the transaction's COMMIT. */
export type PublishInTransaction<R extends EventMap> = <N extends keyof R & string>(
  tx: Tx,
  event: { readonly name: N; readonly data: DataOf<R[N]['schema']>; readonly options: EncodeOptions | undefined },
) => { readonly id: string };

/** A transaction of `@busbar/postgres` with `publish` beside its own methods. */
export class BusTransaction<R extends EventMap> implements BusTx<R> {
  readonly #tx: Tx;
  readonly #publish: PublishInTransaction<R>;

  constructor(tx: Tx, publish: PublishInTransaction<R>) {
    this.#tx = tx;
    this.#publish = publish;
  }

  // Async, so that a bad event is a rejection wherever it is found.
  async publish<N extends keyof R & string>(
    name: N,
    data: DataOf<R[N]['schema']>,
    o?: EncodeOptions,
  ): Promise<{ readonly id: string }> {
    return this.#publish(this.#tx, { name, data, options: o });
  }

  savepoint<T>(fn: (tx: BusTx<R>) => Promise<T>): Promise<T> {
    return this.#tx.savepoint((tx) => fn(new BusTransaction(tx, this.#publish)));
  }

  get transaction(): object {
    return this.#tx.transaction;
  }
  get attempt(): number {
    return this.#tx.attempt;
  }
  get remainingMs(): number {
    return this.#tx.remainingMs;
  }
  // As they are declared there, with all their overloads.
  get query(): Tx['query'] {
    return this.#tx.query.bind(this.#tx);
  }
  get one(): Tx['one'] {
    return this.#tx.one.bind(this.#tx);
  }
  get maybeOne(): Tx['maybeOne'] {
    return this.#tx.maybeOne.bind(this.#tx);
  }
  get value(): Tx['value'] {
    return this.#tx.value.bind(this.#tx);
  }
  get execute(): Tx['execute'] {
    return this.#tx.execute.bind(this.#tx);
  }
  get call(): Tx['call'] {
    return this.#tx.call.bind(this.#tx);
  }
  get batch(): Tx['batch'] {
    return this.#tx.batch.bind(this.#tx);
  }
  get insertMany(): Tx['insertMany'] {
    return this.#tx.insertMany.bind(this.#tx);
  }
  get stream(): Tx['stream'] {
    return this.#tx.stream.bind(this.#tx);
  }
  get copyIn(): Tx['copyIn'] {
    return this.#tx.copyIn.bind(this.#tx);
  }
  get copyOut(): Tx['copyOut'] {
    return this.#tx.copyOut.bind(this.#tx);
  }
  commitWith(...statements: BoundStatement[]): void {
    this.#tx.commitWith(...statements);
  }
  afterCommit(hook: () => void): void {
    this.#tx.afterCommit(hook);
  }
  afterRollback(hook: (error: unknown) => void): void {
    this.#tx.afterRollback(hook);
  }
  afterUnknown(hook: (error: unknown) => void): void {
    this.#tx.afterUnknown(hook);
  }
}
