import type { Call, Given } from './call.ts';
import type { Connection } from './connection.ts';
import { isPostgresError, type PostgresErrorKind } from './errors.ts';
import type { RetryOptions, TxRetryCause } from './options.ts';
import type { BatchOptions, Queries, QueryOptions, Result } from './queries.ts';
import type { Submission } from './query.ts';
import type { AnyRow } from './row-decoder.ts';
import { RowShapes } from './row-shapes.ts';
import type { RollbackHook, TxScope } from './savepoint.ts';
import type { BoundStatement } from './statement.ts';
import type { Transaction } from './transaction.ts';
import { ArgumentInvalidError, TxEndedError } from './usage-errors.ts';

export interface TxOptions extends QueryOptions {
  /** Default: the server's, `read committed`. */
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable';
  readonly readOnly?: boolean;
  /** With `serializable` and `readOnly`: waits for a snapshot that cannot fail. */
  readonly deferrable?: boolean;
  /** Overrides the pool's `retry`; `false` = one attempt. */
  readonly retry?: RetryOptions | false;
}

/** A transaction. Statements are sent in the order of the calls; the first one carries BEGIN. */
export interface Tx extends Queries {
  /** One object for all handles of a transaction, those of its savepoints included: tells transactions apart, and holds nothing. */
  readonly transaction: object;
  /** From 1. */
  readonly attempt: number;
  /** What is left of `deadlineMs`; infinite without one. */
  readonly remainingMs: number;
  /** Runs `fn` in a savepoint: if it throws, what it did is undone, and the error is rethrown. Use the `tx` that it gets. */
  savepoint<T>(fn: (tx: Tx) => Promise<T>): Promise<T>;
  /** Sends the statements in the same flush as COMMIT: no round trip of their own. Dropped if the savepoint around it is undone. */
  commitWith(...statements: readonly BoundStatement[]): void;
  /** Exactly one kind of hook runs, after the verdict. Hooks do not fail the transaction. */
  afterCommit(hook: () => void): void;
  afterRollback(hook: (error: unknown) => void): void;
  afterUnknown(hook: (error: unknown) => void): void;
}

const ISOLATION = new Set(['read committed', 'repeatable read', 'serializable']);

/** The BEGIN of the options: from closed sets, never from text of the caller. */
export const beginStatement = (o: TxOptions): string => {
  if (o.isolation !== undefined && !ISOLATION.has(o.isolation))
    throw new ArgumentInvalidError({ argument: 'isolation', expected: [...ISOLATION].join(', ') });
  const words = ['begin'];
  if (o.isolation !== undefined) words.push(`isolation level ${o.isolation}`);
  if (o.readOnly !== undefined) words.push(o.readOnly ? 'read only' : 'read write');
  if (o.deferrable !== undefined) words.push(o.deferrable ? 'deferrable' : 'not deferrable');
  return words.join(' ');
};

const CAUSES: Readonly<Partial<Record<PostgresErrorKind, TxRetryCause>>> = {
  serialization: 'serialization',
  deadlock: 'deadlock',
  'lock-timeout': 'lock-timeout',
  'read-only': 'read-only',
  'lease-lost': 'connection',
};

export interface RepeatableFailure {
  readonly cause: TxRetryCause;
  readonly sqlState: string | undefined;
}

/** A failure of a sort that a repetition can cure, if nothing of the transaction can have taken effect. */
export const repeatableFailure = (error: unknown): RepeatableFailure | undefined => {
  if (!isPostgresError(error) || error.outcome === 'unknown') return undefined;
  const cause = CAUSES[error.kind];
  return cause === undefined ? undefined : { cause, sqlState: error.sqlState };
};

/** The handle that a callback gets: of the transaction, or of one savepoint; it is dead after its scope. */
export class TxHandle extends RowShapes implements Tx {
  readonly #transaction: Transaction;
  readonly #scope: TxScope;
  readonly #pool: string;
  #ended = false;

  constructor(transaction: Transaction, o: { scope: TxScope; pool: string }) {
    super();
    this.#transaction = transaction;
    this.#scope = o.scope;
    this.#pool = o.pool;
  }

  get transaction(): object {
    return this.#transaction.identity;
  }

  get attempt(): number {
    return this.#transaction.attempt;
  }

  get remainingMs(): number {
    return this.#transaction.remainingMs;
  }

  async savepoint<T>(fn: (tx: Tx) => Promise<T>): Promise<T> {
    this.#assertInnermost();
    return this.#transaction.savepoint(async (scope) => {
      const handle = new TxHandle(this.#transaction, { scope, pool: this.#pool });
      try {
        return await fn(handle);
      } finally {
        handle.end();
      }
    });
  }

  commitWith(...statements: readonly BoundStatement[]): void {
    this.#assertOpen();
    this.#transaction.commitWith(statements);
  }

  afterCommit(hook: () => void): void {
    this.#assertOpen();
    this.#transaction.scope.afterCommit.push(hook);
  }

  afterRollback(hook: RollbackHook): void {
    this.#assertOpen();
    this.#transaction.scope.afterRollback.push(hook);
  }

  afterUnknown(hook: RollbackHook): void {
    this.#assertOpen();
    this.#transaction.scope.afterUnknown.push(hook);
  }

  protected prepare(given: Given, o: QueryOptions): Call {
    this.#assertOpen();
    return this.#transaction.prepare(given, o);
  }

  protected run(call: Call): Promise<Result<AnyRow>> {
    return this.#transaction.run(call);
  }

  protected async hold<T>(call: Call, work: (connection: Connection, how: Submission) => Promise<T>): Promise<T> {
    this.#assertOpen(); // an iteration may begin long after the call that made it
    return this.#transaction.hold(call, work);
  }

  protected async runGroup(statements: readonly BoundStatement[], o: BatchOptions): Promise<Result[]> {
    this.#assertOpen();
    return this.#transaction.batch(statements, o);
  }

  protected override async runAlone(call: Call): Promise<Result<AnyRow>> {
    this.#assertInnermost();
    return this.#transaction.savepoint(() => this.#transaction.run(call));
  }

  protected isUndoneByError(): boolean {
    return true;
  }

  /** Nothing is accepted any more. */
  end(): void {
    this.#ended = true;
  }

  #assertInnermost(): void {
    this.#assertOpen();
    if (this.#transaction.scope !== this.#scope)
      throw new ArgumentInvalidError({ argument: 'savepoint', expected: 'the tx of the innermost open savepoint' });
  }

  #assertOpen(): void {
    if (this.#ended) throw new TxEndedError({ pool: this.#pool });
    this.#transaction.assertOpen();
  }
}
