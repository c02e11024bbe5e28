/**
 * One attempt of a transaction on one connection.
 *
 *   idle ──first statement──► open ──commit──► ended (committed | rolled back | unknown)
 *
 * BEGIN is lazy: it shares the Sync group of the first statement, so a failed BEGIN executes nothing (H23), and an empty transaction sends
 * nothing. Once begun, a statement is sent only while the server says that the transaction is healthy: behind a failure nothing can slip
 * out of the transaction and commit by itself.
 *
 * The tag decides: only `COMMIT` is a commit. COMMIT of a failed transaction answers `ROLLBACK` without an error (H16).
 */
import { toBusbarError } from '@busbar/errors';

import { bindStatement, prepareBatch, prepareCall, type Call, type CallDefaults, type Given } from './call.ts';
import type { Connection } from './connection.ts';
import type { PoolContext } from './context.ts';
import { publish, type HookErrorMessage } from './diagnostics.ts';
import type { ExecutionOutcome } from './execution.ts';
import { LeaseBusyError } from './lease-errors.ts';
import { CommitRolledBackError, OutcomeUnknownError } from './outcome-errors.ts';
import { errorOfOutcome, reasonOf, serverError } from './outcome.ts';
import { control, type GroupStatement } from './pipeline.ts';
import type { BatchOptions, QueryOptions, Result } from './queries.ts';
import { refuseLent, submit, submitAll, type Submission } from './query.ts';
import { safeCause } from './raised-error.ts';
import type { AnyRow } from './row-decoder.ts';
import { TxScopes, type RollbackHook, type TxScope } from './savepoint.ts';
import { TxAbortedError } from './server-errors.ts';
import { ROLLBACK_TIMEOUT_MS } from './slot-life.ts';
import { classifySqlState, isConnectionFatal, sqlStateOf } from './sqlstate.ts';
import type { BoundStatement } from './statement.ts';
import { ArgumentInvalidError, PostgresAbortedError, TxEndedError } from './usage-errors.ts';

export interface TransactionSettings {
  readonly begin: string;
  readonly label: string | undefined;
  readonly signal: AbortSignal | undefined;
  readonly maxRows: number | undefined;
  /** End of the whole transaction; infinite unless the caller set a deadline. */
  readonly deadlineAtMs: number;
}

export class Transaction {
  /** The same for all handles of this transaction. */
  readonly identity: object = Object.freeze({});
  readonly connection: Connection;
  readonly attempt: number;
  statements = 0;
  readonly #context: PoolContext;
  readonly #settings: TransactionSettings;
  readonly #scopes: TxScopes;
  /** What the transaction says of row limits holds for statements that say nothing. */
  readonly #rules: { readonly defaults: CallDefaults; readonly txControl: 'refused' };
  #begun = false;
  #ended = false;
  /** The first failure, for those that come after it. */
  #failure: unknown;

  constructor(context: PoolContext, settings: TransactionSettings, o: { connection: Connection; attempt: number }) {
    this.#context = context;
    this.#settings = settings;
    this.connection = o.connection;
    this.attempt = o.attempt;
    this.#scopes = new TxScopes(settings.begin);
    const { defaults } = context;
    const { maxRows } = settings;
    this.#rules = { defaults: maxRows === undefined ? defaults : { ...defaults, maxRows }, txControl: 'refused' };
  }

