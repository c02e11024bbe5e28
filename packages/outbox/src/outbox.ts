import { toBusbarError } from '@busbar/errors';
import { sleep } from '@busbar/retry';

import { throwIfAborted } from './append.ts';
import { Backlog } from './backlog.ts';
import { publish } from './diagnostics.ts';
import { type DirectOptions, DirectPublish, type PublishReceipt } from './direct-publish.ts';
import { OutboxClosedError } from './errors.ts';
import { migrate } from './migrate.ts';
import type { OutboxOptions, ResolvedOutboxOptions } from './options.ts';
import type { DeferringTx, OutboxRecord, Queryable } from './ports.ts';
import { Relay } from './relay.ts';
import { resolveOutboxOptions } from './resolve-options.ts';
import { textOrNullIn, booleanIn } from './row-reader.ts';
import { inSchema } from './schema-name.ts';
import { checkPrivileges, checkSchema } from './startup-check.ts';
import { outboxStats } from './stats-view.ts';
import { OutboxCounters, type OutboxStats } from './stats.ts';
import { StickyShards } from './sticky-shards.ts';
import { packageVersion } from './version.ts';
import { type Appended, type AppendOptions, Writer } from './writer.ts';

export interface OutboxStartReport {
  readonly schema: string;
  readonly schemaVersion: number;
  /** Migrations that start() applied under `migrate: 'auto'`. */
  readonly migrated: readonly number[];
  /** The lease owner of this start; undefined where `relay.enabled` is false. */
  readonly owner: string | undefined;
  /** Shards with rows from before: direct publishes of their keys go through the outbox until these are delivered. */
  readonly stickyShards: number;
}

export interface OutboxCloseReport {
  readonly durationMs: number;
  /** Records whose fate was open at the deadline: they are delivered again by whoever takes over their shard. */
  readonly unsettled: number;
}

export interface DrainOptions {
  /** Default: 30_000 ms. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Events in PostgreSQL on their way to the broker: written with business data, relayed in order per key. */
export interface Outbox extends AsyncDisposable {
  /**
   * Checks schema version and privileges, loads what is waiting, and starts the relay. Idempotent; concurrent calls share one attempt;
   * a failed start leaves nothing open and may be repeated.
   */
  start(o?: { readonly signal?: AbortSignal }): Promise<OutboxStartReport>;
  /** Inserts at once, in the caller's transaction: durable when that commits, gone when it rolls back. */
  append(
    tx: Queryable,
    records: OutboxRecord | readonly OutboxRecord[],
    o?: AppendOptions,
  ): Promise<readonly Appended[]>;
  /** Inserts in the COMMIT flush of the transaction, without a round trip of its own. */
  defer(tx: DeferringTx, records: OutboxRecord | readonly OutboxRecord[], o?: AppendOptions): void;
  /** Without a transaction: to the broker, or into the outbox. Resolves when the event is acknowledged, or committed in the outbox. */
  publish(record: OutboxRecord, o?: DirectOptions): Promise<PublishReceipt>;
  /** Tells the relay that there may be something to send. */
  wake(): void;
  /** Stops claiming until every pause is resumed; what is in flight settles. */
  pause(reason: string): { resume(): void };
  /** Waits until the backlog that was there at the call is gone; false when the time is over first. */
  drain(o?: DrainOptions): Promise<boolean>;
  /** Counters, levels and the last sample; never queries. */
  stats(): OutboxStats;
  /** Stops claiming, settles what is in flight, gives up the leases. Default deadline: 15_000 ms. Idempotent; legal before start. */
  close(o?: { readonly deadlineMs?: number }): Promise<OutboxCloseReport>;
}

const CLOSE_MS = 15_000;
const DRAIN_MS = 30_000;

const HIGHEST_SQL = `select max(seq)::text as seq from busbar.outbox`;
const LEFT_SQL = `select exists (select from busbar.outbox where seq <= $1::int8) as found`;

const listOf = (records: OutboxRecord | readonly OutboxRecord[]): readonly OutboxRecord[] =>
  'topic' in records ? [records] : [...records];

class OutboxFacade implements Outbox {
  readonly #o: ResolvedOutboxOptions;
  readonly #counters = new OutboxCounters();
  readonly #backlog: Backlog;
  readonly #sticky: StickyShards;
  readonly #writer: Writer;
  readonly #direct: DirectPublish;
  readonly #pauses = new Set<object>();
  #relay: Relay | undefined;
  #starting: Promise<OutboxStartReport> | undefined;
  #closing: Promise<OutboxCloseReport> | undefined;

