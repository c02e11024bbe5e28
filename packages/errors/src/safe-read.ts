/** Whether properties can be read of it: objects and functions. */
export const isObjectLike = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

/** The property of a value that may be anything; `undefined` where reading it throws (getters, proxies, revoked proxies). */
export const readProperty = (value: unknown, key: PropertyKey): unknown => {
  if (!isObjectLike(value)) return undefined;
  try {
    return Reflect.get(value, key);
  } catch {
    return undefined; // a hostile getter is as good as an absent property
  }
};

/** The string at that property, else `undefined`. */
export const readString = (value: unknown, key: PropertyKey): string | undefined => {
  const found = readProperty(value, key);
  return typeof found === 'string' ? found : undefined;
};

/** Like `Array.isArray`, which throws for a revoked proxy. */
export const isArray = (value: unknown): value is readonly unknown[] => {
  try {
    return Array.isArray(value);
  } catch {
    return false; // a revoked proxy is no array one could read
  }
};

/** Ordinary `instanceof`, which throws for a proxy that refuses to tell its prototype. */
export const isInstanceOf = (value: unknown, constructor: abstract new (...args: never[]) => unknown): boolean => {
  try {
    return Function.prototype[Symbol.hasInstance].call(constructor, value);
  } catch {
    return false; // without a prototype it is an instance of nothing
  }
};

/** The first `limit` elements of what may be an array; empty for everything else. */
export const firstElements = (value: unknown, limit: number): readonly unknown[] => {
  if (!isArray(value)) return [];
  const length = readProperty(value, 'length');
  const count = typeof length === 'number' ? Math.min(length, limit) : 0;
  return Array.from({ length: count }, (_, index) => readProperty(value, index));
};
