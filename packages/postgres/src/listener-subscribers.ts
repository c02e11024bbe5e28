/** Of the core of `listener-state.ts`: the wait, the gaps and the end of each subscription (N3 to N6). */
import {
  NEVER,
  type GapReason,
  type ListenerEffect,
  type ListenerEvent,
  type ListenerState,
  type ListenRefusal,
  type Subscriber,
} from './listener-model.ts';

/** One run of the core: the struct, the time, and the effects collected so far. */
export interface Step {
  readonly state: ListenerState;
  readonly nowMs: number;
  readonly effects: ListenerEffect[];
}

export const isWanted = (state: ListenerState, channel: string): boolean => {
  for (const subscriber of state.subscribers.values()) if (subscriber.channel === channel) return true;
  return false;
};

const leave = (state: ListenerState, { id, channel }: Subscriber): void => {
  state.subscribers.delete(id);
  state.leaving.set(id, channel);
};

const refuse = ({ state, effects }: Step, subscriber: Subscriber, reason: ListenRefusal): void => {
  state.subscribers.delete(subscriber.id);
  effects.push({ do: 'refuse', subscriber: subscriber.id, reason });
};

export const refusePending = (step: Step, reason: ListenRefusal, of: (subscriber: Subscriber) => boolean): void => {
  for (const subscriber of step.state.subscribers.values())
    if (!subscriber.confirmed && of(subscriber)) refuse(step, subscriber, reason);
};

export const confirm = ({ state, nowMs, effects }: Step, subscriber: Subscriber): void => {
  const { id, channel, gap } = subscriber;
  if (!state.heard.has(channel)) return;
  if (!subscriber.confirmed) {
    subscriber.confirmed = true;
    subscriber.deadlineAtMs = NEVER;
    effects.push({ do: 'confirm', subscriber: id });
  } else if (gap !== undefined) {
    delete subscriber.gap;
    effects.push({ do: 'gap', subscriber: id, reason: gap.reason, lastedMs: nowMs - gap.sinceMs });
  }
};

export const loseChannels = ({ state, nowMs }: Step, reason: GapReason): void => {
  for (const subscriber of state.subscribers.values())
    if (subscriber.confirmed) subscriber.gap ??= { reason, sinceMs: nowMs };
  state.heard.clear();
  state.command = undefined;
};

type Subscription = Extract<ListenerEvent, { type: 'subscribe' }>;

export const subscribe = (step: Step, { subscriber: id, channel, deadlineAtMs }: Subscription): void => {
  const { state } = step;
  const subscriber: Subscriber = { id, channel, deadlineAtMs, confirmed: false };
  if (state.closeRequested) {
    refuse(step, subscriber, 'closed');
    return;
  }
  state.subscribers.set(id, subscriber);
  confirm(step, subscriber);
};

export const unsubscribe = (state: ListenerState, id: number): void => {
  const subscriber = state.subscribers.get(id);
  if (subscriber !== undefined) leave(state, subscriber);
};

/** The pool closes: who waits is refused, and nothing more is wanted. */
export const unsubscribeAll = (step: Step): void => {
  refusePending(step, 'closed', () => true);
  for (const subscriber of step.state.subscribers.values()) leave(step.state, subscriber);
};

const mayArrive = ({ heard, command }: ListenerState, channel: string): boolean =>
  heard.has(channel) || command?.listen.includes(channel) === true || command?.unlisten.includes(channel) === true;

/** Those whose channel the server no longer sends. */
export const settleLeaving = ({ state, effects }: Step): void => {
  for (const [id, channel] of state.leaving) {
    if (mayArrive(state, channel) && !isWanted(state, channel)) continue;
    state.leaving.delete(id);
    effects.push({ do: 'left', subscriber: id });
  }
};
