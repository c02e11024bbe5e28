/** From the measurements of a case to its result, pure. */
import type { ArmResult, CaseResult, Comparison } from '../results/schema.ts';
import { type BootstrapOptions, compare, median, medianDeviation, quantile, verdictOf } from './compare.ts';
import type { Arm, Case } from './define-case.ts';
import { judgeTarget } from './judge.ts';
import { type Measurements, metricOfUnit, rowsOf, sourceOf } from './measurements.ts';
import type { Series } from './round-message.ts';

const NANOS_PER_SECOND = 1e9;
const P99 = 0.99;

export interface Judgement extends BootstrapOptions {
  /** The A/A floor of the class of the case. */
  readonly floor: number;
}

const summarizeArm = (arm: Arm, index: number, { definition, measurements }: Summarized): ArmResult => {
  const metric = metricOfUnit(definition);
  const { series, convert } = sourceOf(metric, definition, measurements);
  // The judged CPU time has a column of its own; the distribution shown is that of the wall clock.
  const shown = measurements.readings(series === 'thread' ? 'wall' : series, index).map((value) => convert(value));
  const medianOf = (name: Series): number | undefined =>
    measurements.has(name) ? median(measurements.readings(name, index)) : undefined;
  const wall = medianOf('wall');
  const figures = {
    cpuNanosPerOp: medianOf('thread'),
    processCpuNanosPerOp: medianOf('process'),
    bytesPerOp: medianOf('bytes'),
  };
  return {
    name: arm.name,
    role: arm.role,
    ...(arm.package === undefined ? {} : { package: arm.package }),
    ...(arm.options === undefined ? {} : { options: arm.options }),
    p50: median(shown),
    p99: quantile(shown, P99),
    mad: medianDeviation(shown),
    ...(wall === undefined ? {} : { operationsPerSecond: NANOS_PER_SECOND / wall }),
    ...defined(figures),
    samples: shown.length,
    ...(arm.caveat === undefined ? {} : { caveat: arm.caveat }),
  };
};

/** Without the keys that have no value. */
const defined = <K extends string>(figures: Readonly<Record<K, number | undefined>>): { [key in K]?: number } => {
  const kept: { [key in K]?: number } = {};
  for (const key in figures) if (figures[key] !== undefined) kept[key] = figures[key];
  return kept;
};

/** Ours against every other arm, where the unit is one that can be faster; an arm that is but a unit is left out. */
const compareArms = ({ definition, measurements }: Summarized, judgement: Judgement): Comparison[] => {
  const metric = metricOfUnit(definition);
  if (metric !== 'time' && metric !== 'throughput') return [];
  const rows = rowsOf(metric, definition, measurements);
  const { arms, targets, direction } = definition;
  const isUnit = (name: string): boolean =>
    targets.some(({ per }) => per === name) && !targets.some(({ reference }) => reference === name);
  const pairs = [...arms.entries()]
    .filter(([, arm]) => arm.role === 'ours')
    .flatMap(([ours]) =>
      [...arms.entries()]
        .filter(([, arm]) => arm.role !== 'ours' && !isUnit(arm.name))
        .map(([reference]) => [ours, reference] as const),
    );
  return pairs.map(([ours, reference]) => {
    const result = compare(
      rows.map((row) => [row[ours] ?? Number.NaN, row[reference] ?? Number.NaN] as const),
      judgement,
    );
    return {
      ours: arms[ours]?.name ?? '',
      reference: arms[reference]?.name ?? '',
      metric,
      ratio: result.ratio,
      lower: result.lower,
      upper: result.upper,
      rounds: rows.length,
      verdict: verdictOf(result, judgement.floor, direction),
    };
  });
};

export interface Summarized {
  readonly definition: Case;
  readonly measurements: Measurements;
}

const describe = ({ id, title, requirements, class: caseClass, unit, direction, parameters }: Case) => ({
  id,
  title,
  requirements: [...requirements],
  class: caseClass,
  unit,
  direction,
  parameters: { ...parameters },
});

/** The result of a case. @throws RangeError if a figure is not a number, as with a reference of nothing */
export const summarize = (summarized: Summarized, judgement: Judgement, durationMs: number): CaseResult => {
  const { definition, measurements } = summarized;
  return {
    ...describe(definition),
    durationMs,
    arms: definition.arms.map((arm, index) => summarizeArm(arm, index, summarized)),
    comparisons: compareArms(summarized, judgement),
    targets: definition.targets.map((target) =>
      judgeTarget(target, definition, { ...judgement, rowsOf: (metric) => rowsOf(metric, definition, measurements) }),
    ),
    rounds: rowsOf(metricOfUnit(definition), definition, measurements),
  };
};

/** A case that makes no claim. */
export const voidedResult = (definition: Case, reason: string, durationMs: number): CaseResult => ({
  ...describe(definition),
  durationMs,
  arms: [],
  comparisons: [],
  targets: [],
  rounds: [],
  voided: reason,
});
