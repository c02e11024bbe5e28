/** Reads what clients throw and load, of which nothing is known. */
export const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Undefined where there is none. */
export const property = (value: unknown, name: PropertyKey): unknown =>
  isObject(value) ? Reflect.get(value, name) : undefined;
