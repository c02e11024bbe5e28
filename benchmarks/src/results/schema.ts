/**
 * The canonical form of the results of a run. Every other format is derived from it. `formatVersion` rises with an
 * incompatible change.
 */
import { Type, type Static } from 'typebox';

/** What kind of noise a case meets; an A/A case of each class that ran measures it (BM-11). */
export const CaseClass = Type.Enum(['memory-sync', 'memory-async', 'postgres', 'kafka', 'process', 'system']);
export type CaseClass = Static<typeof CaseClass>;

export const Unit = Type.Enum(['ns/op', 'ms/op', 'ops/s', 'records/s', 'B/op', 'B', 'count']);
export type Unit = Static<typeof Unit>;

/** Which of two values is the better one. */
export const Direction = Type.Enum(['smaller', 'bigger']);
export type Direction = Static<typeof Direction>;

const Metric = Type.Enum(['time', 'cpu', 'throughput', 'bytes', 'count']);

/** What an arm took, over all its visits. `p50`, `p99` and `mad`, the median deviation, are in the unit of the case. */
const ArmResult = Type.Object({
  name: Type.String(),
  role: Type.Enum(['ours', 'bare', 'peer', 'baseline', 'prev', 'base']),
  package: Type.Optional(Type.String()),
  options: Type.Optional(Type.String()),
  p50: Type.Number(),
  p99: Type.Number(),
  mad: Type.Number(),
  /** By the wall clock. Absent where the case measures itself. */
  operationsPerSecond: Type.Optional(Type.Number()),
  /** CPU of the thread; and of the process, the collector's threads included (BM-13). */
  cpuNanosPerOp: Type.Optional(Type.Number()),
  processCpuNanosPerOp: Type.Optional(Type.Number()),
  bytesPerOp: Type.Optional(Type.Number()),
  /** Visits. */
  samples: Type.Integer(),
  caveat: Type.Optional(Type.String()),
});
export type ArmResult = Static<typeof ArmResult>;

const Comparison = Type.Object({
  ours: Type.String(),
  reference: Type.String(),
  metric: Metric,
  /** Ours / reference, with its 95 % interval. */
  ratio: Type.Number(),
  lower: Type.Number(),
  upper: Type.Number(),
  rounds: Type.Integer(),
  verdict: Type.Enum(['faster', 'slower', 'within noise']),
});
export type Comparison = Static<typeof Comparison>;

const TargetResult = Type.Object({
  ours: Type.String(),
  reference: Type.String(),
  metric: Metric,
  kind: Type.Enum(['ratio', 'difference', 'absolute']),
  bound: Type.Number(),
  per: Type.Optional(Type.String()),
  over: Type.Optional(Type.String()),
  note: Type.Optional(Type.String()),
  value: Type.Number(),
  lower: Type.Number(),
  upper: Type.Number(),
  status: Type.Enum(['pass', 'marginal', 'fail']),
  /** The same figure with a peer in the place of ours. */
  peers: Type.Array(Type.Object({ name: Type.String(), value: Type.Number() })),
});
export type TargetResult = Static<typeof TargetResult>;

/** Cases of one id differ in title and parameters. A voided case makes no claim: it has a reason and no figures. */
const CaseResult = Type.Object({
  id: Type.String(),
  title: Type.String(),
  requirements: Type.Array(Type.String()),
  class: CaseClass,
  unit: Unit,
  direction: Direction,
  parameters: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()])),
  durationMs: Type.Number(),
  arms: Type.Array(ArmResult),
  comparisons: Type.Array(Comparison),
  targets: Type.Array(TargetResult),
  /** [round][arm], in the order of `arms`: the values that were judged, in the unit of the case. */
  rounds: Type.Array(Type.Array(Type.Number())),
  voided: Type.Optional(Type.String()),
});
export type CaseResult = Static<typeof CaseResult>;

const Floor = Type.Object({ class: CaseClass, deltaRatio: Type.Number(), rounds: Type.Integer() });
export type Floor = Static<typeof Floor>;

const Source = Type.Object({
  commit: Type.String(),
  committedAt: Type.String(),
  branch: Type.String(),
  dirty: Type.Boolean(),
});
export type Source = Static<typeof Source>;

const Machine = Type.Object({
  cpuModel: Type.String(),
  cores: Type.Integer(),
  governor: Type.Optional(Type.String()),
  virtualized: Type.Boolean(),
  memoryBytes: Type.Integer(),
  os: Type.String(),
  kernel: Type.String(),
  /** Load average of a minute. */
  loadBefore: Type.Number(),
  loadAfter: Type.Number(),
  /** Equal on machines whose absolute values may be compared. */
  fingerprint: Type.String(),
});
export type Machine = Static<typeof Machine>;

const Runtime = Type.Object({ node: Type.String(), v8: Type.String(), flags: Type.Array(Type.String()) });
export type Runtime = Static<typeof Runtime>;

export const Results = Type.Object({
  formatVersion: Type.Literal(1),
  runId: Type.String(),
  purpose: Type.Enum(['local', 'history', 'gate', 'scale', 'soak']),
  startedAt: Type.String(),
  durationMs: Type.Number(),
  /** The machine had other work: not for history (BM-6). */
  noisy: Type.Boolean(),
  source: Source,
  machine: Machine,
  runtime: Runtime,
  /** Versions of what was measured, by package. */
  packages: Type.Record(Type.String(), Type.String()),
  floors: Type.Array(Floor),
  cases: Type.Array(CaseResult),
});
export type Results = Static<typeof Results>;
