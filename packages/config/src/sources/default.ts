import type { Candidate } from '../provenance.ts';
import type { SettingNode } from '../setting-tree.ts';
import type { Layer } from './layer.ts';

/** The lowest layer: what the schema says. */
export const defaultLayer = (settings: readonly SettingNode[]): Layer => {
  const candidates = new Map<string, Candidate>();
  for (const node of settings)
    if (node.default !== undefined) candidates.set(node.path, { raw: node.default, source: { kind: 'default' } });
  return { candidates, unknown: [], issues: [] };
};
