import {
  createListenerState,
  type ListenCommand,
  type ListenerEffect,
  type ListenerEvent,
  type ListenerLimits,
  type ListenerState,
} from '../src/listener-model.ts';
import { stepListener } from '../src/listener-state.ts';

export const LIMITS: ListenerLimits = {
  connectTimeoutMs: 500,
  closeTimeoutMs: 600,
  heartbeatMs: 3_000,
  answerTimeoutMs: 400,
};

interface Socket {
  readonly connection: number;
  stage: 'connecting' | 'online' | 'ending';
  /** What the server has been told and has done. */
  readonly channels: Set<string>;
  readonly commands: ListenCommand[];
}

/** What callers and a server may observe, kept by rules that know nothing of the core. Every effect is checked against it. */
export class World {
  readonly state: ListenerState;
  nowMs = 0;
  socket: Socket | undefined;
  closed = false;
  readonly effects: ListenerEffect[] = [];
  /** Subscription → its channel, until it has its answer. */
  readonly pending = new Map<number, string>();
  readonly confirmed = new Map<number, string>();
  /** Ended by their callers, and still to hear that they have left. */
  readonly leaving = new Map<number, string>();
  /** Confirmed ones whose channel the server has stopped hearing since. */
  readonly owed = new Set<number>();
  #last = 0;

  constructor(random: () => number = () => 0.5) {
    this.state = createListenerState(LIMITS, random);
  }

  subscribe(channel: string, timeoutMs = 2_000): number {
    this.#last += 1;
    this.pending.set(this.#last, channel);
    this.send({ type: 'subscribe', subscriber: this.#last, channel, deadlineAtMs: this.nowMs + timeoutMs });
    return this.#last;
  }

  unsubscribe(id: number): void {
    const channel = this.pending.get(id) ?? this.confirmed.get(id);
    if (channel === undefined) return;
    this.#forget(id);
    this.leaving.set(id, channel);
    this.send({ type: 'unsubscribe', subscriber: id });
  }

  /** The server does what it was asked for. */
  answer(): void {
    const { socket } = this;
    if (socket === undefined) return;
    const { connection } = socket;
    if (socket.stage === 'ending') this.#end('gone');
    else if (socket.stage === 'connecting') {
      socket.stage = 'online';
      this.send({ type: 'connected', connection });
    } else {
      const command = socket.commands.shift();
      if (command === undefined) return;
      for (const channel of command.unlisten) socket.channels.delete(channel);
      for (const channel of command.listen) socket.channels.add(channel);
      this.send({ type: 'answered', connection });
    }
  }

  refuse(permanent = false): void {
    const { socket } = this;
    if (socket === undefined) return;
    if (socket.stage === 'connecting') this.#end('connect-failed', permanent);
    else if (socket.stage === 'online' && socket.commands.shift() !== undefined)
      this.send({ type: 'refused', connection: socket.connection });
  }

  die(): void {
    if (this.socket !== undefined) this.#end(this.socket.stage === 'connecting' ? 'connect-failed' : 'gone');
  }

  close(deadlineMs = 1_000): void {
    for (const [id, channel] of this.confirmed) this.leaving.set(id, channel);
    this.confirmed.clear();
    this.owed.clear();
    this.send({ type: 'close', deadlineAtMs: this.nowMs + deadlineMs });
  }

  /** Moves time on; the core is asked whenever it said that something is due. */
  advance(ms: number): void {
    const untilMs = this.nowMs + ms;
    while (this.state.dueAtMs <= untilMs) {
      this.nowMs = Math.max(this.nowMs, this.state.dueAtMs);
      const before = this.state.dueAtMs;
      this.send({ type: 'sweep' });
      if (this.state.dueAtMs <= before && this.state.dueAtMs <= this.nowMs)
        throw new Error(`it is due at ${before} again and again`);
    }
    this.nowMs = untilMs;
  }

  send(event: ListenerEvent): void {
    for (const effect of stepListener(this.state, event, this.nowMs)) {
      this.effects.push(effect);
      this.#apply(effect);
    }
    if (event.type === 'close' && this.pending.size > 0) throw new Error('close leaves somebody waiting');
  }

  /** Everything that the server hears is wanted and told, once it owes no answer. */
  checkAtRest(): void {
    const wanted = new Set(this.confirmed.values());
    const heard = this.socket?.channels ?? new Set<string>();
    if (this.pending.size > 0) throw new Error('somebody still waits');
    if (this.owed.size > 0) throw new Error(`nobody told ${[...this.owed].join()} of a gap`);
    if (this.leaving.size > 0) throw new Error('somebody has not left');
    if (wanted.size !== heard.size || [...wanted].some((channel) => !heard.has(channel)))
      throw new Error(`wanted ${[...wanted].join()}, heard ${[...heard].join()}`);
  }

  #forget(id: number): void {
    this.pending.delete(id);
    this.confirmed.delete(id);
    this.owed.delete(id);
  }

  #end(type: 'gone' | 'connect-failed', permanent = false): void {
    const { socket } = this;
    if (socket === undefined) return;
    this.#loseChannels();
    this.socket = undefined;
    const { connection } = socket;
    this.send(type === 'gone' ? { type, connection } : { type, connection, permanent });
  }

  #loseChannels(): void {
    for (const id of this.confirmed.keys()) this.owed.add(id);
  }

