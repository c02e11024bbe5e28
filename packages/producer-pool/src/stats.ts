import type { ProducerErrorCode, ProducerPoolError } from './errors.ts';
import { type Distribution, Histogram } from './histogram.ts';
import type { ProducerState, RetireReason } from './slot.ts';

/** Counters since creation, gauges of now. Milliseconds, bytes and ratios (0 to 1) as the names say. */
export interface ProducerPoolStats {
  readonly records: {
    readonly accepted: number;
    readonly acknowledged: number;
    /** By code; timeouts and aborts are also below. */
    readonly rejected: Readonly<Partial<Record<ProducerErrorCode, number>>>;
    readonly timedOut: number;
    readonly aborted: number;
  };
  readonly bytes: { readonly accepted: number; readonly acknowledged: number };
  readonly calls: {
    readonly started: number;
    readonly acknowledged: number;
    readonly failed: number;
    readonly refused: number;
    readonly bisected: number;
  };
  readonly retries: number;
  readonly unacknowledged: number;
  readonly duplicateSequences: number;
  readonly backpressure: { readonly waits: number; readonly timeouts: number };
  readonly producers: {
    readonly opened: number;
    readonly openFailures: number;
    readonly closed: number;
    readonly killed: number;
    readonly retired: Readonly<Partial<Record<RetireReason, number>>>;
  };
  /** Changes of the number of producers; `blocked`: one was due and something forbade it. */
  readonly scaling: { readonly up: number; readonly down: number; readonly blocked: number };
  readonly metadataRefreshes: number;
  readonly throttledMs: number;
  readonly buffered: {
    readonly records: number;
    readonly bytes: number;
    readonly limitRecords: number;
    readonly limitBytes: number;
    readonly oldestAgeMs: number;
  };
  readonly lanes: {
    readonly active: number;
    readonly ready: number;
    readonly sending: number;
    readonly backoff: number;
    readonly fenced: number;
  };
  readonly producersByState: Readonly<Record<ProducerState, number>>;
  readonly slots: { readonly total: number; readonly busy: number };
  readonly connections: number;
  /** Busy slots ÷ slots. */
  readonly utilizationRatio: number;
  /** Records acknowledged ÷ records sent, repetitions included; 1 before the first. */
  readonly efficiencyRatio: number;
  /** Calls acknowledged ÷ calls ended; 1 before the first. */
  readonly successRatio: number;
  readonly laneWaitMs: Distribution;
  readonly callMs: Distribution;
  readonly publishToAckMs: Distribution;
  readonly bufferWaitMs: Distribution;
  readonly openMs: Distribution;
  /** Building a call and the synchronous part of the client's send. */
  readonly encodeMs: Distribution;
  readonly batchRecords: Distribution;
  readonly batchBytes: Distribution;
  readonly perProducer: readonly PartStats[];
  /** At most `maxTopicStats` topics; the others share `_other`. */
  readonly perTopic: readonly PartStats[];
}

/** Statistics of one producer or one topic. */
export interface PartStats {
  readonly name: string;
  readonly calls: number;
  readonly records: number;
  readonly bytes: number;
  readonly errors: number;
  readonly lastErrorCode: string | undefined;
  readonly lastAckAgeMs: number | undefined;
}

/** Counted as things happen; read by `stats()`. */
export class PartCounters {
  calls = 0;
  records = 0;
  bytes = 0;
  errors = 0;
  lastErrorCode: string | undefined;
  lastAckAtMs: number | undefined;

  snapshot(name: string, nowMs: number): PartStats {
    const { calls, records, bytes, errors, lastErrorCode } = this;
    const lastAckAgeMs = this.lastAckAtMs === undefined ? undefined : nowMs - this.lastAckAtMs;
    return { name, calls, records, bytes, errors, lastErrorCode, lastAckAgeMs };
  }
}

const TICKS_PER_MS = 1_000;
const OTHER = '_other';

