import type { AttemptResult } from './attempt.ts';
import type { Batch } from './batch.ts';
import { channels, type FaultMessage, type SendMessage } from './diagnostics.ts';
import type { DriverCall } from './driver.ts';
import { DUPLICATE_SEQUENCE, FAULTS } from './kafka-errors.ts';
import type { LaneRunner } from './lane-runner.ts';
import type { PooledProducer } from './pooled-producer.ts';
import type { PoolCounters } from './stats.ts';

/** One outstanding attempt of a lane. */
export interface Call {
  readonly runner: LaneRunner;
  readonly batch: Batch;
  readonly producer: PooledProducer;
  readonly broker: number;
  readonly request: DriverCall;
  readonly startedAtMs: number;
  readonly watchdogAtMs: number;
  /** From the moment the batch could have started. */
  readonly waitMs: number;
  /** Ends the wait for the driver: its producer is dead. */
  readonly cut: (error: Error) => void;
  /** The driver has the call; false while the guard holds it. */
  sent: boolean;
  done: boolean;
}

/** Counts and tells what becomes of calls. */
export interface CallObserver {
  started(call: Call): void;
  ended(call: Call, result: AttemptResult, nowMs: number): void;
}

export const callObserver = (pool: string, counters: PoolCounters): CallObserver => ({
  started: (call) => {
    counters.callsStarted += 1;
    counters.recordsSent += call.batch.entries.length;
    if (call.batch.attempts > 1) counters.retries += 1;
    counters.laneWaitMs.record(call.waitMs);
    counters.batchRecords.record(call.batch.entries.length);
    counters.batchBytes.record(call.batch.sizeBytes);
  },
  ended: (call, result, nowMs) => {
    count(counters, call, { result, nowMs });
    if (result.type !== 'refused' && channels.send.hasSubscribers)
      channels.send.publish(sendMessage(pool, call, { result, nowMs }));
    if (result.type === 'failed' && channels.fault.hasSubscribers)
      channels.fault.publish(faultMessage(pool, call, result));
  },
});

interface End {
  readonly result: AttemptResult;
  readonly nowMs: number;
}

const count = (counters: PoolCounters, call: Call, { result, nowMs }: End): void => {
  const records = call.batch.entries.length;
  if (result.type === 'refused') {
    counters.callsRefused += 1;
    counters.recordsSent -= records;
    return;
  }
  counters.callMs.record(nowMs - call.startedAtMs);
  for (const part of [call.producer.counters, counters.topic(call.request.topic)]) {
    part.calls += 1;
    if (result.type === 'failed') {
      part.errors += 1;
      part.lastErrorCode = result.fault.kafkaError;
    } else {
      part.records += records;
      part.bytes += call.batch.sizeBytes;
      part.lastAckAtMs = nowMs;
    }
  }
  if (result.type === 'acked') {
    counters.callsAcknowledged += 1;
    counters.throttledMs += result.ack.throttleMs ?? 0;
    if (result.ack.errorCode === DUPLICATE_SEQUENCE) counters.duplicateSequences += 1;
    return;
  }
  counters.callsFailed += 1;
  if (result.fault.kind === 'record' && records > 1) counters.bisected += 1;
  if (result.fault.kafkaError === FAULTS.unacknowledged.kafkaError) counters.unacknowledged += 1;
};

const sendMessage = (pool: string, call: Call, { result, nowMs }: End): SendMessage => ({
  name: pool,
  topic: call.request.topic,
  partition: call.request.partition,
  producerId: call.producer.id,
  brokerId: call.broker < 0 ? undefined : call.broker,
  records: call.request.records,
  recordCount: call.batch.entries.length,
  bytes: call.batch.sizeBytes,
  attempt: call.batch.attempts,
  startedAtMs: call.startedAtMs,
  waitMs: call.waitMs,
  durationMs: nowMs - call.startedAtMs,
  outcome: result.type === 'acked' ? 'acknowledged' : 'failed',
  ...(result.type === 'acked' ? {} : { error: result.error }),
});

const faultMessage = (pool: string, call: Call, result: AttemptResult & { type: 'failed' }): FaultMessage => ({
  name: pool,
  topic: call.request.topic,
  partition: call.request.partition,
  producerId: call.producer.id,
  kind: result.fault.kind,
  outcome: result.fault.outcome,
  ...(result.fault.kafkaError === undefined ? {} : { kafkaError: result.fault.kafkaError }),
  error: result.error,
});