  constructor(options: ResolvedOutboxOptions) {
    this.#o = options;
    const { name, write, schema, clock, timers, random, publisher, ordering } = options;
    const wake = (): void => this.wake();
    this.#backlog = new Backlog({ ...options, limits: { ...options.backlog, deadMaxRows: options.deadMaxRows } });
    const onError = (error: unknown): void => {
      this.#counters.dbErrors += 1;
      publish('db-error', () => ({ name, purpose: 'sticky', error }));
    };
    this.#sticky = new StickyShards({ write, schema, clock, onError });
    const shared = { sticky: this.#sticky, backlog: this.#backlog, wake };
    this.#writer = new Writer({ ...shared, options, counters: this.#counters });
    this.#direct = new DirectPublish({ ...shared, name, publisher, write, schema, ordering, clock, timers, random });
  }

  start(o: { readonly signal?: AbortSignal } = {}): Promise<OutboxStartReport> {
    if (this.#closing !== undefined) return Promise.reject(this.#closed());
    this.#starting ??= this.#start(o.signal).catch((error: unknown) => {
      this.#starting = undefined;
      throw toBusbarError(error, o.signal);
    });
    return this.#starting;
  }

  async append(
    tx: Queryable,
    records: OutboxRecord | readonly OutboxRecord[],
    o: AppendOptions = {},
  ): Promise<readonly Appended[]> {
    this.#assertOpen();
    return this.#writer.append(tx, listOf(records), o);
  }

  defer(tx: DeferringTx, records: OutboxRecord | readonly OutboxRecord[], o: AppendOptions = {}): void {
    this.#assertOpen();
    this.#writer.defer(tx, listOf(records), o);
  }

