export { createBreaker } from './circuit-breaker.ts';
export { BREAKER_DEFAULTS, resolveBreakerOptions } from './options.ts';
export { BREAKER_LIMITS } from './option-rules.ts';
export {
  BreakerIsolatedError,
  BreakerOpenError,
  BreakerOptionsError,
  BreakerQueueFullError,
  BreakerQueueTimeoutError,
  BreakerShutDownError,
  CallRejectedError,
} from './errors.ts';

export type { Breaker, Call, ExecuteOptions, ReadyOptions, SignaledCall } from './breaker.ts';
export type { Classify, Verdict } from './classify.ts';
export type {
  ClosedMessage,
  CreatedMessage,
  ListenerErrorMessage,
  ProbeMessage,
  RejectedMessage,
} from './diagnostics.ts';
export type {
  BreakerErrorCode,
  BreakerIsolation,
  BreakerOptionIssue,
  BreakerOptionsProblem,
  BreakerQueueFull,
  BreakerQueueTimeout,
  BreakerRefusal,
  BreakerShutDown,
  RefusalReason,
} from './errors.ts';
export type { IsolationHandle, ReleaseOptions } from './isolation.ts';
export type { OpenPolicy } from './open-duration.ts';
export type { BreakerOptions, BreakerSettings, ResolvedBreakerOptions } from './options.ts';
export type { Permit } from './permit.ts';
export type { AutomaticState, HalfOpenLimits, State } from './state-machine.ts';
export type { BreakerCounters, BreakerStats } from './stats.ts';
export type { TransitionCause, TransitionEvent } from './transition.ts';
export type { TripCause, TripRule } from './trip-rule.ts';
