import { channel } from 'node:diagnostics_channel';

import type { FailureClass } from './failure-class.ts';
import type { Outbox, OutboxCloseReport } from './outbox.ts';
import type { Cycle } from './relay-protocol.ts';

/**
 * What the outbox tells, on `node:diagnostics_channel` under `busbar:outbox:<event>`. A message is built only while somebody listens;
 * a listener that throws does not reach the caller.
 */
export interface OutboxMessages {
  readonly created: { readonly name: string; readonly instance: Outbox };
  readonly closed: { readonly name: string; readonly report: OutboxCloseReport };
  readonly append: {
    readonly name: string;
    readonly records: number;
    readonly bytes: number;
    readonly deferred: boolean;
    /** Time of the INSERT; 0 for a deferred one, which costs no round trip of its own. */
    readonly durationMs: number;
  };
  readonly direct: {
    readonly name: string;
    readonly topic: string;
    readonly via: 'broker' | 'outbox' | 'error';
    readonly cause?: string;
    readonly durationMs: number;
  };
  readonly cycle: { readonly name: string } & Cycle;
  readonly fault: {
    readonly name: string;
    readonly class: FailureClass | 'port';
    readonly topic: string;
    readonly code: string;
    readonly outcome: 'not-sent' | 'rejected' | 'unknown';
    readonly attempts?: number;
    readonly error: unknown;
  };
  readonly parked: EventMessage;
  readonly halted: EventMessage;
  readonly lease: {
    readonly name: string;
    readonly change: 'acquired' | 'lost' | 'released';
    readonly shards: readonly number[];
    /** Shards of them that a crashed owner left. */
    readonly unclean: number;
  };
  readonly broker: {
    readonly name: string;
    readonly from: 'open' | 'waiting' | 'probing';
    readonly to: 'open' | 'waiting' | 'probing';
    readonly reason: string;
    /** How long `from` lasted. */
    readonly sinceMs: number;
  };
  readonly 'topic-blocked': {
    readonly name: string;
    readonly topic: string;
    readonly code: string;
    readonly retryInMs: number;
  };
  readonly spill: {
    readonly name: string;
    readonly phase: 'spilled';
    readonly shards: readonly number[];
    readonly cause: string;
    readonly count: number;
  };
  readonly backlog: {
    readonly name: string;
    readonly phase: 'reached' | 'cleared';
    readonly limit: 'maxEvents' | 'maxBytes' | 'maxAgeMs' | 'deadMaxRows';
    readonly value: number;
  };
  readonly 'db-error': {
    readonly name: string;
    readonly purpose: 'work' | 'lease' | 'sample' | 'sticky' | 'connection';
    readonly error: unknown;
    readonly retryInMs?: number;
  };
  readonly sample: { readonly name: string } & Readonly<Record<string, unknown>>;
}

interface EventMessage {
  readonly name: string;
  readonly eventId: string;
  readonly topic: string;
  readonly shard: number;
  readonly seq: string;
  readonly reason: 'event' | 'port';
  readonly code: string | null;
  readonly count: number;
  readonly attempts: number;
  readonly ageMs: number;
}

type OutboxEvent = keyof OutboxMessages;

const CHANNELS: ReadonlyMap<OutboxEvent, ReturnType<typeof channel>> = new Map(
  (
    [
      'created',
      'closed',
      'append',
      'direct',
      'cycle',
      'fault',
      'parked',
      'halted',
      'lease',
      'broker',
      'topic-blocked',
      'spill',
      'backlog',
      'db-error',
      'sample',
    ] as const
  ).map((event) => [event, channel(`busbar:outbox:${event}`)]),
);

/** Publishes the message that `build` makes, if somebody listens. */
export const publish = <E extends OutboxEvent>(event: E, build: () => OutboxMessages[E]): void => {
  const target = CHANNELS.get(event);
  if (target?.hasSubscribers === true) target.publish(build());
};
