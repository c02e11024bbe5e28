import { combineOutcomes, isBusbarError, isRetryable, outcomeOf } from '@busbar/errors';
import { type Clock, type Timers, sleep } from '@busbar/retry';

import { type InsertedRow, type Ordering, insertRecords, throwIfAborted } from './append.ts';
import type { Backlog } from './backlog.ts';
import { publish } from './diagnostics.ts';
import {
  OutboxAbortedError,
  OutboxDeadlineError,
  OutboxPortViolationError,
  OutboxPublishUnavailableError,
  OutboxRecordRejectedError,
} from './errors.ts';
import { type FailedOutcome, failureClassOf } from './failure-class.ts';
import type { WhenUnavailable } from './options.ts';
import type { OutboxRecord, Publisher, PublishOutcome, Queryable } from './ports.ts';
import { shardOf } from './record.ts';
import type { StickyShards } from './sticky-shards.ts';

/**
 * A publish without a transaction: to the broker, or into the outbox when the broker is away.
 *
 * ```
 * sticky shard? ── yes ──► outbox (under every mode: order outranks it)
 *      no
 * attempt at the broker ── acknowledged ──► done;  refused for the record's own sake ──► RECORD_REJECTED
 *      broker, lane, topic, or no answer
 * spill ──► outbox, with the same id and bytes: a duplicate is possible, a loss is not
 * wait  ──► the publisher's ready() and a back-off, then from the top, until the time limit
 * fail  ──► PUBLISH_UNAVAILABLE
 * ```
 * Whether the broker is available is the answer of the attempt, never a look at a breaker's state. Nothing is queued in memory.
 */
export interface DirectOptions {
  /** Time limit of the whole call. Default: `publish.directTimeoutMs`. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Default: `publish.whenUnavailable`. */
  readonly whenUnavailable?: WhenUnavailable;
}

export type SpillCause = 'sticky' | 'unavailable' | 'failed' | 'unknown';

/** Where the event is when the promise resolves: acknowledged by the broker, or committed in the outbox. */
export type PublishReceipt =
  | { readonly via: 'broker' }
  | { readonly via: 'outbox'; readonly seq: bigint; readonly cause: SpillCause };

export interface DirectContext {
  readonly name: string;
  readonly publisher: Publisher;
  readonly write: Queryable;
  readonly schema: string;
  readonly ordering: Ordering;
  readonly sticky: StickyShards;
  readonly backlog: Backlog;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  /** Wakes the relay of this process. */
  readonly wake: () => void;
}

interface Call {
  readonly record: OutboxRecord;
  readonly mode: WhenUnavailable;
  readonly timeoutMs: number;
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Left for the outbox when the broker does not answer: a second, or half of a short limit. */
const reserveMs = (timeoutMs: number): number => Math.min(1_000, timeoutMs / 2);

const WAIT_BASE_MS = 250;
const WAIT_MAX_MS = 5_000;

export class DirectPublish {
  readonly #o: DirectContext;

  constructor(o: DirectContext) {
    this.#o = o;
  }

  async publish(
    record: OutboxRecord,
    o: { mode: WhenUnavailable; timeoutMs: number; signal?: AbortSignal },
  ): Promise<PublishReceipt> {
    const { clock, name } = this.#o;
    const startedMs = clock.now();
    const { mode, timeoutMs, signal } = o;
    const call: Call = { record, mode, timeoutMs, deadlineMs: startedMs + timeoutMs, signal };
    const tell = (via: 'broker' | 'outbox' | 'error', cause?: string): void =>
      publish('direct', () => ({
        name,
        topic: record.topic,
        via,
        ...(cause === undefined ? {} : { cause }),
        durationMs: clock.now() - startedMs,
      }));
    try {
      const receipt = await this.#run(call);
      tell(receipt.via, receipt.via === 'outbox' ? receipt.cause : undefined);
      return receipt;
    } catch (error) {
      tell('error', isBusbarError(error) ? error.code : undefined);
      throw error;
    }
  }

