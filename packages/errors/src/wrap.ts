import { isBusbarError } from './brand.ts';
import type { BusbarError } from './busbar-error.ts';
import { isAbortError } from './retryable.ts';
import { AbortedError, InternalError } from './shared-errors.ts';

/**
 * Makes whatever was thrown a member of the family, at the boundary of a package.
 *
 * Family members come back unchanged. An abort, told by the error or by the aborted `signal` whose reason it is, becomes
 * an `AbortedError` with the reason as its cause; everything else, also strings, `undefined` and errors of other realms,
 * becomes an `InternalError` with the original as its cause.
 */
export const toBusbarError = (value: unknown, signal?: AbortSignal): BusbarError => {
  if (isBusbarError(value)) return value;
  const isReason = signal?.aborted === true && signal.reason === value;
  if (!isReason && !isAbortError(value)) return new InternalError({ what: 'unexpected error' }, { cause: value });
  const cause: unknown = signal?.aborted === true ? signal.reason : value;
  return new AbortedError({ what: 'the operation', reason: 'signal' }, { cause });
};
