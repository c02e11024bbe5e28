/** Whether a case keeps its targets (BM-12), pure. */
import type { TargetResult } from '../results/schema.ts';
import { type BootstrapOptions, type Estimate, estimateMedian, median } from './compare.ts';
import type { Case, Target } from './define-case.ts';
import type { Metric } from './measurements.ts';

export type Rows = readonly (readonly number[])[];
export type RowsOfMetric = (metric: Metric) => Rows;

/** Names the estimate and the bound whether a bigger value is the better one. */
const isBiggerBetter = (target: Target, definition: Pick<Case, 'direction'>): boolean =>
  target.metric === 'throughput' || (target.metric === 'count' && definition.direction === 'bigger');

/** The estimate must meet the bound, and for a pass so must the end of its interval on the far side. */
export const statusOf = (
  { value, lower, upper }: Estimate,
  bound: number,
  biggerIsBetter: boolean,
): TargetResult['status'] => {
  const [meets, surelyMeets] = biggerIsBetter ? [value >= bound, lower >= bound] : [value <= bound, upper <= bound];
  if (!meets) return 'fail';
  return surelyMeets ? 'pass' : 'marginal';
};

/** What a target speaks of, in one row, with another arm in the place of ours where one is named. */
const figureIn = (
  row: readonly number[],
  target: Target,
  arms: { names: readonly string[]; ours?: string },
): number => {
  const at = (name: string): number => row[arms.names.indexOf(name)] ?? Number.NaN;
  const ours = at(arms.ours ?? target.ours);
  const unit = target.per === undefined ? 1 : at(target.per);
  const over = target.over === undefined ? 0 : at(target.over);
  switch (target.kind) {
    case 'ratio':
      return (ours - over) / (at(target.reference) - over);
    case 'difference':
      return (ours - at(target.reference)) / unit;
    case 'absolute':
      return ours / unit;
    default:
      return target.kind satisfies never;
  }
};

/** The same figure of every peer, to stand beside ours. */
const peerFigures = (rows: Rows, target: Target, definition: Case): { name: string; value: number }[] => {
  const names = definition.arms.map((arm) => arm.name);
  return definition.arms
    .filter(({ role, name }) => role === 'peer' && name !== target.ours && name !== target.reference)
    .map(({ name }) => ({ name, value: median(rows.map((row) => figureIn(row, target, { names, ours: name }))) }));
};

/** Judges one target. @throws RangeError if there is nothing measured that it could be judged on */
export const judgeTarget = (
  target: Target,
  definition: Case,
  { rowsOf, ...bootstrap }: BootstrapOptions & { readonly rowsOf: RowsOfMetric },
): TargetResult => {
  const rows = rowsOf(target.metric);
  const names = definition.arms.map((arm) => arm.name);
  if (rows.length === 0)
    throw new RangeError(`a target on ${target.metric}, of which nothing is measured in this case`);
  const estimate = estimateMedian(
    rows.map((row) => figureIn(row, target, { names })),
    bootstrap,
  );
  const { ours, reference, metric, kind, bound, per, over, note } = target;
  return {
    ours,
    reference,
    metric,
    kind,
    bound,
    ...(per === undefined ? {} : { per }),
    ...(over === undefined ? {} : { over }),
    ...(note === undefined ? {} : { note }),
    ...estimate,
    status: statusOf(estimate, bound, isBiggerBetter(target, definition)),
    peers: peerFigures(rows, target, definition),
  };
};
