import { settle } from '@busbar-tooling/test-kit/manual-clock';
import { describe, expect, test } from 'vitest';

import { ScriptedPool } from './scripted-pool.ts';

const producersOf = (scripted: ScriptedPool): readonly string[] =>
  scripted.cluster.calls.map(({ producer }) => producer.id);

describe('LN-6 retire on doubt', () => {
  test('R-KP-1 a lost connection replaces the producer, after a backoff', async () => {
    await using scripted = await new ScriptedPool().start();
    const fate = await scripted.publish('a');
    await scripted.end('lost answer');
    expect(scripted.cluster.producers.length).toBe(1);
    await scripted.clock.advance(50);
    expect(scripted.cluster.producers.length).toBe(2);
    await scripted.end('ok');
    expect(producersOf(scripted)).toEqual(['default-1', 'default-2']);
    expect(fate.text).toBe('ok@1');
    expect(scripted.pool.stats().producers).toMatchObject({ opened: 2, closed: 1, retired: { connection: 1 } });
    expect(scripted.cluster.livingProducers).toBe(1);
  });

  test('R-KP-1 a producer that is not idempotent stays, unless it is broken', async () => {
    await using scripted = await new ScriptedPool({ idempotent: false }).start();
    await scripted.publish('a');
    await scripted.end('lost answer');
    await scripted.clock.advance(50);
    await scripted.end('empty');
    await scripted.clock.advance(1_000);
    await scripted.end('ok');
    expect(producersOf(scripted)).toEqual(['default-1', 'default-1', 'default-2']);
    expect(scripted.pool.stats()).toMatchObject({ unacknowledged: 1, producers: { retired: { unacknowledged: 1 } } });
  });

  test('R-KP-1 other lanes end their calls on the retired producer and go on with the new one', async () => {
    await using scripted = await new ScriptedPool({}, 2).start();
    const other = await scripted.publish('b', { partition: 1 });
    const [call] = scripted.cluster.openCalls;
    await scripted.publish('a', { partition: 0 });
    if (scripted.call !== undefined) scripted.cluster.end(scripted.call, 'lost answer');
    await settle();
    expect(scripted.cluster.livingProducers).toBe(1);
    if (call !== undefined) scripted.cluster.end(call, 'ok');
    await settle();
    expect(other.text).toBe('ok@0');
    expect(scripted.cluster.livingProducers).toBe(0);
    await scripted.clock.advance(100);
    await scripted.publish('c', { partition: 1 });
    expect(producersOf(scripted).at(-1)).toBe('default-2');
  });

  test('R-KP-1 with the broker down openings wait longer and longer: no storm', async () => {
    await using scripted = await new ScriptedPool().start();
    await scripted.publish('a');
    scripted.cluster.opens = 'fail';
    await scripted.end('lost request');
    await scripted.clock.advance(20_000);
    const { openFailures } = scripted.pool.stats().producers;
    expect(openFailures).toBeGreaterThanOrEqual(7);
    expect(openFailures).toBeLessThan(12);
    await scripted.clock.advance(50_000);
    expect(scripted.pool.stats().producers.openFailures - openFailures).toBe(10);
  });
});

describe('quarantine', () => {
  test('R-KP-1 a partition that fails leaves the shared producer, the others keep it', async () => {
    await using scripted = await new ScriptedPool({}, 2).start();
    await scripted.publish('a', { partition: 0 });
    await scripted.end('not leader');
    await scripted.publish('b', { partition: 1 });
    await scripted.end('ok');
    await scripted.clock.advance(50);
    await scripted.end('not leader');
    await scripted.clock.advance(200);
    await scripted.publish('c', { partition: 1 });
    expect(producersOf(scripted)).toEqual(['default-1', 'default-1', 'default-2', 'default-3', 'default-1']);
    expect(scripted.pool.stats().producers.retired).toEqual({ rejected: 1 });
  });

  test('R-KP-1 when all that left are well again, their producer becomes the shared one', async () => {
    await using scripted = await new ScriptedPool({}, 2).start();
    await scripted.publish('a', { partition: 0 });
    await scripted.end('not leader');
    await scripted.clock.advance(50);
    await scripted.end('ok');
    await scripted.publish('b', { partition: 1 });
    await scripted.publish('c', { partition: 0 });
    expect(producersOf(scripted)).toEqual(['default-1', 'default-2', 'default-2', 'default-2']);
    expect(scripted.pool.stats().producers.retired).toEqual({ recovered: 1 });
    expect(scripted.cluster.livingProducers).toBe(1);
  });

  test('R-KP-1 a quarantine nobody needs any more is closed', async () => {
    await using scripted = await new ScriptedPool({}, 2).start();
    await scripted.publish('a', { partition: 0 });
    await scripted.end('not leader');
    await scripted.clock.advance(50);
    await scripted.publish('b', { partition: 1 });
    const [first, second] = scripted.cluster.openCalls;
    // The shared producer is replaced while the lane in quarantine still fails; then that lane is rejected for good.
    if (second !== undefined) scripted.cluster.end(second, 'lost answer');
    await scripted.clock.advance(200);
    await scripted.end('ok');
    if (first !== undefined) scripted.cluster.end(first, 'ok');
    await scripted.publish('c', { partition: 0 });
    await scripted.end('ok');
    await scripted.publish('d', { partition: 0 });
    await scripted.end('ok');
    await settle();
    expect(scripted.cluster.livingProducers).toBe(1);
  });

  test('R-KP-6 poison is taken apart without disturbing another partition', async () => {
    await using scripted = await new ScriptedPool({}, 2).start();
    const fates = ['a', 'poison', 'c'].map((value) => scripted.publish(value, { partition: 0, key: value }));
    const all = await Promise.all(fates);
    for (let n = 0; n < 6; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one call after the other
      await scripted.end('ok');
    }
    expect(all.map(({ text }) => text)).toEqual(['ok@0', 'RECORD_TOO_LARGE/rejected', 'ok@1']);
    expect(scripted.sent).toEqual(['apoisonc', 'apoison', 'a', 'poison', 'c']);
    expect(scripted.clock.now()).toBe(0);
  });
});

