import { isBusbarError } from './brand.ts';
import type { BusbarError } from './busbar-error.ts';
import { docsUrlOf, type ErrorDetails, type ErrorOutcome } from './error-spec.ts';
import {
  FOREIGN_FIELDS,
  foreignMessage,
  foreignName,
  identifier,
  isErrorLike,
  limit,
  scrubbed,
} from './foreign-message.ts';
import { type PlainCopy, plainCopy } from './plain-copy.ts';
import { firstElements, isArray, isObjectLike, readProperty, readString } from './safe-read.ts';
import { framesOf, MAX_FRAMES } from './stack-frames.ts';

/** The one view of an error: what `toJSON`, `serializeError` and `util.inspect` show. Plain data, bounded, without secrets. */
export interface SerializedError {
  readonly v: 1;
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly retryable?: boolean;
  readonly outcome?: ErrorOutcome;
  readonly retryAfterMs?: number;
  readonly details?: ErrorDetails;
  /** Allow-listed scalars of a foreign error, or the properties that the class of a family member lists. */
  readonly fields?: ErrorDetails;
  readonly docs?: string;
  readonly stack?: string;
  readonly cause?: SerializedError;
  readonly errors?: readonly SerializedError[];
  /** Something of this error, or behind it, was too much to show. */
  readonly truncated?: true;
}

export interface SerializeOptions {
  /** Whether to add `stack`: the frames below a header of ours. Default: false. */
  readonly stack?: boolean;
  /** Levels of causes below the error itself. Default: 8, range 0..8. */
  readonly depth?: number;
  /** Sees every text after our own scrubbing, for example to replace secrets that are known. Default: none. */
  readonly scrub?: (text: string) => string;
}

/** An error without what is behind it. */
export type ErrorFace = Omit<SerializedError, 'cause' | 'errors' | 'stack'>;

/** A view that is being made: assigned, since spreads of optional properties take most of the time. */
type Draft = { -readonly [K in keyof SerializedError]: SerializedError[K] };

export const MAX_DEPTH = 8;
export const MAX_NODES = 64;
export const MAX_ERRORS = 20;
export const MAX_MESSAGE_CHARS = 2_048;

interface Walk {
  readonly stack: boolean;
  readonly depth: number;
  readonly show: (text: string) => string;
  readonly path: Set<unknown>;
  nodesLeft: number;
}

/** Makes plain data of whatever was thrown. Never throws, whatever it is given. */
export const serializeError = (value: unknown, options: SerializeOptions = {}): SerializedError => {
  const { stack = false, depth = MAX_DEPTH, scrub } = options;
  return nodeOf(value, 0, {
    stack,
    depth: Math.min(depth, MAX_DEPTH),
    show: scrub === undefined ? (text) => text : guarded(scrub),
    path: new Set(),
    nodesLeft: MAX_NODES - 1,
  });
};

const guarded =
  (scrub: (text: string) => string) =>
  (text: string): string => {
    try {
      const shown: unknown = scrub(text);
      if (typeof shown === 'string') return shown;
    } catch {
      // better no text than one that was to be scrubbed
    }
    return '[unreadable]';
  };

const nodeOf = (value: unknown, level: number, walk: Walk): SerializedError => {
  if (walk.path.has(value)) return { v: 1, name: foreignName(value), message: '[circular]' };
  const node = faceOf(value, walk.show);
  const frames = walk.stack ? framesOf(value).map((frame) => walk.show(frame)) : [];
  const behind = behindOf(value, level, walk);
  if (frames.length > 0) node.stack = [`${node.name}: ${node.message}`, ...frames.slice(0, MAX_FRAMES)].join('\n');
  if (behind.cause !== undefined) node.cause = behind.cause;
  if (behind.errors.length > 0) node.errors = behind.errors;
  if (behind.cut || frames.length > MAX_FRAMES) node.truncated = true;
  return node;
};

interface Behind {
  readonly cause: SerializedError | undefined;
  readonly errors: readonly SerializedError[];
  readonly cut: boolean;
}

const NOTHING_BEHIND: Behind = { cause: undefined, errors: [], cut: false };

const behindOf = (value: unknown, level: number, walk: Walk): Behind => {
  if (!isErrorLike(value)) return NOTHING_BEHIND;
  const cause = readProperty(value, 'cause') ?? readProperty(value, 'originalError');
  const list = readProperty(value, 'errors');
  const parts = firstElements(list, MAX_ERRORS).filter((part) => part !== cause);
  if (cause === undefined && parts.length === 0) return NOTHING_BEHIND;
  if (level >= walk.depth) return { ...NOTHING_BEHIND, cut: true };
  walk.path.add(value);
  const causeNode = cause === undefined ? undefined : childOf(cause, level, walk);
  const errors = parts.map((part) => childOf(part, level, walk)).filter((node) => node !== undefined);
  walk.path.delete(value);
  const isMissingSome = errors.length < parts.length || (cause !== undefined && causeNode === undefined);
  return { cause: causeNode, errors, cut: isMissingSome || (isArray(list) && list.length > MAX_ERRORS) };
};

