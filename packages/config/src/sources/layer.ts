import { isError, type Issue } from '../issue.ts';
import { isRecord } from '../parse/list.ts';
import { candidateOf, type Candidate, type Source } from '../provenance.ts';
import type { SettingNode } from '../setting-tree.ts';

/** A name in some source that belongs to no setting. Its value is never kept. */
export interface UnknownName {
  readonly code: 'UNKNOWN_KEY' | 'UNKNOWN_ENV';
  readonly name: string;
  readonly source: Source;
}

/** What one source says: raw values by path, names nobody knows, and what was wrong with the source itself. */
export interface Layer {
  readonly candidates: ReadonlyMap<string, Candidate>;
  readonly unknown: readonly UnknownName[];
  readonly issues: readonly Issue[];
}

/** The settings a source may speak of. */
export interface KnownSettings {
  readonly byPath: ReadonlyMap<string, SettingNode>;
  readonly groups: ReadonlySet<string>;
}

/** A layer out of nested data: a profile, a file, explicit options. Own enumerable keys only; `undefined` counts as absent. */
export const layerOfData = (
  known: KnownSettings,
  data: unknown,
  sourceOf: (keys: readonly string[]) => Source,
): Layer => {
  const candidates = new Map<string, Candidate>();
  const unknown: UnknownName[] = [];
  const issues: Issue[] = [];
  const walk = (value: unknown, keys: readonly string[]): void => {
    if (!isRecord(value)) {
      issues.push(notAGroup(keys, sourceOf(keys)));
      return;
    }
    for (const [key, child] of Object.entries(value)) {
      if (child === undefined) continue;
      const childKeys = [...keys, key];
      const path = childKeys.join('.');
      const node = known.byPath.get(path);
      if (node !== undefined) candidates.set(path, candidateOf(node, child, sourceOf(childKeys)));
      else if (known.groups.has(path)) walk(child, childKeys);
      else unknown.push({ code: 'UNKNOWN_KEY', name: path, source: sourceOf(childKeys) });
    }
  };
  walk(data, []);
  return { candidates, unknown, issues };
};

const notAGroup = (keys: readonly string[], source: Source): Issue => ({
  code: 'INVALID',
  severity: 'error',
  ...(keys.length === 0 ? {} : { path: keys.join('.') }),
  source,
  message: keys.length === 0 ? 'is not an object of settings' : 'is a group of settings, not a value',
});

/** A layer that could not be read at all. */
export const brokenLayer = (issue: Issue): Layer => ({ candidates: new Map(), unknown: [], issues: [issue] });

/** Whether the layer may lack values only because its source could not be read. */
export const isBroken = (layer: Layer): boolean => layer.issues.some(isError);
