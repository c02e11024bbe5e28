import { channel } from 'node:diagnostics_channel';

import type { DriverFault } from './driver.ts';
import type { LanePhase } from './lane-state.ts';
import type { CloseReport, ProducerPool } from './pool-port.ts';
import type { ScaleDecision } from './scaling.ts';
import type { ProducerState, RetireReason } from './slot.ts';

export interface CreatedMessage {
  readonly name: string;
  readonly instance: ProducerPool;
}

export interface ClosedMessage {
  readonly name: string;
  readonly report: CloseReport;
}

/** One call to the broker, at its end. Times are monotonic milliseconds. */
export interface SendMessage {
  readonly name: string;
  readonly topic: string;
  readonly partition: number;
  readonly producerId: string;
  readonly brokerId: number | undefined;
  readonly records: readonly SentRecord[];
  readonly recordCount: number;
  readonly bytes: number;
  readonly attempt: number;
  readonly startedAtMs: number;
  readonly waitMs: number;
  readonly durationMs: number;
  readonly outcome: 'acknowledged' | 'failed';
  readonly error?: unknown;
}

/** What an observer may see of a record: headers carry the trace context of its publisher. */
export interface SentRecord {
  readonly headers: Readonly<Record<string, string | Uint8Array>>;
}

export interface ProducerMessage {
  readonly name: string;
  readonly producerId: string;
  readonly from: ProducerState | undefined;
  readonly to: ProducerState;
  readonly reason?: RetireReason;
  /** What `recycle` was given. */
  readonly detail?: string;
  readonly durationMs?: number;
}

export interface FaultMessage {
  readonly name: string;
  readonly topic?: string;
  readonly partition?: number;
  readonly producerId?: string;
  readonly kind: DriverFault['kind'];
  readonly outcome: DriverFault['outcome'];
  readonly kafkaError?: string;
  readonly error: unknown;
}

export interface LaneMessage {
  readonly name: string;
  readonly topic: string;
  readonly partition: number | undefined;
  readonly from: LanePhase;
  readonly to: LanePhase;
  readonly reason: string;
}

/** A change of the number of producers, or what forbade one; told again when the reason changes. */
export interface ScaleMessage {
  readonly name: string;
  readonly decision: ScaleDecision;
  readonly utilizationRatio: number;
  readonly waitP95Ms: number;
  readonly forecastCallsPerS: number;
}

export interface BackpressureMessage {
  readonly name: string;
  readonly scope: 'pool' | 'lane';
  readonly topic?: string;
  readonly phase: 'begin' | 'end';
  readonly waitedMs?: number;
}

/** The channels of this package; publish only where `hasSubscribers`. */
export const channels = {
  created: channel('busbar:producer-pool:created'),
  closed: channel('busbar:producer-pool:closed'),
  send: channel('busbar:producer-pool:send'),
  producer: channel('busbar:producer-pool:producer'),
  scale: channel('busbar:producer-pool:scale'),
  fault: channel('busbar:producer-pool:fault'),
  lane: channel('busbar:producer-pool:lane'),
  backpressure: channel('busbar:producer-pool:backpressure'),
};
