import type { LeaseEffect, LeaseEvent, LeaseLimits, LeasePoolState } from '../src/lease-model.ts';
import { createLeaseState } from '../src/lease-model.ts';
import { step } from '../src/lease-state.ts';

/** Small limits, so that a short random run meets each of them. */
export const smallLimits: LeaseLimits = {
  max: 3,
  minIdle: 0,
  maxQueue: 2,
  acquireTimeoutMs: 1_000,
  connectTimeoutMs: 500,
  setupTimeoutMs: 300,
  idleTimeoutMs: 5_000,
  maxLifetimeMs: 20_000,
  lifetimeJitterRatio: 0.2,
  validateAfterIdleMs: 400,
  validationTimeoutMs: 200,
  closeTimeoutMs: 600,
  connectConcurrency: 2,
  resetTimeoutMs: 250,
  cancelGraceMs: 100,
};

/**
 * What a caller and a socket may observe, kept by rules that know nothing of the implementation: who waits, who holds what, which sockets
 * are open. Each effect is checked against it.
 */
export class Actor {
  readonly pool: LeasePoolState;
  readonly limits: LeaseLimits;
  nowMs = 0;
  readonly waiting: number[] = [];
  /** slot → waiter that holds it */
  readonly held = new Map<number, number>();
  /** Sockets: open until the world closes them. */
  readonly sockets = new Map<number, 'connecting' | 'setup' | 'usable' | 'probing' | 'resetting' | 'ending'>();
  readonly ends = new Map<number, string>();
  readonly counts = { acquired: 0, released: 0, lost: 0 };
  closed = false;
  #lastWaiter = 0;

  constructor(limits: Partial<LeaseLimits> = {}, random: () => number = () => 0.5) {
    this.limits = { ...smallLimits, ...limits };
    this.pool = createLeaseState(this.limits, random);
  }

  acquire(timeoutMs = this.limits.acquireTimeoutMs): number {
    this.#lastWaiter += 1;
    const waiter = this.#lastWaiter;
    this.waiting.push(waiter);
    this.send({ type: 'acquire', waiter, deadlineAtMs: this.nowMs + timeoutMs });
    return waiter;
  }

  abort(waiter: number): void {
    const index = this.waiting.indexOf(waiter);
    if (index === -1) return;
    this.waiting.splice(index, 1);
    this.ends.set(waiter, 'aborted');
    this.send({ type: 'abort', waiter });
  }

  release(slot: number, dirty = false): readonly LeaseEffect[] {
    if (!this.held.delete(slot)) return [];
    this.counts.released += 1;
    return this.send({ type: 'released', slot, dirty });
  }

  /** The connection dies under whoever has it. */
  die(slot: number): void {
    if (this.held.delete(slot)) this.counts.lost += 1;
    this.send({ type: 'broken', slot, reason: 'error' });
  }

  send(event: LeaseEvent): readonly LeaseEffect[] {
    const effects = step(this.pool, event, this.nowMs);
    for (const effect of effects) this.#apply(effect);
    return effects;
  }

  advance(ms: number): void {
    this.nowMs += ms;
    if (this.pool.dueAtMs <= this.nowMs) this.send({ type: 'sweep' });
  }

  /** The socket of a slot emits `close`. */
  socketCloses(slot: number): void {
    const state = this.sockets.get(slot);
    this.sockets.delete(slot);
    if (this.held.delete(slot)) this.counts.lost += 1;
    const neverConnected = state === 'connecting';
    this.send(neverConnected ? { type: 'connect-failed', slot, permanent: false } : { type: 'gone', slot });
  }

