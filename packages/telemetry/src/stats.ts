/** What this package says about itself. It has no channels of its own: it would observe itself. */
export interface TelemetryStats {
  /** What signals go to: a real provider, a sink. */
  readonly bound: { readonly meter: boolean; readonly tracer: boolean; readonly logs: boolean };
  /** Instances that are observed now. */
  readonly instances: number;
  readonly attributeSets: number;
  /** Messages that could not be read. */
  readonly handlerErrors: number;
  /** Instances whose statistics could not be read, counted per collection. */
  readonly sourceErrors: number;
  readonly sinkErrors: number;
  /** By bound: `attribute-sets`, `instance-names`, `links`, `instances`. */
  readonly dropped: Readonly<Record<string, number>>;
  readonly collects: number;
  readonly lastCollectMs: number;
  readonly logsSuppressed: number;
}

/** The counters behind `stats()`. */
export class TelemetryCounters {
  handlerErrors = 0;
  sourceErrors = 0;
  sinkErrors = 0;
  collects = 0;
  lastCollectMs = 0;
  logsSuppressed = 0;
  readonly dropped: Record<string, number> = {};

  drop(reason: string, count = 1): void {
    this.dropped[reason] = (this.dropped[reason] ?? 0) + count;
  }
}