  async #run(call: Call): Promise<PublishReceipt> {
    let failed: FailedOutcome | undefined;
    for (let attempt = 1; ; attempt += 1) {
      throwIfAborted('a direct publish', call.signal);
      // oxlint-disable-next-line no-await-in-loop -- order outranks the mode: asked before each attempt
      if (await this.#o.sticky.isSticky(shardOf(call.record))) return this.#spill(call, 'sticky', failed);
      // oxlint-disable-next-line no-await-in-loop -- an attempt follows the failure of the last
      const outcome = await this.#attempt(call);
      if (outcome.ok) return { via: 'broker' };
      if (failureClassOf(outcome) === 'event')
        throw new OutboxRecordRejectedError({ topic: call.record.topic, code: outcome.code }, { cause: outcome.error });
      failed = { ...outcome, outcome: combineOutcomes(failed?.outcome, outcome.outcome) ?? outcome.outcome };
      if (call.mode === 'spill') return this.#spill(call, causeOf(failed), failed);
      // oxlint-disable-next-line no-await-in-loop -- the wait before the next attempt
      if (call.mode === 'fail' || !(await this.#mayTryAgain(call, outcome, attempt))) throw unavailable(call, failed);
    }
  }

  async #attempt(call: Call): Promise<PublishOutcome> {
    const leftMs = call.deadlineMs - this.#o.clock.now();
    const timeoutMs = call.mode === 'spill' ? leftMs - reserveMs(call.timeoutMs) : leftMs;
    if (timeoutMs <= 0)
      return { ok: false, scope: 'broker', outcome: 'not-sent', code: 'BUSBAR_OUTBOX_DEADLINE', error: undefined };
    const o = { timeoutMs, ...(call.signal === undefined ? {} : { signal: call.signal }) };
    const { publisher } = this.#o;
    const asked = async (): Promise<PublishOutcome> => publisher.publish(call.record, o);
    const attempt = asked().catch((error: unknown): PublishOutcome => {
      const violation = new OutboxPortViolationError(
        { what: 'publish rejected instead of giving an outcome' },
        { cause: error },
      );
      return { ok: false, scope: 'broker', outcome: 'unknown', code: violation.code, error: violation };
    });
    const late: PublishOutcome = {
      ok: false,
      scope: 'broker',
      outcome: 'unknown',
      code: 'BUSBAR_OUTBOX_DEADLINE',
      error: undefined,
    };
    const outcome = await this.#within(attempt, timeoutMs, late);
    if (!outcome.ok && call.signal?.aborted === true)
      throw new OutboxAbortedError(
        { what: 'a direct publish' },
        { cause: call.signal.reason, outcome: outcome.outcome },
      );
    return outcome;
  }

  /** Waits for the guard and a back-off; false when that would end after the time limit. */
  async #mayTryAgain(call: Call, outcome: FailedOutcome, attempt: number): Promise<boolean> {
    const { clock, timers, publisher } = this.#o;
    const doubledMs = Math.min(WAIT_MAX_MS, WAIT_BASE_MS * 2 ** Math.min(attempt - 1, 10));
    const waitMs = Math.max(doubledMs, outcome.retryAfterMs ?? 0);
    if (clock.now() + waitMs >= call.deadlineMs) return false;
    const ended = new AbortController();
    const signal = call.signal === undefined ? ended.signal : AbortSignal.any([call.signal, ended.signal]);
    const pause = sleep(waitMs, { signal, timers });
    const asked = async (): Promise<void> => publisher.ready?.({ signal });
    const both = Promise.all([pause, asked()]).then(
      () => true,
      () => false,
    );
    const inTime = await this.#within(both, call.deadlineMs - clock.now(), false);
    ended.abort();
    if (call.signal?.aborted === true)
      throw new OutboxAbortedError(
        { what: 'a direct publish' },
        { cause: call.signal.reason, outcome: outcome.outcome },
      );
    return inTime;
  }

  async #spill(call: Call, cause: SpillCause, failed: FailedOutcome | undefined): Promise<PublishReceipt> {
    const { backlog, sticky, name, wake } = this.#o;
    backlog.check(failed?.outcome === 'unknown' ? 'unknown' : 'not-sent');
    const limitMs = call.deadlineMs - this.#o.clock.now();
    const insert = this.#insert(call.record);
    const row = await this.#within(
      insert.catch((error: unknown) => {
        throw unavailable(call, failed, error);
      }),
      limitMs,
      undefined,
    );
    if (row === undefined) throw new OutboxDeadlineError({ what: 'a direct publish', limitMs: call.timeoutMs });
    publish('spill', () => ({ name, phase: 'spilled', shards: [row.shard], cause, count: sticky.size }));
    wake();
    return { via: 'outbox', seq: row.seq, cause };
  }

  /** Inserts, and once more with the same id if the answer was lost. The shard is sticky before the statement is sent. */
  async #insert(record: OutboxRecord): Promise<InsertedRow> {
    const { sticky } = this.#o;
    const pending = sticky.deferred([{ shard: shardOf(record) }]);
    try {
      const row = await this.#insertOnce(record).catch((error: unknown) => {
        if (outcomeOf(error) !== 'unknown') throw error;
        sticky.lostInsert(shardOf(record));
        return this.#insertOnce(record);
      });
      sticky.inserted([row]);
      pending.rolledBack();
      return row;
    } catch (error) {
      if (outcomeOf(error) === 'unknown') pending.unknown();
      else pending.rolledBack();
      throw error;
    }
  }

  async #insertOnce(record: OutboxRecord): Promise<InsertedRow> {
    const { write, schema, ordering } = this.#o;
    const [row] = await insertRecords(write, [record], { schema, ordering, autocommit: true });
    if (row === undefined) throw new OutboxPortViolationError({ what: 'INSERT … RETURNING without a row' });
    return row;
  }

  /** The value, or `late` when it does not come within the time; what comes later is ignored. */
  async #within<T, L>(value: Promise<T>, limitMs: number, late: L): Promise<T | L> {
    const { timers } = this.#o;
    const { promise, resolve } = Promise.withResolvers<L>();
    const timer = timers.set(() => resolve(late), Math.max(0, limitMs));
    try {
      return await Promise.race([value, promise]);
    } finally {
      timers.clear(timer);
    }
  }
}

const causeOf = (failed: FailedOutcome): SpillCause => {
  if (failed.outcome === 'unknown') return 'unknown';
  return failed.scope === 'broker' ? 'unavailable' : 'failed';
};

/** Both ways failed, or the mode allows only one. `stored`: the failure of the INSERT, where there was one. */
const unavailable = (
  call: Call,
  failed: FailedOutcome | undefined,
  stored?: unknown,
): OutboxPublishUnavailableError => {
  const details = failed === undefined ? {} : { code: failed.code };
  const hint = failed?.retryAfterMs === undefined ? {} : { retryAfterMs: failed.retryAfterMs };
  const unsure = failed?.outcome === 'unknown' || outcomeOf(stored) === 'unknown';
  return new OutboxPublishUnavailableError(
    { topic: call.record.topic, ...details },
    {
      cause: stored ?? failed?.error,
      errors: failed?.error === undefined ? [] : [failed.error],
      outcome: unsure ? 'unknown' : 'not-sent',
      retryable: stored === undefined || isRetryable(stored),
      ...hint,
    },
  );
};