  #apply(effect: ListenerEffect): void {
    if ('subscriber' in effect) this.#applyToSubscriber(effect);
    else if (effect.do === 'connect') {
      if (this.socket !== undefined) throw new Error('N1 a second socket');
      this.socket = { connection: effect.connection, stage: 'connecting', channels: new Set(), commands: [] };
    } else if (effect.do === 'closed') {
      if (this.socket !== undefined || this.closed) throw new Error('N7 closed with a socket, or twice');
      this.closed = true;
    } else this.#applyToSocket(effect, this.socket);
  }

  #applyToSocket(effect: Extract<ListenerEffect, { do: 'send' | 'terminate' | 'destroy' }>, socket?: Socket): void {
    if (socket === undefined) throw new Error(`no socket to ${effect.do}`);
    if (effect.do === 'send') {
      socket.commands.push(effect.command);
      if (socket.stage !== 'online' || socket.commands.length > 1) throw new Error('N2 a second command');
      return;
    }
    this.#loseChannels();
    socket.stage = 'ending';
    socket.channels.clear();
  }

  #applyToSubscriber(effect: Extract<ListenerEffect, { subscriber: number }>): void {
    const { subscriber: id } = effect;
    switch (effect.do) {
      case 'confirm': {
        const channel = this.#take(this.pending, id);
        this.#mustBeHeard(channel);
        this.confirmed.set(id, channel);
        break;
      }
      case 'refuse':
        this.#take(this.pending, id);
        break;
      case 'gap':
        if (!this.owed.delete(id)) throw new Error('N5 a gap that was none, or twice');
        this.#mustBeHeard(this.confirmed.get(id));
        break;
      case 'left': {
        const channel = this.#take(this.leaving, id);
        const isWanted = [...this.confirmed.values(), ...this.pending.values()].includes(channel);
        if (!isWanted && this.socket?.channels.has(channel) === true) throw new Error('N6 left, and still heard');
        break;
      }
      default:
        effect satisfies never;
    }
  }

  #take(from: Map<number, string>, id: number): string {
    const channel = from.get(id);
    if (channel === undefined) throw new Error(`${id} had its answer before, or never asked`);
    from.delete(id);
    return channel;
  }

  #mustBeHeard(channel: string | undefined): void {
    if (channel === undefined || this.socket?.channels.has(channel) !== true)
      throw new Error('N4 the server does not hear it');
  }
}
