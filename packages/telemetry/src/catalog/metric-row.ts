/** Builders of rows, and the bucket boundaries they share. A row keeps the literal type of its name. */
import type { MetricEntry } from './metric-entry.ts';

// Explicit on every histogram: the default boundaries are made for milliseconds and useless for seconds.
export const MESSAGING_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] as const;
export const DB_SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] as const;
export const POOL_SECONDS = [0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;
export const DELIVERY_SECONDS = [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30, 60, 300, 1800] as const;
export const BATCH_MESSAGES = [1, 10, 50, 100, 250, 500, 1000, 2500] as const;
export const BATCH_BYTES = [1024, 4096, 16_384, 65_536, 262_144, 524_288, 1_048_576, 4_194_304] as const;
export const COUNTS = [1, 10, 100, 1000, 10_000, 100_000] as const;

type Row = Omit<MetricEntry, 'name' | 'kind' | 'observable'>;

export const counter = <const N extends string>(name: N, row: Row) =>
  ({ name, kind: 'counter', observable: true, ...row }) as const;
export const upDown = <const N extends string>(name: N, row: Row) =>
  ({ name, kind: 'updown', observable: true, ...row }) as const;
export const gauge = <const N extends string>(name: N, row: Row) =>
  ({ name, kind: 'gauge', observable: true, ...row }) as const;
/** Recorded per message with `add(n)`, not read from statistics. */
export const recordedCounter = <const N extends string>(name: N, row: Row) =>
  ({ name, kind: 'counter', observable: false, ...row }) as const;
export const histogram = <const N extends string>(name: N, row: Row) =>
  ({ name, kind: 'histogram', observable: false, ...row }) as const;
