import { prepareBatch, prepareCall, type Call, type Given } from './call.ts';
import type { Connection } from './connection.ts';
import type { PoolContext } from './context.ts';
import { LeaseBusyError, LeaseReleasedError } from './lease-errors.ts';
import type { Lease } from './lease.ts';
import { leaseLost } from './outcome.ts';
import type { BatchOptions, QueryOptions, Result } from './queries.ts';
import { submit, submitAll, type Submission } from './query.ts';
import type { AnyRow } from './row-decoder.ts';
import { RowShapes } from './row-shapes.ts';
import type { BoundStatement } from './statement.ts';

/** Runs statements on a connection outside a transaction of ours: on a lease, and for `session.setup`. */
export class ConnectionQueries<C extends Pick<PoolContext, 'defaults' | 'target'>> extends RowShapes {
  readonly #context: C;
  readonly #connection: Connection;

  constructor(context: C, connection: Connection) {
    super();
    this.#context = context;
    this.#connection = connection;
  }

  protected get context(): C {
    return this.#context;
  }

  protected get connection(): Connection {
    return this.#connection;
  }

  protected prepare(given: Given, o: QueryOptions): Call {
    return prepareCall(given, o, { defaults: this.#context.defaults, txControl: 'allowed' });
  }

  protected run(call: Call): Promise<Result<AnyRow>> {
    return submit(this.#connection, call, this.#submission(call));
  }

  protected async hold<T>(call: Call, work: (connection: Connection, how: Submission) => Promise<T>): Promise<T> {
    return work(this.#connection, this.#submission(call));
  }

  protected async runGroup(statements: readonly BoundStatement[], o: BatchOptions): Promise<Result[]> {
    const { defaults, target } = this.#context;
    const calls = prepareBatch(statements, o, defaults);
    this.assertUsable(o.label);
    if (calls === undefined) return [];
    const inTransaction = this.#connection.status === 'T';
    return submitAll(this.#connection, calls, { target, inTransaction, acquireMs: 0, attempt: 1 });
  }

  protected isUndoneByError(text: string): boolean {
    return this.#context.defaults.guard.judge(text).operation === 'read';
  }

  #submission(call: Call): Submission {
    this.assertUsable(call.label);
    // The borrower may have begun a transaction of his own; ending it is not part of it.
    const inTransaction = this.#connection.status === 'T' && !call.verdict.txControl;
    return { target: this.#context.target, inTransaction, acquireMs: 0, attempt: 1, before: undefined };
  }

  /** May refuse the use of the connection. */
  protected assertUsable(label: string | undefined): void {
    const { lost } = this.#connection;
    if (lost !== undefined) throw leaseLost(lost, { pool: this.#context.target.pool, label, outcome: 'not-sent' });
  }
}

export class PooledLease extends ConnectionQueries<PoolContext> implements Lease {
  #released = false;

  get id(): string {
    return this.connection.id;
  }

  get host(): string {
    return this.connection.place.host;
  }

  get pid(): number {
    return this.connection.pid;
  }

  release(o: { readonly destroy?: boolean } = {}): void {
    const pool = this.context.target.pool;
    if (this.#released) throw new LeaseReleasedError({ pool });
    this.#released = true;
    const isAwaited = this.connection.isAwaited;
    if (o.destroy === true) this.context.leases.discard(this.connection);
    else if (isAwaited) this.context.leases.release(this.connection);
    else this.context.leases.releaseWhenQuiet(this.connection);
    if (isAwaited) throw new LeaseBusyError({ pool });
  }

  /** As `release()`, but legal after it. */
  // oxlint-disable-next-line typescript/require-await -- a refusal must be a rejection
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#released) this.release();
  }

  protected override assertUsable(label: string | undefined): void {
    if (this.#released) throw new LeaseReleasedError({ pool: this.context.target.pool }, { label });
    super.assertUsable(label);
  }
}
