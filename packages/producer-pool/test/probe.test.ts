import { describe, expect, test } from 'vitest';

import { ScriptedPool } from './scripted-pool.ts';

const IDLE = { probe: { idleMs: 1_000, timeoutMs: 200 } };

describe('PO-6 the probe of an idle pool', () => {
  test('R-KP-1 it asks only without traffic, one question at a time', async () => {
    await using scripted = await new ScriptedPool(IDLE).start();
    const { clock, cluster } = scripted;
    await clock.advance(999);
    expect(cluster.metadataCalls).toBe(0);
    await clock.advance(1);
    expect(cluster.metadataCalls).toBe(1);
    await clock.advance(1_000);
    expect(cluster.metadataCalls).toBe(2);
    await scripted.publish('a');
    const { metadataCalls } = cluster;
    await clock.advance(1_200);
    expect(cluster.metadataCalls).toBe(metadataCalls);
    await scripted.end('ok');
    await clock.advance(1_000);
    expect(cluster.metadataCalls).toBe(metadataCalls + 1);
  });

  test('R-KP-1 three questions without an answer are unhealthy, an answer heals the pool', async () => {
    await using scripted = await new ScriptedPool(IDLE).start();
    const { clock, cluster, pool } = scripted;
    cluster.opens = 'fail';
    await clock.advance(2_000);
    expect(pool.health().status).toBe('healthy');
    await clock.advance(1_000);
    expect(pool.health()).toEqual({ status: 'unhealthy', reasons: ['no producer answers'] });
    cluster.opens = 'ok';
    await clock.advance(1_000);
    expect(pool.health().status).toBe('healthy');
  });

  test('R-KP-1 a question that hangs is over at its timeout', async () => {
    const scripted = new ScriptedPool({ ...IDLE, topics: [] });
    const { driver } = scripted.cluster;
    let asked = 0;
    await using hanging = new ScriptedPool({
      ...IDLE,
      driver: {
        ...driver,
        metadata: () => {
          asked += 1;
          return new Promise(() => undefined);
        },
      },
    });
    await hanging.start();
    await hanging.clock.advance(1_000);
    expect(asked).toBe(1);
    await hanging.clock.advance(199);
    await hanging.clock.advance(1_000);
    expect(asked).toBe(1);
    await hanging.clock.advance(1);
    expect(asked).toBe(2);
  });

  test('R-KP-1 a close does not wait for the answer', async () => {
    const scripted = await new ScriptedPool({ probe: { idleMs: 1_000, timeoutMs: 60_000 } }).start();
    const gate = Promise.withResolvers<void>();
    scripted.cluster.metadataGate = gate.promise;
    await scripted.clock.advance(1_000);
    expect(scripted.cluster.metadataCalls).toBe(1);
    await scripted.pool.close({ deadlineMs: 10 });
    expect(scripted.clock.pending()).toBe(0);
    gate.resolve();
  });

  test('R-KP-1 with nothing connected there is no question', async () => {
    await using scripted = await new ScriptedPool({
      ...IDLE,
      pool: { replaceBaseMs: 60_000, replaceMaxMs: 60_000 },
    }).start();
    await scripted.publish('a');
    const { metadataCalls } = scripted.cluster;
    scripted.cluster.opens = 'fail';
    await scripted.end('lost request');
    await scripted.clock.advance(20_000);
    expect(scripted.pool.health().reasons).toContain('no producer is connected');
    expect(scripted.cluster.metadataCalls).toBe(metadataCalls);
  });
});
