/*
 * Two validators from one schema (rule T2).
 *
 * writer  refuses properties that the schema does not name, at every level: a typo must not become a fact.
 * reader  ignores them: so an optional property may be added within a major, and both old and new readers go on.
 *
 * Invariant: what the writer accepts, the reader accepts, today's and that of any earlier revision of the major.
 * Closed and opened are objects, arrays, tuples, records, unions, recursive definitions and intersections of objects;
 * any other construct (not, if, plain JSON Schema) stays as it is, since closing inside it could change its meaning.
 */
import { Evaluate, type TSchema } from 'typebox';

import { CHAR_CODE_FORMATS } from './formats.ts';
import { isJsonObject } from './json-object.ts';
import { kindOf, mapNodes, rebuilt, type Refinement, refinementsOf, type SchemaNode } from './schema-node.ts';

export type Side = 'writer' | 'reader';

/** TypeBox's pattern for `Record(String, …)`; its dot misses keys with a line break, which would then go unchecked. */
const ANY_KEY = '^.*$';
const REALLY_ANY_KEY = String.raw`^[\s\S]*$`;

/** The schema that one side checks data against. The given schema is not changed. */
export function variantOf(schema: TSchema, side: Side): TSchema {
  return isJsonObject(schema) ? nodeVariant(schema, side) : schema;
}

function nodeVariant(node: SchemaNode, side: Side): SchemaNode {
  const variant = structureVariant(node, side);
  const refinements = [...refinementsOf(node), ...formatRefinements(node)];
  return refinements.length === 0 ? variant : rebuilt(variant, { '~refine': refinements });
}

function structureVariant(node: SchemaNode, side: Side): SchemaNode {
  const vary = VARIANTS.get(kindOf(node) ?? '');
  return vary === undefined ? node : vary(node, (child) => nodeVariant(child, side), side);
}

type Below = (child: SchemaNode) => SchemaNode;

/** What each kind becomes; `below` makes the variant of a child. Kinds that are not listed stay as they are. */
const VARIANTS: ReadonlyMap<string, (node: SchemaNode, below: Below, side: Side) => SchemaNode> = new Map([
  ['Object', objectVariant],
  ['Record', recordVariant],
  ['Array', (node: SchemaNode, below: Below) => rebuilt(node, { items: childVariant(node['items'], below) })],
  ['Tuple', (node: SchemaNode, below: Below) => rebuilt(node, { items: listVariant(node['items'], below) })],
  ['Union', (node: SchemaNode, below: Below) => rebuilt(node, { anyOf: listVariant(node['anyOf'], below) })],
  ['Cyclic', (node: SchemaNode, below: Below) => rebuilt(node, { $defs: mapVariant(node['$defs'], below) })],
  ['Intersect', intersectVariant],
  ['String', stringVariant],
  ['Integer', integerVariant],
]);

const childVariant = (child: unknown, below: Below): unknown => (isJsonObject(child) ? below(child) : child);

const mapVariant = (map: unknown, below: Below): unknown => (isJsonObject(map) ? mapNodes(map, below) : map);

const listVariant = (list: unknown, below: Below): unknown =>
  Array.isArray(list) ? list.map((child: unknown) => (isJsonObject(child) ? below(child) : child)) : list;

/** What an object says of further properties: the side decides, unless the schema allows or describes them. */
function additional(node: SchemaNode, side: Side, below: Below): unknown {
  const own = node['additionalProperties'];
  if (isJsonObject(own)) return below(own);
  if (own === true) return true;
  return side === 'writer' ? false : undefined;
}

function objectVariant(node: SchemaNode, below: Below, side: Side): SchemaNode {
  const properties = node['properties'];
  return rebuilt(node, {
    properties: isJsonObject(properties) ? mapNodes(properties, below) : properties,
    patternProperties: isJsonObject(node['patternProperties']) ? mapNodes(node['patternProperties'], below) : undefined,
    additionalProperties: additional(node, side, below),
  });
}

function recordVariant(node: SchemaNode, below: Below, side: Side): SchemaNode {
  const patterns = isJsonObject(node['patternProperties']) ? node['patternProperties'] : {};
  const renamed = Object.entries(patterns).map(([key, value]): [string, unknown] => [
    key === ANY_KEY ? REALLY_ANY_KEY : key,
    value,
  ]);
  return rebuilt(node, {
    patternProperties: mapNodes(Object.fromEntries(renamed), below),
    additionalProperties: additional(node, side, below),
  });
}

/** Formats that are checked by character codes instead, as a refinement. */
function stringVariant(node: SchemaNode): SchemaNode {
  return CHAR_CODE_FORMATS.has(String(node['format'])) ? rebuilt(node, { format: undefined }) : node;
}

/** An integer beyond 2^53 would arrive rounded, without a word. */
function integerVariant(node: SchemaNode): SchemaNode {
  const hasMinimum = node['minimum'] !== undefined || node['exclusiveMinimum'] !== undefined;
  const hasMaximum = node['maximum'] !== undefined || node['exclusiveMaximum'] !== undefined;
  return rebuilt(node, {
    ...(hasMinimum ? {} : { minimum: Number.MIN_SAFE_INTEGER }),
    ...(hasMaximum ? {} : { maximum: Number.MAX_SAFE_INTEGER }),
  });
}

/** Each member of an intersection would refuse the properties of the others, so it becomes one object first. */
function intersectVariant(node: SchemaNode, below: Below): SchemaNode {
  if (!isClosableIntersection(node)) return node;
  const merged = Evaluate(node);
  return isJsonObject(merged) && kindOf(merged) !== 'Intersect' ? below(merged) : node;
}

/** Whether an intersection can become one closed object (or a union of such). */
export function isClosableIntersection(node: SchemaNode): boolean {
  const members = node['allOf'];
  return Array.isArray(members) && members.every((member) => isJsonObject(member) && isMergeable(member));
}

/** Whether merging keeps everything that the schema says: `Evaluate` drops refinements, records and further properties. */
function isMergeable(node: SchemaNode): boolean {
  if (refinementsOf(node).length > 0) return false;
  const kind = kindOf(node);
  if (kind === 'Object')
    return typeof node['additionalProperties'] !== 'object' && node['patternProperties'] === undefined;
  const members = kind === 'Union' ? node['anyOf'] : kind === 'Intersect' ? node['allOf'] : undefined;
  return Array.isArray(members) && members.every((member) => isJsonObject(member) && isMergeable(member));
}

/** A format checked by character codes, as a refinement whose message is the name of the format. */
function formatRefinements(node: SchemaNode): readonly Refinement[] {
  const format = node['format'];
  if (kindOf(node) !== 'String' || typeof format !== 'string') return [];
  const isFormat = CHAR_CODE_FORMATS.get(format);
  return isFormat === undefined
    ? []
    : [{ check: (value) => typeof value === 'string' && isFormat(value), error: () => format }];
}
