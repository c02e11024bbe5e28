import { formatByteSize } from './parse/byte-size.ts';
import { formatDuration } from './parse/duration.ts';
import type { SettingNode } from './setting-tree.ts';
import type { SettingKind } from './setting.ts';

const MAX_SHOWN = 80;
const UNQUOTED: ReadonlySet<SettingKind | undefined> = new Set<SettingKind>(['secret', 'url']);

const cut = (text: string): string => (text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`);

const showAs = (kind: SettingKind | undefined, value: unknown): string => {
  if (kind === 'secret') return '[secret]';
  if (typeof value === 'number') {
    if (kind === 'durationMs') return formatDuration(value);
    return kind === 'sizeBytes' ? formatByteSize(value) : String(value);
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
};

/** A value in words, as `with:` lines and `explain` show it; a secret is `[secret]`, nothing is `unset`. */
export const showValue = (node: SettingNode, value: unknown): string => {
  if (value === undefined) return 'unset';
  if (node.meta.kind === 'secret' || node.itemKind === 'secret') return '[secret]';
  if (Array.isArray(value)) return cut(value.map((item) => showAs(node.itemKind, item)).join(', '));
  return cut(showAs(node.meta.kind, value));
};

/**
 * A value that was refused, as a message quotes it, followed by a space; empty where it must not be shown:
 * a secret, and a URL, which may carry one.
 */
export const quoteRefused = (node: SettingNode, raw: unknown): string => {
  if (UNQUOTED.has(node.meta.kind) || UNQUOTED.has(node.itemKind)) return '';
  if (typeof raw === 'string') return `${JSON.stringify(cut(raw))} `;
  return raw === null || typeof raw !== 'object' ? `${String(raw)} ` : '';
};

const RANGES = [
  ['minimum', 'maximum', ''],
  ['minItems', 'maxItems', ' items'],
  ['minLength', 'maxLength', ' characters'],
  ['minProperties', 'maxProperties', ' names'],
] as const;

/** The inclusive range of a setting in words, or the words it allows; empty if there is neither: `100ms..10m`. */
export const showRange = (node: SettingNode): string => {
  const allowed: unknown = Reflect.get(node.schema, 'enum');
  if (Array.isArray(allowed)) return allowed.join(', ');
  const limit = (keyword: string, unit: string): string => {
    const value: unknown = Reflect.get(node.schema, keyword);
    if (typeof value !== 'number' || Math.abs(value) === Number.MAX_VALUE) return '';
    return unit === '' ? showAs(node.meta.kind, value) : String(value);
  };
  for (const [minimum, maximum, unit] of RANGES) {
    const range = `${limit(minimum, unit)}..${limit(maximum, unit)}`;
    if (range !== '..') return `${range}${unit}`;
  }
  return '';
};
