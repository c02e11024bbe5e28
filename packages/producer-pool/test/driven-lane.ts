import { resolveBackoff } from '@busbar/retry';

import type { Batch, Entry } from '../src/batch.ts';
import { ProducerUnavailableError } from '../src/index.ts';
import { faultOfCode, FAULTS } from '../src/kafka-errors.ts';
import { createLane, type Lane, type LaneEvent, type LanePolicy } from '../src/lane-state.ts';
import { nextLane } from '../src/lane.ts';
import { ackOf } from '../src/settlement.ts';

/** What lane tests run with: batches of three, exponential backoff from 100 ms without jitter. */
export const POLICY: LanePolicy = {
  pool: 'test',
  maxBatchRecords: 3,
  maxBatchBytes: 1_000,
  lingerMs: 0,
  backoff: resolveBackoff({ baseMs: 100, maxMs: 2_000, jitter: 'none' }),
  unknownTopicRetries: 1,
  onTimeout: 'fail-key',
  random: () => 0.5,
};

/** A record of key `k`, its value being its name. */
export const entry = (value: string, o: Partial<Entry> = {}): Entry => ({
  record: { key: 'k', value, headers: {}, timestampMs: 1 },
  topic: 't',
  partition: undefined,
  keyId: 'k',
  sizeBytes: 100,
  ownTimestamp: false,
  call: undefined,
  recipient: { acknowledged: () => undefined, failed: () => undefined },
  publishedAtMs: 0,
  deadlineAtMs: 10_000,
  answered: false,
  gone: false,
  sequence: 0,
  earlier: undefined,
  later: undefined,
  ...o,
});

/** A lane with its clock, and what became of each record: `ok@offset`, or `CODE/outcome` with `…` while it stays on its way. */
export class Driven {
  readonly lane: Lane = createLane('t', 0);
  readonly answers: string[] = [];
  readonly calls: string[] = [];
  policy: LanePolicy = POLICY;
  nowMs = 0;
  batch: Batch | undefined;

  on(event: LaneEvent): this {
    for (const effect of nextLane(this.lane, event, { policy: this.policy, nowMs: this.nowMs })) {
      if (effect.type === 'call') {
        this.batch = effect.batch;
        this.calls.push(effect.batch.entries.map(({ record }) => String(record.value)).join(''));
      } else if (effect.type === 'acknowledge') {
        for (const [index, { answered, record }] of effect.batch.entries.entries()) {
          const { offset } = ackOf(effect.ack, index, record.timestampMs);
          this.answers.push(`${answered ? 'late ' : ''}${String(record.value)} ok@${offset}`);
        }
      } else {
        const { error, first, final } = effect;
        const what = `${error.code.replace('BUSBAR_PRODUCER_', '')}/${error.outcome}`;
        this.answers.push(`${first ? '' : 'late '}${String(effect.entry.record.value)} ${what}${final ? '' : ' …'}`);
      }
    }
    return this;
  }

  put(...entries: readonly (string | Entry)[]): this {
    for (const one of entries) this.on({ type: 'enqueue', entry: typeof one === 'string' ? entry(one) : one });
    return this;
  }

  /** Lets the linger pass and starts a call. */
  send(): this {
    return this.on({ type: 'tick' }).on({ type: 'send' });
  }

  ack(baseOffset: bigint | undefined, throttleMs = 0): this {
    return this.on({ type: 'acked', baseOffset, producerId: 'p', throttleMs });
  }

  fail(code: number, o: { laneFault?: boolean; topicAckedAtMs?: number } = {}): this {
    const { laneFault = false, topicAckedAtMs = 0 } = o;
    return this.on({ type: 'failed', fault: faultOfCode(code), error: undefined, laneFault, topicAckedAtMs });
  }

  lose(): this {
    return this.on({
      type: 'failed',
      fault: FAULTS.connectionLost,
      error: undefined,
      laneFault: false,
      topicAckedAtMs: 0,
    });
  }

  at(ms: number): this {
    this.nowMs = ms;
    return this.on({ type: 'tick' });
  }

  refuse(retryAfterMs?: number): this {
    const init = retryAfterMs === undefined ? {} : { retryAfterMs };
    return this.on({
      type: 'refused',
      error: new ProducerUnavailableError({ pool: 'test', scope: 'broker' }, 'no', init),
    });
  }
}
