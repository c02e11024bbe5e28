import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { World } from './listener-world.ts';

const CHANNELS = ['orders', 'stock', 'Prices'];

const choose = <T>(items: Iterable<T>, n: number): T | undefined => {
  const list = Array.from(items);
  return list[n % Math.max(1, list.length)];
};

/** What a random number does to the world, by the name of the event. */
const EVENTS = {
  subscribe: (world: World, n: number) => void world.subscribe(CHANNELS[n % 3] ?? 'x', 1 + (n % 4_000)),
  unsubscribe: (world: World, n: number) =>
    world.unsubscribe(choose([...world.confirmed.keys(), ...world.pending.keys()], n) ?? -1),
  answer: (world: World) => world.answer(),
  refuse: (world: World, n: number) => world.refuse(n % 2 === 0),
  die: (world: World) => world.die(),
  broken: (world: World) => world.send({ type: 'broken', connection: world.state.connection, reason: 'demoted' }),
  recycle: (world: World) => world.send({ type: 'recycle' }),
  tick: (world: World, n: number) => world.advance(n % 100),
  leap: (world: World, n: number) => world.advance(n % 5_000),
  close: (world: World, n: number) => world.close(n % 2_000),
  /** Callbacks of a socket that is long gone. */
  echo: (world: World) => {
    const connection = world.state.connection - 1;
    for (const type of ['connected', 'answered', 'refused', 'gone'] as const) world.send({ type, connection });
    world.send({ type: 'connect-failed', connection, permanent: true });
    world.send({ type: 'broken', connection, reason: 'lost' });
  },
  /** Callbacks that come after the end of the socket that they are of, or while it ends. */
  lateEcho: (world: World) => {
    const { connection } = world.state;
    world.send({ type: 'unsubscribe', subscriber: 0 });
    if (world.socket === undefined) world.send({ type: 'gone', connection });
    else if (world.socket.stage !== 'ending') return;
    for (const type of ['connected', 'answered', 'refused'] as const) world.send({ type, connection });
    world.send({ type: 'broken', connection, reason: 'lost' });
  },
};

type EventName = keyof typeof EVENTS;
const WEIGHTS: Readonly<Record<EventName, number>> = {
  answer: 12,
  subscribe: 8,
  unsubscribe: 6,
  tick: 4,
  leap: 2,
  refuse: 2,
  die: 2,
  broken: 1,
  recycle: 1,
  close: 1,
  echo: 1,
  lateEcho: 1,
};
const isEventName = (name: string): name is EventName => name in EVENTS;
const names = Object.keys(WEIGHTS)
  .filter(isEventName)
  .flatMap((name) => Array.from({ length: WEIGHTS[name] }, () => name));
const command = fc.record({ name: fc.constantFrom(...names), n: fc.nat({ max: 100_000 }) });

describe('the core of listen under random events', () => {
  test('R-PG-1 N1 keeps N1 to N7 after every step, and settles once the server answers', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 100, size: 'max' }), fc.nat(), (commands, seed) => {
        let random = seed >>> 0;
        const world = new World(() => (random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32);
        for (const { name, n } of commands) EVENTS[name](world, n);
        for (let turn = 0; turn < 60; turn += 1) {
          world.answer();
          world.advance(200);
        }
        world.answer();
        world.checkAtRest();
        world.close(0);
        world.advance(1);
        world.answer();
        expect(world.closed).toBe(true);
        expect(world.state).toMatchObject({ phase: 'closed', dueAtMs: Number.POSITIVE_INFINITY });
        expect([world.leaving.size, world.state.subscribers.size]).toEqual([0, 0]);
      }),
      { numRuns: 1_500 },
    );
  });
});
