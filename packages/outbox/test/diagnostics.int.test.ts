import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { describe, expect, test } from 'vitest';

import type { OutboxMessages } from '../src/index.ts';
import { refused } from '../src/testing/index.ts';
import { outboxOf, record, setUp } from './support/environment.ts';
import { inTransaction } from './support/pg-ports.ts';
import { until } from './support/until.ts';

/** Listens to channels of the outbox until it is disposed of. */
const listen = (...events: readonly (keyof OutboxMessages)[]) => {
  const heard: { event: string; message: Record<string, unknown> }[] = [];
  const listeners = events.map((event) => {
    const on = (message: unknown): void => {
      heard.push({ event, message: Object.assign({}, message) });
    };
    subscribe(`busbar:outbox:${event}`, on);
    return () => unsubscribe(`busbar:outbox:${event}`, on);
  });
  return {
    of: (event: keyof OutboxMessages) => heard.filter((entry) => entry.event === event).map(({ message }) => message),
    [Symbol.dispose]: () => {
      for (const stop of listeners) stop();
    },
  };
};

describe('R-OB-1 channels and statistics', () => {
  test('tell what happened to each event, and all messages carry the name', async (ctx) => {
    await using env = await setUp(ctx);
    using heard = listen(
      'created',
      'closed',
      'append',
      'direct',
      'cycle',
      'fault',
      'parked',
      'lease',
      'broker',
      'spill',
      'sample',
    );
    const { outbox, publisher } = outboxOf(env.ports, { name: 'told', retry: { baseMs: 1, maxMs: 2, maxAttempts: 2 } });
    await outbox.start();
    publisher.behave(({ id }) => (id === 'poison' ? refused('TOO_BIG') : undefined));
    await inTransaction(env.ports, async (tx) => {
      outbox.defer(tx, [record('1'), record('poison', 'p'), record('2', 'q')]);
      await outbox.append(tx, record('3'));
    });
    await until('three records', () => publisher.log.length === 3);
    await until('the dead letter', () => heard.of('parked').length === 1);
    publisher.down();
    await outbox.publish(record('4', 'z'));
    await until('the relay to wait', () => heard.of('broker').length > 0);
    publisher.up();
    await until('four records', () => publisher.log.length === 4);
    await until('a sample', () => heard.of('sample').length > 0);
    await outbox.close();

    expect(heard.of('created')).toEqual([{ name: 'told', instance: outbox }]);
    expect(heard.of('append')).toMatchObject([
      { name: 'told', records: 3, deferred: true, durationMs: 0 },
      { name: 'told', records: 1, deferred: false },
    ]);
    expect(heard.of('parked')).toMatchObject([
      { name: 'told', eventId: 'poison', topic: 'orders', reason: 'event', code: 'TOO_BIG', attempts: 2 },
    ]);
    expect(heard.of('fault').filter((fault) => fault['class'] === 'event')).toMatchObject([
      { attempts: 1 },
      { attempts: 2 },
    ]);
    expect(heard.of('direct')).toMatchObject([{ name: 'told', via: 'outbox', cause: 'unavailable', topic: 'orders' }]);
    expect(heard.of('spill')).toMatchObject([{ name: 'told', phase: 'spilled', cause: 'unavailable' }]);
    expect(heard.of('broker')[0]).toMatchObject({
      name: 'told',
      from: 'open',
      to: 'waiting',
      reason: 'MEMORY_BROKER_AWAY',
    });
    expect(heard.of('lease').map(({ change }) => change)).toContain('acquired');
    expect(
      heard
        .of('cycle')
        .every(
          ({ name, claimMs, sendMs, ackMs }) =>
            name === 'told' && [claimMs, sendMs, ackMs].every((ms) => Number(ms) >= 0),
        ),
    ).toBe(true);
    expect(heard.of('closed')).toMatchObject([{ name: 'told', report: { unsettled: 0 } }]);

    const stats = outbox.stats();
    expect(stats).toMatchObject({
      name: 'told',
      state: 'stopped',
      appended: { records: 4, deferred: 3 },
      direct: { broker: 0, spilled: { unavailable: 1 }, rejected: 0 },
      published: 4,
      retried: 1,
      parked: { event: 1, port: 0 },
      inFlight: { records: 0, bytes: 0 },
      topics: { orders: { published: 4, retried: 1, parked: 1 } },
    });
    expect(stats.deliveryMs.count).toBe(4);
    expect(stats.waits.broker).toBeGreaterThan(0);
  });

  test('tell of lost connections, reached limits and broken contracts', async (ctx) => {
    await using env = await setUp(ctx);
    using heard = listen('db-error', 'backlog', 'fault', 'halted', 'topic-blocked');
    const { outbox } = outboxOf(env.ports, {
      backlog: { maxEvents: 1 },
      onPoison: 'halt-key',
      retry: { maxAttempts: 1 },
      publisher: {
        keepsKeyPrefix: true,
        publish: () => Promise.reject(new Error('unused')),
        publishBatch: (records) => {
          if (records.some(({ id }) => id === 'throw')) throw new Error('not even a promise');
          return Promise.resolve(
            records.map(({ topic }) => ({
              ok: false,
              scope: topic === 'missing' ? 'topic' : 'record',
              outcome: 'rejected',
              code: 'NO',
              error: new Error('password=secret'),
            })),
          );
        },
      },
    });
    await using _ = outbox;
    await outbox.start();
    await inTransaction(env.ports, async (tx) =>
      outbox.defer(tx, [record('bad', 'b'), record('1', 'm', { topic: 'missing' })]),
    );
    await until('a halted key', () => heard.of('halted').length === 1);
    await until('a blocked topic', () => heard.of('topic-blocked').length > 0);
    await until('a reached limit', () => heard.of('backlog').length > 0);
    await env.ports.terminate('work');
    await until('a lost connection', () => heard.of('db-error').some(({ purpose }) => purpose === 'work'));
    await inTransaction(env.ports, async (tx) => outbox.defer(tx, record('throw', 't')));
    await until('a broken contract', () =>
      heard.of('fault').some(({ code }) => code === 'BUSBAR_OUTBOX_PORT_VIOLATION'),
    );
    expect(heard.of('backlog')[0]).toMatchObject({ phase: 'reached', limit: 'maxEvents' });
    const [row] = await env.ports.rows(`select last_error from busbar.outbox where event_id = 'bad'`);
    expect(row?.['last_error']).toContain('NO: ');
    expect(row?.['last_error']).not.toContain('secret');
    expect(outbox.stats().dbErrors).toBeGreaterThan(0);
  });
});
