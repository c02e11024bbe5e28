/** The shell of `listener-state.ts`: calls become events, effects become promises, notifications and the life of the one connection. */
import { toBusbarError } from '@busbar/errors';

import { deadlineOf } from './call.ts';
import { publish } from './diagnostics.ts';
import type { PostgresError } from './errors.ts';
import { Housekeeper, type Sweepable } from './housekeeper.ts';
import { ListenLink, type Notification } from './listen-link.ts';
import {
  createListenerState,
  NEVER,
  type GapReason,
  type ListenerEffect,
  type ListenerEvent,
  type ListenerState,
  type ListenRefusal,
} from './listener-model.ts';
import { stepListener } from './listener-state.ts';
import type { ResolvedPostgresOptions } from './resolve-options.ts';
import {
  ArgumentInvalidError,
  DeadlineError,
  PoolerUnsupportedError,
  PostgresAbortedError,
  PostgresClosedError,
} from './usage-errors.ts';

export interface ListenOptions {
  /**
   * The connection was replaced, and the server hears the channel again: what was sent meanwhile is lost. Poll once what the notifications
   * are about. May be called any number of times.
   */
  readonly onGap?: (reason: GapReason) => void;
  /** Ends the wait for the server's first word; afterwards it has no effect. */
  readonly signal?: AbortSignal;
  /** Longest wait for the server's first word. Default: `timeouts.queryDeadlineMs`. */
  readonly deadlineMs?: number;
}

export type NotificationHandler = (notification: Notification) => void;

/** A peer that is gone is noticed after this and the time for its answer. */
const HEARTBEAT_MS = 30_000;
const ANSWER_TIMEOUT_MS = 5_000;
/** A longer name would be cut off by the server without a word. */
const MAX_CHANNEL_BYTES = 63;

interface Subscription {
  readonly channel: string;
  readonly on: NotificationHandler;
  readonly options: ListenOptions;
  readonly deadlineMs: number;
  readonly confirmed: PromiseWithResolvers<void>;
  readonly left: PromiseWithResolvers<void>;
}

const assertChannel = (channel: string): void => {
  const isName = typeof channel === 'string' && channel !== '' && !channel.includes('\0');
  if (!isName || Buffer.byteLength(channel) > MAX_CHANNEL_BYTES)
    throw new ArgumentInvalidError({ argument: 'channel', expected: `a name of 1 to ${MAX_CHANNEL_BYTES} bytes` });
};

export class Listener {
  readonly #options: ResolvedPostgresOptions;
  readonly #state: ListenerState;
  readonly #link: ListenLink;
  readonly #housekeeper: Housekeeper;
  readonly #sweep: Sweepable = { dueAtMs: NEVER, onDue: () => this.#step({ type: 'sweep' }) };
  readonly #subscriptions = new Map<number, Subscription>();
  /** Who is called for a channel. */
  readonly #hearers = new Map<string, Set<Subscription>>();
  readonly #closed = Promise.withResolvers<void>();
  #last = 0;

