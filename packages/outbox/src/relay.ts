import { AsyncResource } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';

import { nextDelayMs } from '@busbar/retry';

import type { Backlog } from './backlog.ts';
import { claim, STATEMENT_TIMEOUT_MS } from './claim.ts';
import { DedicatedConnection } from './dedicated-connection.ts';
import { publish } from './diagnostics.ts';
import { OutboxPortViolationError } from './errors.ts';
import type { ResolvedOutboxOptions } from './options.ts';
import type { PublishOutcome, Queryable } from './ports.ts';
import type { ClaimedRow } from './record.ts';
import type {
  PoisonAction,
  RelayCommand,
  RelayEvent,
  RelayRules,
  RelayState,
  WorkStatement,
} from './relay-protocol.ts';
import { RelayReport } from './relay-report.ts';
import { initialRelay, nextRelay } from './relay-state.ts';
import { acknowledge, charge, park } from './settle.ts';
import { acquire, heartbeat, type LeaseHolder, release, renew, resign } from './shard-lease.ts';
import type { OutboxCounters } from './stats.ts';

/** Outcomes that come one by one are handed to the core in groups. */
const SETTLE_GROUP_MS = 20;
/** After the deadline of a drain, time for the last statements. */
const GIVE_UP_MS = 1_000;

type LeaseCommand = Extract<RelayCommand, { kind: 'renew' | 'acquire' | 'release' }>;

const rulesOf = (o: ResolvedOutboxOptions): RelayRules => ({
  batchRecords: o.relay.batchRecords,
  batchBytes: o.relay.batchBytes,
  maxInFlightBatches: o.relay.maxInFlightBatches,
  sendTimeoutMs: o.relay.sendTimeoutMs,
  lease: { leaseMs: o.leaseMs, renewMs: o.renewMs, safetyMs: o.safetyMs },
  poll: o.poll,
  maxAttempts: o.retry.maxAttempts,
  keyBackoff: o.keyBackoff,
  topicBackoff: o.topicBackoff,
  keepsKeyPrefix: o.publisher.keepsKeyPrefix,
  hasGuard: o.publisher.ready !== undefined,
});

export interface RelayContext {
  readonly options: ResolvedOutboxOptions;
  readonly backlog: Backlog;
  readonly counters: OutboxCounters;
  readonly version: string;
}

/** The shell of the relay: claim → publish → settle. It decides nothing; `relay-state.ts` does. */
export class Relay {
  readonly owner: string;
  #state: RelayState;
  #timer: unknown;
  #tickAtMs = Number.POSITIVE_INFINITY;
  readonly #stopped = Promise.withResolvers<void>();
  readonly #ended = new AbortController();
  /** What a wake-up starts is the relay's work, not that of the transaction or the trace in which it was called. */
  readonly #scope = new AsyncResource('BusbarOutboxRelay');
  readonly #rules: RelayRules;
  readonly #o: ResolvedOutboxOptions;
  readonly #context: RelayContext;
  readonly #report: RelayReport;
  readonly #work: DedicatedConnection;
  readonly #lease: DedicatedConnection;
  readonly #holder: LeaseHolder;

  constructor(context: RelayContext) {
    const { options } = context;
    this.#context = context;
    this.#o = options;
    this.#rules = rulesOf(options);
    this.owner = `${options.owner}:${randomUUID()}`;
    this.#state = initialRelay(options.clock.now(), this.#rules);
    this.#report = new RelayReport(options.name, context.counters);
    this.#work = this.#connection('work', STATEMENT_TIMEOUT_MS + 5_000);
    this.#lease = this.#connection('lease', Math.max(1_000, options.renewMs));
    const { schema, leaseMs } = options;
    this.#holder = { schema, owner: this.owner, version: context.version, leaseMs };
  }

  get state(): RelayState {
    return this.#state;
  }

  start(): void {
    this.#dispatch({ kind: 'tick' });
  }

  /** An event was committed in this process, or may be soon. */
  wake(): void {
    this.#dispatch({ kind: 'wake' });
  }

  setPaused(paused: boolean): void {
    this.#dispatch({ kind: 'paused', paused });
  }

