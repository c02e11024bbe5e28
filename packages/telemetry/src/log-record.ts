import type { LogLevel } from './catalog/logs.ts';
import type { Component } from './catalog/metric-entry.ts';
import { fieldOf, textOf } from './read-field.ts';

/** An error as a log record carries it: that of `@busbar/errors`, or name and code alone. */
export interface LoggedError {
  readonly v: 1;
  readonly name: string;
  readonly message: string;
  readonly code?: string;
}

/** One fact, ready to be written as a line of JSON. */
export interface LogRecord {
  /** ISO 8601. */
  readonly timestamp: string;
  readonly level: LogLevel;
  /** `busbar.outbox.parked`. */
  readonly event: string;
  readonly message: string;
  readonly component: Component;
  readonly instance: string;
  readonly trace_id?: string;
  readonly span_id?: string;
  readonly trace_flags?: string;
  readonly correlation_id?: string;
  readonly causation_id?: string;
  readonly event_id?: string;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly error?: LoggedError;
}

const MAX_TEXT = 256;
const BRAND = Symbol.for('@busbar/errors/brand');

const short = (text: string): string => (text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`);

const isScalar = (value: unknown): value is string | number | boolean =>
  typeof value === 'boolean' || typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value));

/** The listed fields of a message that are scalars; long texts are cut. */
export const scalarsOf = (message: unknown, fields: readonly string[]): Record<string, string | number | boolean> => {
  const found: Record<string, string | number | boolean> = {};
  for (const field of fields) {
    const value = fieldOf(message, field);
    if (isScalar(value)) found[field] = typeof value === 'string' ? short(value) : value;
  }
  return found;
};

/** A sentence of the catalogue with the fields of a message in it. */
export const sentenceOf = (template: string, message: unknown): string =>
  template.replaceAll(/\{(\w+)\}/gu, (_whole, field: string) => {
    const value = fieldOf(message, field);
    return isScalar(value) ? short(String(value)) : '?';
  });

const isLoggedError = (value: unknown): value is LoggedError =>
  textOf(value, 'name') !== undefined && typeof fieldOf(value, 'message') === 'string' && fieldOf(value, 'v') === 1;

/** A family member as it shows itself, which is safe; of any other error name and code, since its message may hold anything. */
export const loggedError = (error: unknown): LoggedError | undefined => {
  if (error === undefined || error === null) return undefined;
  if (typeof error === 'object' && BRAND in error && 'toJSON' in error && typeof error.toJSON === 'function') {
    const shown: unknown = Reflect.apply(error.toJSON, error, []);
    if (isLoggedError(shown)) return shown;
  }
  const code = textOf(error, 'code');
  return {
    v: 1,
    name: short(textOf(error, 'name') ?? typeof error),
    message: 'not shown',
    ...(code === undefined ? {} : { code: short(code) }),
  };
};
