/** The parts that can be observed; each is a scope `@busbar/<component>`. */
export type Component =
  | 'postgres'
  | 'circuit-breaker'
  | 'producer-pool'
  | 'outbox'
  | 'inbox'
  | 'envelope'
  | 'retry'
  | 'config';

/** Where a metric belongs: a component, or this package itself. */
export type Scope = Component | 'telemetry';

export type MetricKind = 'counter' | 'updown' | 'gauge' | 'histogram';

/** One row of the catalogue. */
export interface MetricEntry {
  readonly name: string;
  readonly kind: MetricKind;
  /** Read from `stats()` when a reader collects; else recorded when a message arrives. */
  readonly observable: boolean;
  readonly unit: string;
  readonly description: string;
  readonly attributes: readonly string[];
  /** Explicit bucket boundaries of a histogram, in its unit. */
  readonly bounds?: readonly number[];
  readonly scope: Scope;
}
