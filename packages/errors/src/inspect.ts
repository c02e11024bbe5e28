import type { DetailValue } from './error-spec.ts';
import { type SerializedError, serializeError } from './serialize.ts';

/** Asked by `util.inspect`; typed `symbol` so that the types of two installed versions fit each other. */
export const INSPECT: symbol = Symbol.for('nodejs.util.inspect.custom');

/** `util.inspect` itself, as Node hands it to a custom inspection. */
export type Inspect = (value: unknown, options?: object) => string;

const STATED = ['retryable', 'outcome', 'retryAfterMs'] as const;

/** The text for `util.inspect`: the serialised view, with frames, one level of indentation per cause. */
export const inspectError = (error: unknown, options: object, inspect: Inspect): string => {
  const render = (data: unknown): string => inspect(data, { ...options, depth: 4 });
  return linesOf(serializeError(error, { stack: true }), render).join('\n');
};

/** The text in place of an error that stands deeper than `util.inspect` was asked to go. */
export const abbreviatedError = (name: string, code: string): string => `[${name} ${code}]`;

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