/** Everything the pool counts. Plain fields: one increment on the path of a record. */
export class PoolCounters {
  accepted = 0;
  acknowledged = 0;
  readonly rejected: Partial<Record<ProducerErrorCode, number>> = {};
  timedOut = 0;
  aborted = 0;
  unknown = 0;
  acceptedBytes = 0;
  acknowledgedBytes = 0;
  callsStarted = 0;
  callsAcknowledged = 0;
  callsFailed = 0;
  callsRefused = 0;
  bisected = 0;
  recordsSent = 0;
  retries = 0;
  unacknowledged = 0;
  duplicateSequences = 0;
  waits = 0;
  waitTimeouts = 0;
  opened = 0;
  openFailures = 0;
  closed = 0;
  killed = 0;
  readonly retired: Partial<Record<RetireReason, number>> = {};
  readonly scaling = { up: 0, down: 0, blocked: 0 };
  metadataRefreshes = 0;
  throttledMs = 0;
  readonly laneWaitMs = new Histogram(TICKS_PER_MS);
  readonly callMs = new Histogram(TICKS_PER_MS);
  readonly publishToAckMs = new Histogram(TICKS_PER_MS);
  readonly bufferWaitMs = new Histogram(TICKS_PER_MS);
  readonly openMs = new Histogram(TICKS_PER_MS);
  readonly encodeMs = new Histogram(TICKS_PER_MS);
  readonly batchRecords = new Histogram(1);
  readonly batchBytes = new Histogram(1);
  readonly #topics = new Map<string, PartCounters>();
  readonly #maxTopics: number;

  constructor(maxTopics: number) {
    this.#maxTopics = maxTopics;
  }

  /** Counters of a topic, or of all that came too late to have their own. */
  topic(name: string): PartCounters {
    const known = this.#topics.get(name);
    if (known !== undefined) return known;
    const own = this.#topics.size < this.#maxTopics ? name : OTHER;
    const counters = this.#topics.get(own) ?? new PartCounters();
    this.#topics.set(own, counters);
    return counters;
  }

  countRejection(error: ProducerPoolError): void {
    const { code } = error;
    this.rejected[code] = (this.rejected[code] ?? 0) + 1;
    if (error.outcome === 'unknown') this.unknown += 1;
    if (code === 'BUSBAR_PRODUCER_DELIVERY_TIMEOUT') this.timedOut += 1;
    if (code === 'BUSBAR_PRODUCER_ABORTED') this.aborted += 1;
  }

  perTopic(nowMs: number): readonly PartStats[] {
    return [...this.#topics].map(([name, counters]) => counters.snapshot(name, nowMs));
  }
}

/** The gauges of a moment, read from the parts that own them. */
export type PoolGauges = Pick<
  ProducerPoolStats,
  'buffered' | 'lanes' | 'producersByState' | 'slots' | 'connections' | 'perProducer'
> & {
  readonly nowMs: number;
};

const ratio = (part: number, whole: number, empty: number): number => (whole === 0 ? empty : part / whole);

export const snapshotStats = (c: PoolCounters, gauges: PoolGauges): ProducerPoolStats => ({
  records: {
    accepted: c.accepted,
    acknowledged: c.acknowledged,
    rejected: { ...c.rejected },
    timedOut: c.timedOut,
    aborted: c.aborted,
  },
  bytes: { accepted: c.acceptedBytes, acknowledged: c.acknowledgedBytes },
  calls: {
    started: c.callsStarted,
    acknowledged: c.callsAcknowledged,
    failed: c.callsFailed,
    refused: c.callsRefused,
    bisected: c.bisected,
  },
  retries: c.retries,
  unacknowledged: c.unacknowledged,
  duplicateSequences: c.duplicateSequences,
  backpressure: { waits: c.waits, timeouts: c.waitTimeouts },
  producers: {
    opened: c.opened,
    openFailures: c.openFailures,
    closed: c.closed,
    killed: c.killed,
    retired: { ...c.retired },
  },
  scaling: { ...c.scaling },
  metadataRefreshes: c.metadataRefreshes,
  throttledMs: c.throttledMs,
  buffered: gauges.buffered,
  lanes: gauges.lanes,
  producersByState: gauges.producersByState,
  slots: gauges.slots,
  connections: gauges.connections,
  utilizationRatio: ratio(gauges.slots.busy, gauges.slots.total, 0),
  efficiencyRatio: ratio(c.acknowledged, c.recordsSent, 1),
  successRatio: ratio(c.callsAcknowledged, c.callsAcknowledged + c.callsFailed, 1),
  laneWaitMs: c.laneWaitMs.snapshot(),
  callMs: c.callMs.snapshot(),
  publishToAckMs: c.publishToAckMs.snapshot(),
  bufferWaitMs: c.bufferWaitMs.snapshot(),
  openMs: c.openMs.snapshot(),
  encodeMs: c.encodeMs.snapshot(),
  batchRecords: c.batchRecords.snapshot(),
  batchBytes: c.batchBytes.snapshot(),
  perProducer: gauges.perProducer,
  perTopic: c.perTopic(gauges.nowMs),
});
