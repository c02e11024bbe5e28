import { clippedPath, pointerStep } from './issue.ts';
import { isJsonObject } from './json-object.ts';

/**
 * The pointer of the first place where data differs from what came back from JSON; undefined when nothing differs.
 * A property whose value is undefined counts as absent, and -0 as 0. A Date, a Map, an instance of any class, NaN,
 * a function and a hole in an array all come back as something else.
 */
export function firstDifference(data: unknown, parsed: unknown, path = ''): string | undefined {
  if (Array.isArray(data) && Array.isArray(parsed)) return itemDifference(data, parsed, path);
  if (isJsonObject(data) && isJsonObject(parsed) && isPlain(data)) return memberDifference(data, parsed, path);
  return data === parsed ? undefined : clippedPath(path);
}

type Members = Readonly<Record<string, unknown>>;

function itemDifference(data: readonly unknown[], parsed: readonly unknown[], path: string): string | undefined {
  for (const [index, item] of data.entries()) {
    const difference = firstDifference(item, parsed[index], path + pointerStep(index));
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function memberDifference(data: Members, parsed: Members, path: string): string | undefined {
  for (const [key, value] of Object.entries(data)) {
    if (value === undefined) continue;
    const difference = firstDifference(
      value,
      Object.hasOwn(parsed, key) ? parsed[key] : undefined,
      path + pointerStep(key),
    );
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
