import { Format } from 'typebox/format';

import { isStandardSchema } from './event-schema.ts';
import type { Issue } from './issue.ts';
import { isJsonObject } from './json-object.ts';
import { childrenOf, kindOf, type SchemaNode } from './schema-node.ts';
import { isClosableIntersection } from './schema-variants.ts';

/** TypeBox kinds of values that JSON does not have. */
const NOT_JSON: ReadonlySet<string> = new Set([
  'BigInt',
  'Symbol',
  'Function',
  'Constructor',
  'Undefined',
  'Void',
  'Promise',
  'Iterator',
  'AsyncIterator',
  'Date',
  'Uint8Array',
]);

/** What keeps a schema from describing JSON (rule T1), every problem at once; paths lead into the schema. */
export function schemaProblems(schema: unknown): readonly Issue[] {
  if (isStandardSchema(schema)) return [];
  if (!isJsonObject(schema)) return [{ path: '', message: 'must be a TypeBox schema or a Standard Schema' }];
  const problems: Issue[] = [];
  collectProblems(schema, '', problems);
  return problems;
}

function collectProblems(node: SchemaNode, path: string, problems: Issue[]): void {
  const problem = nodeProblem(node);
  if (problem !== undefined) problems.push({ path, message: problem });
  for (const [step, child] of childrenOf(node)) collectProblems(child, path + step, problems);
}

function nodeProblem(node: SchemaNode): string | undefined {
  const kind = kindOf(node);
  if (kind !== undefined && NOT_JSON.has(kind)) return `has kind ${kind}, which JSON does not have`;
  if (typeof node['const'] === 'bigint') return 'is a BigInt literal, which JSON does not have';
  const format = node['format'];
  if (typeof format === 'string' && !Format.Has(format))
    return `has the unknown format "${format}", which would not be checked`;
  return undefined;
}

/** Kinds that both variants understand; inside any other construct the writer does not refuse unknown properties. */
const CLOSABLE: ReadonlySet<string> = new Set([
  'Any',
  'Array',
  'Boolean',
  'Cyclic',
  'Enum',
  'Integer',
  'Intersect',
  'Literal',
  'Never',
  'Null',
  'Number',
  'Object',
  'Record',
  'Ref',
  'String',
  'TemplateLiteral',
  'Tuple',
  'Union',
  'Unknown',
]);

/** Where a schema stays open for the writer as well; paths lead into the schema. */
export function openConstructs(schema: unknown): readonly string[] {
  return isStandardSchema(schema) || !isJsonObject(schema) ? [] : [...openPaths(schema, '')];
}

function* openPaths(node: SchemaNode, path: string): Iterable<string> {
  const kind = kindOf(node);
  const closable = kind === 'Intersect' ? isClosableIntersection(node) : kind !== undefined && CLOSABLE.has(kind);
  if (!closable) yield path;
  else if (kind !== 'Never') for (const [step, child] of childrenOf(node)) yield* openPaths(child, path + step);
}
