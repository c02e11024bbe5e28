import type { DetailValue, ErrorDetails } from './error-spec.ts';
import { limit } from './foreign-message.ts';
import { isArray, isObjectLike, readProperty } from './safe-read.ts';

const MAX_LEVELS = 3;
const MAX_ENTRIES = 50;
const MAX_ENTRIES_IN_ALL = 500;
const MAX_STRING_CHARS = 1_024;

/** A copy of data of unknown origin that is plain, bounded and safe to print; `cut` where the original holds more. */
export interface PlainCopy {
  readonly data: ErrorDetails;
  readonly cut: boolean;
}

interface Copying {
  readonly show: (text: string) => string;
  /** The objects that are being copied, one a level. */
  readonly path: object[];
  entriesLeft: number;
  cut: boolean;
}

/**
 * Copies the own enumerable properties of an object: at most 3 levels, 50 entries on each, 500 in all, 1,024 characters a
 * string. What is no plain data becomes `[object]`, what cannot be read `[unreadable]`, what contains itself `[circular]`.
 * Numbers that JSON does not have become text, so that a copy survives a round trip. `show` sees every string.
 */
export const plainCopy = (source: unknown, show: (text: string) => string): PlainCopy => {
  if (!isObjectLike(source)) return { data: {}, cut: false };
  const copying: Copying = { show, path: [], entriesLeft: MAX_ENTRIES_IN_ALL, cut: false };
  const data = copyEntries(source, copying);
  return { data, cut: copying.cut };
};

const plainNumber = (value: number): DetailValue => (Number.isFinite(value) ? value + 0 : String(value)); // -0 + 0 is 0

const copyEntries = (source: object, copying: Copying): { [key: string]: DetailValue } => {
  const data: { [key: string]: DetailValue } = {};
  let entries = 0;
  copying.path.push(source);
  for (const key of keysOf(source)) {
    if (!takeEntry(entries, copying)) break;
    const value = copyValue(source, key, copying);
    if (value === undefined) continue;
    setEntry(data, copyString(key, copying), value);
    entries += 1;
  }
  copying.path.pop();
  return data;
};

/** `__proto__` becomes an ordinary key. */
const setEntry = (data: { [key: string]: DetailValue }, key: string, value: DetailValue): void => {
  if (key !== '__proto__') data[key] = value;
  else Object.defineProperty(data, key, { value, writable: true, enumerable: true, configurable: true });
};

const copyElements = (source: readonly unknown[], copying: Copying): DetailValue[] => {
  const elements: DetailValue[] = [];
  const length = readProperty(source, 'length');
  copying.path.push(source);
  for (let index = 0; index < Number(length); index += 1) {
    if (!takeEntry(elements.length, copying)) break;
    elements.push(copyValue(source, index, copying) ?? null);
  }
  copying.path.pop();
  return elements;
};

const takeEntry = (alreadyHere: number, copying: Copying): boolean => {
  if (alreadyHere >= MAX_ENTRIES || copying.entriesLeft === 0) {
    copying.cut = true;
    return false;
  }
  copying.entriesLeft -= 1;
  return true;
};

const copyValue = (source: object, key: PropertyKey, copying: Copying): DetailValue | undefined => {
  try {
    return copyRead(Reflect.get(source, key), copying);
  } catch {
    return '[unreadable]'; // a throwing getter or a revoked proxy
  }
};

const copyRead = (value: unknown, copying: Copying): DetailValue | undefined => {
  switch (typeof value) {
    case 'string':
      return copyString(value, copying);
    case 'bigint':
      return String(value);
    case 'number':
      return plainNumber(value);
    case 'boolean':
      return value;
    case 'object':
      return value === null ? null : copyObject(value, copying);
    case 'undefined':
    case 'function':
    case 'symbol':
      break;
  }
  return undefined; // as in JSON
};

const copyObject = (value: object, copying: Copying): DetailValue => {
  if (copying.path.includes(value)) return '[circular]';
  const isList = isArray(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  // Plain in any realm: its prototype is the end of the chain. Anything else is an object with secrets of its own.
  const isPlain = prototype === null || (isObjectLike(prototype) && Object.getPrototypeOf(prototype) === null);
  if (!isList && !isPlain) return '[object]';
  if (copying.path.length >= MAX_LEVELS) {
    copying.cut = true;
    return '[cut]';
  }
  return isList ? copyElements(value, copying) : copyEntries(value, copying);
};

const copyString = (text: string, copying: Copying): string => {
  const limited = limit(copying.show(text), MAX_STRING_CHARS);
  copying.cut ||= limited.cut;
  return limited.text;
};

const keysOf = (source: object): readonly string[] => {
  try {
    return Object.keys(source);
  } catch {
    return []; // a revoked proxy has no keys to show
  }
};
