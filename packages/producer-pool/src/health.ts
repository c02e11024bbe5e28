import type { ProducerState } from './slot.ts';

/** What the pool says of itself, with every reason. */
export interface PoolHealth {
  readonly status: 'healthy' | 'degraded' | 'unhealthy';
  readonly reasons: readonly string[];
}

export interface HealthFacts {
  readonly lifecycle: 'created' | 'starting' | 'started' | 'closing' | 'closed';
  readonly producersByState: Readonly<Record<ProducerState, number>>;
  /** Shared producers there should be and are not. */
  readonly missingProducers: number;
  readonly fencedLanes: number;
  /** Lanes whose producer could not be stopped: the driver breaks its contract. */
  readonly stuckLanes: number;
  /** Buffered ÷ limit, the larger of bytes and records. */
  readonly bufferRatio: number;
  readonly oldestAgeMs: number;
  readonly deliveryTimeoutMs: number;
  /** Since the last acknowledgement, or since the start. */
  readonly lastAckAgeMs: number;
}

const BUFFER_DEGRADED = 0.8;
const OLDEST_DEGRADED = 0.5;
const NO_ACK_UNHEALTHY_MS = 30_000;

type Rule = readonly [applies: boolean, reason: string];

const reasonsOf = (rules: readonly Rule[]): readonly string[] =>
  rules.flatMap(([applies, reason]) => (applies ? [reason] : []));

/** The verdict on the facts (PO-8). */
export const judgeHealth = (f: HealthFacts): PoolHealth => {
  const { ready, degraded } = f.producersByState;
  const serious = reasonsOf([
    [f.lifecycle !== 'started', `the pool is ${f.lifecycle}`],
    [f.lifecycle === 'started' && ready + degraded === 0, 'no producer is connected'],
    [f.lifecycle === 'started' && ready === 0 && degraded > 0, 'no producer answers'],
    [f.stuckLanes > 0, `${f.stuckLanes} partitions wait for a producer that cannot be stopped`],
    [
      f.oldestAgeMs > 0 && f.lastAckAgeMs >= NO_ACK_UNHEALTHY_MS && f.oldestAgeMs >= NO_ACK_UNHEALTHY_MS,
      'nothing has been acknowledged for 30 s',
    ],
  ]);
  const mild = reasonsOf([
    [ready > 0 && degraded > 0, `${degraded} of ${ready + degraded} producers do not answer`],
    [ready + degraded > 0 && f.missingProducers > 0, `${f.missingProducers} producers are being replaced`],
    [f.fencedLanes > f.stuckLanes, `${f.fencedLanes - f.stuckLanes} partitions are fenced`],
    [f.bufferRatio > BUFFER_DEGRADED, `the buffer is ${Math.round(f.bufferRatio * 100)} % full`],
    [f.oldestAgeMs > f.deliveryTimeoutMs * OLDEST_DEGRADED, 'a record has used half of its delivery timeout'],
  ]);
  const status = serious.length > 0 ? 'unhealthy' : mild.length > 0 ? 'degraded' : 'healthy';
  return { status, reasons: [...serious, ...mild] };
};
