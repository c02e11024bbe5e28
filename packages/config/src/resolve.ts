import type { TObject } from 'typebox';

import type { Candidate, Problem } from './provenance.ts';
import { readSetting } from './read-setting.ts';
import type { Path, ValueAt, ValuesAt } from './setting-path.ts';
import type { SettingNode } from './setting-tree.ts';
import type { Layer } from './sources/layer.ts';

/** A default that is computed from other settings; anything a layer says about the setting wins over it. */
export interface AnyDerived {
  readonly path: string;
  readonly from: readonly string[];
  /** One sentence: how it is computed. */
  readonly doc: string;
  readonly compute: (...values: never) => unknown;
}

/** A derived default of one schema. */
export interface Derived<S extends TObject> extends AnyDerived {
  readonly path: Path<S>;
  readonly from: readonly Path<S>[];
}

/** A derived default whose `compute` receives the values of `from`, in that order and typed; `undefined` gives no default. */
export const defineDerived = <S extends TObject, const P extends Path<S>, const N extends readonly Path<S>[]>(
  _schema: S,
  derived: {
    readonly path: P;
    readonly from: N;
    readonly doc: string;
    readonly compute: (...values: ValuesAt<S, N>) => ValueAt<S, P> | undefined;
  },
): Derived<S> => derived;

/** What became of one setting: its value, or its problem. */
export interface Settled {
  readonly node: SettingNode;
  /** What the layers said, the winner first. */
  readonly candidates: readonly Candidate[];
  /** Absent while the setting is unset or its winner is no value. */
  readonly value?: unknown;
  readonly problem?: Problem;
  /** It has no value because the settings it is derived from have none; they carry the problem. */
  readonly undetermined: boolean;
}

export interface ResolveInput {
  readonly settings: readonly SettingNode[];
  /** In an order in which each follows those it is computed from. */
  readonly derived: readonly AnyDerived[];
  /** From the lowest to the highest. */
  readonly layers: readonly Layer[];
}

/** The state of every setting by path, in the order of declaration. A problem of one never stops the others. */
export const resolveSettings = ({ settings, derived, layers }: ResolveInput): ReadonlyMap<string, Settled> => {
  const settled = new Map<string, Settled>();
  const computed = new Map(derived.map((rule) => [rule.path, rule] as const));
  const byPath = new Map(settings.map((node) => [node.path, node] as const));
  for (const node of settings) {
    // Setting the key now keeps the order of declaration; a derived one is filled in below.
    settled.set(node.path, computed.has(node.path) ? unset(node) : settle(node, candidatesFor(node, layers)));
  }
  for (const rule of derived) {
    const node = byPath.get(rule.path);
    if (node !== undefined) settled.set(node.path, settleDerived(node, rule, { layers, settled }));
  }
  return settled;
};

const unset = (node: SettingNode): Settled => ({ node, candidates: [], undetermined: true });

const candidatesFor = (node: SettingNode, layers: readonly Layer[]): readonly Candidate[] =>
  layers
    .map((layer) => layer.candidates.get(node.path))
    .filter((candidate) => candidate !== undefined)
    .toReversed();

const settle = (node: SettingNode, candidates: readonly Candidate[]): Settled => {
  const [winner] = candidates;
  if (winner === undefined) {
    const problem: Problem = { code: 'MISSING', message: 'is required and has no default' };
    return node.required
      ? { node, candidates, problem, undetermined: false }
      : { node, candidates, undetermined: false };
  }
  if (winner.problem !== undefined) return { node, candidates, problem: winner.problem, undetermined: false };
  const reading = readSetting(node, winner.raw);
  return reading.ok
    ? { node, candidates, value: reading.value, undetermined: false }
    : { node, candidates, problem: reading.problem, undetermined: false };
};

interface DerivationInput {
  readonly layers: readonly Layer[];
  readonly settled: ReadonlyMap<string, Settled>;
}

const settleDerived = (node: SettingNode, rule: AnyDerived, { layers, settled }: DerivationInput): Settled => {
  const stated = candidatesFor(node, layers);
  const inputs = rule.from.map((path) => settled.get(path)).filter((input) => input !== undefined);
  const sound = inputs.every((input) => input.problem === undefined && !input.undetermined);
  if (!sound) return stated.length === 0 ? unset(node) : settle(node, stated);
  return settle(node, [...stated, ...computedCandidate(rule, inputs)]);
};

const computedCandidate = (rule: AnyDerived, inputs: readonly Settled[]): readonly Candidate[] => {
  const source = { kind: 'derived', from: rule.from } as const;
  try {
    const raw: unknown = Reflect.apply(
      rule.compute,
      undefined,
      inputs.map((input) => input.value),
    );
    return raw === undefined ? [] : [{ source, raw }];
  } catch (error) {
    // Name only: the message may repeat a value.
    const message = `its default cannot be computed: ${error instanceof Error ? error.name : typeof error}`;
    return [
      {
        source,
        raw: undefined,
        problem: { code: 'INVALID', message, help: 'correct the derived default in the program' },
      },
    ];
  }
};
