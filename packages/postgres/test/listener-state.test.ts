import { describe, expect, test } from 'vitest';

import { LIMITS, World } from './listener-world.ts';

/** A world in which the server hears `orders` for subscription 1. */
const online = (): World => {
  const world = new World();
  world.subscribe('orders');
  world.answer();
  world.answer();
  expect(world.confirmed).toEqual(new Map([[1, 'orders']]));
  world.effects.length = 0;
  return world;
};

describe('the core of listen', () => {
  test('N1 opens a connection for the first subscription, and ends it behind the last', () => {
    const world = new World();
    world.send({ type: 'sweep' });
    expect(world.effects).toEqual([]);
    world.subscribe('orders');
    world.answer();
    world.answer();
    world.subscribe('stock');
    world.subscribe('orders');
    expect(world.effects).toEqual([
      { do: 'connect', connection: 1 },
      { do: 'send', command: { listen: ['orders'], unlisten: [] } },
      { do: 'confirm', subscriber: 1 },
      { do: 'send', command: { listen: ['stock'], unlisten: [] } },
      { do: 'confirm', subscriber: 3 }, // heard already
    ]);
    world.effects.length = 0;
    world.answer();
    for (const id of [1, 2, 3]) world.unsubscribe(id);
    world.answer();
    expect(world.effects).toEqual([
      { do: 'confirm', subscriber: 2 },
      { do: 'left', subscriber: 1 }, // somebody else hears its channel
      { do: 'send', command: { listen: [], unlisten: ['stock'] } },
      { do: 'terminate' },
      { do: 'left', subscriber: 2 },
      { do: 'left', subscriber: 3 },
    ]);
    expect(world.state).toMatchObject({ phase: 'offline', dueAtMs: Number.POSITIVE_INFINITY });
  });

  test('N1 a channel that is left and wanted again before the server answers is told in that order', () => {
    const world = online();
    world.subscribe('stock');
    world.answer();
    world.unsubscribe(2);
    world.subscribe('stock');
    world.unsubscribe(3);
    const last = world.subscribe('stock');
    world.answer();
    world.answer();
    expect(world.effects.filter((effect) => effect.do === 'send').map(({ command }) => command)).toEqual([
      { listen: ['stock'], unlisten: [] },
      { listen: [], unlisten: ['stock'] },
      { listen: ['stock'], unlisten: [] },
    ]);
    expect(world.confirmed.get(last)).toBe('stock');
    world.checkAtRest();
  });

  test('N1 a heartbeat follows 30 s of rest; unanswered, it ends the connection, and the gap is told behind the next LISTEN', () => {
    const world = online();
    world.advance(LIMITS.heartbeatMs - 1);
    expect(world.effects).toEqual([]);
    world.advance(1);
    expect(world.effects).toEqual([{ do: 'send', command: { listen: [], unlisten: [] } }]);
    world.answer();
    world.advance(LIMITS.heartbeatMs + LIMITS.answerTimeoutMs);
    expect(world.effects.slice(1)).toEqual([
      { do: 'send', command: { listen: [], unlisten: [] } },
      { do: 'destroy', timedOut: false },
    ]);
    world.effects.length = 0;
    world.answer();
    expect(world.state.gate).toMatchObject({ failures: 1 });
    world.advance(25);
    world.answer();
    world.advance(75);
    world.answer();
    expect(world.effects).toEqual([
      { do: 'connect', connection: 2 },
      { do: 'send', command: { listen: ['orders'], unlisten: [] } },
      { do: 'gap', subscriber: 1, reason: 'silent', lastedMs: 100 },
    ]);
  });

  test('N1 a server that drops its connections is asked less and less often, until one answers a heartbeat', () => {
    const world = online();
    const pauses: number[] = [];
    for (let n = 0; n < 8; n += 1) {
      world.die();
      const sinceMs = world.nowMs;
      world.advance(world.state.dueAtMs - world.nowMs);
      pauses.push(world.nowMs - sinceMs);
      world.answer();
      world.answer();
    }
    expect(pauses).toEqual([25, 50, 100, 200, 400, 800, 1_600, 2_500]); // half of 50 ms × 2ⁿ, at most of 5 s
    world.advance(LIMITS.heartbeatMs);
    world.answer();
    world.die();
    expect(world.state.dueAtMs - world.nowMs).toBe(25);
  });

  test('N1 nobody waits longer than his deadline, nor at all for a server that refuses everybody', () => {
    const world = new World();
    world.subscribe('orders', 300);
    world.advance(300);
    expect(world.effects.slice(1)).toEqual([
      { do: 'refuse', subscriber: 1, reason: 'deadline' },
      { do: 'destroy', timedOut: false },
    ]);
    world.answer();
    world.effects.length = 0;
    world.subscribe('orders', 2_000);
    world.advance(LIMITS.connectTimeoutMs);
    expect(world.effects.at(-1)).toEqual({ do: 'destroy', timedOut: true });
    world.answer();
    world.advance(1_500);
    expect(world.effects).toContainEqual({ do: 'refuse', subscriber: 2, reason: 'unreachable' });
    world.answer();
    world.subscribe('orders', 60_000);
    world.refuse(true);
    expect(world.effects.at(-1)).toEqual({ do: 'refuse', subscriber: 3, reason: 'unreachable' });
  });

  test('N1 a refused LISTEN is the answer of who asked for it; who had the channel before gets another connection', () => {
    const world = online();
    world.subscribe('stock');
    world.refuse();
    expect(world.effects.at(-1)).toEqual({ do: 'refuse', subscriber: 2, reason: 'refused' });
    expect(world.state).toMatchObject({ phase: 'online', heard: new Set(['orders']) });
    world.die();
    world.advance(25);
    world.subscribe('orders');
    world.answer();
    world.effects.length = 0;
    world.refuse();
    expect(world.effects).toEqual([
      { do: 'refuse', subscriber: 3, reason: 'refused' },
      { do: 'destroy', timedOut: false },
    ]);
  });

  test('N1 what a refused command was to forget is still heard, and forgotten by the next one', () => {
    const world = online();
    world.subscribe('stock');
    world.answer();
    world.subscribe('prices');
    world.unsubscribe(2);
    world.subscribe('news');
    world.answer();
    world.refuse();
    expect(world.effects.slice(-2)).toEqual([
      { do: 'refuse', subscriber: 4, reason: 'refused' },
      { do: 'send', command: { listen: [], unlisten: ['stock'] } },
    ]);
    world.answer();
    world.checkAtRest();
  });

  test('N1 an UNLISTEN that is refused costs the connection', () => {
    const world = online();
    world.subscribe('stock');
    world.answer();
    world.unsubscribe(2);
    world.refuse();
    expect(world.effects.slice(-2)).toEqual([
      { do: 'destroy', timedOut: false },
      { do: 'left', subscriber: 2 },
    ]);
  });

  test('N1 close refuses who waits, and ends a goodbye that is not answered at its deadline', () => {
    const world = online();
    world.subscribe('stock');
    world.close(200);
    world.send({ type: 'close', deadlineAtMs: 0 });
    expect(world.effects.slice(1)).toEqual([
      { do: 'refuse', subscriber: 2, reason: 'closed' },
      { do: 'terminate' },
      { do: 'left', subscriber: 1 },
    ]);
    world.subscribe('orders');
    expect(world.effects.at(-1)).toEqual({ do: 'refuse', subscriber: 3, reason: 'closed' });
    world.advance(200);
    expect(world.effects.at(-1)).toEqual({ do: 'destroy', timedOut: false });
    world.answer();
    expect(world.closed).toBe(true);
  });

  test('N1 close while it reconnects ends the attempt', () => {
    const world = online();
    world.die();
    world.advance(25);
    expect(world.state.phase).toBe('connecting');
    world.close();
    expect(world.effects.at(-1)).toEqual({ do: 'left', subscriber: 1 });
    world.die();
    expect(world.closed).toBe(true);
  });
});
