import {
  type InsertedRow,
  type Ordering,
  type WriteRules,
  checkRecords,
  checkTransaction,
  insertRecords,
  isDeferringTx,
  throwIfAborted,
} from './append.ts';
import type { Backlog } from './backlog.ts';
import { DeferredRecords } from './defer.ts';
import { publish } from './diagnostics.ts';
import { OutboxTxRequiredError } from './errors.ts';
import type { ResolvedOutboxOptions } from './options.ts';
import type { DeferringTx, OutboxRecord, Queryable } from './ports.ts';
import { shardOf, wireBytes } from './record.ts';
import type { OutboxCounters } from './stats.ts';
import type { StickyShards } from './sticky-shards.ts';

/** Options of `append` and `defer`. */
export interface AppendOptions {
  /** Default: the option `ordering`. */
  readonly ordering?: Ordering;
  readonly signal?: AbortSignal;
}

/** A record that was inserted; it counts when its transaction commits. */
export interface Appended {
  readonly id: string;
  readonly seq: bigint;
  readonly shard: number;
}

interface WriterContext {
  readonly options: ResolvedOutboxOptions;
  readonly sticky: StickyShards;
  readonly backlog: Backlog;
  readonly counters: OutboxCounters;
  readonly wake: () => void;
}

const bytesOf = (records: readonly OutboxRecord[]): number =>
  records.reduce((sum, record) => sum + wireBytes(record), 0);

/** `append` and `defer`: the inserts inside a caller's transaction. */
export class Writer {
  readonly #deferred = new DeferredRecords();
  readonly #rules: WriteRules;
  readonly #o: WriterContext;

  constructor(o: WriterContext) {
    this.#o = o;
    this.#rules = { schema: o.options.schema, maxRecordBytes: o.options.relay.batchBytes };
  }

  check(records: readonly OutboxRecord[]): void {
    checkRecords(records, this.#rules);
  }

  async append(tx: Queryable, records: readonly OutboxRecord[], o: AppendOptions): Promise<readonly Appended[]> {
    this.#admit(tx, records, o);
    if (records.length === 0) return [];
    const { clock, name } = this.#o.options;
    const startedMs = clock.now();
    const rows = isDeferringTx(tx)
      ? await this.#afterDeferred(tx, records, o)
      : await this.#insert(tx, records, this.#ordering(o));
    this.#o.sticky.inserted(rows);
    const bytes = bytesOf(records);
    publish('append', () => ({
      name,
      records: records.length,
      bytes,
      deferred: false,
      durationMs: clock.now() - startedMs,
    }));
    if (isDeferringTx(tx)) tx.afterCommit(() => this.#committed(records.length, bytes, false));
    else this.#committed(records.length, bytes, false);
    return rows.slice(rows.length - records.length).map(({ id, seq, shard }) => ({ id, seq, shard }));
  }

  defer(tx: DeferringTx, records: readonly OutboxRecord[], o: AppendOptions): void {
    this.#admit(tx, records, o);
    if (!isDeferringTx(tx))
      throw new OutboxTxRequiredError({ found: 'a transaction without commitWith and its hooks' });
    if (records.length === 0) return;
    const { schema, name } = this.#o.options;
    const bytes = bytesOf(records);
    const sticky = this.#o.sticky.deferred(records.map((record) => ({ shard: shardOf(record) })));
    this.#deferred.defer(
      tx,
      { records, schema, ordering: this.#ordering(o) },
      {
        onCommit: () => {
          sticky.committed();
          this.#committed(records.length, bytes, true);
        },
        onRollback: () => sticky.rolledBack(),
        onUnknown: () => sticky.unknown(),
      },
    );
    publish('append', () => ({ name, records: records.length, bytes, deferred: true, durationMs: 0 }));
  }

  #admit(tx: Queryable, records: readonly OutboxRecord[], o: AppendOptions): void {
    throwIfAborted('an append', o.signal);
    checkTransaction(tx);
    this.check(records);
    if (this.#o.options.backlog.policy === 'reject') this.#o.backlog.check();
  }

  #ordering(o: AppendOptions): Ordering {
    return o.ordering ?? this.#o.options.ordering;
  }

  /** What was deferred before goes first, in the same statement: else the earlier event would get the later `seq`. */
  async #afterDeferred(
    tx: DeferringTx,
    records: readonly OutboxRecord[],
    o: AppendOptions,
  ): Promise<readonly InsertedRow[]> {
    const pending = this.#deferred.pendingOf(tx);
    const strict = pending.some((entry) => entry.ordering === 'strict');
    const all = [...pending.flatMap((entry) => entry.records), ...records];
    const rows = await this.#insert(tx, all, strict ? 'strict' : this.#ordering(o));
    await this.#deferred.written(tx, pending);
    return rows;
  }

  #insert(tx: Queryable, records: readonly OutboxRecord[], ordering: Ordering): Promise<readonly InsertedRow[]> {
    return insertRecords(tx, records, { schema: this.#rules.schema, ordering, autocommit: false });
  }

  #committed(records: number, bytes: number, deferred: boolean): void {
    const { appended } = this.#o.counters;
    appended.records += records;
    appended.bytes += bytes;
    if (deferred) appended.deferred += records;
    this.#o.wake();
  }
}
