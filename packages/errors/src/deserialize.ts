import { type AbstractBusbarErrorClass, type BusbarErrorClass, brandOf, setBrand } from './brand.ts';
import type { BusbarError } from './busbar-error.ts';
import { hideCauses } from './cause-chain.ts';
import { docsUrlOf, INTERNAL_ERROR_SPEC, isFamilyCode } from './error-spec.ts';
import { identifier, limit } from './foreign-message.ts';
import { plainCopy } from './plain-copy.ts';
import { firstElements, isObjectLike, readProperty, readString } from './safe-read.ts';
import {
  type ErrorFace,
  foreignFields,
  MAX_DEPTH,
  MAX_ERRORS,
  MAX_MESSAGE_CHARS,
  MAX_NODES,
  rememberFace,
  statedBy,
} from './serialize.ts';
import { framesOf, limitStacks, MAX_FRAMES, muteStacks } from './stack-frames.ts';

export interface ReviveOptions {
  /** Classes whose instances may come back as such: chosen by code, so that `instanceof` holds. No constructor runs. */
  readonly classes?: readonly BusbarErrorClass[];
}

interface Revival {
  readonly base: BusbarError;
  readonly prototypes: ReadonlyMap<string, BusbarError>;
  nodesLeft: number;
}

interface Behind {
  readonly cause?: unknown;
  readonly errors?: readonly unknown[];
  readonly cut: boolean;
}

const unchanged = (text: string): string => text;

/**
 * Makes an error of serialised data that may come from anywhere. Never throws: unknown keys are dropped, limits apply, and
 * what is no serialised family member becomes an `InternalError`, with the value behind it as far as it is an error.
 */
export const reviveError = (value: unknown, base: AbstractBusbarErrorClass, options: ReviveOptions): BusbarError => {
  const prototypes = new Map(options.classes?.map(({ spec, prototype }) => [spec.code, prototype]));
  const revival: Revival = { base: base.prototype, prototypes, nodesLeft: MAX_NODES - 1 };
  const node = parse(value);
  if (node !== undefined && isFamily(node)) return revivedFamily(node, 0, revival);
  const cause = node === undefined ? value : reviveNode(node, 1, revival);
  return internalError('what was received is no serialised error of the family', cause, revival);
};

/** Something with the shape of a serialised error; its other properties are looked at one by one. */
interface Node {
  readonly source: object;
  readonly name: string;
  readonly message: string;
}

const parse = (value: unknown): Node | undefined => {
  const name = identifier(readString(value, 'name'));
  const message = readString(value, 'message');
  const isSerialized = isObjectLike(value) && readProperty(value, 'v') === 1;
  return isSerialized && name !== undefined && message !== undefined ? { source: value, name, message } : undefined;
};

const isFamily = ({ source }: Node): boolean =>
  isFamilyCode(readProperty(source, 'code')) && typeof readProperty(source, 'retryable') === 'boolean';

const internalError = (what: string, cause: unknown, revival: Revival): BusbarError => {
  const { name, code, retryable, outcome } = INTERNAL_ERROR_SPEC;
  const face: ErrorFace = {
    v: 1,
    name,
    message: `internal error: ${what}`,
    code,
    retryable,
    outcome,
    details: { what },
  };
  return familyError(face, { cause, cut: false }, revival);
};

const reviveNode = (node: Node, level: number, revival: Revival): Error =>
  isFamily(node) ? revivedFamily(node, level, revival) : revivedForeign(node, level, revival);

const revivedFamily = (node: Node, level: number, revival: Revival): BusbarError => {
  const details = plainCopy(readProperty(node.source, 'details'), unchanged);
  const fields = plainCopy(readProperty(node.source, 'fields'), unchanged);
  const hasFields = Object.keys(fields.data).length > 0;
  const behind = behindOf(node, level, revival);
  const face: ErrorFace = {
    ...headOf(node, behind.cut || details.cut || fields.cut),
    ...statedBy(node.source),
    ...(Object.keys(details.data).length > 0 && { details: details.data }),
    ...(hasFields && { fields: fields.data }),
  };
  const error = familyError(face, behind, revival);
  setStack(error, framesOf(node.source).slice(0, MAX_FRAMES));
  return error;
};

