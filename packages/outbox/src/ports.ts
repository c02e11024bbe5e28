/**
 * What the outbox needs from others, as structural types: a database client and a Kafka client fit without an import of ours.
 */

/** Something that runs one SQL statement: a `pg` client, a pool, a transaction of ours. */
export interface Queryable {
  query(
    text: string,
    values: readonly unknown[],
  ): Promise<{ readonly rows: readonly unknown[]; readonly rowCount?: number | null }>;
}

/**
 * A transaction that takes statements to be written together with COMMIT, in the order in which they were given.
 *
 * - What is registered inside a savepoint belongs to it: it joins the parent when the savepoint is released; when it is rolled back,
 *   `commitWith`, `afterCommit` and `afterUnknown` entries are dropped and its `afterRollback` hooks run.
 * - Exactly one of `afterCommit`, `afterRollback` and `afterUnknown` runs for each registration.
 */
export interface DeferringTx extends Queryable {
  commitWith(...statements: { text: string; values: readonly unknown[] }[]): void;
  afterCommit(hook: () => void): void;
  afterRollback(hook: (error: unknown) => void): void;
  afterUnknown(hook: (error: unknown) => void): void;
  /**
   * One object for all handles of a transaction, where savepoints have handles of their own: by it an `append` in a savepoint finds
   * what was deferred outside of it. Default: the handle itself.
   */
  readonly transaction?: object;
}

/** A source of dedicated connections, outside the pool of the business transactions. */
export interface ConnectionSource {
  /** One physical connection for as long as it is held; `id` names it. Disposing of it gives it back, or closes it if it is broken. */
  acquire(o: {
    purpose: 'work' | 'lease';
    signal: AbortSignal;
  }): Promise<Queryable & AsyncDisposable & { readonly id: string }>;
}

/** One event as it goes to the broker; the encoded events of `@busbar/envelope` fit. */
export interface OutboxRecord {
  /** Identity of the event, the same on every duplicate; 1..128 characters. */
  readonly id: string;
  readonly topic: string;
  /** What is kept in order; null = unordered. */
  readonly key: string | null;
  readonly headers: Readonly<Record<string, string>>;
  /** null = tombstone. */
  readonly value: string | Uint8Array | null;
}

/**
 * What the broker did with one record. `scope` says whose fault it was: of this record, of its topic, of what shares its fate (a
 * partition), or of the broker as a whole.
 */
export type PublishOutcome =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly scope: 'record' | 'topic' | 'lane' | 'broker';
      readonly outcome: 'not-sent' | 'rejected' | 'unknown';
      readonly code: string;
      readonly retryAfterMs?: number;
      readonly error: unknown;
    };

/**
 * A client of the broker.
 *
 * - **P1** `ok` is a verified acknowledgement of that very record.
 * - **P2** Once a record of a (topic, key) is not `ok`, no successor of that key in the call is sent any more: it settles `not-sent`.
 * - **P3** At `timeoutMs` every record has an outcome. A copy that lands later lands before anything of that key that is handed over
 *   afterwards; if the truth comes later than `unknown`, `onSettled` is called a second time with it.
 * - **P4** Key, headers and value go out as given. **P5** The fate of a record never rejects the call.
 *
 * `publisherConformance` of `@busbar/outbox/testing` tests them.
 */
export interface Publisher {
  publish(record: OutboxRecord, o: { timeoutMs: number; signal?: AbortSignal }): Promise<PublishOutcome>;
  publishBatch(
    records: readonly OutboxRecord[],
    o: {
      timeoutMs: number;
      signal?: AbortSignal;
      onSettled?: (index: number, outcome: PublishOutcome) => void;
    },
  ): Promise<readonly PublishOutcome[]>;
  /** What shares a fate, as topic and partition do; cheap, no I/O. */
  laneOf?(record: Pick<OutboxRecord, 'topic' | 'key'>): string | undefined;
  /** Resolves when an attempt may be made again (a breaker's `ready()`). */
  ready?(o: { signal: AbortSignal }): Promise<void>;
  /** Whether P2 holds within a call; with false the relay sends one record of a key per call: correct, slow on hot keys. */
  readonly keepsKeyPrefix: boolean;
}
