export { BusbarError } from './busbar-error.ts';
export { ERROR_DOCS_URL } from './error-spec.ts';
export type { DetailValue, ErrorDetails, ErrorInit, ErrorOutcome, ErrorSpec } from './error-spec.ts';

// Identity
export { brandError, findError, hasCode, isBusbarError } from './brand.ts';
export type { AbstractBusbarErrorClass, BusbarErrorClass } from './brand.ts';

// Classification
export { causes } from './cause-chain.ts';
export { combineOutcomes, isAbortError, isRetryable, outcomeOf, retryAfterMsOf } from './retryable.ts';

// Boundaries
export { toBusbarError } from './wrap.ts';
export { scrub } from './scrub.ts';
export { serializeError } from './serialize.ts';
export type { SerializedError, SerializeOptions } from './serialize.ts';
export type { ReviveOptions } from './deserialize.ts';

// Errors that belong to no area
export { AbortedError, InternalError, TimeoutError } from './shared-errors.ts';
export type { AbortedDetails, InternalDetails, SharedErrorCode, TimeoutDetails } from './shared-errors.ts';
