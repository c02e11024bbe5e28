import type { DetailValue } from './error-spec.ts';
import { type SerializedError, serializeError } from './serialize.ts';

const INSPECT = Symbol.for('nodejs.util.inspect.custom');
const STATED = ['retryable', 'outcome', 'retryAfterMs'] as const;

/** `util.inspect` itself, as Node hands it to a custom inspection. */
type Inspect = (value: unknown, options?: object) => string;

interface Named {
  readonly name: string;
  readonly code: string;
}

/**
 * Lets `util.inspect` show the serialised view, with frames, one level of indentation per cause.
 * Not a method of the class: its declaration would put a symbol into the published types that other versions do not know.
 */
export const makeInspectable = (prototype: object): void => {
  Object.defineProperty(prototype, INSPECT, {
    // oxlint-disable-next-line max-params -- `this` is none, and Node decides the rest
    value(this: Named, depth: number, options: object, inspect: Inspect): string {
      // Deeper than `util.inspect` was asked to go, as it does with its own.
      if (depth < 0) return `[${this.name} ${this.code}]`;
      const render = (data: unknown): string => inspect(data, { ...options, depth: 4 });
      return linesOf(serializeError(this, { stack: true }), render).join('\n');
    },
  });
};

const linesOf = (view: SerializedError, render: (data: unknown) => string): readonly string[] => {
  const header = view.code === undefined ? view.name : `${view.name} [${view.code}]`;
  const frames = view.stack === undefined ? [] : view.stack.slice(`${view.name}: ${view.message}\n`.length).split('\n');
  const stated = STATED.filter((key) => view[key] !== undefined).map((key) => `${key}: ${render(view[key])}`);
  return [
    view.message === '' ? header : `${header}: ${view.message}`,
    ...frames,
    ...(stated.length > 0 ? indented([stated.join(', ')]) : []),
    ...dataLines('details', view.details, render),
    ...dataLines('fields', view.fields, render),
    ...(view.cause === undefined ? [] : labelled('[cause]', linesOf(view.cause, render))),
    ...(view.errors ?? []).flatMap((part, index) => labelled(`[errors.${index}]`, linesOf(part, render))),
    ...(view.truncated === true ? indented(['[truncated]']) : []),
  ];
};

const dataLines = (
  label: string,
  data: DetailValue | object | undefined,
  render: (data: unknown) => string,
): readonly string[] => (data === undefined ? [] : indented(`${label}: ${render(data)}`.split('\n')));

const labelled = (label: string, [first = '', ...others]: readonly string[]): readonly string[] =>
  indented([`${label}: ${first}`, ...others]);

const indented = (lines: readonly string[]): readonly string[] => lines.map((line) => `  ${line}`);
