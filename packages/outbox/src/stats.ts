import type { SpillCause } from './direct-publish.ts';
import { BATCH_EDGES, type Distribution, DURATION_EDGES_MS, Histogram } from './histogram.ts';

/** Counters per topic; above `MAX_TOPICS` topics the rest share the name `_other`. */
export interface TopicStats {
  readonly published: number;
  readonly retried: number;
  readonly parked: number;
  readonly lastErrorCode?: string;
}

type Trigger = 'wake' | 'timer';

/** A view of the outbox of this process. Counters only grow; levels are of now; `backlog` and `dead` are of the last sample. */
export interface OutboxStats {
  readonly name: string;
  readonly state: 'created' | 'starting' | 'running' | 'broker-wait' | 'draining' | 'stopped' | 'disabled';
  /** After COMMIT where it is seen, else at the INSERT; `deferred`: records of them that were deferred. */
  readonly appended: { readonly records: number; readonly bytes: number; readonly deferred: number };
  readonly direct: {
    readonly broker: number;
    readonly spilled: Readonly<Record<SpillCause, number>>;
    readonly rejected: number;
  };
  readonly published: number;
  readonly publishedBytes: number;
  readonly retried: number;
  readonly parked: { readonly event: number; readonly port: number };
  readonly unknownOutcomes: number;
  readonly polls: Readonly<Record<'empty' | 'batch', Readonly<Record<Trigger, number>>>>;
  readonly rowsRead: number;
  readonly rowsDropped: number;
  readonly leases: {
    readonly acquired: number;
    readonly renewed: number;
    readonly lost: number;
    readonly released: number;
  };
  readonly dbErrors: number;
  /** Times that sending had to wait for the broker, a topic, a key. */
  readonly waits: { readonly broker: number; readonly topic: number; readonly key: number };
  /** Acknowledged rows that were not in the table any more. */
  readonly unmatchedAcks: number;
  readonly portViolations: number;
  readonly shards: { readonly owned: number; readonly target: number };
  readonly relays: number;
  readonly inFlight: { readonly records: number; readonly bytes: number };
  readonly keys: { readonly blocked: number; readonly halted: number };
  readonly topicsBlocked: number;
  readonly stickyShards: number;
  readonly pollDelayMs: number;
  readonly sampleAgeMs?: number;
  readonly backlog?: {
    readonly pending: number;
    readonly delayed: number;
    readonly bytes: number;
    readonly oldestAgeMs: number;
  };
  readonly dead?: { readonly open: number; readonly resolved: number };
  /** Written → acknowledged and deleted. */
  readonly deliveryMs: Distribution;
  readonly claimMs: Distribution;
  readonly sendMs: Distribution;
  readonly ackMs: Distribution;
  readonly batchRecords: Distribution;
  readonly topics: Readonly<Record<string, TopicStats>>;
}

const MAX_TOPICS = 200;

interface TopicCounters {
  published: number;
  retried: number;
  parked: number;
  lastErrorCode?: string;
}

/** The mutable counters behind `stats()`. */
export class OutboxCounters {
  readonly appended = { records: 0, bytes: 0, deferred: 0 };
  readonly direct = { broker: 0, spilled: { sticky: 0, unavailable: 0, failed: 0, unknown: 0 }, rejected: 0 };
  published = 0;
  publishedBytes = 0;
  retried = 0;
  readonly parked = { event: 0, port: 0 };
  unknownOutcomes = 0;
  readonly polls = { empty: { wake: 0, timer: 0 }, batch: { wake: 0, timer: 0 } };
  rowsRead = 0;
  rowsDropped = 0;
  readonly leases = { acquired: 0, renewed: 0, lost: 0, released: 0 };
  dbErrors = 0;
  readonly waits = { broker: 0, topic: 0, key: 0 };
  unmatchedAcks = 0;
  portViolations = 0;
  haltedKeys = 0;
  readonly deliveryMs = new Histogram(DURATION_EDGES_MS);
  readonly claimMs = new Histogram(DURATION_EDGES_MS);
  readonly sendMs = new Histogram(DURATION_EDGES_MS);
  readonly ackMs = new Histogram(DURATION_EDGES_MS);
  readonly batchRecords = new Histogram(BATCH_EDGES);
  readonly #topics = new Map<string, TopicCounters>();

  topic(name: string): TopicCounters {
    const known = this.#topics.get(name);
    if (known !== undefined) return known;
    const key = this.#topics.size < MAX_TOPICS ? name : '_other';
    const counters = this.#topics.get(key) ?? { published: 0, retried: 0, parked: 0 };
    this.#topics.set(key, counters);
    return counters;
  }

  snapshot() {
    return {
      appended: { ...this.appended },
      direct: { ...this.direct, spilled: { ...this.direct.spilled } },
      published: this.published,
      publishedBytes: this.publishedBytes,
      retried: this.retried,
      parked: { ...this.parked },
      unknownOutcomes: this.unknownOutcomes,
      polls: { empty: { ...this.polls.empty }, batch: { ...this.polls.batch } },
      rowsRead: this.rowsRead,
      rowsDropped: this.rowsDropped,
      leases: { ...this.leases },
      dbErrors: this.dbErrors,
      waits: { ...this.waits },
      unmatchedAcks: this.unmatchedAcks,
      portViolations: this.portViolations,
      deliveryMs: this.deliveryMs.snapshot(),
      claimMs: this.claimMs.snapshot(),
      sendMs: this.sendMs.snapshot(),
      ackMs: this.ackMs.snapshot(),
      batchRecords: this.batchRecords.snapshot(),
      topics: Object.fromEntries([...this.#topics].map(([name, counters]) => [name, { ...counters }])),
    };
  }
}
