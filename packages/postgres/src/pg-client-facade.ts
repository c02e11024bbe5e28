import { EventEmitter } from 'node:events';

import { prepareCall, type Call } from './call.ts';
import type { Connection } from './connection.ts';
import type { PoolContext } from './context.ts';
import { readDriverCall, type DriverCall } from './driver-call.ts';
import { LeaseBusyError, LeaseReleasedError } from './lease-errors.ts';
import { CommitRolledBackError } from './outcome-errors.ts';
import { leaseLost } from './outcome.ts';
import type { PgCallback, PgClientPort, PgQueryConfig, PgResult, PgSubmittable } from './pg-port.ts';
import type { Row } from './row-decoder.ts';
import { isCommit, runDriverQuery } from './run-driver-query.ts';

/** Some begin a transaction outside of their `try`: where BEGIN fails they never give the connection back (H32). */
const UNUSED_AFTER_FAILED_BEGIN_MS = 1_000;
const BEGINS: ReadonlySet<string> = new Set(['begin', 'start']);

/** Tells the caller the way he asked for: by his callback, by a promise, or through the object that he gave. */
export const deliver = (call: DriverCall, run: () => Promise<unknown>): unknown => {
  const { callback } = call;
  if (callback === undefined && !call.isOwn) return run();
  const tell = (error: Error | undefined, result?: unknown): void => {
    if (callback !== undefined) process.nextTick(callback, error, result);
  };
  run().then(
    (result) => tell(undefined, result),
    (error: unknown) => tell(error instanceof Error ? error : new Error('the statement failed', { cause: error })),
  );
  return call.isOwn ? call.query : undefined;
};

/** Runs a statement of the driver's, and gives what the driver's own `query` would resolve with. */
export const runOnConnection = async (
  context: PoolContext,
  connection: Connection,
  o: { readonly given: DriverCall; readonly call: Call; readonly acquireMs: number },
): Promise<unknown> => {
  const { given, call, acquireMs } = o;
  const { target } = context;
  const inTransaction = connection.status !== 'I' && !call.verdict.txControl;
  const how = { target, inTransaction, acquireMs, attempt: 1 };
  const { error = given.answer.error } = await runDriverQuery(connection, { call, query: given.query, how });
  // oxlint-disable-next-line typescript/only-throw-error -- as the driver, or a parser of the user's, gave it
  if (error !== undefined) throw error;
  const { result } = given.answer;
  const isRolledBack = isCommit(call) && typeof result === 'object' && result !== null && 'command' in result;
  if (isRolledBack && result.command === 'ROLLBACK') throw new CommitRolledBackError({ pool: target.pool });
  return result;
};

/**
 * One physical connection as `pg` shows it: the same object each time that it is lent, so that what a borrower keeps by it, or on it, stays true.
 * It has no socket of its own. Statements run one after the other; what the server refuses is the driver's own error, anything else is one of ours.
 */
export class BusbarPgClient extends EventEmitter implements PgClientPort {
  static override readonly name = 'BusbarPgClient';
  readonly processID: number;
  readonly #context: PoolContext;
  readonly #connection: Connection;
  readonly #onReleased: (client: BusbarPgClient, error: Error | undefined) => void;
  #isHeld = false;
  #lending = 0;
  #keep: (() => void) | undefined;

  constructor(
    context: PoolContext,
    connection: Connection,
    onReleased: (client: BusbarPgClient, error: Error | undefined) => void,
  ) {
    super();
    this.#context = context;
    this.#connection = connection;
    this.#onReleased = onReleased;
    this.processID = connection.pid;
    const { driver } = connection;
    for (const event of ['notice', 'notification', 'end'] as const)
      driver.on(event, (told?: unknown) => void this.emit(event, told));
    driver.on('error', (error: Error) => {
      if (this.listenerCount('error') > 0) this.emit('error', error); // without a listener it would end the process (H2)
    });
  }

  /** Lends it once more; what comes back gives back this loan, and no later one. */
  lend(): (destroy?: Error | boolean) => void {
    this.#isHeld = true;
    this.#lending += 1;
    const lending = this.#lending;
    return (destroy) => {
      if (lending !== this.#lending) throw new LeaseReleasedError({ pool: this.#context.target.pool });
      this.release(destroy);
    };
  }

  query<S extends PgSubmittable>(submittable: S): S;
  query<R = Row>(statement: string | PgQueryConfig, values?: readonly unknown[]): Promise<PgResult<R>>;
  query<R = Row>(statement: string | PgQueryConfig, callback: PgCallback<PgResult<R>>): void;
  query<R = Row>(
    statement: string | PgQueryConfig,
    values: readonly unknown[],
    callback: PgCallback<PgResult<R>>,
  ): void;
  query(statement: unknown, values?: unknown, callback?: unknown): unknown {
    const given = readDriverCall(statement, values, callback);
    this.#use();
    return deliver(given, () => this.#run(given));
  }

  /**
   * Gives it back. While a statement of the borrower's runs, and with `true` or an error, the connection is ended instead.
   * @throws {@link LeaseReleasedError} the second time
   */
  release(destroy?: Error | boolean): void {
    const { pool } = this.#context.target;
    if (!this.#isHeld) throw new LeaseReleasedError({ pool });
    this.#isHeld = false;
    this.#use();
    const connection = this.#connection;
    const { leases } = this.#context;
    const isBusy = connection.isAwaited;
    if (destroy !== undefined && destroy !== false) leases.discard(connection);
    else if (isBusy) leases.release(connection);
    else leases.releaseWhenQuiet(connection);
    const error = destroy instanceof Error ? destroy : undefined;
    this.#onReleased(this, error ?? (isBusy ? new LeaseBusyError({ pool }) : undefined));
  }

  #use(): void {
    this.#keep?.();
    this.#keep = undefined;
  }

  async #run(given: DriverCall): Promise<unknown> {
    const { target, defaults, leases } = this.#context;
    if (!this.#isHeld) throw refuse(given, new LeaseReleasedError({ pool: target.pool }));
    const connection = this.#connection;
    const { lost } = connection;
    if (lost !== undefined) throw refuse(given, leaseLost(lost, { pool: target.pool, outcome: 'not-sent' }));
    const call = prepare(given, () => prepareCall({ statement: given.text }, {}, { defaults, txControl: 'allowed' }));
    const lending = this.#lending;
    try {
      return await runOnConnection(this.#context, connection, { given, call, acquireMs: 0 });
    } catch (error) {
      const isUnused = this.#isHeld && lending === this.#lending && !connection.isAwaited;
      if (BEGINS.has(call.verdict.keyword) && isUnused)
        this.#keep = leases.reclaimIn(connection, UNUSED_AFTER_FAILED_BEGIN_MS);
      throw error;
    }
  }
}

/** Tells the caller's own object as well. */
export const refuse = <E>(given: DriverCall, error: E): E => {
  if (given.isOwn) process.nextTick(() => given.query.handleError?.(error));
  return error;
};

export const prepare = (given: DriverCall, checked: () => Call): Call => {
  try {
    return checked();
  } catch (error) {
    throw refuse(given, error);
  }
};
