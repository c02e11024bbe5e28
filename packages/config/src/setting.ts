/**
 * Builders of annotated settings: TypeBox types with one extra keyword, `x-busbar`, that says what kind of text a setting
 * accepts and what it is for. A keyword survives JSON, spread and `structuredClone`; a refinement or a codec does not.
 */
import {
  Type,
  type TArray,
  type TBoolean,
  type TEnum,
  type TInteger,
  type TNumber,
  type TObject,
  type TProperties,
  type TRecord,
  type TSchema,
  type TString,
  type TUnsafe,
} from 'typebox';

import type { Secret } from './secret.ts';

/** The schema keyword under which {@link SettingMeta} stands. */
export const SETTING_KEYWORD = 'x-busbar';

/** What kind of value a setting holds; decides which texts it accepts and how it is shown. */
export type SettingKind =
  | 'int'
  | 'number'
  | 'ratio'
  | 'boolean'
  | 'string'
  | 'oneOf'
  | 'durationMs'
  | 'sizeBytes'
  | 'list'
  | 'map'
  | 'url'
  | 'hostPort'
  | 'path'
  | 'secret';

/** What every setting says about itself. */
export interface SettingOptions {
  /** One sentence: what the setting does. */
  readonly doc: string;
  /** Why the default and the range are what they are. */
  readonly reason?: string;
  /** What a valid text looks like, for a pattern that says little to a reader. */
  readonly expect?: string;
  /** The environment name in full, where the one computed from the path will not do. */
  readonly env?: string;
  /** Further variables, asked in order while the setting's own is unset or blank. */
  readonly envFallback?: readonly string[];
}

/** The annotation that the builders put under {@link SETTING_KEYWORD}. */
export interface SettingMeta extends SettingOptions {
  readonly kind: SettingKind;
}

/** Options of numeric settings; bounds are inclusive and in the unit of the setting's name. */
export interface QuantityOptions extends SettingOptions {
  readonly default?: number;
  readonly min?: number;
  readonly max?: number;
}

export interface BooleanOptions extends SettingOptions {
  readonly default?: boolean;
}

/** Options of text settings; lengths in characters, the pattern is anchored by whoever writes it. */
export interface TextOptions extends SettingOptions {
  readonly default?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
}

export interface AddressOptions extends SettingOptions {
  readonly default?: string;
}

export interface OneOfOptions<V extends readonly string[]> extends SettingOptions {
  readonly default?: V[number];
}

export interface ListOptions extends SettingOptions {
  readonly default?: readonly unknown[];
  readonly minItems?: number;
  readonly maxItems?: number;
}

export interface MapOptions extends SettingOptions {
  readonly default?: Readonly<Record<string, unknown>>;
  /** Default: 100 names. */
  readonly maxNames?: number;
}

export interface SecretOptions extends SettingOptions {
  readonly minLength?: number;
  readonly maxLength?: number;
}

const MAX_COUNT = 1_000_000;
const MAX_DURATION_MS = 86_400_000;
const MAX_SIZE_BYTES = 1_073_741_824;
const MAX_TEXT_LENGTH = 4096;
const MAX_LIST_ITEMS = 64;
const MAX_MAP_NAMES = 100;

const annotation = (kind: SettingKind, o: SettingOptions & { readonly default?: unknown }) => {
  const meta: SettingMeta = {
    kind,
    doc: o.doc,
    ...(o.reason === undefined ? {} : { reason: o.reason }),
    ...(o.expect === undefined ? {} : { expect: o.expect }),
    ...(o.env === undefined ? {} : { env: o.env }),
    ...(o.envFallback === undefined ? {} : { envFallback: o.envFallback }),
  };
  return { description: o.doc, ...(o.default === undefined ? {} : { default: o.default }), [SETTING_KEYWORD]: meta };
};

const bounds = (o: QuantityOptions, min: number, max: number) => ({ minimum: o.min ?? min, maximum: o.max ?? max });

