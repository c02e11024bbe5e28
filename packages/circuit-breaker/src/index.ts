export { createBreaker } from './circuit-breaker.ts';
export { persistBreaker } from './persist.ts';
export { createBreakerRegistry } from './registry.ts';
export { detectProfile, resolveBreakerOptions } from './options.ts';
export { BREAKER_DEFAULTS, breakerProfiles } from './profiles.ts';
export { BREAKER_LIMITS } from './option-rules.ts';
export {
  BreakerBusyError,
  BreakerFallbackError,
  BreakerIsolatedError,
  BreakerOpenError,
  BreakerOptionsError,
  BreakerQueueFullError,
  BreakerQueueTimeoutError,
  BreakerRegistryFullError,
  BreakerShutDownError,
  BreakerTimeoutError,
  CallRejectedError,
} from './errors.ts';

export type { Breaker, Call, ExecuteOptions, FallbackOptions, ReadyOptions, SignaledCall } from './breaker.ts';
export type { Classify, Verdict } from './classify.ts';
export type {
  ClosedMessage,
  CreatedMessage,
  ListenerErrorMessage,
  ProbeMessage,
  RejectedMessage,
  RestoreInvalidMessage,
} from './diagnostics.ts';
export type {
  BreakerErrorCode,
  BreakerFallbackFailed,
  BreakerIsolation,
  BreakerOptionIssue,
  BreakerOptionsProblem,
  BreakerQueueFull,
  BreakerQueueTimeout,
  BreakerRefusal,
  BreakerRegistryFull,
  BreakerShutDown,
  BreakerTimeout,
  RefusalReason,
} from './errors.ts';
export type { BreakerCounters } from './counters.ts';
export type { IsolationHandle, ReleaseOptions } from './isolation.ts';
export type { OpenPolicy } from './open-duration.ts';
export type {
  BreakerEnvironment,
  BreakerOptions,
  BreakerPatch,
  BreakerSettings,
  HalfOpenOptions,
  OpenOptions,
  ResolvedBreakerOptions,
  TripOptions,
  WindowOptions,
} from './options.ts';
export type { BreakerDefaults, Profile } from './profiles.ts';
export type { BreakerSnapshot, BreakerStateV1 } from './snapshot.ts';
export type { WindowSettings } from './tally.ts';
export type { LatencySummary } from './latency-histogram.ts';
export type { WindowBucket, WindowStateV1 } from './windows/failure-window.ts';
export type { Permit } from './permit.ts';
export type { AutomaticState, HalfOpenLimits, Mode, State } from './state-machine.ts';
export type { BreakerStats } from './stats.ts';
export type { TransitionCause, TransitionEvent } from './transition.ts';
export type { TripCause, TripRule } from './trip-rule.ts';
export type { BreakerStore, PersistOptions } from './persist.ts';
export type { BreakerRegistry, RegistryOptions } from './registry.ts';
