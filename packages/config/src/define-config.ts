import type { TObject } from 'typebox';

import { configFileVariableOf, fileVariableOf, profileVariableOf } from './env-names.ts';
import { ConfigDefinitionError } from './errors.ts';
import { ISSUE_CODES } from './issue.ts';
import { PROFILES, type Profile } from './profiles.ts';
import { readSetting } from './read-setting.ts';
import type { AnyDerived, Derived } from './resolve.ts';
import type { AnyRule, Rule } from './rules.ts';
import type { DeepPartialInput } from './setting-path.ts';
import { readSettingTree, type SettingNode, type SettingTree } from './setting-tree.ts';
import type { SettingKind } from './setting.ts';
import { layerOfData, type KnownSettings } from './sources/layer.ts';

export interface ConfigInput<S extends TObject> {
  /** Sections and settings, made with `Setting`. */
  readonly schema: S;
  /** First word of every variable. Default: `BUSBAR`. */
  readonly prefix?: string;
  /** What each profile changes of the defaults. */
  readonly profiles?: Partial<Record<Profile, DeepPartialInput<S>>>;
  readonly rules?: readonly Rule<S>[];
  readonly derived?: readonly Derived<S>[];
}

/** A definition without its type: what the loader works on. */
export interface AnyDefinition extends KnownSettings {
  readonly prefix: string;
  readonly settings: readonly SettingNode[];
  readonly profiles: Partial<Record<Profile, unknown>>;
  readonly rules: readonly AnyRule[];
  /** Each after those it is computed from. */
  readonly derived: readonly AnyDerived[];
}

/** Settings, rules and profiles that have been checked once and can be loaded many times. */
export interface ConfigDefinition<S extends TObject> extends AnyDefinition {
  readonly schema: S;
}

const PREFIX = /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$/u;
const SUFFIXES = [
  ['durationMs', 'Ms'],
  ['sizeBytes', 'Bytes'],
  ['ratio', 'Ratio'],
] as const satisfies readonly (readonly [SettingKind, string])[];

/**
 * Checks a definition and makes it loadable.
 * @throws {@link ConfigDefinitionError} with every contradiction in it.
 */
export const defineConfig = <S extends TObject>(input: ConfigInput<S>): ConfigDefinition<S> => {
  const prefix = input.prefix ?? 'BUSBAR';
  const tree = readSettingTree(input.schema, prefix);
  const byPath = new Map(tree.settings.map((node) => [node.path, node] as const));
  const derived = input.derived ?? [];
  const order = derivationOrder(derived);
  const definition: ConfigDefinition<S> = {
    schema: input.schema,
    prefix,
    settings: withoutDerivedRequirement(tree.settings, derived),
    groups: tree.groups,
    byPath,
    profiles: input.profiles ?? {},
    rules: input.rules ?? [],
    derived: order.sorted,
  };
  const problems = [
    ...(PREFIX.test(prefix) ? [] : [`the prefix ${JSON.stringify(prefix)} is not in upper snake case`]),
    ...tree.problems,
    ...tree.settings.flatMap(settingProblems),
    ...variableProblems(tree, prefix),
    ...ruleProblems(definition),
    ...derivedProblems(derived, byPath),
    ...order.cycles.map((path) => `${path}: its derived default depends on itself`),
    ...PROFILES.flatMap((profile) => profileProblems(definition, profile)),
  ];
  if (problems.length > 0) throw new ConfigDefinitionError('the configuration', problems);
  return Object.freeze(definition);
};

/** A setting with a derived default is required like any other, but never missing by itself. */
const withoutDerivedRequirement = (
  settings: readonly SettingNode[],
  derived: readonly AnyDerived[],
): readonly SettingNode[] => {
  const computed = new Set(derived.map((rule) => rule.path));
  return settings.map((node) => (computed.has(node.path) ? { ...node, required: false } : node));
};

