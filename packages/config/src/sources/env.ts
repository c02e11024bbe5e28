import { configFileVariableOf, fileVariableOf, profileVariableOf } from '../env-names.ts';
import { candidateOf, type Candidate, type Source } from '../provenance.ts';
import type { SettingNode } from '../setting-tree.ts';
import type { Layer } from './layer.ts';
import type { ReadFile } from './read-file.ts';
import { secretFileCandidate } from './secret-file.ts';

/** Variables by name, as `process.env` has them. */
export type Variables = Readonly<Record<string, string | undefined>>;

export interface VariableReader {
  readonly settings: readonly SettingNode[];
  readonly prefix: string;
  readonly readFile: ReadFile;
  readonly variables: Variables;
  readonly sourceOf: (env: string) => Source;
}

/**
 * What variables say. Blank is unset; `X_FILE` names a file that holds the value of `X`, and both together are refused.
 * Further names under the prefix are unknown, since a misspelt variable would otherwise be ignored in silence.
 */
export const variablesLayer = (reader: VariableReader): Layer => {
  const candidates = new Map<string, Candidate>();
  for (const node of reader.settings) {
    const candidate = ownCandidate(reader, node) ?? fallbackCandidate(reader, node);
    if (candidate !== undefined) candidates.set(node.path, candidate);
  }
  const unknown = unknownVariables(reader).map(
    (name) => ({ code: 'UNKNOWN_ENV', name, source: reader.sourceOf(name) }) as const,
  );
  return { candidates, unknown, issues: [] };
};

/** The environment of the process. */
export const envLayer = (reader: Omit<VariableReader, 'sourceOf'>): Layer =>
  variablesLayer({ ...reader, sourceOf: (name) => ({ kind: 'env', name }) });

const present = (text: string | undefined): text is string => text !== undefined && text.trim() !== '';

const ownCandidate = (reader: VariableReader, node: SettingNode): Candidate | undefined => {
  const fileVariable = fileVariableOf(node.env);
  const text = reader.variables[node.env];
  const path = reader.variables[fileVariable];
  if (present(text) && present(path)) {
    const message = `both ${node.env} and ${fileVariable} are set`;
    return {
      source: reader.sourceOf(node.env),
      raw: undefined,
      problem: { code: 'AMBIGUOUS', message, help: 'remove one of them' },
    };
  }
  if (present(path)) return secretFileCandidate(node, { path, env: fileVariable }, reader.readFile);
  return present(text) ? candidateOf(node, text, reader.sourceOf(node.env)) : undefined;
};

const fallbackCandidate = (reader: VariableReader, node: SettingNode): Candidate | undefined => {
  for (const name of node.meta.envFallback ?? []) {
    const text = reader.variables[name];
    if (present(text)) return candidateOf(node, text, reader.sourceOf(name));
  }
  return undefined;
};

const unknownVariables = ({ settings, prefix, variables }: VariableReader): readonly string[] => {
  const known = new Set([profileVariableOf(prefix), configFileVariableOf(prefix)]);
  for (const node of settings) known.add(node.env).add(fileVariableOf(node.env));
  const names = Object.keys(variables).filter(
    (name) => name.startsWith(`${prefix}_`) && present(variables[name]) && !known.has(name),
  );
  return names.toSorted();
};
