import type { Attributes } from '@opentelemetry/api';

import type { MetricName } from './catalog/metrics.ts';
import {
  DB_NAMESPACE,
  DB_POOL_NAME,
  DB_QUERY_SUMMARY,
  MESSAGING_CONSUMER_GROUP,
  MESSAGING_DESTINATION_NAME,
  OTHER,
} from './semconv.ts';
import type { TelemetryCounters } from './stats.ts';

/** Attributes whose values come from outside; all others are closed lists. */
const OPEN: ReadonlySet<string> = new Set([
  DB_NAMESPACE,
  DB_POOL_NAME,
  DB_QUERY_SUMMARY,
  MESSAGING_CONSUMER_GROUP,
  MESSAGING_DESTINATION_NAME,
  'busbar.circuit_breaker.name',
  'busbar.outbox.name',
  'busbar.producer.pool.name',
]);

/** The values of attributes; an undefined one is left out. */
export type AttributeValues = Readonly<Record<string, string | undefined>>;

/**
 * Attribute sets, made once and frozen: the SDK keys its series by them, and a set that changed later would merge all
 * series into its last value. Bounded per metric; further sets share one whose open attributes are `_OTHER`.
 */
export class AttributeSets {
  readonly #byMetric = new Map<MetricName, Map<string, Attributes>>();
  readonly #maxSets: number;
  readonly #counters: TelemetryCounters;

  constructor(maxSets: number, counters: TelemetryCounters) {
    this.#maxSets = maxSets;
    this.#counters = counters;
  }

  /** All sets of all metrics. */
  get size(): number {
    let size = 0;
    for (const sets of this.#byMetric.values()) size += sets.size;
    return size;
  }

  of(metric: MetricName, values: AttributeValues): Attributes {
    const sets = this.#setsOf(metric);
    const key = keyOf(values);
    const known = sets.get(key);
    if (known !== undefined) return known;
    if (sets.size >= this.#maxSets) {
      this.#counters.drop('attribute-sets');
      return this.#overflow(sets, values);
    }
    const created = frozen(values);
    sets.set(key, created);
    return created;
  }

  #overflow(sets: Map<string, Attributes>, values: AttributeValues): Attributes {
    const shared = Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, OPEN.has(name) && value !== undefined ? OTHER : value]),
    );
    const key = keyOf(shared);
    const known = sets.get(key);
    if (known !== undefined) return known;
    const created = frozen(shared);
    sets.set(key, created);
    return created;
  }

  #setsOf(metric: MetricName): Map<string, Attributes> {
    const known = this.#byMetric.get(metric);
    if (known !== undefined) return known;
    const sets = new Map<string, Attributes>();
    this.#byMetric.set(metric, sets);
    return sets;
  }
}

/** One metric always gives its attributes in the same order, so the values alone tell sets apart. */
const keyOf = (values: AttributeValues): string => Object.values(values).join('\u0000');

const frozen = (values: AttributeValues): Attributes =>
  Object.freeze(Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)));
