/**
 * Who hears which channel over the one LISTEN connection of a pool: the pure core. `stepListener(state, event, nowMs)` changes the struct and returns
 * what the shell must do. No clock, timer or I/O here.
 *
 *   offline ──somebody listens, gate open──► connecting ──connected──► online ──nobody listens, broken, recycled, close──► closing
 *      ▲                                          └──failed──► offline                                                        │
 *      └──────────────────────────────────────────── the socket is closed ◄───────────────────────────────────────────────────┘
 *
 * What the server is told follows from who listens: whenever nothing is unanswered, it is told the difference between the channels that are wanted
 * and those that it has confirmed. So a LISTEN and an UNLISTEN of the same channel cannot overtake each other, whatever callers do at the same time.
 *
 * N1 at most one socket is open or being opened.   N2 at most one command is unanswered, and each has a limit.
 * N3 a subscription ends its wait exactly once: confirmed, refused, or given up by its caller.   N4 it is confirmed only while the server hears its
 * channel.   N5 a confirmed one is told of each gap once, when the server hears the channel again: who polls then has missed nothing.
 * N6 one that was ended has `left` exactly once, when the server no longer sends for it.   N7 closed ⇒ no socket and no subscription.
 *
 * An end counts as a failure of the gate until the connection has answered a heartbeat: a server that accepts connections only to drop them is
 * asked less and less often.
 */
import { admittedConnects, gateAfterFailure, gateAfterSuccess } from './connect-gate.ts';
import {
  NEVER,
  type GapReason,
  type ListenCommand,
  type ListenerEffect,
  type ListenerEvent,
  type ListenerState,
} from './listener-model.ts';
import {
  confirm,
  isWanted,
  loseChannels,
  refusePending,
  settleLeaving,
  subscribe,
  unsubscribe,
  unsubscribeAll,
  type Step,
} from './listener-subscribers.ts';

const noteFailure = ({ state, nowMs }: Step): void => {
  state.gate = gateAfterFailure(state.gate, nowMs, state.random);
};

/** Says goodbye to the connection, or cuts it off. From here on nothing arrives, which is a gap for all who hear something. */
const drop = (step: Step, how: 'terminate' | 'destroy', o: { reason?: GapReason; timedOut?: boolean } = {}): void => {
  const { state, nowMs, effects } = step;
  const { reason = 'lost', timedOut = false } = o;
  loseChannels(step, reason);
  state.phase = 'closing';
  state.limitAtMs = how === 'terminate' ? nowMs + state.limits.closeTimeoutMs : NEVER;
  effects.push(how === 'terminate' ? { do: how } : { do: how, timedOut });
};

const breakConnection = (step: Step, reason: GapReason): void => {
  noteFailure(step);
  drop(step, 'destroy', { reason });
};

const send = ({ state, nowMs, effects }: Step, command: ListenCommand): void => {
  state.command = command;
  for (const channel of command.unlisten) state.heard.delete(channel);
  state.limitAtMs = nowMs + state.limits.answerTimeoutMs;
  effects.push({ do: 'send', command });
};

const onAnswered = (step: Step): void => {
  const { state, nowMs } = step;
  const { command } = state;
  if (command === undefined) return;
  state.command = undefined;
  state.limitAtMs = nowMs + state.limits.heartbeatMs;
  if (command.listen.length + command.unlisten.length === 0) state.gate = gateAfterSuccess(state.gate);
  for (const channel of command.listen) state.heard.add(channel);
  for (const subscriber of state.subscribers.values()) confirm(step, subscriber);
};

/** Who asked for it is told; who had it before gets another connection. */
const onRefused = (step: Step): void => {
  const { state } = step;
  const { command } = state;
  if (command === undefined) return;
  const { listen, unlisten } = command;
  refusePending(step, 'refused', ({ channel }) => listen.includes(channel));
  if (listen.length === 0 || listen.some((channel) => isWanted(state, channel))) {
    breakConnection(step, 'refused');
    return;
  }
  state.command = undefined;
  for (const channel of unlisten) state.heard.add(channel);
};

const onConnectFailed = (step: Step, permanent: boolean): void => {
  const { state } = step;
  if (state.phase === 'connecting') {
    noteFailure(step);
    if (permanent) refusePending(step, 'unreachable', () => true);
  }
  state.phase = 'offline';
};

const onGone = (step: Step): void => {
  const { state } = step;
  if (state.phase !== 'closing') {
    noteFailure(step);
    loseChannels(step, 'lost');
  }
  state.phase = 'offline';
};

type ConnectionEvent = Extract<ListenerEvent, { connection: number }>;

