import { describe, expect, test } from 'vitest';

import { count, outboxOf, record, setUp } from './support/environment.ts';
import { inTransaction } from './support/pg-ports.ts';
import { until } from './support/until.ts';

describe('start and close', () => {
  test('drain waits for the backlog that was there at the call', async (ctx) => {
    await using env = await setUp(ctx);
    const { outbox, publisher } = outboxOf(env.ports);
    await using _ = outbox;
    await outbox.start();
    publisher.down();
    await inTransaction(env.ports, async (tx) => outbox.defer(tx, record('1')));
    expect(await outbox.drain({ timeoutMs: 50 })).toBe(false);
    await expect(outbox.drain({ signal: AbortSignal.timeout(50) })).rejects.toMatchObject({
      code: 'BUSBAR_OUTBOX_ABORTED',
    });
    publisher.up();
    expect(await outbox.drain()).toBe(true);
    expect(publisher.log).toHaveLength(1);
  });

  test('a pause stops claiming until it is resumed', async (ctx) => {
    await using env = await setUp(ctx);
    const { outbox, publisher } = outboxOf(env.ports);
    await using _ = outbox;
    await outbox.start();
    const pause = outbox.pause('test');
    await inTransaction(env.ports, async (tx) => outbox.defer(tx, record('1')));
    expect(await outbox.drain({ timeoutMs: 100 })).toBe(false);
    pause.resume();
    expect(await outbox.drain()).toBe(true);
    expect(publisher.log).toHaveLength(1);
  });

  test('I12 after close there is no lease, no heartbeat and nothing in flight', async (ctx) => {
    await using env = await setUp(ctx);
    const { outbox } = outboxOf(env.ports);
    await outbox.start();
    await until('all shards', () => outbox.stats().shards.owned === 64);
    expect(await outbox.close()).toMatchObject({ unsettled: 0 });
    expect(await count(env.ports, 'busbar.outbox_relay')).toBe(0);
    expect(await count(env.ports, 'busbar.outbox_shard where owner is not null')).toBe(0);
    await expect(outbox.publish(record('1'))).rejects.toMatchObject({ code: 'BUSBAR_OUTBOX_CLOSED' });
    await expect(outbox.start()).rejects.toMatchObject({ code: 'BUSBAR_OUTBOX_CLOSED' });
  });
});
