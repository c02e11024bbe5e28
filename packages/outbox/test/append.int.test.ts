import { describe, expect, test } from 'vitest';

import { count, outboxOf, record, setUp } from './support/environment.ts';
import { inTransaction, queryableOf } from './support/pg-ports.ts';
import { until } from './support/until.ts';

describe('writing', () => {
  test('append is in the transaction: committed rows are relayed, rolled back ones never exist', async (ctx) => {
    await using env = await setUp(ctx);
    const { outbox, publisher } = outboxOf(env.ports);
    await using _ = outbox;
    await outbox.start();
    const client = await env.ports.pool.connect();
    await client.query('begin');
    const [first] = await outbox.append(queryableOf(client), [record('a1'), record('a2')]);
    await client.query('commit');
    await client.query('begin');
    await outbox.append(queryableOf(client), record('gone'));
    await client.query('rollback');
    client.release();
    expect(first?.id).toBe('a1');
    await until('both records', () => publisher.log.length === 2);
    await until('an empty table', async () => (await count(env.ports)) === 0);
    expect(publisher.log.map(({ id }) => id)).toEqual(['a1', 'a2']);
  });

  test('defer writes in the COMMIT flush; a savepoint takes its records with it', async (ctx) => {
    await using env = await setUp(ctx);
    const { outbox, publisher } = outboxOf(env.ports);
    await using _ = outbox;
    await outbox.start();
    await inTransaction(env.ports, async (tx) => {
      outbox.defer(tx, record('d1'));
      await tx.query('insert into business values ($1)', ['x']);
      await tx
        .savepoint(async (inner) => {
          outbox.defer(inner, record('undone'));
          throw new Error('undo');
        })
        .catch(() => undefined);
      await tx.savepoint(async (inner) => outbox.defer(inner, record('d2')));
      outbox.defer(tx, [
        record('d3'),
        record('d4', null, { value: new Uint8Array([0, 255]) }),
        record('d5', 'other', { value: null }),
      ]);
    });
    await until('five records', () => publisher.log.length === 5);
    expect(publisher.log.filter(({ key }) => key === 'k').map(({ id }) => id)).toEqual(['d1', 'd2', 'd3']);
    expect(publisher.log.find(({ id }) => id === 'd4')?.value).toEqual(Buffer.from([0, 255]));
    expect(publisher.log.find(({ id }) => id === 'd5')?.value).toBeNull();
    expect(outbox.stats().appended).toMatchObject({ records: 5, deferred: 5 });
  });

  test('an append after a defer writes the deferred record first, once, also when its savepoint is undone', async (ctx) => {
    await using env = await setUp(ctx);
    const { outbox } = outboxOf(env.ports, { relay: { enabled: false } });
    await using _ = outbox;
    await outbox.start();
    await inTransaction(env.ports, async (tx) => {
      outbox.defer(tx, record('1'));
      await outbox.append(tx, record('2'));
      outbox.defer(tx, record('3'));
      await tx
        .savepoint(async (inner) => {
          await outbox.append(inner, record('undone'));
          throw new Error('undo');
        })
        .catch(() => undefined);
    });
    const rows = await env.ports.rows('select event_id from busbar.outbox order by seq');
    expect(rows.map((row) => row['event_id'])).toEqual(['1', '2', '3']);
  });

  test('strict ordering makes a second writer of a key wait for the first', async (ctx) => {
    await using env = await setUp(ctx);
    const { outbox } = outboxOf(env.ports, { relay: { enabled: false }, ordering: 'strict' });
    await using _ = outbox;
    const [a, b] = [await env.ports.pool.connect(), await env.ports.pool.connect()];
    await a.query('begin');
    await b.query('begin');
    await outbox.append(queryableOf(a), record('first'));
    const second = outbox.append(queryableOf(b), record('second'));
    await until('a waiting lock', async () => {
      const [row] = await env.ports.rows(
        `select count(*)::int as n from pg_locks where locktype = 'advisory' and not granted`,
      );
      return row?.['n'] === 1;
    });
    await a.query('commit');
    await second;
    await b.query('commit');
    a.release();
    b.release();
    const rows = await env.ports.rows('select event_id from busbar.outbox order by seq');
    expect(rows.map((row) => row['event_id'])).toEqual(['first', 'second']);
  });
});
