import type { Issue } from '../issue.ts';
import { lineKeyOf, scanJson } from '../json-scanner.ts';
import type { Source } from '../provenance.ts';
import { brokenLayer, layerOfData, type KnownSettings, type Layer } from './layer.ts';
import { readText, type ReadFile } from './read-file.ts';

/** A JSON file, or data that the caller has read itself (YAML, a module) under a name for the messages. */
export type FileSource = string | URL | { readonly name: string; readonly data: unknown };

const MAX_FILE_BYTES = 1_048_576;

const isPath = (file: FileSource): file is string | URL => typeof file === 'string' || file instanceof URL;

/** One configuration file: JSON of at most 1 MiB and 16 levels. */
export const fileLayer = (known: KnownSettings, file: FileSource, readFile: ReadFile): Layer => {
  if (!isPath(file)) return layerOfData(known, file.data, () => ({ kind: 'file', name: file.name }));
  const name = String(file);
  const content = readText(readFile, file, MAX_FILE_BYTES);
  if (!content.ok) return brokenLayer(fileIssue('FILE_UNREADABLE', { kind: 'file', name }, content.message));
  const json = scanJson(content.text);
  if (!json.ok)
    return brokenLayer(
      fileIssue(json.code, { kind: 'file', name, line: json.line }, `column ${json.column}: ${json.message}`),
    );
  return layerOfData(known, json.value, (keys) => sourceAt(name, json.lines.get(lineKeyOf(keys))));
};

const sourceAt = (name: string, line: number | undefined): Source =>
  line === undefined ? { kind: 'file', name } : { kind: 'file', name, line };

const fileIssue = (
  code: 'FILE_UNREADABLE' | 'FILE_SYNTAX' | 'FILE_DUPLICATE_KEY',
  source: Source,
  message: string,
): Issue => ({
  code,
  severity: 'error',
  source,
  message,
});