  #apply(effect: LeaseEffect): void {
    switch (effect.do) {
      case 'connect':
        this.#expect(!this.sockets.has(effect.slot), 'a slot is opened twice');
        this.sockets.set(effect.slot, 'connecting');
        break;
      case 'grant':
        this.#grant(effect);
        break;
      case 'refuse':
        this.#expect(this.waiting.includes(effect.waiter), 'a waiter ends twice');
        this.waiting.splice(this.waiting.indexOf(effect.waiter), 1);
        this.ends.set(effect.waiter, effect.reason);
        break;
      case 'validate':
        this.#expect(!this.held.has(effect.slot), 'a held connection is probed');
        this.sockets.set(effect.slot, 'probing');
        break;
      case 'reset':
        this.sockets.set(effect.slot, 'resetting');
        break;
      case 'cancel':
        this.#expect(this.held.has(effect.slot), 'only a held connection is cancelled');
        break;
      case 'terminate':
      case 'destroy':
        if (this.held.delete(effect.slot)) this.counts.lost += 1;
        if (this.sockets.get(effect.slot) !== 'connecting') this.sockets.set(effect.slot, 'ending');
        break;
      case 'closed':
        this.closed = true;
        break;
      default:
        effect satisfies never;
    }
  }

  #grant({ slot, waiter }: Extract<LeaseEffect, { do: 'grant' }>): void {
    this.#expect(waiter === this.waiting[0], `waiter ${waiter} overtakes ${this.waiting[0]}`); // I4
    this.#expect(!this.held.has(slot), `slot ${slot} is leased twice`); // I2
    this.#expect(
      this.sockets.get(slot) !== 'connecting' && this.sockets.get(slot) !== 'ending',
      'an unusable socket is leased',
    ); // I5
    this.sockets.set(slot, 'usable');
    this.waiting.shift();
    this.ends.set(waiter, 'granted');
    this.held.set(slot, waiter);
    this.counts.acquired += 1;
  }

  /** I1 to I7, after any step. */
  check(): void {
    const { pool, limits } = this;
    this.#expect(pool.slots.size <= limits.max, `I1: ${pool.slots.size} slots`);
    this.#expect(this.sockets.size <= limits.max, `I1: ${this.sockets.size} sockets`);
    this.#expect(pool.slots.size === this.sockets.size, 'I1: slots are not the open sockets');
    this.#expect(pool.counts.leased === this.held.size, 'I2: leased slots are not the held connections');
    const coming = pool.counts.connecting + pool.counts.setup + pool.counts.validating;
    this.#expect(
      this.waiting.length <= coming || pool.idle.length === 0,
      'I3: somebody waits beside an idle connection',
    );
    this.#expect(pool.waiters.size === this.waiting.length, 'I4: the waiters differ');
    this.#expect(this.waiting.length <= limits.maxQueue + limits.max, 'I4: the queue is too long');
    this.#expect(pool.queue.length <= 2 * pool.waiters.size + 65, 'I4: tombstones pile up');
    for (const slot of pool.idle)
      this.#expect(
        this.sockets.get(slot.id) === 'usable' && !this.held.has(slot.id) && slot.generation === pool.generation,
        'I5: an idle one is not usable',
      );
    this.#expect(limits.returns !== true || pool.idle.length === 0, 'a borrowed one is kept');
    const { acquired, released, lost } = this.counts;
    this.#expect(acquired === released + lost + this.held.size, 'I6: a lease is unaccounted for');
    const total = Object.values(pool.counts).reduce((sum, count) => sum + count, 0);
    this.#expect(total === pool.slots.size, 'the counts do not add up');
    if (this.closed) this.#expect(this.sockets.size === 0 && this.waiting.length === 0, 'I7: closed, and not empty');
    for (const slot of pool.slots.values())
      this.#expect(slot.dueAtMs >= pool.dueAtMs || slot.dueAtMs === Infinity, 'a limit is not watched');
    for (const waiter of pool.waiters.values())
      this.#expect(waiter.deadlineAtMs >= pool.dueAtMs, 'a deadline is not watched');
  }

  /** What the world answers to an open question of a slot. */
  answer(slot: number): void {
    const state = this.sockets.get(slot);
    if (state === 'connecting' && this.pool.slots.get(slot)?.state === 'connecting') {
      this.sockets.set(slot, 'setup');
      this.send({ type: 'connected', slot });
    } else if (state === 'setup') {
      this.sockets.set(slot, 'usable');
      this.send({ type: 'ready', slot });
    } else if (state === 'probing') {
      this.sockets.set(slot, 'usable');
      this.send({ type: 'validated', slot });
    } else if (state === 'resetting') {
      this.sockets.set(slot, 'usable');
      this.send({ type: 'reset', slot });
    } else if (state === 'ending' || state === 'connecting') this.socketCloses(slot);
  }

  #expect(holds: boolean, what: string): void {
    if (!holds) throw new Error(`${what} at ${this.nowMs} ms`);
  }
}