  constructor(options: ResolvedPostgresOptions) {
    const { connectTimeoutMs, closeTimeoutMs } = options.pool;
    const limits = { connectTimeoutMs, closeTimeoutMs, heartbeatMs: HEARTBEAT_MS, answerTimeoutMs: ANSWER_TIMEOUT_MS };
    this.#options = options;
    this.#state = createListenerState(limits, options.random);
    this.#housekeeper = new Housekeeper(options);
    this.#link = new ListenLink({
      options,
      emit: (event) => this.#step(event),
      onNotification: (notification) => this.#dispatch(notification),
    });
  }

  /** Resolves once the server hears the channel. */
  async listen(channel: string, on: NotificationHandler, options: ListenOptions = {}): Promise<AsyncDisposable> {
    const { pooler, timeouts, clock } = this.#options;
    const { signal } = options;
    assertChannel(channel);
    if (pooler === 'transaction') throw new PoolerUnsupportedError({ summary: 'LISTEN' });
    const deadlineMs = deadlineOf(options, timeouts.queryDeadlineMs);
    if (signal?.aborted === true) throw this.#aborted(signal);
    this.#last += 1;
    const id = this.#last;
    const subscription: Subscription = {
      channel,
      on,
      options,
      deadlineMs,
      confirmed: Promise.withResolvers(),
      left: Promise.withResolvers(),
    };
    this.#subscriptions.set(id, subscription);
    this.#hear(subscription);
    const onAbort = (): void => {
      subscription.confirmed.reject(this.#aborted(signal));
      void this.#unsubscribe(id);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#step({ type: 'subscribe', subscriber: id, channel, deadlineAtMs: clock.now() + deadlineMs });
    try {
      await subscription.confirmed.promise;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
    return { [Symbol.asyncDispose]: () => this.#unsubscribe(id) };
  }

  /** Replaces the connection, and tells who listens of the gap. */
  recycle(): void {
    this.#step({ type: 'recycle' });
  }

  /** Ends all subscriptions and resolves when the socket is closed; at the deadline it is cut off. */
  close(deadlineAtMs: number): Promise<void> {
    this.#step({ type: 'close', deadlineAtMs });
    return this.#closed.promise;
  }

  #step(event: ListenerEvent): void {
    for (const effect of stepListener(this.#state, event, this.#options.clock.now())) this.#run(effect);
    this.#sweep.dueAtMs = this.#state.dueAtMs;
    if (this.#state.dueAtMs === NEVER) this.#housekeeper.delete(this.#sweep);
    else this.#housekeeper.add(this.#sweep);
  }

  #run(effect: ListenerEffect): void {
    if ('subscriber' in effect) this.#tell(effect.subscriber, effect);
    else if (effect.do === 'connect') this.#link.connect(effect.connection);
    else if (effect.do === 'send') this.#link.send(this.#state.connection, effect.command);
    else if (effect.do === 'terminate') this.#link.terminate();
    else if (effect.do === 'destroy') this.#link.destroy(effect);
    else this.#closed.resolve();
  }

  #tell(id: number, effect: Extract<ListenerEffect, { subscriber: number }>): void {
    const subscription = this.#subscriptions.get(id);
    /* v8 ignore next -- the core names only those who were not told of their end @preserve */
    if (subscription === undefined) return;
    if (effect.do === 'confirm') subscription.confirmed.resolve();
    // Behind this step: who is told may listen to something else, which is a step of its own.
    else if (effect.do === 'gap') queueMicrotask(() => this.#tellGap(subscription, effect));
    else {
      this.#subscriptions.delete(id);
      this.#unhear(subscription);
      subscription.left.resolve();
      if (effect.do === 'refuse') subscription.confirmed.reject(this.#refusal(effect.reason, subscription));
    }
  }

  #refusal(reason: ListenRefusal, { deadlineMs }: Subscription): PostgresError {
    const { lastFailure } = this.#link;
    if (reason === 'closed') return new PostgresClosedError({ pool: this.#options.name });
    if (reason !== 'deadline' && lastFailure !== undefined) return lastFailure;
    return new DeadlineError({ deadlineMs }, { outcome: 'not-sent' });
  }

  #aborted(signal: AbortSignal | undefined): PostgresAbortedError {
    return new PostgresAbortedError({ pool: this.#options.name }, { outcome: 'not-sent', cause: signal?.reason });
  }

  /** Calls nobody from now on; resolves once the server sends nothing for it any more. */
  #unsubscribe(id: number): Promise<void> {
    const subscription = this.#subscriptions.get(id);
    if (subscription === undefined) return Promise.resolve();
    this.#unhear(subscription);
    this.#step({ type: 'unsubscribe', subscriber: id });
    return subscription.left.promise;
  }

  #hear(subscription: Subscription): void {
    const hearers = this.#hearers.get(subscription.channel);
    if (hearers === undefined) this.#hearers.set(subscription.channel, new Set([subscription]));
    else hearers.add(subscription);
  }

  #unhear(subscription: Subscription): void {
    const hearers = this.#hearers.get(subscription.channel);
    if (hearers?.delete(subscription) === true && hearers.size === 0) this.#hearers.delete(subscription.channel);
  }

  #isHearing(subscription: Subscription): boolean {
    return this.#hearers.get(subscription.channel)?.has(subscription) === true;
  }

  #dispatch(notification: Notification): void {
    for (const subscription of Array.from(this.#hearers.get(notification.channel) ?? []))
      if (this.#isHearing(subscription)) this.#call(subscription, () => subscription.on(notification));
  }

  #tellGap(subscription: Subscription, { reason, lastedMs }: { reason: GapReason; lastedMs: number }): void {
    if (!this.#isHearing(subscription)) return;
    const { channel, options } = subscription;
    publish('listen-gap', () => ({ pool: this.#options.name, channel, reason, lastedMs }));
    this.#call(subscription, () => options.onGap?.(reason));
  }

  /** What a handler throws is its own affair, also later: it must not end the connection, nor the process. */
  #call({ channel }: Subscription, handler: () => unknown): void {
    const report = (error: unknown): void =>
      publish('listener-error', () => ({ pool: this.#options.name, channel, error: toBusbarError(error) }));
    try {
      const result = handler();
      if (result instanceof Promise) result.catch(report);
    } catch (error) {
      report(error);
    }
  }
}
