/** Readers of data that other packages made: a field that is absent or of another type is undefined, never an assumption. */

/** The value under a path of keys. */
export const fieldOf = (value: unknown, ...keys: readonly string[]): unknown => {
  let current = value;
  for (const key of keys) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = Reflect.get(current, key);
  }
  return current;
};

/** A finite number. */
export const numberOf = (value: unknown, ...keys: readonly string[]): number | undefined => {
  const found = fieldOf(value, ...keys);
  return typeof found === 'number' && Number.isFinite(found) ? found : undefined;
};

/** A text that says something. */
export const textOf = (value: unknown, ...keys: readonly string[]): string | undefined => {
  const found = fieldOf(value, ...keys);
  return typeof found === 'string' && found !== '' ? found : undefined;
};

/** The numbers of a record by name: `closed { idle: 3, lifetime: 1 }`. */
export const countsOf = (value: unknown, ...keys: readonly string[]): readonly (readonly [string, number])[] => {
  const found = fieldOf(value, ...keys);
  if (typeof found !== 'object' || found === null) return [];
  return Object.keys(found).flatMap((name) => {
    const count = numberOf(found, name);
    return count === undefined ? [] : [[name, count] as const];
  });
};

/** Milliseconds of a field as seconds, the unit of the semantic conventions. */
export const secondsOf = (value: unknown, ...keys: readonly string[]): number | undefined => {
  const ms = numberOf(value, ...keys);
  return ms === undefined ? undefined : ms / 1000;
};

/** The items of a list; empty if it is none. */
export const listOf = (value: unknown, ...keys: readonly string[]): readonly unknown[] => {
  const found = fieldOf(value, ...keys);
  return Array.isArray(found) ? found : [];
};
