import type { TSchema } from 'typebox';

import { parseBoolean } from './parse/boolean.ts';
import { parseByteSize } from './parse/byte-size.ts';
import { formatDuration, parseDuration } from './parse/duration.ts';
import { isRecord, parseList, parseMap } from './parse/list.ts';
import { parseInteger, parseNumber, parseRatio } from './parse/number.ts';
import { parsed, refused, type Parsed } from './parse/parsed.ts';
import { parseHostPort, parseUrl } from './parse/url.ts';
import type { Problem } from './provenance.ts';
import { Secret } from './secret.ts';
import type { SettingNode } from './setting-tree.ts';
import type { SettingKind } from './setting.ts';
import { quoteRefused } from './show.ts';
import { firstViolation } from './structure.ts';

export type Reading =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problem: Problem };

/** Kinds without a parser hold the text itself. */
const PARSERS: Readonly<Partial<Record<SettingKind, (text: string) => Parsed<unknown>>>> = {
  int: parseInteger,
  number: parseNumber,
  ratio: parseRatio,
  boolean: parseBoolean,
  durationMs: parseDuration,
  sizeBytes: parseByteSize,
  url: parseUrl,
  hostPort: parseHostPort,
};

/** Texts of secrets, strings and paths are taken as they stand; a blank at either end of another kind is a slip of the hand. */
const VERBATIM: ReadonlySet<SettingKind> = new Set(['string', 'secret', 'path']);

const readScalar = (kind: SettingKind, raw: unknown): Parsed<unknown> => {
  if (raw === null) return refused('is not a value', 'leave the key out to leave the setting unset');
  if (typeof raw !== 'string') return parsed(raw);
  const text = VERBATIM.has(kind) ? raw : raw.trim();
  return PARSERS[kind]?.(text) ?? parsed(text);
};

const readItems = (kind: SettingKind, items: readonly unknown[]): Parsed<readonly unknown[]> => {
  const values: unknown[] = [];
  for (const [index, item] of items.entries()) {
    const read = readScalar(kind, item);
    if (!read.ok) return refused(`item ${index + 1} ${read.message}`, read.help);
    values.push(read.value);
  }
  return parsed(values);
};

const readList = (node: SettingNode, raw: unknown): Parsed<unknown> => {
  const list = typeof raw === 'string' ? parseList(raw.trim()) : parsed(raw);
  if (!list.ok) return list;
  return Array.isArray(list.value)
    ? readItems(node.itemKind ?? 'string', list.value)
    : refused('is not a list', 'write item, item, … or a JSON array');
};

const readMap = (node: SettingNode, raw: unknown): Parsed<unknown> => {
  const map = typeof raw === 'string' ? parseMap(raw.trim()) : parsed(raw);
  if (!map.ok) return map;
  if (!isRecord(map.value)) return refused('is not a map', 'write name=value, … or a JSON object');
  const names = Object.keys(map.value);
  const values = readItems(node.itemKind ?? 'string', Object.values(map.value));
  return values.ok ? parsed(Object.fromEntries(names.map((name, index) => [name, values.value[index]]))) : values;
};

const readByKind = (node: SettingNode, raw: unknown): Parsed<unknown> => {
  if (node.meta.kind === 'list') return readList(node, raw);
  if (node.meta.kind === 'map') return readMap(node, raw);
  return readScalar(node.meta.kind, raw);
};

/** The validator never sees a secret but a token of its length. */
const asSeen = (value: unknown): unknown => (value instanceof Secret ? '*'.repeat(value.reveal().length) : value);

/**
 * A raw value of any source as the value of its setting, or what is wrong with it: text goes through our parsers,
 * then everything through the schema. A value is never replaced by the default.
 */
export const readSetting = (node: SettingNode, raw: unknown): Reading => {
  const read = readByKind(node, raw);
  if (!read.ok) {
    const help = read.help ?? expectation(node);
    return bad('BAD_VALUE', `${quoteRefused(node, raw)}${read.message}`, help);
  }
  const violation = firstViolation(node.schema, asSeen(read.value));
  if (violation === undefined) return { ok: true, value: read.value };
  return bad(
    'INVALID',
    `${quoteRefused(node, raw)}${violation}`,
    expectation(node) ?? secondsHelp(node, raw, read.value),
  );
};

const expectation = ({ meta }: SettingNode): string | undefined =>
  meta.expect === undefined ? undefined : `expected ${meta.expect}`;

const bad = (code: 'BAD_VALUE' | 'INVALID', message: string, help: string | undefined): Reading => ({
  ok: false,
  problem: help === undefined ? { code, message } : { code, message, help },
});

/** A bare 30 below the minimum of a duration was most likely meant in seconds. */
const secondsHelp = (node: SettingNode, raw: unknown, value: unknown): string | undefined => {
  if (node.meta.kind !== 'durationMs' || typeof value !== 'number' || !/^\d+$/u.test(String(raw))) return undefined;
  const minimum = lowest(node.schema);
  const seconds = value * 1000;
  return value > 0 && value < minimum && seconds >= minimum
    ? `${value} is ${formatDuration(value)}; did you mean "${value}s"?`
    : undefined;
};

const lowest = (schema: TSchema): number => {
  const minimum: unknown = Reflect.get(schema, 'minimum');
  return typeof minimum === 'number' ? minimum : 0;
};
