import { publish } from './diagnostics.ts';
import { OutboxPortViolationError } from './errors.ts';
import type { ClaimedRow } from './record.ts';
import type { Park, RelayNotice } from './relay-protocol.ts';
import type { OutboxCounters } from './stats.ts';

/** Counts what the relay tells, and passes it on to the channels. */
export class RelayReport {
  readonly #name: string;
  readonly #counters: OutboxCounters;

  constructor(name: string, counters: OutboxCounters) {
    this.#name = name;
    this.#counters = counters;
  }

  note(notice: RelayNotice): void {
    const name = this.#name;
    switch (notice.event) {
      case 'claimed':
        return this.#claimed(notice);
      case 'fault':
        return this.#fault(notice);
      case 'deleted':
        return this.#deleted(notice);
      case 'parked':
        return this.#parked(notice.park);
      case 'halted':
        return publish('halted', () => eventMessage(name, notice.row, { reason: 'event', code: notice.code }));
      case 'retry':
        this.#counters.retried += 1;
        this.#counters.topic(notice.row.record.topic).retried += 1;
        return;
      case 'lease':
        this.#counters.leases[notice.change] += notice.shards.length;
        return publish('lease', () => ({
          name,
          change: notice.change,
          shards: notice.shards,
          unclean: notice.unclean,
        }));
      case 'broker':
      case 'topic-blocked':
      case 'port-violation':
      case 'cycle':
        return this.#condition(notice);
      default:
        notice satisfies never;
    }
  }

  #condition(notice: Extract<RelayNotice, { event: 'broker' | 'topic-blocked' | 'port-violation' | 'cycle' }>): void {
    const name = this.#name;
    switch (notice.event) {
      case 'broker': {
        if (notice.to === 'waiting') this.#counters.waits.broker += 1;
        const { from, to, reason, sinceMs } = notice;
        return publish('broker', () => ({ name, from, to, reason, sinceMs }));
      }
      case 'topic-blocked': {
        this.#counters.waits.topic += 1;
        const { topic, code, retryInMs } = notice;
        return publish('topic-blocked', () => ({ name, topic, code, retryInMs }));
      }
      case 'port-violation':
        return this.#portViolation(notice);
      case 'cycle': {
        const { event: _, ...cycle } = notice;
        this.#counters.claimMs.record(cycle.claimMs);
        this.#counters.sendMs.record(cycle.sendMs);
        this.#counters.ackMs.record(cycle.ackMs);
        this.#counters.batchRecords.record(cycle.published + cycle.failed);
        return publish('cycle', () => ({ name, ...cycle }));
      }
      default:
        notice satisfies never;
    }
  }

  #claimed({ rows, dropped, halted, trigger }: Extract<RelayNotice, { event: 'claimed' }>): void {
    this.#counters.polls[rows === 0 ? 'empty' : 'batch'][trigger] += 1;
    this.#counters.rowsRead += rows;
    this.#counters.rowsDropped += dropped;
    this.#counters.haltedKeys = halted;
  }

  #fault({ class: found, row, outcome }: Extract<RelayNotice, { event: 'fault' }>): void {
    const { topic } = row.record;
    if (found === 'lane' || found === 'event') this.#counters.waits.key += 1;
    this.#counters.topic(topic).lastErrorCode = outcome.code;
    const { code, error } = outcome;
    const attempts = found === 'event' ? { attempts: row.attempts + 1 } : {};
    publish('fault', () => ({
      name: this.#name,
      class: found,
      topic,
      code,
      outcome: outcome.outcome,
      ...attempts,
      error,
    }));
  }

  #deleted({ rows }: Extract<RelayNotice, { event: 'deleted' }>): void {
    for (const { row, deliveryMs } of rows) {
      this.#counters.published += 1;
      this.#counters.publishedBytes += row.bytes;
      this.#counters.topic(row.record.topic).published += 1;
      this.#counters.deliveryMs.record(deliveryMs);
    }
  }

  #parked({ row, reason, outcome }: Park): void {
    this.#counters.parked[reason] += 1;
    this.#counters.topic(row.record.topic).parked += 1;
    publish('parked', () => eventMessage(this.#name, row, { reason, code: outcome?.code ?? null }));
  }

  #portViolation({ what, row }: Extract<RelayNotice, { event: 'port-violation' }>): void {
    this.#counters.portViolations += 1;
    const error = new OutboxPortViolationError({ what });
    const { topic } = row.record;
    publish('fault', () => ({ name: this.#name, class: 'port', topic, code: error.code, outcome: 'unknown', error }));
  }
}

const eventMessage = (name: string, row: ClaimedRow, o: { reason: 'event' | 'port'; code: string | null }) => ({
  name,
  eventId: row.record.id,
  topic: row.record.topic,
  shard: row.shard,
  seq: String(row.seq),
  ...o,
  count: 1,
  attempts: row.attempts,
  ageMs: row.ageMs,
});
