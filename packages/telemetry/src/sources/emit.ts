import type { ObservableName } from '../catalog/metrics.ts';

/** Takes one point; an undefined value means that the statistics do not have the field, and nothing is exported. */
export type Emit = (
  metric: ObservableName,
  value: number | undefined,
  attributes: Readonly<Record<string, string>>,
) => void;

/** The statistics of one instance as points. The name is the one its series are keyed by. */
export type Source = (stats: unknown, name: string, emit: Emit) => void;
