/** Every metric this package exports, as data. Tests compare it with what a real reader collects. */
import { INBOX_METRICS, OUTBOX_METRICS, PRODUCER_POOL_METRICS } from './messaging-metrics.ts';
import type { MetricEntry } from './metric-entry.ts';
import { POSTGRES_METRICS } from './postgres-metrics.ts';
import {
  CIRCUIT_BREAKER_METRICS,
  CONFIG_METRICS,
  ENVELOPE_METRICS,
  RETRY_METRICS,
  TELEMETRY_METRICS,
} from './service-metrics.ts';

const ROWS = [
  ...POSTGRES_METRICS,
  ...CIRCUIT_BREAKER_METRICS,
  ...PRODUCER_POOL_METRICS,
  ...OUTBOX_METRICS,
  ...INBOX_METRICS,
  ...ENVELOPE_METRICS,
  ...RETRY_METRICS,
  ...CONFIG_METRICS,
  ...TELEMETRY_METRICS,
] as const;

export type MetricName = (typeof ROWS)[number]['name'];
/** Metrics that are read from statistics. */
export type ObservableName = Extract<(typeof ROWS)[number], { observable: true }>['name'];
/** Metrics that are recorded when a message arrives. */
export type RecordedName = Exclude<MetricName, ObservableName>;

/** The catalogue: name, kind, unit, attributes and bounds of every metric. */
export const METRIC_CATALOG: readonly (MetricEntry & { readonly name: MetricName })[] = ROWS;

const BY_NAME: ReadonlyMap<string, MetricEntry> = new Map(METRIC_CATALOG.map((entry) => [entry.name, entry]));

/** The row of a metric. */
export const metricEntry = (name: MetricName): MetricEntry | undefined => BY_NAME.get(name);
