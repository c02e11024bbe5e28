import type {
  BatchObservableCallback,
  Counter,
  Histogram,
  Meter,
  MeterProvider,
  MetricOptions,
  Observable,
} from '@opentelemetry/api';

import type { AttributeSets, AttributeValues } from './attributes.ts';
import type { MetricEntry, Scope } from './catalog/metric-entry.ts';
import { METRIC_CATALOG, metricEntry, type RecordedName } from './catalog/metrics.ts';
import type { Observe } from './series.ts';

const optionsOf = ({ unit, description, bounds }: MetricEntry): MetricOptions => ({
  unit,
  description,
  ...(bounds === undefined ? {} : { advice: { explicitBucketBoundaries: [...bounds] } }),
});

type Recorder =
  | { readonly kind: 'histogram'; readonly to: Histogram }
  | { readonly kind: 'counter'; readonly to: Counter };

/** Gives the points of a scope when a reader collects. */
export type CollectScope = (scope: Scope, observe: Observe) => void;

/**
 * The instruments of one meter provider. They are made when they are first needed and belong to that provider: an instrument
 * made before there was a real one stays a no-op for ever, so a new binding makes new ones.
 */
export class Instruments {
  readonly #provider: MeterProvider;
  readonly #sets: AttributeSets;
  readonly #collect: CollectScope;
  readonly #meters = new Map<Scope, Meter>();
  readonly #recorders = new Map<RecordedName, Recorder>();
  readonly #observed = new Map<Scope, () => void>();

  constructor(provider: MeterProvider, sets: AttributeSets, collect: CollectScope) {
    this.#provider = provider;
    this.#sets = sets;
    this.#collect = collect;
  }

  /** Adds to a counter, or records into a histogram. */
  record(metric: RecordedName, value: number | undefined, attributes: AttributeValues): void {
    if (value === undefined) return;
    const recorder = this.#recorderOf(metric);
    if (recorder === undefined) return;
    const set = this.#sets.of(metric, attributes);
    if (recorder.kind === 'counter') recorder.to.add(value, set);
    else recorder.to.record(value, set);
  }

  /** Exports the statistics of a scope from now on: one callback for all its observable metrics. */
  observe(scope: Scope): void {
    if (this.#observed.has(scope)) return;
    const meter = this.#meterOf(scope);
    const observables = new Map<string, Observable>();
    for (const entry of METRIC_CATALOG)
      if (entry.scope === scope && entry.observable) observables.set(entry.name, observableOf(meter, entry));
    const callback: BatchObservableCallback = (result) => {
      this.#collect(scope, (metric, value, attributes) => {
        const observable = observables.get(metric);
        if (observable !== undefined) result.observe(observable, value, attributes);
      });
    };
    const list = [...observables.values()];
    meter.addBatchObservableCallback(callback, list);
    this.#observed.set(scope, () => meter.removeBatchObservableCallback(callback, list));
  }

  /** Ends all callbacks. What was exported stays at its last value in the provider. */
  release(): void {
    for (const remove of this.#observed.values()) remove();
    this.#observed.clear();
  }

  #recorderOf(metric: RecordedName): Recorder | undefined {
    const known = this.#recorders.get(metric);
    const entry = metricEntry(metric);
    if (known !== undefined || entry === undefined) return known;
    const meter = this.#meterOf(entry.scope);
    const recorder: Recorder =
      entry.kind === 'counter'
        ? { kind: 'counter', to: meter.createCounter(entry.name, optionsOf(entry)) }
        : { kind: 'histogram', to: meter.createHistogram(entry.name, optionsOf(entry)) };
    this.#recorders.set(metric, recorder);
    return recorder;
  }

  #meterOf(scope: Scope): Meter {
    const known = this.#meters.get(scope);
    if (known !== undefined) return known;
    const meter = this.#provider.getMeter(`@busbar/${scope}`);
    this.#meters.set(scope, meter);
    return meter;
  }
}

const observableOf = (meter: Meter, entry: MetricEntry): Observable => {
  const options = optionsOf(entry);
  if (entry.kind === 'counter') return meter.createObservableCounter(entry.name, options);
  return entry.kind === 'updown'
    ? meter.createObservableUpDownCounter(entry.name, options)
    : meter.createObservableGauge(entry.name, options);
};