  get remainingMs(): number {
    return Math.max(0, this.#settings.deadlineAtMs - this.#context.options.clock.now());
  }

  get scope(): TxScope {
    return this.#scopes.innermost;
  }

  assertOpen(): void {
    if (this.#ended) throw new TxEndedError({ pool: this.#context.options.name }, { label: this.#settings.label });
  }

  prepare(given: Given, o: QueryOptions): Call {
    this.assertOpen();
    return this.#limited(prepareCall(given, this.#optionsOf(o), this.#rules), o);
  }

  run(call: Call): Promise<Result<AnyRow>> {
    return this.hold(call, (connection, how) => submit(connection, call, how));
  }

  /** Work with one statement of the transaction. */
  hold<T>(_call: Call, work: (connection: Connection, how: Submission) => Promise<T>): Promise<T> {
    return this.#run(1, (how) => work(this.connection, how));
  }

  async batch(statements: readonly BoundStatement[], o: BatchOptions): Promise<Result[]> {
    this.assertOpen();
    const calls = prepareBatch(statements, this.#optionsOf(o), this.#rules.defaults);
    if (calls === undefined) return [];
    const [first, ...rest] = calls;
    return this.#run(calls.length, (how) => submitAll(this.connection, [this.#limited(first, o), ...rest], how));
  }

  commitWith(statements: readonly BoundStatement[]): void {
    this.assertOpen();
    const bound = statements.map((statement) => bindStatement(statement, this.#context.defaults));
    this.#scopes.innermost.commitWith.push(...bound);
  }

  /** Runs `fn` inside a savepoint; its failure undoes the savepoint alone. */
  async savepoint<T>(fn: (scope: TxScope) => Promise<T>): Promise<T> {
    const scope = this.#scopes.enter();
    let value: T;
    try {
      value = await fn(scope);
      this.#assertInnermost(scope);
      this.#refuseLent();
      await this.connection.whenQuiet();
      if (this.#broken) throw this.#rolledBack();
    } catch (error) {
      await this.#undo(scope, error);
      throw error;
    }
    this.#scopes.release(scope);
    return value;
  }

  /** Sends what is owed and COMMIT in one group. Resolves only when the server has answered `COMMIT`. */
  async commit(): Promise<void> {
    this.assertOpen();
    this.#ended = true;
    this.#assertInnermost(this.#scopes.root);
    const { signal, label } = this.#settings;
    const { name: pool, clock, timeouts } = this.#context.options;
    const { commitWith } = this.#scopes.root;
    if (signal?.aborted === true)
      throw new PostgresAbortedError({ pool }, { label, outcome: 'rejected', cause: signal.reason });
    this.#refuseLent();
    if (!this.#begun && commitWith.length === 0) return;
    const outcome = await this.connection.run({
      build: () => {
        if (this.#broken) throw this.#rolledBack();
        return [...this.#takePending(), ...commitWith, control('commit')];
      },
      deadlineAtMs: Math.min(this.#settings.deadlineAtMs, clock.now() + timeouts.queryDeadlineMs),
      atLimit: 'commit-grace',
    });
    this.#judgeCommit(outcome);
  }

  /** Undoes the attempt. A connection that does not answer within 2 s is destroyed: the server rolls back then. */
  async rollback(): Promise<void> {
    this.#ended = true;
    this.connection.takeBack();
    await this.connection.whenQuiet();
    if (!this.#begun || this.connection.lost !== undefined || this.connection.status === 'I') return;
    await this.connection.run({
      build: () => [control('rollback')],
      deadlineAtMs: this.#context.options.clock.now() + ROLLBACK_TIMEOUT_MS,
      atLimit: 'destroy',
    });
  }

  /** Runs the hooks of the verdict. A hook that throws changes nothing about it. */
  settle(verdict: 'commit' | 'rollback' | 'unknown', error: unknown): void {
    const { afterCommit, afterRollback, afterUnknown } = this.#scopes.root;
    if (verdict === 'commit') for (const hook of afterCommit) this.#runHook('afterCommit', hook);
    else if (verdict === 'rollback') this.#runRollbackHooks('afterRollback', afterRollback, error);
    else this.#runRollbackHooks('afterUnknown', afterUnknown, error);
  }

  async #run<T>(statements: number, work: (how: Submission) => Promise<T>): Promise<T> {
    this.statements += statements;
    try {
      return await work({
        target: this.#context.target,
        inTransaction: true,
        acquireMs: 0,
        attempt: this.attempt,
        before: () => this.#before(),
      });
    } catch (error) {
      if (this.#broken && !(error instanceof TxAbortedError || error instanceof LeaseBusyError))
        this.#failure ??= error;
      throw error;
    }
  }

  #optionsOf<O extends BatchOptions>(o: O): O {
    const { label } = this.#settings;
    return label === undefined ? o : { label, ...o };
  }

  /** The call under the limits of the transaction as well. */
  #limited(call: Call, o: BatchOptions): Call {
    const { signal, deadlineAtMs } = this.#settings;
    const isBoth = signal !== undefined && o.signal !== undefined;
    return {
      ...call,
      signal: isBoth ? AbortSignal.any([signal, o.signal]) : (signal ?? o.signal),
      deadlineAtMs: Math.min(call.deadlineAtMs, deadlineAtMs),
      latestAtMs: deadlineAtMs,
    };
  }

  #before(): readonly GroupStatement[] {
    if (this.#broken) {
      const { label } = this.#settings;
      throw new TxAbortedError({ sqlState: '25P02' }, { cause: this.#firstFailure(), label });
    }
    return this.#takePending();
  }

  /** Begun, and the server does not say that it is healthy. */
  get #broken(): boolean {
    return this.#begun && this.connection.status !== 'T';
  }

  /** What broke it; known to the connection before the statement's caller hears of it. */
  #firstFailure(): unknown {
    this.#failure ??= this.connection.lost ?? serverError(this.connection.lastError, this.#settings.label);
    return this.#failure;
  }

  #takePending(): readonly GroupStatement[] {
    const pending = this.#scopes.takePending().map((text) => control(text));
    if (this.#begun) return pending;
    this.#begun = true;
    const { transactionSettings } = this.#context.target;
    if (transactionSettings.length === 0) return pending;
    return [...pending.slice(0, 1), ...transactionSettings, ...pending.slice(1)]; // BEGIN is the first
  }

  /** What ends while a stream or COPY of it is open cannot be kept. */
  #refuseLent(): void {
    refuseLent(this.connection, { pool: this.#context.options.name, label: this.#settings.label });
  }

  #rolledBack(): CommitRolledBackError {
    const { label } = this.#settings;
    return new CommitRolledBackError({ pool: this.#context.options.name }, { label, cause: this.#firstFailure() });
  }

  #assertInnermost(scope: TxScope): void {
    if (this.#scopes.innermost !== scope)
      throw new ArgumentInvalidError({ argument: 'savepoint', expected: 'every nested savepoint to be awaited' });
  }

  async #undo(scope: TxScope, error: unknown): Promise<void> {
    this.connection.takeBack();
    await this.connection.whenQuiet();
    const statements = this.#scopes.undo(scope);
    // Behind the end of the transaction the connection may be somebody else's.
    if (statements.length > 0 && !this.#ended && this.connection.lost === undefined) {
      const outcome = await this.connection.run({
        build: () => statements.map((text) => control(text)),
        deadlineAtMs: this.#context.options.clock.now() + ROLLBACK_TIMEOUT_MS,
        atLimit: 'destroy',
      });
      if (outcome.status === 'T') this.#failure = undefined;
    }
    this.#runRollbackHooks('afterRollback', scope.afterRollback, error);
  }

  #judgeCommit(outcome: ExecutionOutcome): void {
    const { name: pool, timeouts } = this.#context.options;
    const { label } = this.#settings;
    const tag = outcome.results.at(-1)?.command;
    if (tag === 'COMMIT') return;
    if (tag === 'ROLLBACK') throw this.#rolledBack();
    const { error } = outcome;
    const sqlState = sqlStateOf(error);
    const refused =
      sqlState !== undefined && !isConnectionFatal(error) && classifySqlState(sqlState).kind !== 'outcome-unknown';
    const facts = { pool, label, deadlineMs: timeouts.queryDeadlineMs, inTransaction: true };
    const refusal = outcome.written && !refused ? undefined : errorOfOutcome(outcome, facts);
    // Anything but a refusal or an unsent COMMIT tells nothing of what became of it.
    throw (
      refusal ??
      new OutcomeUnknownError(
        { pool, reason: reasonOf(error) },
        { label, cause: safeCause(error), sqlState, connectionFatal: true },
      )
    );
  }

  #runHook(hook: HookErrorMessage['hook'], run: () => void): void {
    try {
      run();
    } catch (error) {
      publish('hook-error', () => ({ pool: this.#context.options.name, hook, error: toBusbarError(error) }));
    }
  }

  #runRollbackHooks(name: 'afterRollback' | 'afterUnknown', hooks: readonly RollbackHook[], error: unknown): void {
    for (const hook of hooks) this.#runHook(name, () => hook(error));
  }
}
