import { scanJson } from '../json-scanner.ts';
import { parsed, refused, type Parsed } from './parsed.ts';

/** The raw items of `a, b` or of a JSON array; each is read by the kind of the list. */
export const parseList = (text: string): Parsed<readonly unknown[]> => {
  if (text.startsWith('[')) {
    const json = scanJson(text);
    return json.ok && Array.isArray(json.value) ? parsed(json.value) : refused('is not a valid JSON array');
  }
  const items = text.split(',').map((item) => item.trim());
  return items.includes('')
    ? refused('has an empty item', 'write item, item, … without a trailing comma')
    : parsed(items);
};

/** The raw values of `name=value, …` or of a JSON object, each under its name. */
export const parseMap = (text: string): Parsed<Readonly<Record<string, unknown>>> => {
  if (text.startsWith('{')) {
    const json = scanJson(text);
    return json.ok && isRecord(json.value) ? parsed(json.value) : refused('is not a valid JSON object');
  }
  const entries = new Map<string, string>();
  for (const item of text.split(',')) {
    const at = item.indexOf('=');
    const name = item.slice(0, Math.max(at, 0)).trim();
    if (name === '') return refused('has an item without a name', 'write name=value, name=value, …');
    if (entries.has(name)) return refused('has the same name twice');
    entries.set(name, item.slice(at + 1).trim());
  }
  return parsed(Object.fromEntries(entries));
};

/** A plain mapping from names to values; neither an array nor an instance of a class. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};