const childOf = (value: unknown, level: number, walk: Walk): SerializedError | undefined => {
  if (walk.nodesLeft === 0) return undefined;
  walk.nodesLeft -= 1;
  return nodeOf(value, level + 1, walk);
};

/** Always a new object. */
const faceOf = (value: unknown, show: (text: string) => string): Draft => {
  const remembered = isObjectLike(value) ? faces.get(value) : undefined;
  if (remembered !== undefined) return shownAgain(remembered, show);
  return isBusbarError(value) ? familyFace(value, show) : foreignFace(value, show);
};

const shownAgain = (face: ErrorFace, show: (text: string) => string): Draft => ({
  ...face,
  message: show(face.message),
  ...(face.details !== undefined && { details: plainCopy(face.details, show).data }),
  ...(face.fields !== undefined && { fields: plainCopy(face.fields, show).data }),
});

const familyFace = (error: BusbarError, show: (text: string) => string): Draft => {
  const message = limit(show(readString(error, 'message') ?? ''), MAX_MESSAGE_CHARS);
  const details = plainCopy(readProperty(error, 'details'), show);
  const fields = plainCopy(ownFields(error), show);
  const face: Draft = { v: 1, name: identifier(readString(error, 'name')) ?? 'BusbarError', message: message.text };
  state(face, error);
  if (hasKeys(details.data)) face.details = details.data;
  if (hasKeys(fields.data)) face.fields = fields.data;
  face.docs = docsUrlOf(error.code);
  if (message.cut || details.cut || fields.cut) face.truncated = true;
  return face;
};

type Stated = Pick<Draft, 'code' | 'retryable' | 'outcome' | 'retryAfterMs'>;

/** Code, retryability, outcome and hint of a family member or of its serialised form, as far as they are what they should be. */
export const statedBy = (source: object): Readonly<Stated> => {
  const stated: Stated = {};
  state(stated, source);
  return stated;
};

const state = (target: Stated, source: object): void => {
  const code = identifier(readString(source, 'code'));
  const retryable = readProperty(source, 'retryable');
  const outcome = readProperty(source, 'outcome');
  const retryAfterMs = readProperty(source, 'retryAfterMs');
  if (code !== undefined) target.code = code;
  if (typeof retryable === 'boolean') target.retryable = retryable;
  if (outcome === 'not-sent' || outcome === 'rejected' || outcome === 'unknown') target.outcome = outcome;
  if (typeof retryAfterMs === 'number' && Number.isFinite(retryAfterMs)) target.retryAfterMs = retryAfterMs;
};

const ownFields = (error: object): object | undefined => {
  const spec = readProperty(readProperty(error, 'constructor'), 'spec');
  const names = firstElements(readProperty(spec, 'fields'), MAX_ERRORS);
  if (names.length === 0) return undefined;
  return Object.fromEntries(
    names.filter((name) => typeof name === 'string').map((name) => [name, readProperty(error, name)]),
  );
};

const foreignFace = (value: unknown, show: (text: string) => string): Draft => {
  const message = foreignMessage(value);
  const text = limit(show(message.text), MAX_MESSAGE_CHARS);
  const { data, cut } = isErrorLike(value) ? foreignFields(value, show) : NO_FIELDS;
  const { code, ...others } = data;
  const isName = typeof code === 'string' && identifier(code) !== undefined;
  const fields = isName ? others : data;
  const face: Draft = { v: 1, name: foreignName(value), message: text.text };
  if (isName) face.code = code;
  if (hasKeys(fields)) face.fields = fields;
  if (message.cut || text.cut || cut) face.truncated = true;
  return face;
};

const NO_FIELDS: PlainCopy = { data: {}, cut: false };

/** The allow-listed scalars of a foreign error or of its serialised form. */
export const foreignFields = (source: unknown, show: (text: string) => string): PlainCopy => {
  const scalars: { [key: string]: unknown } = {};
  for (const key of FOREIGN_FIELDS) {
    const value = readProperty(source, key);
    if (value !== undefined && !isObjectLike(value)) scalars[key] = value;
  }
  return plainCopy(scalars, (text) => show(scrubbed(text)));
};

const hasKeys = (data: ErrorDetails): boolean => Object.keys(data).length > 0;

/**
 * The faces of revived errors: they are shown as they were received. Judging their texts again would change them, and
 * what was cut elsewhere can no longer be told.
 */
const faces = new WeakMap<object, ErrorFace>();

/** Lets a revived error be shown with that face. */
export const rememberFace = (error: object, face: ErrorFace): void => {
  faces.set(error, face);
};