const onConnectionEvent = (step: Step, event: ConnectionEvent): void => {
  const { state, nowMs } = step;
  const { phase } = state;
  if (phase === 'offline' || phase === 'closed') return;
  switch (event.type) {
    case 'connected':
      if (phase !== 'connecting') return;
      state.phase = 'online';
      state.limitAtMs = nowMs + state.limits.heartbeatMs;
      break;
    case 'answered':
      onAnswered(step);
      break;
    case 'refused':
      onRefused(step);
      break;
    case 'connect-failed':
      onConnectFailed(step, event.permanent);
      break;
    case 'broken':
      if (phase !== 'closing') breakConnection(step, event.reason);
      break;
    case 'gone':
      onGone(step);
      break;
  }
};

const onRecycle = (step: Step): void => {
  const { phase } = step.state;
  if (phase === 'connecting') drop(step, 'destroy');
  if (phase === 'online') drop(step, 'terminate', { reason: 'recycled' });
};

const onSweep = (step: Step): void => {
  const { state, nowMs, effects } = step;
  const isUnreachable = state.phase !== 'online' && state.gate.failures > 0;
  refusePending(step, isUnreachable ? 'unreachable' : 'deadline', ({ deadlineAtMs }) => deadlineAtMs <= nowMs);
  if (state.limitAtMs > nowMs) return;
  if (state.phase === 'connecting') {
    noteFailure(step);
    drop(step, 'destroy', { timedOut: true });
  } else if (state.command !== undefined) breakConnection(step, 'silent');
  else if (state.phase === 'closing') {
    state.limitAtMs = NEVER;
    effects.push({ do: 'destroy', timedOut: false });
  }
};

const onClose = (step: Step, deadlineAtMs: number): void => {
  const { state } = step;
  if (state.closeRequested) return;
  state.closeRequested = true;
  unsubscribeAll(step);
  if (state.phase === 'online') drop(step, 'terminate');
  if (state.phase === 'connecting') drop(step, 'destroy');
  if (state.limitAtMs !== NEVER) state.limitAtMs = Math.min(state.limitAtMs, deadlineAtMs);
};

const onOtherEvent = (step: Step, event: Exclude<ListenerEvent, ConnectionEvent>): void => {
  const { state } = step;
  switch (event.type) {
    case 'subscribe':
      subscribe(step, event);
      break;
    case 'unsubscribe':
      unsubscribe(state, event.subscriber);
      break;
    case 'recycle':
      onRecycle(step);
      break;
    case 'sweep':
      onSweep(step);
      break;
    case 'close':
      onClose(step, event.deadlineAtMs);
      break;
  }
};

/** Tells the server what has changed since it was told last, and else asks it now and then whether it is there. */
const tellServer = (step: Step): void => {
  const { state, nowMs } = step;
  if (state.command !== undefined) return;
  const wanted = new Set<string>();
  for (const { channel } of state.subscribers.values()) wanted.add(channel);
  const listen = [...wanted].filter((channel) => !state.heard.has(channel));
  const unlisten = [...state.heard].filter((channel) => !wanted.has(channel));
  if (listen.length + unlisten.length > 0 || state.limitAtMs <= nowMs) send(step, { listen, unlisten });
};

const follow = (step: Step): void => {
  const { state, nowMs, effects } = step;
  const isUnused = state.subscribers.size === 0;
  if (state.phase === 'online') {
    if (isUnused) drop(step, 'terminate');
    else tellServer(step);
  } else if (state.phase === 'connecting' && isUnused) drop(step, 'destroy');
  if (state.phase !== 'offline') return;
  state.limitAtMs = NEVER;
  if (state.closeRequested) {
    state.phase = 'closed';
    effects.push({ do: 'closed' });
  } else if (!isUnused && admittedConnects(state.gate, { nowMs, opening: 0, limit: 1 }) > 0) {
    state.phase = 'connecting';
    state.connection += 1;
    state.limitAtMs = nowMs + state.limits.connectTimeoutMs;
    effects.push({ do: 'connect', connection: state.connection });
  }
};

const nextDueAtMs = ({ phase, gate, limitAtMs, subscribers }: ListenerState): number => {
  let atMs = limitAtMs;
  for (const subscriber of subscribers.values()) atMs = Math.min(atMs, subscriber.deadlineAtMs);
  return phase === 'offline' && subscribers.size > 0 ? Math.min(atMs, gate.openAtMs) : atMs;
};

/** Applies one event. Events of an earlier connection are ignored: a late callback of a dead socket changes nothing. */
export const stepListener = (state: ListenerState, event: ListenerEvent, nowMs: number): readonly ListenerEffect[] => {
  const step: Step = { state, nowMs, effects: [] };
  if (!('connection' in event)) onOtherEvent(step, event);
  else if (event.connection === state.connection) onConnectionEvent(step, event);
  follow(step);
  settleLeaving(step);
  state.dueAtMs = nextDueAtMs(state);
  return step.effects;
};