const settingProblems = (node: SettingNode): readonly string[] => {
  const problems: string[] = [];
  for (const [kind, suffix] of SUFFIXES) {
    const named = node.path.endsWith(suffix) || node.keys.at(-1) === suffix.toLowerCase();
    if (node.meta.kind === kind && !named)
      problems.push(`${node.path}: the name of a ${kind} setting ends in ${suffix}`);
    if (node.meta.kind !== kind && node.path.endsWith(suffix) && node.meta.kind !== 'number')
      problems.push(`${node.path}: a setting whose name ends in ${suffix} is built with Setting.${kind}`);
  }
  if (node.default === undefined) return problems;
  const reading = readSetting(node, node.default);
  return reading.ok ? problems : [...problems, `${node.path}: its default ${reading.problem.message}`];
};

const variableProblems = (tree: SettingTree, prefix: string): readonly string[] => {
  const owners = new Map<string, string>([
    [profileVariableOf(prefix), 'the profile'],
    [configFileVariableOf(prefix), 'the list of files'],
  ]);
  return tree.settings.flatMap((node) => {
    const names = [node.env, fileVariableOf(node.env)];
    const taken = names.find((name) => owners.has(name));
    if (taken !== undefined) return `${node.path}: its variable ${taken} belongs to ${owners.get(taken)}`;
    for (const name of names) owners.set(name, node.path);
    return [];
  });
};

const ruleProblems = (definition: AnyDefinition): readonly string[] =>
  definition.rules.flatMap((rule) => [
    ...(ISSUE_CODES.has(rule.code) ? [`rule ${rule.code}: the code is taken`] : []),
    ...rule.needs
      .filter((path) => !definition.byPath.has(path))
      .map((path) => `rule ${rule.code}: there is no setting ${path}`),
  ]);

const derivedProblems = (
  derived: readonly AnyDerived[],
  byPath: ReadonlyMap<string, SettingNode>,
): readonly string[] => {
  const seen = new Set<string>();
  return derived.flatMap((rule) => {
    const problems = [rule.path, ...rule.from]
      .filter((path) => !byPath.has(path))
      .map((path) => `derived ${rule.path}: there is no setting ${path}`);
    if (byPath.get(rule.path)?.default !== undefined)
      problems.push(`derived ${rule.path}: the setting has a default of its own`);
    if (seen.has(rule.path)) problems.push(`derived ${rule.path}: is computed twice`);
    seen.add(rule.path);
    return problems;
  });
};

const profileProblems = (definition: AnyDefinition, profile: Profile): readonly string[] => {
  const data = definition.profiles[profile];
  if (data === undefined) return [];
  const layer = layerOfData(definition, data, () => ({ kind: 'profile', name: profile }));
  const problems = layer.unknown.map(({ name }) => `profile ${profile}: there is no setting ${name}`);
  for (const issue of layer.issues) problems.push(`profile ${profile}: ${issue.path ?? 'it'} ${issue.message}`);
  for (const [path, candidate] of layer.candidates) {
    const node = definition.byPath.get(path);
    const reading = node === undefined ? undefined : readSetting(node, candidate.raw);
    if (reading?.ok === false) problems.push(`profile ${profile}: ${path} ${reading.problem.message}`);
  }
  return problems;
};

/** Depth first, so that each derived default follows those it is computed from. */
const derivationOrder = (
  derived: readonly AnyDerived[],
): { sorted: readonly AnyDerived[]; cycles: readonly string[] } => {
  const byPath = new Map(derived.map((rule) => [rule.path, rule] as const));
  const sorted: AnyDerived[] = [];
  const cycles: string[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const visit = (rule: AnyDerived): void => {
    if (state.get(rule.path) === 'open') cycles.push(rule.path);
    if (state.has(rule.path)) return;
    state.set(rule.path, 'open');
    for (const path of rule.from) {
      const dependency = byPath.get(path);
      if (dependency !== undefined) visit(dependency);
    }
    state.set(rule.path, 'done');
    sorted.push(rule);
  };
  for (const rule of derived) visit(rule);
  return { sorted, cycles };
};
