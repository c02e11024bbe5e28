import { deferredStatement, markWritten, type Ordering } from './append.ts';
import type { DeferringTx, OutboxRecord } from './ports.ts';

/**
 * Deferred records: one statement for each `defer`, written in the COMMIT flush.
 *
 * Calls are not merged into one statement: records that were deferred inside a savepoint have to go with it when it is rolled back, and
 * only the transaction knows to which savepoint a statement belongs.
 *
 * An `append` in the same transaction first writes what was deferred before it, else the earlier event would get the later `seq`. The
 * statements that COMMIT still carries then find their mark in a setting of the transaction and do nothing. If the savepoint around the
 * `append` is rolled back, so is the setting, and COMMIT writes them after all.
 */
export interface Deferred {
  readonly records: readonly OutboxRecord[];
  readonly ordering: Ordering;
  readonly mark: string;
  written: boolean;
}

export interface DeferHooks {
  /** Exactly one of them runs, once the fate of the transaction, or of the savepoint, is known. */
  readonly onCommit: () => void;
  readonly onRollback: () => void;
  readonly onUnknown: () => void;
}

const identityOf = (tx: DeferringTx): object => tx.transaction ?? tx;

export class DeferredRecords {
  readonly #byTransaction = new WeakMap<object, Set<Deferred>>();
  #marks = 0;

  defer(
    tx: DeferringTx,
    o: { records: readonly OutboxRecord[]; ordering: Ordering; schema: string },
    hooks: DeferHooks,
  ): void {
    this.#marks += 1;
    const entry: Deferred = { records: o.records, ordering: o.ordering, mark: `<${this.#marks}>`, written: false };
    tx.commitWith(deferredStatement(o.records, { ...o, mark: entry.mark }));
    tx.afterCommit(hooks.onCommit);
    tx.afterRollback(() => {
      this.#byTransaction.get(identityOf(tx))?.delete(entry);
      hooks.onRollback();
    });
    tx.afterUnknown(hooks.onUnknown);
    const entries = this.#byTransaction.get(identityOf(tx)) ?? new Set();
    this.#byTransaction.set(identityOf(tx), entries.add(entry));
  }

  /** What was deferred in the transaction and is not written yet, in order. */
  pendingOf(tx: DeferringTx): readonly Deferred[] {
    return [...(this.#byTransaction.get(identityOf(tx)) ?? [])].filter((entry) => !entry.written);
  }

  /** An `append` has written the records of these entries. */
  async written(tx: DeferringTx, entries: readonly Deferred[]): Promise<void> {
    if (entries.length === 0) return;
    await markWritten(
      tx,
      entries.map((entry) => entry.mark),
    );
    for (const entry of entries) entry.written = true;
    tx.afterRollback(() => {
      for (const entry of entries) entry.written = false;
    });
  }
}
