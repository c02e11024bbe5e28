/**
 * One breaker per key, and no more than `max` of them. What fails together is one key: a host, a shard, a tenant's database.
 *
 * The registry owns its breakers; nothing else in the module holds one. Room is made only by ending breakers that nobody would
 * miss: closed, without calls or waiters, and idle.
 */
import { type Clock, systemClock } from '@busbar/retry';

import type { Breaker } from './breaker.ts';
import { createBreaker } from './circuit-breaker.ts';
import { BreakerOptionsError, BreakerRegistryFullError, BreakerShutDownError } from './errors.ts';
import { numberIssue, stated, unknownKeyIssues } from './option-checks.ts';
import { type BreakerOptions, resolveBreakerOptions } from './options.ts';

export interface RegistryOptions {
  /** The options of every breaker; the key is its name. */
  readonly defaults?: Omit<BreakerOptions, 'name' | 'restore'>;
  /** Most breakers at a time. Default: 1_000. Range: 1..100_000. */
  readonly max?: number;
  /** Without a call for so long, a breaker may be ended to make room. Default: 600_000 ms. Range: 0..86_400_000. */
  readonly idleMs?: number;
}

export interface BreakerRegistry extends AsyncDisposable {
  readonly size: number;
  /**
   * The breaker of a key, made at the first use.
   * @throws {@link BreakerRegistryFullError} when there is no room for it
   * @throws {@link BreakerOptionsError} when the key cannot be a name
   * @throws {@link BreakerShutDownError} after `close()`
   */
  get(key: string): Breaker;
  /** All breakers by key, the one that was asked for least recently first. */
  entries(): IterableIterator<[string, Breaker]>;
  /** Ends all of them. Idempotent. */
  close(): Promise<void>;
}

interface Entry {
  readonly breaker: Breaker;
  usedAtMs: number;
  /** Calls that had ended when it was last looked at. */
  settled: number;
}

const DEFAULTS = { defaults: {}, max: 1_000, idleMs: 600_000 };

/** @throws {@link BreakerOptionsError} with every problem, those of `defaults` included */
export const createBreakerRegistry = (options: RegistryOptions = {}): BreakerRegistry => {
  const settings = { ...DEFAULTS, ...stated(options) };
  const issues = [
    ...unknownKeyIssues(options, '', Object.keys(DEFAULTS)),
    ...numberIssue('max', settings.max, { min: 1, max: 100_000, integer: true }),
    ...numberIssue('idleMs', settings.idleMs, { min: 0, max: 86_400_000 }),
  ];
  if (issues.length > 0) throw new BreakerOptionsError({ breaker: 'registry', issues });
  resolveBreakerOptions({ ...settings.defaults, name: 'registry' });
  return new Registry(settings);
};

class Registry implements BreakerRegistry {
  readonly #options: Required<RegistryOptions>;
  readonly #clock: Clock;
  /** Least recently asked for first. */
  readonly #entries = new Map<string, Entry>();
  #closed = false;

  constructor(options: Required<RegistryOptions>) {
    this.#options = options;
    this.#clock = options.defaults.clock ?? systemClock;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Breaker {
    if (this.#closed) throw new BreakerShutDownError({ breaker: key });
    const entry = this.#entries.get(key) ?? this.#create(key);
    entry.usedAtMs = this.#clock.now();
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.breaker;
  }

  *entries(): IterableIterator<[string, Breaker]> {
    for (const [key, { breaker }] of this.#entries) yield [key, breaker];
  }

  async close(): Promise<void> {
    this.#closed = true;
    const breakers = [...this.#entries.values()].map(({ breaker }) => breaker);
    this.#entries.clear();
    await Promise.all(breakers.map((breaker) => breaker.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #create(key: string): Entry {
    const { defaults, max } = this.#options;
    if (this.#entries.size >= max && !this.#makeRoom())
      throw new BreakerRegistryFullError({ breaker: key, limit: max });
    return { breaker: createBreaker({ ...defaults, name: key }), usedAtMs: 0, settled: 0 };
  }

  /** Ends the least recently used breaker that may be ended. False: there is none. */
  #makeRoom(): boolean {
    for (const [key, entry] of this.#entries) {
      if (!this.#isIdle(entry)) continue;
      this.#entries.delete(key);
      void entry.breaker.close();
      return true;
    }
    return false;
  }

  /** Whoever holds a breaker may use it without asking for it again: its counters tell. */
  #isIdle(entry: Entry): boolean {
    const { state, inFlight, waiters, success, failure, ignored, staleSuccess, staleFailure, staleIgnored } =
      entry.breaker.stats();
    const settled = success + failure + ignored + staleSuccess + staleFailure + staleIgnored;
    const nowMs = this.#clock.now();
    if (settled !== entry.settled) {
      entry.settled = settled;
      entry.usedAtMs = nowMs;
    }
    return state === 'closed' && inFlight === 0 && waiters === 0 && nowMs - entry.usedAtMs >= this.#options.idleMs;
  }
}
