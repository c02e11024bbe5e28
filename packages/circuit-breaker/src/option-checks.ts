/** How single options are checked, at run time and without their types: callers may be JavaScript. */
import type { BreakerOptionIssue } from './errors.ts';
import { nearestName } from './nearest-name.ts';

export interface NumberRule {
  readonly min: number;
  readonly max: number;
  readonly integer?: true;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** The value of an option, dots between the levels; `undefined` if it is not there. */
export const valueAt = (options: object, path: string): unknown => {
  let value: unknown = options;
  for (const key of path.split('.')) value = isObject(value) ? Reflect.get(value, key) : undefined;
  return value;
};

/** Keys of a group that are not known, each with the nearest name; `''` is the top level. */
export const unknownKeyIssues = (options: object, group: string, known: readonly string[]): BreakerOptionIssue[] => {
  const value = group === '' ? options : valueAt(options, group);
  if (value === undefined) return [];
  if (!isObject(value)) return [{ path: group, problem: 'must be an object' }];
  const prefix = group === '' ? '' : `${group}.`;
  return Object.keys(value)
    .filter((key) => !known.includes(key))
    .map((key) => {
      const near = nearestName(key, known);
      const hint = near === undefined ? '' : `, did you mean ${prefix}${near}?`;
      return { path: `${prefix}${key}`, problem: `is not an option${hint}` };
    });
};

export const numberIssue = (path: string, value: unknown, { min, max, integer }: NumberRule): BreakerOptionIssue[] => {
  const isInRange = typeof value === 'number' && value >= min && value <= max;
  if (isInRange && (integer !== true || Number.isInteger(value))) return [];
  const kind = integer === true ? 'an integer' : 'a number';
  const shown = typeof value === 'number' ? String(value) : `a ${typeof value}`;
  return [{ path, problem: `must be ${kind} from ${min} to ${max}, is ${shown}` }];
};

export const choiceIssue = (path: string, value: unknown, allowed: readonly unknown[]): BreakerOptionIssue[] =>
  allowed.includes(value) ? [] : [{ path, problem: `must be one of ${allowed.join(', ')}` }];

export const functionIssue = (path: string, value: unknown): BreakerOptionIssue[] =>
  typeof value === 'function' ? [] : [{ path, problem: 'must be a function' }];

/** `over`, without the keys that are present and undefined: they mean "not stated". */
export const stated = <T extends object>(over: T | undefined): Partial<T> => {
  const result: Partial<T> = { ...over };
  for (const key of Object.keys(result)) {
    if (Reflect.get(result, key) === undefined) Reflect.deleteProperty(result, key);
  }
  return result;
};
