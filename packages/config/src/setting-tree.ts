import type { TObject, TSchema } from 'typebox';

import { envNameOf } from './env-names.ts';
import { SETTING_KEYWORD, type SettingKind, type SettingMeta } from './setting.ts';

/** One setting of a schema, with everything the loader needs to know about it. */
export interface SettingNode {
  readonly path: string;
  readonly keys: readonly string[];
  readonly env: string;
  readonly meta: SettingMeta;
  readonly schema: TSchema;
  /** Its value must come from somewhere: it is neither optional nor has a default. */
  readonly required: boolean;
  readonly default: unknown;
  /** The kind of each item, for a list or a map. */
  readonly itemKind: SettingKind | undefined;
}

export interface SettingTree {
  readonly settings: readonly SettingNode[];
  /** Paths of the sections, without the root. */
  readonly groups: ReadonlySet<string>;
  /** What in the schema is not made of settings. */
  readonly problems: readonly string[];
}

const KEY = /^[a-z][A-Za-z0-9]*$/u;

const isMeta = (value: unknown): value is SettingMeta =>
  typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string' && 'doc' in value;

/** The annotation of a schema made by `Setting`, or undefined. */
export const metaOf = (schema: TSchema): SettingMeta | undefined => {
  const meta: unknown = Reflect.get(schema, SETTING_KEYWORD);
  return isMeta(meta) ? meta : undefined;
};

// By keyword, not by TypeBox's hidden kind: a schema that went through JSON has lost that.
const isSchema = (value: unknown): value is TSchema & Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const isGroup = (schema: TSchema): schema is TObject =>
  Reflect.get(schema, 'type') === 'object' && isSchema(Reflect.get(schema, 'properties'));

const itemSchemaOf = (schema: TSchema): TSchema | undefined => {
  const items: unknown = Reflect.get(schema, 'items');
  if (isSchema(items)) return items;
  const patterns: unknown = Reflect.get(schema, 'patternProperties');
  return isSchema(patterns) ? Object.values(patterns).find(isSchema) : undefined;
};

/** The settings of a schema in the order of their declaration. */
export const readSettingTree = (schema: TObject, prefix: string): SettingTree => {
  const settings: SettingNode[] = [];
  const groups = new Set<string>();
  const problems: string[] = [];
  const walk = (group: TObject, parents: readonly string[]): void => {
    const required: ReadonlySet<string> = new Set(group.required);
    for (const [key, child] of Object.entries<TSchema>(group.properties)) {
      const keys = [...parents, key];
      const path = keys.join('.');
      const meta = metaOf(child);
      if (!KEY.test(key)) problems.push(`${path}: a name is a letter a-z followed by letters and digits`);
      if (meta !== undefined) settings.push(nodeOf({ child, keys, meta, prefix, mandatory: required.has(key) }));
      else if (isGroup(child)) {
        groups.add(path);
        walk(child, keys);
      } else problems.push(`${path}: is neither a setting nor a group; build it with Setting`);
    }
  };
  walk(schema, []);
  return { settings, groups, problems };
};

interface Found {
  readonly child: TSchema;
  readonly keys: readonly string[];
  readonly meta: SettingMeta;
  readonly prefix: string;
  readonly mandatory: boolean;
}

const nodeOf = ({ child, keys, meta, prefix, mandatory }: Found): SettingNode => {
  const fallback: unknown = Reflect.get(child, 'default');
  const item = itemSchemaOf(child);
  return {
    path: keys.join('.'),
    keys,
    env: meta.env ?? envNameOf(prefix, keys),
    meta,
    schema: child,
    required: mandatory && fallback === undefined,
    default: fallback,
    itemKind: item === undefined ? undefined : (metaOf(item)?.kind ?? 'string'),
  };
};
