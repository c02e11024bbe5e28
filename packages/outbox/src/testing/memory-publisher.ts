import { systemTimers, type Timers } from '@busbar/retry';

import type { OutboxRecord, Publisher, PublishOutcome } from '../ports.ts';

type FailedOutcome = Extract<PublishOutcome, { readonly ok: false }>;

/**
 * What happens to a record: undefined = appended and acknowledged; an outcome = not appended; `lost-ack` = appended, outcome unknown;
 * `stall` = nothing until `release()`: at the time limit the outcome is unknown, on release it is appended and told late.
 */
export type Verdict = FailedOutcome | 'lost-ack' | 'stall' | undefined;

/** A broker in memory behind a publisher that keeps P1–P5. */
export interface MemoryPublisher extends Publisher {
  /** What was appended, in order, duplicates included. */
  readonly log: readonly OutboxRecord[];
  /** Decides over every record from now on; without a rule all are acknowledged. */
  behave(rule: ((record: OutboxRecord) => Verdict) | undefined): void;
  /** The broker is away: nothing is sent. */
  down(): void;
  up(): void;
  /** Appends what was stalled, in order, and acknowledges it; nothing stalls any more. */
  release(): void;
}

export interface MemoryPublisherOptions {
  /** Time from the call to the appends. Default: 0 ms (the next turn of the event loop). */
  readonly latencyMs?: number;
  readonly timers?: Timers;
  /** Default: no lanes. */
  readonly laneOf?: Publisher['laneOf'];
}

const failure = (scope: FailedOutcome['scope'], outcome: FailedOutcome['outcome'], code: string): FailedOutcome => ({
  ok: false,
  scope,
  outcome,
  code,
  error: undefined,
});

/** A refusal for the record's own sake, for rules. */
export const refused = (code = 'MEMORY_REFUSED'): FailedOutcome => failure('record', 'rejected', code);

const AWAY = failure('broker', 'not-sent', 'MEMORY_BROKER_AWAY');
const PREDECESSOR = failure('lane', 'not-sent', 'MEMORY_PREDECESSOR_FAILED');
const NO_ANSWER = failure('lane', 'unknown', 'MEMORY_NO_ANSWER');

type Settle = (index: number, outcome: PublishOutcome) => void;

interface Stalled {
  readonly record: OutboxRecord;
  readonly appended: () => void;
}

const unitOf = (record: OutboxRecord): string | undefined =>
  record.key === null ? undefined : `${record.topic}\0${record.key}`;

class MemoryBroker implements MemoryPublisher {
  readonly keepsKeyPrefix = true;
  readonly log: OutboxRecord[] = [];
  readonly laneOf?: NonNullable<Publisher['laneOf']>;
  #rule: ((record: OutboxRecord) => Verdict) | undefined;
  #away = false;
  #stalled: Stalled[] = [];
  #waiters: (() => void)[] = [];
  readonly #latencyMs: number;
  readonly #timers: Timers;

  constructor(o: MemoryPublisherOptions) {
    this.#latencyMs = o.latencyMs ?? 0;
    this.#timers = o.timers ?? systemTimers;
    if (o.laneOf !== undefined) this.laneOf = o.laneOf;
  }

  behave(rule: ((record: OutboxRecord) => Verdict) | undefined): void {
    this.#rule = rule;
  }

  down(): void {
    this.#away = true;
  }

  up(): void {
    this.#away = false;
    for (const resolve of this.#waiters.splice(0)) resolve();
  }

  release(): void {
    this.#rule = undefined;
    for (const { record, appended } of this.#stalled.splice(0)) {
      this.log.push(record);
      appended();
    }
  }

  ready(o: { signal: AbortSignal }): Promise<void> {
    if (!this.#away) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiters.push(resolve);
    o.signal.addEventListener('abort', () => resolve(), { once: true });
    return promise;
  }

  async publish(record: OutboxRecord, o: { timeoutMs: number; signal?: AbortSignal }): Promise<PublishOutcome> {
    const [outcome] = await this.publishBatch([record], o);
    return outcome ?? NO_ANSWER;
  }

  publishBatch(
    records: readonly OutboxRecord[],
    o: { timeoutMs: number; signal?: AbortSignal; onSettled?: (index: number, outcome: PublishOutcome) => void },
  ): Promise<readonly PublishOutcome[]> {
    const { promise, resolve } = Promise.withResolvers<readonly PublishOutcome[]>();
    const outcomes: (PublishOutcome | undefined)[] = records.map(() => undefined);
    let limit: unknown;
    const end = (): void => {
      this.#timers.clear(limit);
      resolve(outcomes.map((outcome) => outcome ?? NO_ANSWER));
    };
    const settle: Settle = (index, outcome) => {
      outcomes[index] = outcome;
      o.onSettled?.(index, outcome);
      if (outcomes.every((known) => known !== undefined)) end();
    };
    limit = this.#timers.set(() => {
      for (const [index, outcome] of outcomes.entries()) if (outcome === undefined) settle(index, NO_ANSWER);
    }, o.timeoutMs);
    if (records.length === 0) end();
    this.#timers.set(() => this.#handle(records, settle), this.#latencyMs);
    return promise;
  }

  #handle(records: readonly OutboxRecord[], settle: Settle): void {
    const failed = new Set<string>();
    for (const [index, record] of records.entries()) {
      const unit = unitOf(record);
      if (unit !== undefined && failed.has(unit)) settle(index, PREDECESSOR);
      else if (!this.#one(record, index, settle) && unit !== undefined) failed.add(unit);
    }
  }

  /** False when the record is not acknowledged, so that its successors are not sent. */
  #one(record: OutboxRecord, index: number, settle: Settle): boolean {
    const verdict = this.#away ? AWAY : this.#verdictOf(record);
    if (verdict === 'stall') {
      this.#stalled.push({ record, appended: () => settle(index, { ok: true }) });
      return false;
    }
    if (verdict === undefined || verdict === 'lost-ack') this.log.push(record);
    settle(index, verdict === undefined ? { ok: true } : verdict === 'lost-ack' ? NO_ANSWER : verdict);
    return verdict === undefined;
  }

  /** A key with a copy on its way is fenced: nothing of it is appended before that copy (P3). */
  #verdictOf(record: OutboxRecord): Verdict {
    const unit = unitOf(record);
    const fenced = unit !== undefined && this.#stalled.some((stalled) => unitOf(stalled.record) === unit);
    return fenced ? 'stall' : this.#rule?.(record);
  }
}

/** Makes a broker in memory; nothing outlives the process. */
export const createMemoryPublisher = (o: MemoryPublisherOptions = {}): MemoryPublisher => new MemoryBroker(o);
