import type { Clock, Timers } from '@busbar/retry';

import { publish } from './diagnostics.ts';
import { OutboxBacklogFullError } from './errors.ts';
import type { Queryable } from './ports.ts';
import { numberIn } from './row-reader.ts';
import { inSchema } from './schema-name.ts';

/**
 * One statement for all gauges. Up to 100 000 rows they are exact; above, `pending` is an upper bound (the span of `seq`, with the
 * gaps of what was delivered out of order), and bytes are estimated from the oldest thousand rows.
 */
const SAMPLE_SQL = `with edge as (
  select (select seq from busbar.outbox order by seq limit 1) as lowest, (select seq from busbar.outbox order by seq desc limit 1) as highest,
         (select created_at from busbar.outbox order by seq limit 1) as oldest),
counted as (
  select count(*) as events, coalesce(sum(bytes), 0) as bytes, count(*) filter (where not_before > now()) as delayed
    from (select bytes, not_before from busbar.outbox order by seq limit 100001) head),
head as (select coalesce(avg(bytes), 0) as average from (select bytes from busbar.outbox order by seq limit 1000) oldest)
select case when c.events <= 100000 then c.events else e.highest - e.lowest + 1 end as pending,
       case when c.events <= 100000 then c.bytes else (e.highest - e.lowest + 1) * h.average end as bytes, c.delayed,
       greatest(0, extract(epoch from clock_timestamp() - e.oldest) * 1000) as oldest_age_ms,
       (select count(*) from busbar.outbox_dead where resolution is null) as dead_open,
       (select count(*) from busbar.outbox_dead where resolution is not null) as dead_resolved
  from edge e, counted c, head h`;

export interface BacklogSample {
  /** Rows that wait; an upper bound above 100 000. */
  readonly pending: number;
  /** Rows of them that wait for their own retry time. */
  readonly delayed: number;
  readonly bytes: number;
  /** Age of the oldest row by the database clock; 0 if and only if the table is empty. */
  readonly oldestAgeMs: number;
  readonly deadOpen: number;
  readonly deadResolved: number;
}

export interface BacklogLimits {
  readonly maxEvents: number;
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  readonly deadMaxRows: number;
}

interface BacklogContext {
  readonly name: string;
  readonly write: Queryable;
  readonly schema: string;
  readonly limits: BacklogLimits;
  readonly sampleIntervalMs: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly runInContext: <T>(fn: () => T) => T;
}

type Limit = 'maxEvents' | 'maxBytes' | 'maxAgeMs' | 'deadMaxRows';

const read = (row: unknown): BacklogSample => {
  const pending = numberIn(row, 'pending');
  return {
    pending,
    delayed: numberIn(row, 'delayed'),
    bytes: Math.round(numberIn(row, 'bytes')),
    oldestAgeMs: pending === 0 ? 0 : numberIn(row, 'oldest_age_ms'),
    deadOpen: numberIn(row, 'dead_open'),
    deadResolved: numberIn(row, 'dead_resolved'),
  };
};

/** Samples the tables at an interval, and answers from the last sample whether a limit is reached. */
export class Backlog {
  #sample: BacklogSample | undefined;
  #sampledAtMs = 0;
  #timer: unknown;
  #running: Promise<void> | undefined;
  #stopped = false;
  readonly #reached = new Set<Limit>();
  readonly #o: BacklogContext;

  constructor(o: BacklogContext) {
    this.#o = o;
  }

  /** The last sample and its age; undefined before the first. */
  get sample(): { readonly values: BacklogSample; readonly ageMs: number } | undefined {
    return this.#sample && { values: this.#sample, ageMs: this.#o.clock.now() - this.#sampledAtMs };
  }

  /** Open dead letters are at their bound: an event that would be parked halts its key instead. */
  get isDeadFull(): boolean {
    return this.#reached.has('deadMaxRows');
  }

  /**
   * `outcome`: whether the broker may have the event all the same.
   * @throws {@link OutboxBacklogFullError} when the last sample is at a limit of events or bytes.
   */
  check(outcome: 'not-sent' | 'unknown' = 'not-sent'): void {
    if (this.#sample === undefined) return;
    const { pending, bytes, oldestAgeMs } = this.#sample;
    const { maxEvents, maxBytes } = this.#o.limits;
    const full = (limit: 'maxEvents' | 'maxBytes', limitValue: number, value: number): OutboxBacklogFullError =>
      new OutboxBacklogFullError({ limit, limitValue, value, oldestAgeMs }, { outcome });
    if (pending >= maxEvents) throw full('maxEvents', maxEvents, pending);
    if (bytes >= maxBytes) throw full('maxBytes', maxBytes, bytes);
  }

  start(): void {
    this.#stopped = false;
    this.#schedule(0);
  }

  /** Samples now; concurrent calls share one statement. Errors go to the channel `db-error` and leave the last sample. */
  refresh(): Promise<void> {
    this.#running ??= this.#take().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#o.timers.clear(this.#timer);
    await this.#running;
  }

  #schedule(delayMs: number): void {
    if (this.#stopped) return;
    this.#timer = this.#o.timers.set(() => {
      void this.refresh().then(() => this.#schedule(this.#o.sampleIntervalMs));
    }, delayMs);
  }

  async #take(): Promise<void> {
    const { name, write, schema, clock, sampleIntervalMs, runInContext } = this.#o;
    try {
      const { rows } = await runInContext(() => write.query(inSchema(SAMPLE_SQL, schema), []));
      const values = read(rows[0]);
      this.#sample = values;
      this.#sampledAtMs = clock.now();
      this.#judge(values);
      publish('sample', () => ({ name, ...values }));
    } catch (error) {
      publish('db-error', () => ({ name, purpose: 'sample', error, retryInMs: sampleIntervalMs }));
    }
  }

  #judge(values: BacklogSample): void {
    const { limits } = this.#o;
    this.#edge('maxEvents', values.pending, limits.maxEvents);
    this.#edge('maxBytes', values.bytes, limits.maxBytes);
    this.#edge('maxAgeMs', values.oldestAgeMs, limits.maxAgeMs);
    this.#edge('deadMaxRows', values.deadOpen, limits.deadMaxRows);
  }

  #edge(limit: Limit, value: number, bound: number): void {
    const reached = value >= bound;
    if (reached === this.#reached.has(limit)) return;
    if (reached) this.#reached.add(limit);
    else this.#reached.delete(limit);
    publish('backlog', () => ({ name: this.#o.name, phase: reached ? 'reached' : 'cleared', limit, value }));
  }
}
