import type { TSchema } from 'typebox';
import { Check, Errors } from 'typebox/schema';

import { formatByteSize } from './parse/byte-size.ts';
import { formatDuration } from './parse/duration.ts';
import { metaOf } from './setting-tree.ts';
import type { SettingKind } from './setting.ts';

/**
 * What of a value contradicts the schema of its setting, in words and without the value; undefined if nothing does.
 * One setting is checked at a time: a check of the whole would stop at eight errors, a limit that is process-wide.
 */
export const firstViolation = (schema: TSchema, value: unknown): string | undefined => {
  if (Check(schema, value)) return undefined;
  const [, errors] = Errors(schema, value);
  const error = errors[0];
  const item =
    error?.instancePath === undefined || error.instancePath === '' ? '' : `item ${error.instancePath.slice(1)} `;
  return `${item}${error === undefined ? 'is not valid' : explain(metaOf(schema)?.kind, error.keyword, error.params)}`;
};

const limitOf = (params: object): number => {
  const limit: unknown = Reflect.get(params, 'limit');
  return typeof limit === 'number' ? limit : Number.NaN;
};

const inUnit = (kind: SettingKind | undefined, value: number): string => {
  if (kind === 'durationMs') return formatDuration(value);
  return kind === 'sizeBytes' ? formatByteSize(value) : String(value);
};

const EXPECTED_TYPE: Readonly<Record<string, string>> = {
  integer: 'an integer',
  number: 'a number',
  boolean: 'a boolean',
  string: 'a text',
  array: 'a list',
  object: 'a map',
};

const explain = (kind: SettingKind | undefined, keyword: string, params: object): string => {
  switch (keyword) {
    case 'minimum':
      return `is below the minimum ${inUnit(kind, limitOf(params))}`;
    case 'maximum':
      return `is above the maximum ${inUnit(kind, limitOf(params))}`;
    case 'minLength':
      return `is shorter than ${limitOf(params)} characters`;
    case 'maxLength':
      return `is longer than ${limitOf(params)} characters`;
    case 'minItems':
      return `has fewer than ${limitOf(params)} items`;
    case 'maxItems':
      return `has more than ${limitOf(params)} items`;
    case 'maxProperties':
      return `has more than ${limitOf(params)} names`;
    case 'enum':
      return `is none of ${list(Reflect.get(params, 'allowedValues'))}`;
    case 'pattern':
      return `does not match ${String(Reflect.get(params, 'pattern'))}`;
    case 'type':
      return `is not ${EXPECTED_TYPE[String(Reflect.get(params, 'type'))] ?? 'of the right type'}`;
    default:
      return `is refused by ${keyword}`;
  }
};

const list = (values: unknown): string => (Array.isArray(values) ? values.join(', ') : 'the allowed values');
