/**
 * What a transaction and its savepoints have promised for their end: the pure part of T9.
 *
 * The scopes are a stack; what is registered belongs to the innermost open scope at that time. A released savepoint hands its entries to the
 * parent in order of registration. A savepoint that is rolled back drops its `commitWith`, `afterCommit` and `afterUnknown` entries and runs
 * its `afterRollback` hooks, so an event of undone work is never written.
 *
 * Control statements travel with the next statement: BEGIN and SAVEPOINT with the first one behind them, RELEASE with the one after it. A
 * savepoint in which nothing was sent never reaches the server.
 */
import type { GroupStatement } from './pipeline.ts';

export type RollbackHook = (error: unknown) => void;

export interface TxScope {
  /** 0 = the transaction itself. */
  readonly depth: number;
  readonly commitWith: GroupStatement[];
  readonly afterCommit: (() => void)[];
  readonly afterRollback: RollbackHook[];
  readonly afterUnknown: RollbackHook[];
}

const createScope = (depth: number): TxScope => ({
  depth,
  commitWith: [],
  afterCommit: [],
  afterRollback: [],
  afterUnknown: [],
});
const savepointName = (depth: number): string => `bb_${depth}`;

export class TxScopes {
  readonly root: TxScope = createScope(0);
  readonly #open: TxScope[] = [this.root];
  /** Control statements that wait for the next statement. */
  #pending: string[];

  constructor(begin: string) {
    this.#pending = [begin];
  }

  get innermost(): TxScope {
    return this.#open.reduce((_outer, inner) => inner); // never empty: the root is not closed
  }

  /** The control statements that go before the next statement; they are sent now. */
  takePending(): readonly string[] {
    const pending = this.#pending;
    this.#pending = [];
    return pending;
  }

  /** Opens a savepoint inside the innermost scope. */
  enter(): TxScope {
    const scope = createScope(this.#open.length);
    this.#open.push(scope);
    this.#pending.push(`savepoint ${savepointName(scope.depth)}`);
    return scope;
  }

  /** The innermost savepoint has succeeded. */
  release(scope: TxScope): void {
    if (!this.#close(scope)) return;
    const unsent = this.#forgetUnsent(scope);
    if (!unsent) this.#pending.push(`release savepoint ${savepointName(scope.depth)}`);
    const parent = this.innermost;
    parent.commitWith.push(...scope.commitWith);
    parent.afterCommit.push(...scope.afterCommit);
    parent.afterRollback.push(...scope.afterRollback);
    parent.afterUnknown.push(...scope.afterUnknown);
  }

  /** The innermost savepoint is undone. The statements that must be sent now; none if its SAVEPOINT never was. */
  undo(scope: TxScope): readonly string[] {
    if (!this.#close(scope)) return [];
    if (this.#forgetUnsent(scope)) return [];
    // What is pending now began after the savepoint, and goes with it.
    this.#pending = [];
    const name = savepointName(scope.depth);
    return [`rollback to savepoint ${name}`, `release savepoint ${name}`];
  }

  /** Ends the scope and those inside it; false if it had ended with one around it. */
  #close(scope: TxScope): boolean {
    if (this.#open[scope.depth] !== scope) return false;
    this.#open.length = scope.depth;
    return true;
  }

  /** Takes back a SAVEPOINT that was not sent, with everything behind it. */
  #forgetUnsent(scope: TxScope): boolean {
    const index = this.#pending.indexOf(`savepoint ${savepointName(scope.depth)}`);
    if (index === -1) return false;
    this.#pending.length = index;
    return true;
  }
}