  async publish(record: OutboxRecord, o: DirectOptions = {}): Promise<PublishReceipt> {
    this.#assertOpen();
    this.#writer.check([record]);
    const { direct } = this.#counters;
    const { whenUnavailable, directTimeoutMs } = this.#o.publish;
    const { signal, timeoutMs = directTimeoutMs, whenUnavailable: mode = whenUnavailable } = o;
    try {
      const receipt = await this.#direct.publish(record, {
        mode,
        timeoutMs,
        ...(signal === undefined ? {} : { signal }),
      });
      if (receipt.via === 'broker') direct.broker += 1;
      else direct.spilled[receipt.cause] += 1;
      return receipt;
    } catch (error) {
      direct.rejected += 1;
      throw error;
    }
  }

  wake(): void {
    this.#relay?.wake();
  }

  pause(reason: string): { resume(): void } {
    const pause = { reason };
    this.#pauses.add(pause);
    this.#relay?.setPaused(true);
    return {
      resume: () => {
        this.#pauses.delete(pause);
        this.#relay?.setPaused(this.#pauses.size > 0);
      },
    };
  }

  async drain(o: DrainOptions = {}): Promise<boolean> {
    this.#assertOpen();
    throwIfAborted('a drain', o.signal);
    const { write, schema, clock, timers, poll } = this.#o;
    const deadlineMs = clock.now() + (o.timeoutMs ?? DRAIN_MS);
    const highest = textOrNullIn((await this.#ask(write.query(inSchema(HIGHEST_SQL, schema), []))).rows[0], 'seq');
    if (highest === null) return true;
    for (;;) {
      this.wake();
      // oxlint-disable-next-line no-await-in-loop -- polls until the backlog is gone
      const { rows } = await this.#ask(write.query(inSchema(LEFT_SQL, schema), [highest]));
      if (!booleanIn(rows[0], 'found')) return true;
      if (clock.now() >= deadlineMs) return false;
      const waitMs = Math.min(poll.maxMs, Math.max(0, deadlineMs - clock.now()));
      // oxlint-disable-next-line no-await-in-loop -- the interval between two polls
      await sleep(waitMs, { timers, ...(o.signal === undefined ? {} : { signal: o.signal }) }).catch(() =>
        throwIfAborted('a drain', o.signal),
      );
    }
  }

  stats(): OutboxStats {
    return outboxStats({
      options: this.#o,
      counters: this.#counters,
      relay: this.#relay?.state,
      started: this.#starting !== undefined,
      closed: this.#closing !== undefined,
      stickyShards: this.#sticky.size,
      backlog: this.#backlog.sample,
    });
  }

  close(o: { readonly deadlineMs?: number } = {}): Promise<OutboxCloseReport> {
    this.#closing ??= this.#close(o.deadlineMs ?? CLOSE_MS);
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #start(signal: AbortSignal | undefined): Promise<OutboxStartReport> {
    throwIfAborted('the start of the outbox', signal);
    const { schema, relay } = this.#o;
    const checked = await this.#prepareSchema(signal);
    await this.#sticky.load();
    throwIfAborted('the start of the outbox', signal);
    this.#assertOpen();
    this.#backlog.start();
    if (relay.enabled) this.#startRelay();
    return { schema, ...checked, owner: this.#relay?.owner, stickyShards: this.#sticky.size };
  }

  #startRelay(): void {
    this.#relay = new Relay({
      options: this.#o,
      backlog: this.#backlog,
      counters: this.#counters,
      version: packageVersion(),
    });
    if (this.#pauses.size > 0) this.#relay.setPaused(true);
    this.#relay.start();
  }

  /** On a connection of the relay's role where there is a relay, since the writers' role may do less. */
  async #prepareSchema(
    signal: AbortSignal | undefined,
  ): Promise<{ schemaVersion: number; migrated: readonly number[] }> {
    const { schema, relay, connections, write, migrate: mode } = this.#o;
    if (!relay.enabled && mode === 'check') {
      const schemaVersion = await checkSchema(write, schema);
      await checkPrivileges(write, schema, 'writer');
      return { schemaVersion, migrated: [] };
    }
    const connection = await connections.acquire({ purpose: 'work', signal: signal ?? new AbortController().signal });
    try {
      const migrated = mode === 'auto' ? (await migrate(connection, { schema })).applied : [];
      const schemaVersion = await checkSchema(connection, schema);
      if (relay.enabled) await checkPrivileges(connection, schema, 'relay');
      return { schemaVersion, migrated };
    } finally {
      await connection[Symbol.asyncDispose]();
    }
  }

  async #close(deadlineMs: number): Promise<OutboxCloseReport> {
    const { clock, name } = this.#o;
    const startedMs = clock.now();
    // A start that fails has nothing to close; its caller has the error.
    await this.#starting?.catch(() => undefined);
    const unsettled = (await this.#relay?.close(deadlineMs)) ?? 0;
    await this.#backlog.stop();
    const report = { durationMs: clock.now() - startedMs, unsettled };
    publish('closed', () => ({ name, report }));
    return report;
  }

  async #ask<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      throw toBusbarError(error);
    }
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw this.#closed();
  }

  #closed(): OutboxClosedError {
    return new OutboxClosedError({ name: this.#o.name });
  }
}

/**
 * Makes an outbox; opens nothing until `start`.
 * @throws {@link OutboxOptionsError} with every problem of the options.
 */
export const createOutbox = (options: OutboxOptions): Outbox => {
  const resolved = resolveOutboxOptions(options);
  const instance = new OutboxFacade(resolved);
  publish('created', () => ({ name: resolved.name, instance }));
  return instance;
};
