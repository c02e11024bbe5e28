/*
 * A TypeBox schema seen as what it is at run time: JSON Schema keywords, and hidden `~kind` and `~refine` that a spread
 * would lose. Reading and rebuilding live here, so that the rules (schema-rules.ts) and the variants (schema-variants.ts)
 * agree on where a schema has children.
 */
import { pointerStep } from './issue.ts';
import { isJsonObject } from './json-object.ts';

/** One schema object, with its keywords as untyped entries. */
export type SchemaNode = Readonly<Record<string, unknown>>;

export interface Refinement {
  check(value: unknown): boolean;
  error(value: unknown): string;
}

/** Keywords whose value is one schema, a list of schemas, or a map of names to schemas. */
const SINGLE = [
  'items',
  'additionalItems',
  'additionalProperties',
  'contains',
  'propertyNames',
  'not',
  'if',
  'then',
  'else',
  'unevaluatedItems',
  'unevaluatedProperties',
] as const;
const LISTS = ['items', 'prefixItems', 'anyOf', 'oneOf', 'allOf'] as const;
const MAPS = ['properties', 'patternProperties', '$defs', 'dependentSchemas'] as const;

/** The TypeBox kind; undefined for plain JSON Schema. */
export function kindOf(node: SchemaNode): string | undefined {
  const kind = node['~kind'];
  return typeof kind === 'string' ? kind : undefined;
}

const isRefinement = (value: unknown): value is Refinement =>
  isJsonObject(value) && typeof value['check'] === 'function' && typeof value['error'] === 'function';

/** The checks that `Type.Refine` attached to this node. */
export function refinementsOf(node: SchemaNode): readonly Refinement[] {
  const list = node['~refine'];
  return Array.isArray(list) ? list.filter((entry) => isRefinement(entry)) : [];
}

/** The schemas directly below a node, each with the JSON pointer that leads to it. */
export function* childrenOf(node: SchemaNode): Iterable<readonly [path: string, child: SchemaNode]> {
  for (const keyword of SINGLE) {
    const child = node[keyword];
    if (isJsonObject(child)) yield [pointerStep(keyword), child];
  }
  for (const keyword of LISTS) {
    const list = node[keyword];
    if (!Array.isArray(list)) continue;
    for (const [index, child] of list.entries()) if (isJsonObject(child)) yield [`/${keyword}/${index}`, child];
  }
  for (const keyword of MAPS) {
    const map = node[keyword];
    if (!isJsonObject(map)) continue;
    for (const [name, child] of Object.entries(map))
      if (isJsonObject(child)) yield [`/${keyword}${pointerStep(name)}`, child];
  }
}

/** A copy of a node, hidden properties included, with some keywords replaced; `undefined` removes a keyword. */
export function rebuilt(node: SchemaNode, changes: Readonly<Record<string, unknown>>): SchemaNode {
  const copy: Record<string, unknown> = Object.defineProperties({}, Object.getOwnPropertyDescriptors(node));
  for (const [keyword, value] of Object.entries(changes)) {
    if (value === undefined) delete copy[keyword];
    else
      Object.defineProperty(copy, keyword, {
        value,
        enumerable: !keyword.startsWith('~'),
        configurable: true,
        writable: true,
      });
  }
  return copy;
}

/** The same names with other schemas; `__proto__` stays an ordinary name. */
export function mapNodes(map: SchemaNode, change: (child: SchemaNode) => SchemaNode): SchemaNode {
  return Object.fromEntries(
    Object.entries(map).map(([name, child]) => [name, isJsonObject(child) ? change(child) : child]),
  );
}
