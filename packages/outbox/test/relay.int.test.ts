import { describe, expect, test } from 'vitest';

import type { OutboxRecord } from '../src/index.ts';
import { checkOrder, refused } from '../src/testing/index.ts';
import { count, outboxOf, record, setUp } from './support/environment.ts';
import { inTransaction, pgPorts, queryableOf } from './support/pg-ports.ts';
import { until } from './support/until.ts';

describe('relaying', () => {
  test('a late commit of a low seq is delivered, and open transactions hold up nobody else', async (ctx) => {
    await using env = await setUp(ctx);
    const { outbox, publisher } = outboxOf(env.ports);
    await using _ = outbox;
    await outbox.start();
    const late = await env.ports.pool.connect();
    await late.query('begin');
    await outbox.append(queryableOf(late), record('low', 'a'));
    await inTransaction(env.ports, async (tx) => outbox.defer(tx, record('high', 'b')));
    await until('the later record', () => publisher.log.some(({ id }) => id === 'high'));
    await late.query('commit');
    late.release();
    await until('the earlier record', () => publisher.log.some(({ id }) => id === 'low'));
  });

  test('R-CB-3 an outage loses nothing, charges nothing and keeps the order of each key', async (ctx) => {
    await using env = await setUp(ctx);
    const { outbox, publisher } = outboxOf(env.ports);
    await using _ = outbox;
    publisher.down();
    await outbox.start();
    const committed: OutboxRecord[] = [];
    for (let index = 0; index < 60; index += 1) {
      const event = record(`e${index}`, `k${index % 7}`);
      committed.push(event);
      // oxlint-disable-next-line no-await-in-loop -- commit order is what is tested
      await inTransaction(env.ports, async (tx) => outbox.defer(tx, event));
    }
    await until('the relay to wait', () => outbox.stats().state === 'broker-wait');
    publisher.up();
    await until('an empty table', async () => (await count(env.ports)) === 0);
    expect(checkOrder({ committed, log: publisher.log })).toMatchObject({ ok: true, duplicates: 0 });
    expect(outbox.stats()).toMatchObject({ retried: 0, parked: { event: 0, port: 0 }, published: 60 });
  });

  test('poison ends in outbox_dead with its reason, and its successors go on', async (ctx) => {
    await using env = await setUp(ctx);
    const { outbox, publisher } = outboxOf(env.ports, { retry: { baseMs: 1, maxMs: 5, maxAttempts: 3 } });
    await using _ = outbox;
    publisher.behave(({ id }) => (id === 'poison' ? refused('TOO_BIG') : undefined));
    await outbox.start();
    await inTransaction(env.ports, async (tx) =>
      outbox.defer(tx, [record('before'), record('poison'), record('after')]),
    );
    await until('an empty table', async () => (await count(env.ports)) === 0);
    expect(publisher.log.map(({ id }) => id)).toEqual(['before', 'after']);
    const dead = await env.ports.rows(
      `select event_id, attempts, reason, error_code, last_error like 'TOO_BIG%' as told from busbar.outbox_dead`,
    );
    expect(dead).toEqual([
      {
        event_id: 'poison',
        attempts: 3,
        reason: 'event',
        error_code: 'TOO_BIG',
        told: true,
      },
    ]);
  });

  test('halt-key keeps the poisoned row and its key, and no other key', async (ctx) => {
    await using env = await setUp(ctx);
    const { outbox, publisher } = outboxOf(env.ports, {
      onPoison: 'halt-key',
      retry: { baseMs: 1, maxMs: 5, maxAttempts: 2 },
    });
    await using _ = outbox;
    publisher.behave(({ id }) => (id === 'poison' ? refused() : undefined));
    await outbox.start();
    await inTransaction(env.ports, async (tx) =>
      outbox.defer(tx, [record('poison'), record('after'), record('free', 'other')]),
    );
    await until('a halted key', () => outbox.stats().keys.halted === 1);
    await until('the other key', () => publisher.log.length === 1);
    expect(publisher.log.map(({ id }) => id)).toEqual(['free']);
    await env.ports.rows('update busbar.outbox set attempts = 0, not_before = null');
    publisher.behave(undefined);
    await until('the halted key', () => publisher.log.length === 3);
  });

  test('the end of either connection costs nothing but time', async (ctx) => {
    await using env = await setUp(ctx);
    const { outbox, publisher } = outboxOf(env.ports);
    await using _ = outbox;
    await outbox.start();
    const committed: OutboxRecord[] = [];
    for (let index = 0; index < 40; index += 1) {
      const event = record(`e${index}`, `k${index % 5}`);
      committed.push(event);
      // oxlint-disable no-await-in-loop -- commit order is what is tested
      await inTransaction(env.ports, async (tx) => outbox.defer(tx, event));
      if (index === 10) await env.ports.terminate('work');
      if (index === 25) await env.ports.terminate('lease');
      // oxlint-enable no-await-in-loop
    }
    await until('an empty table', async () => (await count(env.ports)) === 0);
    expect(checkOrder({ committed, log: publisher.log })).toMatchObject({ ok: true, duplicates: 0 });
  });

  test('two relays share the shards, and one takes over what the other leaves', async (ctx) => {
    await using env = await setUp(ctx);
    const one = outboxOf(env.ports);
    const two = outboxOf(env.ports);
    await using a = one.outbox;
    await using b = two.outbox;
    await a.start();
    await until('all shards', () => a.stats().shards.owned === 64);
    await b.start();
    await until('half the shards each', () => a.stats().shards.owned === 32 && b.stats().shards.owned === 32);
    await a.close();
    await until('all shards again', () => b.stats().shards.owned === 64);
    await inTransaction(env.ports, async (tx) => {
      for (let index = 0; index < 30; index += 1) b.defer(tx, record(`e${index}`, `k${index}`));
    });
    await until('all records', () => two.publisher.log.length === 30);
    const left = await env.ports.rows('select owner from busbar.outbox_relay');
    expect(left).toHaveLength(1);
  });

  test('a relay that dies without a word is replaced when its leases end, with at most a window of duplicates', async (ctx) => {
    await using env = await setUp(ctx);
    const dying = pgPorts(env.database);
    const one = outboxOf(dying, { relay: { batchRecords: 10 } });
    one.publisher.behave(() => 'stall');
    await one.outbox.start();
    const committed = Array.from({ length: 50 }, (_, index) => record(`e${index}`, `k${index % 4}`));
    for (const event of committed) {
      // oxlint-disable-next-line no-await-in-loop -- commit order is what is tested
      await inTransaction(env.ports, async (tx) => one.outbox.defer(tx, event));
    }
    await until('records in flight', () => one.outbox.stats().inFlight.records > 0);
    await dying[Symbol.asyncDispose](); // its connections are gone for good
    const two = outboxOf(env.ports);
    await using b = two.outbox;
    await b.start();
    await until('an empty table', async () => (await count(env.ports)) === 0);
    expect(checkOrder({ committed, log: two.publisher.log })).toMatchObject({ ok: true, duplicates: 0 });
    await one.outbox.close({ deadlineMs: 1 });
  });
});
