/** What the rounds of a case gave: rows of one value an arm, and every single reading. */
import { median } from './compare.ts';
import type { Case, Target } from './define-case.ts';
import type { Reading, Series } from './round-message.ts';

export type Metric = Target['metric'];

const NANOS_PER_SECOND = 1e9;
const NANOS_PER_MS = 1e6;

export class Measurements {
  readonly #rows = new Map<Series, number[][]>();
  readonly #readings: Reading[] = [];

  /** A round: the value of an arm is the median of its visits (BM-7). */
  addRound(readings: readonly Reading[], armCount: number): void {
    for (const series of new Set(readings.map((reading) => reading.series))) {
      const row = Array.from({ length: armCount }, (_, arm) => median(valuesOf(readings, series, arm)));
      this.#append(series, row);
    }
    this.#readings.push(...readings);
  }

  /** A process of samples: the n-th sample of each arm makes a row. */
  addSamples(readings: readonly Reading[], armCount: number): void {
    const columns = Array.from({ length: armCount }, (_, arm) => valuesOf(readings, 'bytes', arm));
    for (const [sample] of (columns[0] ?? []).entries())
      this.#append(
        'bytes',
        columns.map((column) => column[sample] ?? Number.NaN),
      );
    this.#readings.push(...readings);
  }

  has(series: Series): boolean {
    return this.#rows.has(series);
  }

  /** [round][arm]. */
  rows(series: Series): readonly (readonly number[])[] {
    return this.#rows.get(series) ?? [];
  }

  /** Every reading of an arm. */
  readings(series: Series, arm: number): number[] {
    return valuesOf(this.#readings, series, arm);
  }

  #append(series: Series, row: number[]): void {
    const rows = this.#rows.get(series);
    if (rows === undefined) this.#rows.set(series, [row]);
    else rows.push(row);
  }
}

const valuesOf = (readings: readonly Reading[], series: Series, arm: number): number[] =>
  readings.filter((reading) => reading.series === series && reading.arm === arm).map((reading) => reading.value);

/** A series, and what its readings are in the unit of a metric. */
export interface MetricSource {
  readonly series: Series;
  readonly convert: (value: number) => number;
}

const perSecond = (nanos: number): number => NANOS_PER_SECOND / nanos;
const same = (value: number): number => value;
const milliseconds = (nanos: number): number => nanos / NANOS_PER_MS;

export const isInMemory = ({ class: caseClass }: Pick<Case, 'class'>): boolean => caseClass.startsWith('memory');

/** The metric that the unit of a case speaks of. */
export const metricOfUnit = ({ unit }: Pick<Case, 'unit'>): Metric => {
  switch (unit) {
    case 'ns/op':
    case 'ms/op':
      return 'time';
    case 'ops/s':
    case 'records/s':
      return 'throughput';
    case 'B/op':
    case 'B':
      return 'bytes';
    case 'count':
      return 'count';
    default:
      return unit satisfies never;
  }
};

/** Where the values of a metric come from: what a case measures itself goes before any clock. @see {@link Target} */
export const sourceOf = (metric: Metric, definition: Case, measurements: Measurements): MetricSource => {
  if (measurements.has('measured')) return { series: 'measured', convert: same };
  switch (metric) {
    case 'time':
      return {
        series: isInMemory(definition) ? 'thread' : 'wall',
        convert: definition.unit === 'ms/op' ? milliseconds : same,
      };
    case 'cpu':
      return { series: 'process', convert: same };
    case 'throughput':
      return { series: 'wall', convert: perSecond };
    case 'bytes':
      return { series: 'bytes', convert: same };
    case 'count':
      return { series: 'measured', convert: same };
    default:
      return metric satisfies never;
  }
};

/** The rows of a metric in its unit. */
export const rowsOf = (metric: Metric, definition: Case, measurements: Measurements): number[][] => {
  const { series, convert } = sourceOf(metric, definition, measurements);
  return measurements.rows(series).map((row) => row.map((value) => convert(value)));
};