const familyError = (face: ErrorFace, behind: Behind, revival: Revival): BusbarError => {
  const error = bareError(face.message);
  const code = String(face.code);
  const prototype = revival.prototypes.get(code);
  adopt(error, prototype ?? revival.base);
  const { retryable, outcome, retryAfterMs } = face;
  const details = Object.freeze({ ...face.details });
  Object.assign(error, {
    code,
    retryable,
    ...(outcome !== undefined && { outcome }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    details,
    ...(prototype !== undefined && listedFields(prototype, face)),
  });
  if (prototype === undefined && code === INTERNAL_ERROR_SPEC.code) setBrand(error, face.name, brandOf(error));
  else if (error.name !== face.name) nameError(error, face.name);
  finish(error, { ...face, docs: docsUrlOf(code) }, behind);
  return error;
};

/** Of the received fields those that the class lists: no other name may appear on an instance. */
const listedFields = (prototype: BusbarError, face: ErrorFace): object => {
  const names = firstElements(readProperty(readProperty(prototype.constructor, 'spec'), 'fields'), MAX_ERRORS);
  return Object.fromEntries(Object.entries(face.fields ?? {}).filter(([name]) => names.includes(name)));
};

const revivedForeign = (node: Node, level: number, revival: Revival): Error => {
  const behind = behindOf(node, level, revival);
  const { code } = statedBy(node.source);
  const { data, cut } = foreignFields(readProperty(node.source, 'fields'), unchanged);
  const face: ErrorFace = {
    ...headOf(node, behind.cut || cut),
    ...(code !== undefined && { code }),
    ...(Object.keys(data).length > 0 && { fields: data }),
  };
  const error = bareError(face.message);
  Object.assign(error, data, code === undefined ? {} : { code });
  nameError(error, face.name);
  finish(error, face, behind);
  setStack(error, framesOf(node.source).slice(0, MAX_FRAMES));
  return error;
};

const headOf = (node: Node, isCut: boolean): Pick<ErrorFace, 'v' | 'name' | 'message' | 'truncated'> => {
  const message = limit(node.message, MAX_MESSAGE_CHARS);
  const isTruncated = isCut || message.cut || readProperty(node.source, 'truncated') === true;
  return {
    v: 1,
    name: node.name,
    message: message.text,
    ...(isTruncated && { truncated: true }),
  };
};

const behindOf = ({ source }: Node, level: number, revival: Revival): Behind => {
  const cause = readProperty(source, 'cause');
  const parts = firstElements(readProperty(source, 'errors'), MAX_ERRORS);
  const wanted = [cause, ...parts].map((part) => parse(part)).filter((part) => part !== undefined);
  if (wanted.length === 0) return { cut: false };
  if (level >= MAX_DEPTH) return { cut: true };
  const revived = new Map<unknown, Error>();
  for (const part of wanted) {
    if (revival.nodesLeft === 0) break;
    revival.nodesLeft -= 1;
    revived.set(part.source, reviveNode(part, level + 1, revival));
  }
  const errors = parts.map((part) => revived.get(part)).filter((part) => part !== undefined);
  return {
    cause: revived.get(cause),
    ...(errors.length > 0 && { errors }),
    cut: revived.size < wanted.length,
  };
};

const bareError = (message: string): Error => {
  const frames = muteStacks();
  const error = new Error(message);
  limitStacks(frames);
  return error;
};

/** A real error object with another prototype, so that `util.types.isNativeError` holds and no constructor runs. */
function adopt<P extends object>(error: object, prototype: P): asserts error is P {
  Object.setPrototypeOf(error, prototype);
}

const nameError = (error: Error, name: string): void => {
  Object.defineProperty(error, 'name', { value: name, writable: true, configurable: true });
};

const finish = (error: Error, face: ErrorFace, behind: Behind): void => {
  setStack(error, []);
  hideCauses(error, behind);
  rememberFace(error, face);
};

const setStack = (error: Error, frames: readonly string[]): void => {
  const value = [`${error.name}: ${error.message}`, ...frames].join('\n');
  Object.defineProperty(error, 'stack', { value, writable: true, configurable: true });
};
