import type { ConnectivityCheck, ConnectivityCheckOptions } from './connectivity-check.ts';
import type { PoolHealth } from './health.ts';
import type { BatchOptions, PublishOptions } from './publishing.ts';
import type { ProducerRecord } from './record.ts';
import type { Ack, Settlement } from './settlement.ts';
import type { ProducerPoolStats } from './stats.ts';

export interface StartOptions {
  /**
   * `require`: resolves when a producer and the metadata of `topics` are there, rejects after `startTimeoutMs`.
   * `degraded`: resolves after the first attempt, however it ended, and goes on connecting. Default: `require`.
   */
  readonly mode?: 'require' | 'degraded';
  /** Ends this caller's wait; the start goes on for the others. */
  readonly signal?: AbortSignal;
}

/** What `close()` did with the records that had no answer yet. */
export interface CloseReport {
  readonly acknowledged: number;
  readonly rejected: number;
  /** They may have been delivered. */
  readonly unknown: number;
  readonly elapsedMs: number;
}

/** Publishes records and tells what became of each. Concurrent calls are fine; the order of calls is the order per partition. */
export interface ProducerPool extends AsyncDisposable {
  readonly name: string;
  /** What shares a fate with a record: `topic-partition`, from what is known; undefined while the topic is not, or without a key. No I/O. */
  laneOf(record: { readonly topic: string; readonly key?: string | Uint8Array | null }): string | undefined;
  /**
   * Connects. Idempotent, callers share one attempt; after a failure nothing is open and it may be called again.
   * @throws {@link ProducerConnectError}, {@link ProducerAuthError}, {@link ProducerUnknownTopicError} in mode `require`
   */
  start(o?: StartOptions): Promise<void>;
  /** Publishes one record; waits for room in the buffer, bounded and first come, first served. Durable at `acks` when it resolves. */
  publish(record: ProducerRecord, o?: PublishOptions): Promise<Ack>;
  /** The same, but BUFFER_FULL at once where `publish` would wait. */
  tryPublish(record: ProducerRecord, o?: Omit<PublishOptions, 'maxBlockMs'>): Promise<Ack>;
  /**
   * Publishes records in order; index = record. Never rejects for a record's fate. After a record that is not acknowledged, later ones of
   * its key are not sent any more (KEY_BLOCKED).
   */
  publishBatch(records: readonly ProducerRecord[], o?: BatchOptions): Promise<readonly Settlement[]>;
  /** Resolves when everything published before the call is settled, either way; ignores linger. Rejects at the deadline or the signal. */
  flush(o?: { readonly deadlineMs?: number; readonly signal?: AbortSignal }): Promise<void>;
  /** Replaces every producer without a gap, for instance after a change of credentials. Resolves when the new one is in place. */
  recycle(reason: string): Promise<void>;
  /** Start-up checks, in the shape of `@busbar/config`. They create nothing, and write only where `writeProbe` says. */
  connectivityChecks(o?: ConnectivityCheckOptions): readonly ConnectivityCheck[];
  health(): PoolHealth;
  stats(): ProducerPoolStats;
  /** Stops intake, delivers what it can until the deadline, answers the rest, closes every producer. Before start and twice: legal. */
  close(o?: { readonly deadlineMs?: number }): Promise<CloseReport>;
}
