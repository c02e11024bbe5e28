import { channel } from 'node:diagnostics_channel';

import type { ErrorOutcome } from '@busbar/errors';

import type { ExhaustedReason } from './errors.ts';
import type { ResolvedRetryOptions } from './options.ts';
import type { RetryStats } from './stats.ts';

/** `busbar:retry:created`: a policy exists. */
export interface RetryCreatedMessage {
  readonly name: string;
  readonly options: ResolvedRetryOptions;
  /** The policy, for whoever reads its stats. */
  readonly instance: { stats(): RetryStats };
}

/** `busbar:retry:closed`: a policy was closed. */
export interface RetryClosedMessage {
  readonly name: string;
}

/** `busbar:retry:attempt`: an attempt failed and another one is due. */
export interface RetryAttemptMessage {
  readonly name: string;
  /** Number of the attempt to come. */
  readonly attempt: number;
  /** How long it waits. */
  readonly delayMs: number;
  /** Since the call of `execute`. */
  readonly elapsedMs: number;
  /** Code of the error that made it necessary. */
  readonly code?: string;
  readonly outcome?: ErrorOutcome;
}

/** `busbar:retry:exhausted`: a loop gave up. */
export interface RetryExhaustedMessage {
  readonly name: string;
  readonly reason: ExhaustedReason;
  readonly attempts: number;
  readonly elapsedMs: number;
  readonly code?: string;
}

/** Ask `hasSubscribers` before a message is built. Success publishes nothing. */
export const channels = {
  created: channel('busbar:retry:created'),
  closed: channel('busbar:retry:closed'),
  attempt: channel('busbar:retry:attempt'),
  exhausted: channel('busbar:retry:exhausted'),
} as const;
