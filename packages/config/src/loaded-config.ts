import { createHash } from 'node:crypto';

import type { Static, TObject } from 'typebox';

import { ConfigDefinitionError } from './errors.ts';
import type { Issue } from './issue.ts';
import type { Profile } from './profiles.ts';
import type { Source } from './provenance.ts';
import type { Settled } from './resolve.ts';
import { Secret } from './secret.ts';
import type { DeepReadonly, Path } from './setting-path.ts';
import type { SettingNode } from './setting-tree.ts';
import type { SettingKind } from './setting.ts';
import { showRange, showValue } from './show.ts';

/** A setting as documentation sees it. */
export interface SettingInfo {
  readonly path: string;
  readonly env: string;
  readonly kind: SettingKind;
  readonly doc: string;
  readonly reason?: string;
  /** The default in words; absent if there is none or it is derived. */
  readonly default?: string;
  /** The inclusive range or the allowed words; empty if there are none. */
  readonly range: string;
}

/** Where the value of a setting came from, and what it overrode; secrets are redacted. */
export interface Explanation {
  readonly path: string;
  readonly value: string;
  /** Absent if the setting is unset. */
  readonly source?: Source;
  /** What lower layers said, the highest of them first. */
  readonly overrode: readonly { readonly value: string; readonly source: Source }[];
  readonly info: SettingInfo;
}

/** A valid configuration: one frozen value and what is known about it. */
export interface LoadedConfig<S extends TObject> {
  readonly value: DeepReadonly<Static<S>>;
  readonly profile: Profile;
  readonly warnings: readonly Issue[];
  /** SHA-256 of all values in hexadecimal; of a secret only whether it is set. Equal configurations have equal fingerprints. */
  readonly fingerprint: string;
  /** Where the value of a setting came from. */
  explain(path: Path<S>): Explanation;
  /** Every setting in the order of declaration. */
  describe(): readonly SettingInfo[];
}

interface Loaded<S extends TObject> {
  readonly value: DeepReadonly<Static<S>>;
  readonly profile: Profile;
  readonly warnings: readonly Issue[];
  readonly fingerprint: string;
  readonly settled: ReadonlyMap<string, Settled>;
}

export const loadedConfig = <S extends TObject>({
  value,
  profile,
  warnings,
  fingerprint,
  settled,
}: Loaded<S>): LoadedConfig<S> =>
  Object.freeze({
    value,
    profile,
    warnings: Object.freeze([...warnings]),
    fingerprint,
    explain: (path: Path<S>) => explain(path, settled.get(path)),
    describe: () => [...settled.values()].map(({ node }) => describeSetting(node)),
  });

const explain = (path: string, entry: Settled | undefined): Explanation => {
  if (entry === undefined) throw new ConfigDefinitionError('the question', [`there is no setting ${path}`]);
  const { node, value, candidates } = entry;
  const [winner, ...lower] = candidates;
  return {
    path,
    value: showValue(node, value),
    ...(winner === undefined ? {} : { source: winner.source }),
    overrode: lower.map(({ raw, source }) => ({ value: showValue(node, raw), source })),
    info: describeSetting(node),
  };
};

const describeSetting = (node: SettingNode): SettingInfo => ({
  path: node.path,
  env: node.env,
  kind: node.meta.kind,
  doc: node.meta.doc,
  ...(node.meta.reason === undefined ? {} : { reason: node.meta.reason }),
  ...(node.default === undefined ? {} : { default: showValue(node, node.default) }),
  range: showRange(node),
});

interface Shape {
  readonly settings: readonly SettingNode[];
  readonly groups: ReadonlySet<string>;
}

/** The values as one nested, deeply frozen object; sections are always there, unset settings are absent. */
export const assembleValue = (shape: Shape, settled: ReadonlyMap<string, Settled>): unknown => {
  const root: Record<string, unknown> = {};
  const sections = new Map<string, Record<string, unknown>>([['', root]]);
  for (const path of shape.groups) {
    const section: Record<string, unknown> = {};
    sections.set(path, section);
    put(sections, path, section);
  }
  for (const { node, value } of settled.values()) if (value !== undefined) put(sections, node.path, deepFreeze(value));
  for (const section of sections.values()) Object.freeze(section);
  return root;
};

const put = (sections: ReadonlyMap<string, Record<string, unknown>>, path: string, value: unknown): void => {
  const dot = path.lastIndexOf('.');
  const section = sections.get(path.slice(0, Math.max(dot, 0)));
  if (section !== undefined) section[path.slice(dot + 1)] = value;
};

const deepFreeze = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  for (const child of Object.values(value)) deepFreeze(child);
  return Object.freeze(value);
};

/** SHA-256 over path and value of every setting, in the order of the paths. */
export const fingerprintOf = (settled: ReadonlyMap<string, Settled>): string => {
  const lines = [...settled.values()].map(({ node, value }) => `${node.path}=${canonical(value)}`).toSorted();
  return createHash('sha256').update(lines.join('\n')).digest('hex');
};

const canonical = (value: unknown): string => {
  if (value === undefined) return 'unset';
  if (value instanceof Secret) return 'set';
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const entries = Object.entries(value).map(([name, child]) => `${JSON.stringify(name)}:${canonical(child)}`);
  return `{${entries.toSorted().join(',')}}`;
};
