import { describe, expect, test } from 'vitest';

import { Actor } from './lease-model-actor.ts';

/** An actor with so many connections idle. */
const withIdle = (count: number, limits: ConstructorParameters<typeof Actor>[0] = {}): Actor => {
  const actor = new Actor({ connectConcurrency: 3, ...limits });
  for (let n = 0; n < count; n += 1) actor.acquire();
  for (let phase = 0; phase < 2; phase += 1) for (const slot of Array.from(actor.sockets.keys())) actor.answer(slot);
  for (const slot of Array.from(actor.held.keys())) actor.release(slot);
  return actor;
};

describe('the lease core', () => {
  test('R-PG-1 nothing is opened before the first event', () => {
    const actor = new Actor({ minIdle: 2 });
    actor.advance(10_000);
    expect(actor.sockets.size).toBe(0);
    actor.send({ type: 'start' });
    expect(actor.sockets.size).toBe(2);
  });

  test('the connection that was released last is taken first, so that the cold end can be closed', () => {
    const actor = withIdle(3);
    actor.acquire();
    expect([...actor.held.keys()]).toEqual([3]);
    actor.advance(5_000);
    expect([...actor.sockets].filter(([, state]) => state === 'ending').map(([slot]) => slot)).toEqual([1, 2]);
  });

  test('H8 a freed client serves the oldest waiter, whatever connects are under way', () => {
    const actor = withIdle(1, { max: 2 });
    const first = actor.acquire();
    const second = actor.acquire(); // a slow connect is begun for it
    const third = actor.acquire();
    expect(actor.sockets.get(2)).toBe('connecting');
    actor.release(1);
    expect([actor.ends.get(first), actor.ends.get(second), actor.ends.get(third)]).toEqual([
      'granted',
      'granted',
      undefined,
    ]);
    expect(actor.held.get(1)).toBe(second);
  });

  test('an aborted waiter is skipped, and a storm of aborts leaves no tombstones behind', () => {
    const actor = withIdle(1, { max: 1, maxQueue: 10_000 });
    actor.acquire();
    const first = actor.acquire();
    for (let n = 0; n < 5_000; n += 1) actor.abort(actor.acquire());
    const last = actor.acquire();
    expect(actor.pool.waiters.length).toBeLessThan(100);
    actor.abort(first);
    actor.abort(first); // and a second abort changes nothing
    actor.release(1);
    expect(actor.held.get(1)).toBe(last);
  });

  test('R-PG-1 more than maxQueue waiters for a busy pool are refused at once', () => {
    const actor = withIdle(1, { max: 1, maxQueue: 2 });
    actor.acquire();
    const waiters = [actor.acquire(), actor.acquire(), actor.acquire()];
    expect(waiters.map((waiter) => actor.ends.get(waiter))).toEqual([undefined, undefined, 'queue-full']);
  });

  test('R-PG-1 a queue of 0 still lets a caller wait for the connection that is opened for him', () => {
    const actor = new Actor({ max: 1, maxQueue: 0 });
    const [first, second] = [actor.acquire(), actor.acquire()];
    expect([actor.ends.get(first), actor.ends.get(second)]).toEqual([undefined, 'queue-full']);
  });

  test('R-PG-1 a waiter is refused at its deadline, never before', () => {
    const actor = withIdle(1, { max: 1 });
    actor.acquire();
    const waiter = actor.acquire(500);
    actor.advance(499);
    expect(actor.ends.get(waiter)).toBeUndefined();
    actor.advance(1);
    expect(actor.ends.get(waiter)).toBe('timeout');
  });

  test('R-PG-3 only a connection that was idle for long is probed; a failed probe tries the next', () => {
    const actor = withIdle(2);
    actor.advance(399);
    const quick = actor.acquire();
    expect(actor.ends.get(quick)).toBe('granted');
    actor.release(2);
    actor.advance(400);
    const waiter = actor.acquire();
    expect(actor.sockets.get(2)).toBe('probing');
    expect(actor.sockets.get(1)).toBe('usable'); // one probe for one waiter
    actor.advance(200);
    expect(actor.sockets.get(2)).toBe('ending');
    expect(actor.sockets.get(1)).toBe('probing');
    actor.answer(1);
    expect(actor.held.get(1)).toBe(waiter);
  });

  test('H1 a dirty connection goes to nobody before it is reset; one that does not reset is destroyed', () => {
    const actor = withIdle(1, { max: 1 });
    actor.acquire();
    const waiter = actor.acquire();
    actor.release(1, true);
    expect([actor.sockets.get(1), actor.ends.get(waiter)]).toEqual(['resetting', undefined]);
    actor.answer(1);
    expect(actor.held.get(1)).toBe(waiter);
    actor.release(1, true);
    actor.advance(250);
    expect(actor.sockets.get(1)).toBe('ending');
  });

  test('H10 a closing connection counts until its socket is closed', () => {
    const actor = withIdle(1, { max: 1 });
    actor.acquire();
    actor.die(1);
    const waiter = actor.acquire();
    expect(actor.sockets.size).toBe(1);
    actor.socketCloses(1);
    expect([...actor.sockets.entries()]).toEqual([[2, 'connecting']]);
    expect(actor.ends.get(waiter)).toBeUndefined();
  });

  test('R-PG-1 lifetimes end with jitter, drawn once per connection', () => {
    const actor = withIdle(1, { idleTimeoutMs: 1_000_000 });
    actor.advance(17_999);
    expect(actor.sockets.get(1)).toBe('usable');
    actor.advance(1); // 20_000 · (1 − 0.2 · 0.5)
    expect(actor.sockets.get(1)).toBe('ending');
  });

  test('R-PG-1 a connection whose lifetime is over is handed to nobody: not at its release, not from the idle stack', () => {
    const actor = withIdle(1, { max: 1 });
    actor.acquire();
    actor.nowMs += 18_000;
    const waiter = actor.acquire(60_000);
    actor.release(1);
    expect([actor.sockets.get(1), actor.ends.get(waiter)]).toEqual(['ending', undefined]);
    const other = withIdle(2, { max: 2, validateAfterIdleMs: 60_000 });
    other.nowMs += 18_000; // the sweep has not come by yet
    const late = other.acquire(60_000);
    expect([[...other.sockets.values()], other.ends.get(late)]).toEqual([['ending', 'ending'], undefined]);
  });

  test('H14 a new generation retires what is idle at once, what is leased at its release, and what was on its way', () => {
    const actor = withIdle(2, { max: 3 });
    actor.acquire();
    actor.acquire();
    const waiter = actor.acquire(60_000);
    expect([...actor.sockets.values()]).toEqual(['usable', 'usable', 'connecting']);
    actor.send({ type: 'recycle' });
    expect([...actor.sockets.values()]).toEqual(['usable', 'usable', 'connecting']);
    for (let answers = 0; answers < 2; answers += 1) actor.answer(3);
    actor.release(1);
    expect([...actor.sockets.values()]).toEqual(['ending', 'usable', 'ending']);
    actor.check();
    for (const slot of [1, 4, 4]) actor.answer(slot);
    expect(actor.held.get(4)).toBe(waiter);
    const idle = withIdle(2, { max: 2, minIdle: 1 });
    idle.send({ type: 'recycle' });
    expect([...idle.sockets.values()]).toEqual(['ending', 'ending']);
    idle.answer(1);
    expect(idle.sockets.get(3)).toBe('connecting'); // minIdle is refilled
  });

  test('minIdle is kept above all and refilled after a death', () => {
    const actor = withIdle(1, { minIdle: 1, max: 2 });
    actor.advance(6_000);
    const ready = () => [...actor.sockets.values()].filter((state) => state !== 'ending').length;
    expect(ready()).toBeGreaterThan(0);
    for (const slot of Array.from(actor.sockets.keys())) actor.socketCloses(slot);
    actor.advance(5_000);
    expect(ready()).toBeGreaterThan(0);
  });

  test('the gate: one trial at a time behind a failure, more at once behind a success', () => {
    const actor = new Actor({ connectConcurrency: 3, acquireTimeoutMs: 100_000 });
    for (let n = 0; n < 3; n += 1) actor.acquire();
    expect(actor.sockets.size).toBe(3);
    for (const slot of [1, 2, 3]) actor.socketCloses(slot);
    expect(actor.sockets.size).toBe(0);
    actor.advance(100); // 50 ms · 2² · 0.5 behind the third failure
    expect([...actor.sockets.values()]).toEqual(['connecting']);
    actor.answer(4);
    actor.answer(4);
    expect(actor.sockets.size).toBe(3);
  });

  test('H20 once the server was away for acquireTimeoutMs, nobody waits, and a trial goes on for the next', () => {
    const actor = new Actor({ max: 1 });
    const first = actor.acquire();
    actor.socketCloses(1);
    for (let turn = 0; turn < 40; turn += 1) {
      actor.advance(50);
      for (const slot of Array.from(actor.sockets.keys())) actor.socketCloses(slot);
    }
    expect(actor.ends.get(first)).toBe('unreachable');
    expect(actor.ends.get(actor.acquire())).toBe('unreachable');
    for (let ms = 0; ms < 5_000 && actor.sockets.size === 0; ms += 10) actor.advance(10);
    const [trial] = [...actor.sockets.keys()];
    actor.answer(trial ?? 0);
    actor.answer(trial ?? 0);
    expect(actor.ends.get(actor.acquire())).toBe('granted');
  });

  test('a failure that will repeat itself refuses who waits at once', () => {
    const actor = new Actor();
    const waiter = actor.acquire();
    actor.sockets.delete(1);
    actor.send({ type: 'connect-failed', slot: 1, permanent: true });
    expect(actor.ends.get(waiter)).toBe('unreachable');
  });

  test('close: waiters are refused, idle ones end, leases go on, are cancelled shortly before the deadline and cut off at it', () => {
    const actor = withIdle(2, { max: 2 });
    actor.acquire();
    const slot = [...actor.held.keys()][0] ?? 0;
    const waiter = actor.acquire();
    actor.acquire();
    expect(actor.ends.get(waiter)).toBe('granted');
    actor.send({ type: 'close', deadlineAtMs: actor.nowMs + 1_000 });
    expect([...actor.ends.values()].filter((end) => end === 'closed')).toHaveLength(1);
    expect(actor.ends.get(actor.acquire())).toBe('closed');
    actor.advance(899);
    expect(actor.held.has(slot)).toBe(true);
    expect(actor.send({ type: 'sweep' })).toEqual([]);
    actor.nowMs += 1;
    expect(actor.send({ type: 'sweep' })).toMatchObject([{ do: 'cancel' }, { do: 'cancel' }]);
    actor.advance(100);
    expect(actor.held.size).toBe(0);
    for (const open of Array.from(actor.sockets.keys())) actor.socketCloses(open);
    expect(actor.closed).toBe(true);
    actor.send({ type: 'close', deadlineAtMs: 0 });
    actor.check();
  });

  test('a borrowed connection serves one lease and goes back, and none is idle', () => {
    const actor = new Actor({ max: 1, returns: true });
    const [first, second] = [actor.acquire(), actor.acquire()];
    for (let phase = 0; phase < 2; phase += 1) actor.answer(1);
    expect(actor.held.get(1)).toBe(first);
    const effects = actor.release(1);
    expect(effects).toEqual([{ do: 'terminate', slot: 1, reason: 'returned' }]);
    expect([actor.sockets.get(1), actor.waiting]).toEqual(['ending', [second]]);
    actor.socketCloses(1); // given back: only now is the next one asked for
    actor.answer(2);
    actor.abort(second);
    actor.answer(2); // nobody wants it any more
    expect([actor.sockets.get(2), actor.pool.counts.idle]).toEqual(['ending', 0]);
    actor.socketCloses(2);
    actor.acquire();
    for (let phase = 0; phase < 2; phase += 1) actor.answer(3);
    actor.send({ type: 'recycle' });
    expect(actor.release(3)).toEqual([{ do: 'destroy', slot: 3, reason: 'generation' }]);
  });
});
