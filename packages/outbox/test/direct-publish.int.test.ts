import { describe, expect, test } from 'vitest';

import { count, outboxOf, record, setUp } from './support/environment.ts';
import { inTransaction, queryableOf } from './support/pg-ports.ts';
import { until } from './support/until.ts';

describe('direct publish', () => {
  test('goes to the broker, and into the outbox in order while the broker is away', async (ctx) => {
    await using env = await setUp(ctx);
    const { outbox, publisher } = outboxOf(env.ports);
    await using _ = outbox;
    await outbox.start();
    expect(await outbox.publish(record('1'))).toEqual({ via: 'broker' });
    publisher.down();
    expect(await outbox.publish(record('2'))).toMatchObject({ via: 'outbox', cause: 'unavailable' });
    publisher.up();
    expect(await outbox.publish(record('3'))).toMatchObject({ via: 'outbox', cause: 'sticky' });
    await until('an empty table', async () => (await count(env.ports)) === 0);
    await until('a free shard', async () => (await outbox.publish(record('x', 'k'))).via === 'broker');
    expect(publisher.log.slice(0, 3).map(({ id }) => id)).toEqual(['1', '2', '3']);
  });

  test('never overtakes a transaction of this process, committed, open or of unknown fate', async (ctx) => {
    await using env = await setUp(ctx);
    const { outbox } = outboxOf(env.ports, { relay: { enabled: false } });
    await using _ = outbox;
    await outbox.start();
    const client = await env.ports.pool.connect();
    await client.query('begin');
    await outbox.append(queryableOf(client), record('open'));
    expect(await outbox.publish(record('behind-open'))).toMatchObject({ via: 'outbox', cause: 'sticky' });
    await client.query('commit');
    client.release();
    await inTransaction(env.ports, async (tx) => outbox.defer(tx, record('unsure', 'u')), { loseAnswer: true });
    expect(await outbox.publish(record('behind-unsure', 'u'))).toMatchObject({ via: 'outbox', cause: 'sticky' });
    await until('free shards', async () => {
      await env.ports.rows('delete from busbar.outbox');
      const receipts = [await outbox.publish(record('k')), await outbox.publish(record('u', 'u'))];
      return receipts.every(({ via }) => via === 'broker');
    });
  });

  test('rows of an earlier process go first', async (ctx) => {
    await using env = await setUp(ctx);
    const before = outboxOf(env.ports, { relay: { enabled: false } });
    await inTransaction(env.ports, async (tx) => before.outbox.defer(tx, record('old')));
    await before.outbox.close();
    const { outbox } = outboxOf(env.ports, { relay: { enabled: false } });
    await using _ = outbox;
    expect(await outbox.start()).toMatchObject({ stickyShards: 1 });
    expect(await outbox.publish(record('new'))).toMatchObject({ via: 'outbox', cause: 'sticky' });
  });

  test('R-CB-3 a spill at the backlog limit is refused, not dropped', async (ctx) => {
    await using env = await setUp(ctx);
    const { outbox, publisher } = outboxOf(env.ports, {
      relay: { enabled: false },
      backlog: { maxEvents: 2, policy: 'reject' },
    });
    await using _ = outbox;
    publisher.down();
    await outbox.start();
    await outbox.publish(record('1'));
    await outbox.publish(record('2'));
    await until('a sample', () => outbox.stats().backlog?.pending === 2);
    await expect(outbox.publish(record('3'))).rejects.toMatchObject({
      code: 'BUSBAR_OUTBOX_BACKLOG_FULL',
      outcome: 'not-sent',
    });
    await expect(inTransaction(env.ports, async (tx) => outbox.defer(tx, record('4')))).rejects.toMatchObject({
      code: 'BUSBAR_OUTBOX_BACKLOG_FULL',
    });
    expect(await count(env.ports)).toBe(2);
  });
});