/** Builders of settings. Each default bound stands at its builder; a setting without `default` and without `optional` is required. */
export const Setting = {
  /** A count. Range unless given: 1..1_000_000. */
  int: (o: QuantityOptions): TInteger => Type.Integer({ ...annotation('int', o), ...bounds(o, 1, MAX_COUNT) }),

  /** Any finite number. Range unless given: unbounded. */
  number: (o: QuantityOptions): TNumber =>
    Type.Number({ ...annotation('number', o), ...bounds(o, -Number.MAX_VALUE, Number.MAX_VALUE) }),

  /** A share; the name ends in `Ratio`. Range unless given: 0..1. Text may say `50%`. */
  ratio: (o: QuantityOptions): TNumber => Type.Number({ ...annotation('ratio', o), ...bounds(o, 0, 1) }),

  boolean: (o: BooleanOptions): TBoolean => Type.Boolean(annotation('boolean', o)),

  /** A text of 1..4096 characters unless given otherwise. */
  string: (o: TextOptions): TString =>
    Type.String({
      ...annotation('string', o),
      minLength: o.minLength ?? 1,
      maxLength: o.maxLength ?? MAX_TEXT_LENGTH,
      ...(o.pattern === undefined ? {} : { pattern: o.pattern }),
    }),

  /** One of the given words. */
  oneOf: <const V extends readonly string[]>(values: V, o: OneOfOptions<V>): TEnum<[...V]> =>
    Type.Enum<[...V]>([...values], annotation('oneOf', o)),

  /** Whole milliseconds; the name ends in `Ms`. Range unless given: 0..86_400_000. Text may say `1.5s`. */
  durationMs: (o: QuantityOptions): TInteger =>
    Type.Integer({ ...annotation('durationMs', o), ...bounds(o, 0, MAX_DURATION_MS) }),

  /** Bytes; the name ends in `Bytes`. Range unless given: 0..1 GiB. Text may say `32MiB`. */
  sizeBytes: (o: QuantityOptions): TInteger =>
    Type.Integer({ ...annotation('sizeBytes', o), ...bounds(o, 0, MAX_SIZE_BYTES) }),

  /** Items of one kind, 0..64 unless given otherwise. Text is a comma list or a JSON array. */
  list: <T extends TSchema>(item: T, o: ListOptions): TArray<T> =>
    Type.Array(item, { ...annotation('list', o), minItems: o.minItems ?? 0, maxItems: o.maxItems ?? MAX_LIST_ITEMS }),

  /** Values of one kind under names the user chooses. Text is `name=value, …` or a JSON object. */
  map: <T extends TSchema>(value: T, o: MapOptions): TRecord<'^.*$', T> =>
    Type.Record(Type.String(), value, { ...annotation('map', o), maxProperties: o.maxNames ?? MAX_MAP_NAMES }),

  /** A URL without user name and password: a URL travels far, a secret must not. */
  url: (o: AddressOptions): TString => Type.String({ ...annotation('url', o), maxLength: MAX_TEXT_LENGTH }),

  /** `host:port` or `[v6]:port`. */
  hostPort: (o: AddressOptions): TString => Type.String({ ...annotation('hostPort', o), maxLength: 261 }),

  /** The path of a file; it is not opened here. */
  path: (o: AddressOptions): TString =>
    Type.String({ ...annotation('path', o), minLength: 1, maxLength: MAX_TEXT_LENGTH }),

  /** A {@link Secret}; its text is 1..4096 characters unless given otherwise, and is never shown. */
  secret: (o: SecretOptions): TUnsafe<Secret> =>
    Type.Unsafe<Secret>(
      Type.String({
        ...annotation('secret', o),
        minLength: o.minLength ?? 1,
        maxLength: o.maxLength ?? MAX_TEXT_LENGTH,
      }),
    ),

  /** Makes a setting optional: unset, its key is absent. */
  optional: <T extends TSchema>(setting: T) => Type.Optional(setting),

  /** A section of settings. */
  group: <P extends TProperties>(properties: P): TObject<P> => Type.Object(properties, { additionalProperties: false }),
};
