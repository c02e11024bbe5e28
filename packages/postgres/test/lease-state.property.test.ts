import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { Actor } from './lease-model-actor.ts';

const choose = <T>(items: Iterable<T>, index: number): T | undefined => {
  const list = Array.from(items);
  return list[index % Math.max(1, list.length)];
};

/** What a random number does to an actor, by the name of the event. */
const EVENTS = {
  acquire: (actor: Actor, n: number) => actor.acquire(1 + (n % 2_000)),
  abort: (actor: Actor, n: number) => actor.abort(choose(actor.waiting, n) ?? -1),
  release: (actor: Actor, n: number) => actor.release(choose(actor.held.keys(), n) ?? -1),
  releaseDirty: (actor: Actor, n: number) => actor.release(choose(actor.held.keys(), n) ?? -1, true),
  die: (actor: Actor, n: number) => {
    const slot = choose(actor.sockets.keys(), n);
    if (slot !== undefined && actor.sockets.get(slot) !== 'connecting') actor.die(slot);
  },
  answer: (actor: Actor, n: number) => actor.answer(choose(actor.sockets.keys(), n) ?? -1),
  socketCloses: (actor: Actor, n: number) => {
    const slot = choose(actor.sockets.keys(), n);
    if (slot !== undefined) actor.socketCloses(slot);
  },
  /** Callbacks of sockets that are long gone, or that come twice. */
  lateEcho: (actor: Actor, n: number) => {
    actor.send({ type: 'gone', slot: 10_000 });
    const slot = choose(actor.held.keys(), n) ?? 10_000;
    for (const type of ['connected', 'ready', 'validated', 'reset'] as const) actor.send({ type, slot });
  },
  tick: (actor: Actor, n: number) => actor.advance(n % 300),
  leap: (actor: Actor, n: number) => actor.advance(n % 9_000),
  recycle: (actor: Actor) => actor.send({ type: 'recycle' }),
  close: (actor: Actor, n: number) => actor.send({ type: 'close', deadlineAtMs: actor.nowMs + (n % 3_000) }),
};

type EventName = keyof typeof EVENTS;
const WEIGHTS: Readonly<Record<EventName, number>> = {
  acquire: 8,
  answer: 8,
  release: 6,
  tick: 4,
  leap: 2,
  abort: 2,
  releaseDirty: 2,
  die: 2,
  socketCloses: 2,
  lateEcho: 1,
  recycle: 1,
  close: 1,
};
const names: EventName[] = [];
for (const name in WEIGHTS) if (isEventName(name)) names.push(...Array.from({ length: WEIGHTS[name] }, () => name));
function isEventName(name: string): name is EventName {
  return name in EVENTS;
}

interface Command {
  readonly name: EventName;
  readonly n: number;
}
const command: fc.Arbitrary<Command> = fc.record({ name: fc.constantFrom(...names), n: fc.nat({ max: 100_000 }) });
const run = (actor: Actor, { name, n }: Command): void => void EVENTS[name](actor, n);

const sizes = {
  max: fc.integer({ min: 1, max: 4 }),
  maxQueue: fc.integer({ min: 0, max: 4 }),
  connectConcurrency: fc.integer({ min: 1, max: 3 }),
  validateAfterIdleMs: fc.constantFrom(0, 200, 60_000),
};
const limits = fc.oneof(
  fc.record({ ...sizes, minIdle: fc.integer({ min: 0, max: 1 }) }),
  fc.record({ ...sizes, returns: fc.constant(true) }),
);

/** Lets the world answer everything, with time for every limit, until nothing changes. */
const drain = (actor: Actor): void => {
  for (let turn = 0; turn < 200 && !actor.closed; turn += 1) {
    actor.advance(500);
    for (const slot of Array.from(actor.sockets.keys())) actor.answer(slot);
    actor.check();
  }
};

describe('the lease core under random events', () => {
  test('R-PG-1 keeps I1 to I7 after every step, and ends empty', () => {
    fc.assert(
      fc.property(limits, fc.array(command, { maxLength: 120, size: 'max' }), fc.integer(), (own, commands, seed) => {
        let state = seed >>> 0;
        const random = (): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
        const actor = new Actor(own, { random });
        for (const one of commands) {
          run(actor, one);
          actor.check();
        }
        for (const slot of Array.from(actor.held.keys())) actor.release(slot);
        actor.send({ type: 'close', deadlineAtMs: actor.nowMs + 1_000 });
        drain(actor);
        expect(actor.closed).toBe(true);
        expect(actor.pool.dueAtMs).toBe(Number.POSITIVE_INFINITY);
      }),
      { numRuns: 1_500 },
    );
  });

  test('R-PG-1 every waiter ends exactly once: with a connection, an abort or a refusal', () => {
    fc.assert(
      fc.property(limits, fc.array(command, { maxLength: 80, size: 'max' }), (own, commands) => {
        const actor = new Actor(own);
        let waiters = 0;
        for (const one of commands) {
          if (one.name === 'acquire') waiters += 1;
          run(actor, one);
        }
        actor.send({ type: 'close', deadlineAtMs: actor.nowMs });
        actor.advance(1);
        expect(actor.waiting).toEqual([]);
        expect(actor.ends.size).toBe(waiters);
      }),
      { numRuns: 500 },
    );
  });

  test('L2 L4 the shortcuts of a busy pool do what a step does', () => {
    fc.assert(
      fc.property(limits, fc.array(command, { maxLength: 120, size: 'max' }), (own, commands) => {
        const actors = [new Actor(own), new Actor(own, { shortcuts: false })];
        for (const one of commands) {
          for (const actor of actors) run(actor, one);
          const [quick, stepped] = actors.map(({ held, sockets, ends, counts, waiting, pool }) => {
            const { waiters: _, ...state } = pool;
            return { held, sockets, ends, counts, waiting, state };
          });
          expect(quick).toEqual(stepped);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('R-PG-1 a pool whose server answers serves everybody in time', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 30 }),
        fc.boolean(),
        (max, callers, returns) => {
          const actor = new Actor({ max, returns, maxQueue: 30, acquireTimeoutMs: 60_000 });
          for (let n = 0; n < callers; n += 1) actor.acquire();
          for (let turn = 0; turn < 200 && actor.waiting.length > 0; turn += 1) {
            for (const slot of Array.from(actor.sockets.keys())) actor.answer(slot);
            for (const slot of Array.from(actor.held.keys())) actor.release(slot);
            actor.advance(10);
            actor.check();
          }
          expect([...actor.ends.values()]).toEqual(Array.from({ length: callers }, () => 'granted'));
        },
      ),
      { numRuns: 200 },
    );
  });
});