  /**
   * Stops claiming, waits for what is in flight, deletes it and gives up the leases. At the deadline the rest is left to the end of its
   * lease. The number of records whose fate was open then.
   */
  async close(deadlineMs: number): Promise<number> {
    this.#dispatch({ kind: 'drain' });
    let left = 0;
    if (!(await this.#stoppedWithin(deadlineMs))) {
      left = [...this.#state.order.held.values()].filter((held) => held.phase === 'sent').length;
      this.#dispatch({ kind: 'give-up' });
      await this.#stoppedWithin(GIVE_UP_MS);
    }
    this.#ended.abort();
    this.#o.timers.clear(this.#timer);
    await this.#lease
      .run((q) => resign(q, this.#holder))
      .catch((error: unknown) => this.#databaseError('lease', error));
    await Promise.all([this.#work.close(), this.#lease.close()]);
    return left;
  }

  #connection(purpose: 'work' | 'lease', limitMs: number): DedicatedConnection {
    const { connections: source, timers } = this.#o;
    return new DedicatedConnection({
      source,
      purpose,
      limitMs,
      timers,
      onError: (error) => this.#databaseError('connection', error),
    });
  }

  async #stoppedWithin(limitMs: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<false>();
    const timer = this.#o.timers.set(() => resolve(false), limitMs);
    const stopped = await Promise.race([this.#stopped.promise.then(() => true), promise]);
    this.#o.timers.clear(timer);
    return stopped;
  }

  #dispatch(event: RelayEvent): void {
    if (!this.#ended.signal.aborted) this.#scope.runInAsyncScope(() => this.#step(event));
  }

  #step(event: RelayEvent): void {
    const nowMs = this.#o.clock.now();
    const step = nextRelay(this.#state, event, { nowMs, rules: this.#rules });
    this.#state = step.state;
    for (const command of step.commands) this.#run(command);
    this.#schedule(step.nextTickMs, nowMs);
  }

  #schedule(atMs: number, nowMs: number): void {
    if (atMs >= this.#tickAtMs) return;
    this.#o.timers.clear(this.#timer);
    this.#tickAtMs = Number.POSITIVE_INFINITY;
    if (atMs === Number.POSITIVE_INFINITY) return;
    this.#tickAtMs = atMs;
    this.#timer = this.#o.timers.set(
      () => {
        this.#tickAtMs = Number.POSITIVE_INFINITY;
        this.#dispatch({ kind: 'tick' });
      },
      Math.max(0, Math.ceil(atMs - nowMs)),
    );
  }

  #run(command: RelayCommand): void {
    switch (command.kind) {
      case 'send':
        this.#send(command.call, command.rows);
        return;
      case 'wait-ready':
        this.#waitReady();
        return;
      case 'stopped':
        this.#stopped.resolve();
        return;
      case 'emit':
        return this.#report.note(command.notice);
      case 'renew':
      case 'acquire':
      case 'release':
        void this.#runLease(command);
        return;
      case 'claim':
      case 'ack':
      case 'charge':
      case 'park':
        void this.#runWork(command);
        return;
      default:
        command satisfies never;
    }
  }

  async #runWork(statement: WorkStatement): Promise<void> {
    let answer: RelayEvent;
    try {
      answer = await this.#o.runInContext(() => this.#work.run((q) => this.#perform(q, statement)));
    } catch (error) {
      this.#databaseError('work', error);
      answer = { kind: 'db-failed', id: statement.id, random: this.#o.random() };
    }
    this.#dispatch(answer);
  }

  get #poison(): PoisonAction {
    return this.#context.backlog.isDeadFull ? 'halt-key' : this.#o.onPoison;
  }

  async #perform(q: Queryable, statement: WorkStatement): Promise<RelayEvent> {
    const { schema, random, retry, publisher } = this.#o;
    const { id } = statement;
    switch (statement.kind) {
      case 'claim':
        return {
          kind: 'rows',
          id,
          rows: await claim(q, statement, { schema, publisher }),
          poison: this.#poison,
          random: random(),
        };
      case 'ack': {
        const deleted = await acknowledge(q, schema, statement.rows);
        this.#context.counters.unmatchedAcks += statement.rows.length - deleted;
        return { kind: 'acked', id };
      }
      case 'charge': {
        const delays = new Map(
          statement.faults.map(({ row }) => [
            row.seq,
            nextDelayMs(retry, { retry: row.attempts + 1, previousMs: 0 }, random),
          ]),
        );
        const delayOf = (seq: bigint): number => delays.get(seq) ?? 0;
        const rows = await charge(q, schema, { faults: statement.faults, delayMs: ({ row }) => delayOf(row.seq) });
        return {
          kind: 'charged',
          id,
          rows: rows.map(({ seq, attempts }) => ({ seq, attempts, delayMs: delayOf(seq) })),
          poison: this.#poison,
        };
      }
      case 'park':
        await park(q, schema, statement.parks);
        return { kind: 'parked', id };
      default:
        return statement satisfies never;
    }
  }

  async #runLease(command: LeaseCommand): Promise<void> {
    const sentAtMs = this.#o.clock.now();
    let answer: RelayEvent;
    try {
      answer = await this.#o.runInContext(() => this.#lease.run((q) => this.#performLease(q, command, sentAtMs)));
    } catch (error) {
      this.#databaseError('lease', error);
      answer = { kind: 'lease-failed', random: this.#o.random() };
    }
    this.#dispatch(answer);
  }

  async #performLease(q: Queryable, command: LeaseCommand, sentAtMs: number): Promise<RelayEvent> {
    switch (command.kind) {
      case 'renew': {
        const seen = await heartbeat(q, this.#holder, command.capable);
        const shards = await renew(q, this.#holder, command.proven);
        this.#context.counters.leases.renewed += shards.length;
        return { kind: 'renewed', sentAtMs, ...seen, shards };
      }
      case 'acquire':
        return { kind: 'acquired', sentAtMs, shards: await acquire(q, this.#holder, command.max) };
      case 'release':
        await release(q, this.#holder, command.shards);
        return { kind: 'released', shards: command.shards };
      default:
        return command satisfies never;
    }
  }

  #send(call: number, rows: readonly ClaimedRow[]): void {
    const { publisher, relay, timers, runInContext } = this.#o;
    const settled: { index: number; outcome: PublishOutcome }[] = [];
    let timer: unknown;
    let ended = false;
    const settle = (outcomes: readonly { index: number; outcome: PublishOutcome }[]): void =>
      this.#dispatch({ kind: 'settled', call, outcomes, ended });
    const onSettled = (index: number, outcome: PublishOutcome): void => {
      const row = rows[index];
      if (row === undefined) return;
      if (ended) return this.#dispatch({ kind: 'late', row, outcome });
      settled.push({ index, outcome });
      if (settled.length === 1) timer = timers.set(() => settle(settled.splice(0)), SETTLE_GROUP_MS);
    };
    const end = (outcomes: readonly PublishOutcome[]): void => {
      ended = true;
      timers.clear(timer);
      this.#context.counters.unknownOutcomes += outcomes.filter(
        (outcome) => !outcome.ok && outcome.outcome === 'unknown',
      ).length;
      settle([...settled, ...outcomes.map((outcome, index) => ({ index, outcome }))]);
    };
    const records = rows.map((row) => row.record);
    const o = { timeoutMs: relay.sendTimeoutMs, signal: this.#ended.signal, onSettled };
    const sending = async (): Promise<readonly PublishOutcome[]> =>
      runInContext(() => publisher.publishBatch(records, o));
    sending().then(end, (error: unknown) => end(rows.map(() => violation(error))));
  }

  #waitReady(): void {
    const { publisher } = this.#o;
    const asking = async (): Promise<void> => publisher.ready?.({ signal: this.#ended.signal });
    const told = (): void => this.#dispatch({ kind: 'guard-ready' });
    // A guard that fails says nothing about the broker: the back-off and the probe decide.
    asking().then(told, told);
  }

  #databaseError(purpose: 'work' | 'lease' | 'connection', error: unknown): void {
    this.#context.counters.dbErrors += 1;
    publish('db-error', () => ({ name: this.#o.name, purpose, error }));
  }
}

const violation = (cause: unknown): PublishOutcome => {
  const error = new OutboxPortViolationError({ what: 'publishBatch rejected instead of giving outcomes' }, { cause });
  return { ok: false, scope: 'broker', outcome: 'unknown', code: error.code, error };
};
