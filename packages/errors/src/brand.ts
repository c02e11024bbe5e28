import type { BusbarError } from './busbar-error.ts';
import { causes } from './cause-chain.ts';
import { type ErrorSpec, isFamilyCode } from './error-spec.ts';
import { isArray, isInstanceOf, readProperty, readString } from './safe-read.ts';

/** A class of the family that can be instantiated. */
export interface BusbarErrorClass {
  new (...args: never[]): BusbarError;
  readonly prototype: BusbarError;
  readonly spec: ErrorSpec;
}

/** A class of the family that only groups others: it is branded with a name of its own and has no spec. */
export type AbstractBusbarErrorClass = (abstract new (...args: never[]) => BusbarError) & {
  readonly prototype: BusbarError;
};

// Typed `symbol`, not `unique symbol`: otherwise the types of two installed versions would not fit each other.
const BRAND: symbol = Symbol.for('@busbar/errors/brand');

/**
 * Makes `instanceof` work across copies of the module, and sets the name. Called in a static block of each class.
 *
 * The prototype gets a frozen list: the own name, then the names of its ancestors.
 * @throws TypeError where a class would carry the name of another, without a `spec` of its own and without a name, or
 * where its code has another form than `BUSBAR_<AREA>_<CAUSE>`.
 */
export function brandError(errorClass: BusbarErrorClass): void;
export function brandError(abstractClass: AbstractBusbarErrorClass, name: string): void;
export function brandError(errorClass: AbstractBusbarErrorClass, name?: string): void {
  const { prototype } = errorClass;
  const spec = Object.hasOwn(errorClass, 'spec') ? readProperty(errorClass, 'spec') : undefined;
  const ownName = name ?? readString(spec, 'name');
  const inherited = brandOf(prototype);
  if (ownName === undefined || inherited.includes(ownName)) {
    throw new TypeError('an error class needs a spec of its own, or a name of its own when it is abstract');
  }
  if (spec !== undefined && !isFamilyCode(readProperty(spec, 'code'))) {
    throw new TypeError(`the code of ${ownName} must have the form BUSBAR_<AREA>_<CAUSE>`);
  }
  setBrand(prototype, ownName, inherited);
}

/** Puts a brand and a name on a prototype, or on a single error that was revived without its class. */
export const setBrand = (target: object, name: string, ancestors: readonly unknown[]): void => {
  Object.defineProperty(target, BRAND, { value: Object.freeze([name, ...ancestors]) });
  Object.defineProperty(target, 'name', { value: name, writable: true, configurable: true });
};

/** The names a value answers to: its own class first, the base last; empty for everything outside the family. */
export const brandOf = (value: unknown): readonly unknown[] => {
  const brand = readProperty(value, BRAND);
  return isArray(brand) ? brand : [];
};

/** `value instanceof errorClass`, across copies of the module where the class has a brand of its own. */
export const isInstance = (errorClass: AbstractBusbarErrorClass, value: unknown): boolean => {
  if (Object.hasOwn(errorClass.prototype, BRAND)) return brandOf(value).includes(brandOf(errorClass.prototype)[0]);
  return isInstanceOf(value, errorClass);
};

const FAMILY = 'BusbarError';

/** Whether a value belongs to the family, whichever installed copy of the package made it. */
export const isBusbarError = (value: unknown): value is BusbarError =>
  brandOf(value).includes(FAMILY) &&
  isFamilyCode(readProperty(value, 'code')) &&
  typeof readProperty(value, 'retryable') === 'boolean';

/** Whether a value is a family member with one of the codes; narrows to them. */
export const hasCode = <const C extends string>(value: unknown, ...codes: readonly C[]): value is BusbarError<C> =>
  isBusbarError(value) && codes.some((code) => code === value.code);

/** The first family member with that code along `causes(value)`, the value itself included. */
export const findError = <const C extends string>(value: unknown, code: C): BusbarError<C> | undefined => {
  for (const candidate of causes(value)) if (hasCode(candidate, code)) return candidate;
  return undefined;
};
