import { parseEnv } from 'node:util';

import { variablesLayer, type VariableReader } from './env.ts';
import { brokenLayer, type Layer } from './layer.ts';
import { readText } from './read-file.ts';

const MAX_ENV_FILE_BYTES = 1_048_576;

/** A file of variables in the format of Node's `--env-file`; it is read only where the caller names it. */
export const envFileLayer = (reader: Omit<VariableReader, 'sourceOf' | 'variables'>, path: string): Layer => {
  const content = readText(reader.readFile, path, MAX_ENV_FILE_BYTES);
  if (!content.ok) {
    return brokenLayer({
      code: 'FILE_UNREADABLE',
      severity: 'error',
      source: { kind: 'file', name: path },
      message: content.message,
    });
  }
  const lines = linesOf(content.text);
  return variablesLayer({
    ...reader,
    variables: parseEnv(content.text),
    sourceOf: (env) => ({ kind: 'env-file', name: path, line: lines.get(env) ?? 1, env }),
  });
};

/** The last line that assigns each variable: of several assignments the last one holds. */
const linesOf = (text: string): ReadonlyMap<string, number> => {
  const lines = new Map<string, number>();
  for (const [index, line] of text.split('\n').entries()) {
    const name = /^\s*(?:export\s+)?(\w+)\s*=/u.exec(line)?.[1];
    if (name !== undefined) lines.set(name, index + 1);
  }
  return lines;
};
