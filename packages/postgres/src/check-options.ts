import type { NumberLimit } from './option-limits.ts';

// Checks that every section of the options shares. Problems are collected, not thrown: the caller reports all of them at once.

type Numbers<K extends string> = Readonly<Record<K, number>>;

/** Notes the keys that no option has. `prefix` is the path of the section with its dot. */
export const refuseUnknown = (
  given: object | undefined,
  o: { prefix: string; known: readonly string[]; issues: string[] },
): void => {
  for (const key of Object.keys(given ?? {}))
    if (!o.known.includes(key)) o.issues.push(`${o.prefix}${key}: unknown option`);
};

export const checkNumber = (path: string, value: number, check: { limit: NumberLimit; issues: string[] }): void => {
  const { min, max, integer } = check.limit;
  if (typeof value === 'number' && value >= min && value <= max && (!integer || Number.isInteger(value))) return;
  check.issues.push(`${path}: expected ${integer ? 'an integer' : 'a number'} from ${min} to ${max}`);
};

export const withDefaults = <K extends string>(
  given: Partial<Numbers<NoInfer<K>>> | undefined,
  o: { prefix: string; defaults: Numbers<K>; limits: Readonly<Record<NoInfer<K>, NumberLimit>>; issues: string[] },
): Numbers<K> => {
  const resolved: Record<K, number> = { ...o.defaults };
  for (const key in o.defaults) {
    resolved[key] = given?.[key] ?? o.defaults[key];
    checkNumber(`${o.prefix}${key}`, resolved[key], { limit: o.limits[key], issues: o.issues });
  }
  return Object.freeze(resolved);
};