describe('LN-7, DP-4 watchdog and kill', () => {
  test('R-KP-1 a call that hangs is cut at the attempt timeout, and its batch goes again', async () => {
    await using scripted = await new ScriptedPool().start();
    const fate = await scripted.publish('a');
    await scripted.clock.advance(1_499);
    expect(scripted.pool.stats().producers.killed).toBe(0);
    await scripted.clock.advance(1);
    expect(scripted.pool.stats().producers).toMatchObject({ killed: 1, retired: { watchdog: 1 } });
    await scripted.clock.advance(200);
    await scripted.end('ok');
    expect(fate.text).toBe('ok@0');
    expect(scripted.sent).toEqual(['a', 'a']);
  });

  test('R-KP-6 a kill that does not come back fences the lane: it answers, refuses, and waits', async () => {
    await using scripted = await new ScriptedPool().start();
    const gate = Promise.withResolvers<void>();
    scripted.cluster.killGate = gate.promise;
    const fate = await scripted.publish('a');
    await scripted.clock.advance(1_500);
    expect(fate.text).toBe('pending');
    await scripted.clock.advance(2_000);
    expect(fate.text).toBe('UNAVAILABLE/unknown');
    const refused = await scripted.publish('b');
    expect(refused).toMatchObject({ text: 'UNAVAILABLE/not-sent', error: { details: { scope: 'lane' } } });
    expect(scripted.pool.health()).toMatchObject({
      status: 'unhealthy',
      reasons: ['1 partitions wait for a producer that cannot be stopped'],
    });
    await scripted.clock.advance(100_000);
    expect(scripted.sent).toEqual(['a']);
    gate.resolve();
    scripted.cluster.killGate = Promise.resolve();
    await settle();
    await scripted.clock.advance(100);
    expect(scripted.sent).toEqual(['a', 'a']);
    await scripted.end('ok');
    expect((await scripted.publish('c')).text).toBe('pending');
    expect(scripted.sent).toEqual(['a', 'a', 'c']);
  });

  test('R-KP-1 a retired producer whose calls do not end is killed when its grace is over', async () => {
    await using scripted = await new ScriptedPool({ pool: { retireGraceMs: 500 } }, 2).start();
    await scripted.publish('a', { partition: 0 });
    await scripted.pool.recycle('test');
    await scripted.publish('b', { partition: 1 });
    expect(producersOf(scripted)).toEqual(['default-1', 'default-2']);
    await scripted.clock.advance(500);
    expect(scripted.pool.stats().producers).toMatchObject({ killed: 1, retired: { recycled: 1 } });
    await scripted.clock.advance(100);
    expect(producersOf(scripted)).toEqual(['default-1', 'default-2', 'default-2']);
  });
});

describe('recycle', () => {
  test('R-KP-1 the new producer is there before the old one goes', async () => {
    await using scripted = await new ScriptedPool().start();
    const fate = await scripted.publish('a');
    await scripted.pool.recycle('certificates');
    expect(scripted.cluster.livingProducers).toBe(2);
    await scripted.end('ok');
    expect(fate.text).toBe('ok@0');
    expect(scripted.cluster.livingProducers).toBe(1);
    await scripted.publish('b');
    expect(producersOf(scripted)).toEqual(['default-1', 'default-2']);
  });

  test('R-KP-1 before start there is nothing to replace', async () => {
    const scripted = new ScriptedPool();
    await scripted.pool.recycle('nothing');
    expect(scripted.cluster.producers.length).toBe(0);
  });

  test('R-KP-6 wrong credentials are answered at once, and forgotten by a recycle', async () => {
    await using scripted = await new ScriptedPool({ topics: ['events'] }).start();
    await scripted.publish('a');
    scripted.cluster.opens = 'auth';
    const waiting = await scripted.publish('b');
    await scripted.end('lost request');
    await scripted.clock.advance(60);
    expect(waiting.text).toBe('AUTH/not-sent');
    expect((await scripted.publish('c')).text).toBe('AUTH/not-sent');
    scripted.cluster.opens = 'ok';
    await scripted.pool.recycle('new password');
    await scripted.clock.advance(2_000);
    await scripted.end('ok');
    const fate = await scripted.publish('d');
    await scripted.end('ok');
    expect(fate.text).toMatch(/^ok@/);
  });
});
