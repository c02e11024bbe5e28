import type { LeaseEffect, LeaseEvent, LeaseLimits, LeasePoolState } from '../src/lease-model.ts';
import { createLeaseState } from '../src/lease-model.ts';
import { enqueue, handBack, takeFresh } from '../src/lease-moves.ts';
import { step } from '../src/lease-state.ts';
import type { Waiter } from '../src/waiter-queue.ts';

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

const half = (): number => 0.5;

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
  readonly #shortcuts: boolean;
  readonly #waiters = new Map<number, Waiter>();
  #lastWaiter = 0;

  /** `shortcuts`: as the shell, which asks for a step only where they give up. */
  constructor(limits: Partial<LeaseLimits> = {}, o: { random?: () => number; shortcuts?: boolean } = {}) {
    this.limits = { ...smallLimits, ...limits };
    this.pool = createLeaseState(this.limits, o.random ?? half);
    this.#shortcuts = o.shortcuts ?? true;
  }

  acquire(timeoutMs = this.limits.acquireTimeoutMs): number {
    this.#lastWaiter += 1;
    const waiter = this.#lastWaiter;
    this.waiting.push(waiter);
    const slot = this.#shortcuts ? takeFresh(this) : undefined;
    if (slot === undefined) this.#wait(this.#waiter(waiter, this.nowMs + timeoutMs));
    else this.#grant(slot.id, waiter);
    return waiter;
  }

  #wait(waiter: Waiter): void {
    if (!this.#shortcuts || !enqueue(this, waiter)) this.send({ type: 'acquire', waiter });
  }

  abort(id: number): void {
    const index = this.waiting.indexOf(id);
    const waiter = this.#waiters.get(id);
    if (waiter === undefined) return;
    if (index !== -1) {
      this.waiting.splice(index, 1);
      this.ends.set(id, 'aborted');
    }
    this.send({ type: 'abort', waiter });
  }

  release(id: number, dirty = false): readonly LeaseEffect[] {
    if (!this.held.delete(id)) return [];
    this.counts.released += 1;
    const slot = this.pool.slots.get(id);
    const taker = this.#shortcuts && !dirty && slot !== undefined ? handBack(this, slot) : undefined;
    if (slot === undefined || taker === undefined) return this.send({ type: 'released', slot: id, dirty });
    if (taker !== 'kept') taker.granted(slot);
    return [];
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

  #waiter(id: number, deadlineAtMs: number): Waiter {
    const waiter = {
      isWaiting: false,
      enqueuedAtMs: this.nowMs,
      deadlineAtMs,
      granted: (slot: { id: number }) => this.#grant(slot.id, id),
      refused: (reason: string) => {
        this.#expect(this.waiting.includes(id), 'a waiter ends twice');
        this.waiting.splice(this.waiting.indexOf(id), 1);
        this.ends.set(id, reason);
      },
    };
    this.#waiters.set(id, waiter);
    return waiter;
  }

  #apply(effect: LeaseEffect): void {
    switch (effect.do) {
      case 'connect':
        this.#expect(!this.sockets.has(effect.slot), 'a slot is opened twice');
        this.sockets.set(effect.slot, 'connecting');
        break;
      case 'grant':
        effect.waiter.granted(effect.slot);
        break;
      case 'refuse':
        effect.waiter.refused(effect.reason, effect.waitedMs);
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

  #grant(slot: number, waiter: number): void {
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
    this.#expect(pool.waiters.length <= 2 * pool.waiters.size + 65, 'I4: tombstones pile up');
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
    for (const waiter of pool.waiters) this.#expect(waiter.deadlineAtMs >= pool.dueAtMs, 'a deadline is not watched');
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
