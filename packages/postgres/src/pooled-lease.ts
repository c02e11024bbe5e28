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
export class ConnectionQueries extends RowShapes {
  readonly #context: Pick<PoolContext, 'defaults' | 'target'>;
  readonly #connection: Connection;

  constructor(context: Pick<PoolContext, 'defaults' | 'target'>, connection: Connection) {
    super();
    this.#context = context;
    this.#connection = connection;
  }

  protected prepare(given: Given, o: QueryOptions): Call {
    return prepareCall(given, o, { defaults: this.#context.defaults, txControl: 'allowed' });
  }

  protected async run(call: Call): Promise<Result<AnyRow>> {
    return this.hold(call, (connection, how) => submit(connection, call, how));
  }

  protected async hold<T>(call: Call, work: (connection: Connection, how: Submission) => Promise<T>): Promise<T> {
    this.assertUsable(call.label);
    // The borrower may have begun a transaction of his own; ending it is not part of it.
    const inTransaction = this.#connection.status === 'T' && !call.verdict.txControl;
    return work(this.#connection, { target: this.#context.target, inTransaction, acquireMs: 0, attempt: 1 });
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

  /** May refuse the use of the connection. */
  protected assertUsable(label: string | undefined): void {
    const { lost } = this.#connection;
    if (lost !== undefined) throw leaseLost(lost, { pool: this.#context.target.pool, label, outcome: 'not-sent' });
  }
}

export class PooledLease extends ConnectionQueries implements Lease {
  readonly #pool: PoolContext;
  readonly #held: Connection;
  #released = false;

  constructor(context: PoolContext, connection: Connection) {
    super(context, connection);
    this.#pool = context;
    this.#held = connection;
  }

  get id(): string {
    return this.#held.id;
  }

  get host(): string {
    return this.#held.place.host;
  }

  get pid(): number {
    return this.#held.pid;
  }

  release(o: { readonly destroy?: boolean } = {}): void {
    const pool = this.#pool.target.pool;
    if (this.#released) throw new LeaseReleasedError({ pool });
    this.#released = true;
    const isAwaited = this.#held.isAwaited;
    if (o.destroy === true) this.#pool.leases.discard(this.#held);
    else if (isAwaited) this.#pool.leases.release(this.#held);
    else this.#pool.leases.releaseWhenQuiet(this.#held);
    if (isAwaited) throw new LeaseBusyError({ pool });
  }

  /** As `release()`, but legal after it. */
  // oxlint-disable-next-line typescript/require-await -- a refusal must be a rejection
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#released) this.release();
  }

  protected override assertUsable(label: string | undefined): void {
    if (this.#released) throw new LeaseReleasedError({ pool: this.#pool.target.pool }, { label });
    super.assertUsable(label);
  }
}
