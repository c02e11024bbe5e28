import { manualClock, settle } from '@busbar-tooling/test-kit/manual-clock';
import { describe, expect, test } from 'vitest';

import {
  createOutbox,
  type OutboxOptions,
  type OutboxRecord,
  type Publisher,
  type PublishOutcome,
} from '../src/index.ts';
import { fakeQueryable } from './support/fake-queryable.ts';

/** A database of one row for the relay's shell, without a server. */
const setUp = (publisher: Partial<Publisher>, options: Partial<OutboxOptions> = {}) => {
  const clock = manualClock();
  const rows = new Map<string, object>([
    [
      '1',
      {
        seq: '1',
        shard: 3,
        attempts: 0,
        bytes: 9,
        event_id: 'e1',
        topic: 't',
        key: 'k',
        headers: '{"a":"b"}',
        value: null,
        value_bin: Buffer.from('x'),
        age_ms: '5.5',
        wait_ms: 0,
      },
    ],
  ]);
  const acked: string[] = [];
  const database = fakeQueryable({
    has_table_privilege: () => [],
    to_regclass: () => [{ found: true }],
    'select version, checksum': () => [{ version: 1, checksum: 'x' }],
    'insert into busbar.outbox_relay': () => [{ live: 1, present: 1 }],
    'update busbar.outbox_shard set lease_until': () => [],
    'with free as': () => [{ shard: 3, epoch: '1', unclean: 0 }],
    'select t.seq::text': () => [...rows.values()],
    'delete from busbar.outbox o': ([seqs]) => {
      for (const seq of Array.isArray(seqs) ? seqs : []) {
        rows.delete(String(seq));
        acked.push(String(seq));
      }
      return [];
    },
  });
  const sent: OutboxRecord[] = [];
  const outbox = createOutbox({
    publisher: {
      keepsKeyPrefix: true,
      publish: () => Promise.resolve({ ok: true }),
      publishBatch: (records) => {
        sent.push(...records);
        return Promise.resolve(records.map(() => ({ ok: true })));
      },
      ...publisher,
    },
    connections: {
      acquire: () => Promise.resolve({ ...database, id: 'c', [Symbol.asyncDispose]: () => Promise.resolve() }),
    },
    write: database,
    clock,
    timers: clock.timers,
    random: () => 0.5,
    ...options,
  });
  return { clock, outbox, acked, sent, rows, database };
};

const UNKNOWN: PublishOutcome = { ok: false, scope: 'lane', outcome: 'unknown', code: 'LATE', error: undefined };

describe('the shell of the relay', () => {
  test('claims, publishes and settles, inside the context that was asked for', async () => {
    let contexts = 0;
    const runInContext = <T>(fn: () => T): T => {
      contexts += 1;
      return fn();
    };
    const { outbox, clock, acked, sent } = setUp({ laneOf: () => 'lane' }, { runInContext });
    await outbox.start();
    await clock.advance(50);
    expect(sent).toEqual([{ id: 'e1', topic: 't', key: 'k', headers: { a: 'b' }, value: Buffer.from('x') }]);
    expect(acked).toEqual(['1']);
    expect(contexts).toBeGreaterThan(4);
    expect(outbox.stats()).toMatchObject({
      state: 'running',
      shards: { owned: 1, target: 64 },
      relays: 1,
      unmatchedAcks: 1,
    });
    const closing = outbox.close();
    await clock.advance(50);
    expect(await closing).toMatchObject({ unsettled: 0 });
    expect(clock.pending()).toBe(0);
  });

  test('outcomes that come one by one are acknowledged before the call is over', async () => {
    const end = Promise.withResolvers<readonly PublishOutcome[]>();
    const { outbox, clock, acked } = setUp({
      publishBatch: (_, o) => {
        o.onSettled?.(0, { ok: true });
        o.onSettled?.(7, { ok: true }); // there is no such record
        return end.promise;
      },
    });
    await outbox.start();
    await clock.advance(100);
    expect(acked).toEqual(['1']);
    end.resolve([{ ok: true }]);
    const closing = outbox.close();
    await clock.advance(50);
    await closing;
  });

  test('R6 a truth that comes after the time limit is believed', async () => {
    const late = Promise.withResolvers<void>();
    const { outbox, clock, acked } = setUp({
      publishBatch: async (_, o) => {
        void late.promise.then(() => o.onSettled?.(0, { ok: true }));
        return [UNKNOWN];
      },
    });
    await outbox.start();
    await clock.advance(100);
    expect(acked).toEqual([]);
    expect(outbox.stats().unknownOutcomes).toBe(1);
    late.resolve();
    await settle();
    await clock.advance(50);
    expect(acked).toEqual(['1']);
    const closing = outbox.close();
    await clock.advance(50);
    await closing;
  });

  test('a guard that fails leaves the decision to the back-off and the probe', async () => {
    let calls = 0;
    const { outbox, clock, acked } = setUp({
      ready: () => Promise.reject(new Error('no guard')),
      publishBatch: (records) => {
        calls += 1;
        if (calls === 1) return Promise.reject(new Error('against P5'));
        return Promise.resolve(records.map(() => ({ ok: true })));
      },
    });
    await outbox.start();
    await clock.advance(100);
    expect(outbox.stats().state).toBe('broker-wait');
    await clock.advance(400);
    expect(acked).toEqual(['1']);
    const closing = outbox.close();
    await clock.advance(50);
    await closing;
  });

  test('close leaves a record without an outcome at the deadline, and says so', async () => {
    const { outbox, clock, acked } = setUp({ publishBatch: () => new Promise<never>(() => undefined) });
    await outbox.start();
    await clock.advance(100);
    const closing = outbox.close({ deadlineMs: 200 });
    await clock.advance(200);
    await clock.advance(1_000);
    expect(await closing).toMatchObject({ unsettled: 1 });
    expect(acked).toEqual([]);
    expect(clock.pending()).toBe(0);
  });

  test('close before start and twice is legal, and a closed outbox refuses everything', async () => {
    const { outbox } = setUp({});
    const [one, two] = await Promise.all([outbox.close(), outbox.close()]);
    expect(one).toBe(two);
    await outbox[Symbol.asyncDispose]();
    const tx = Object.assign(fakeQueryable({}), {
      commitWith: () => undefined,
      afterCommit: () => undefined,
      afterRollback: () => undefined,
      afterUnknown: () => undefined,
    });
    expect(() => outbox.defer(tx, [])).toThrow(expect.objectContaining({ code: 'BUSBAR_OUTBOX_CLOSED' }));
    await expect(outbox.append(tx, [])).rejects.toMatchObject({ code: 'BUSBAR_OUTBOX_CLOSED' });
    await expect(outbox.drain()).rejects.toMatchObject({ code: 'BUSBAR_OUTBOX_CLOSED' });
    expect(outbox.stats().state).toBe('stopped');
  });

  test('a failed start may be repeated, and its error is of the family', async () => {
    let broken = true;
    const { outbox, clock } = setUp({}, {});
    const { outbox: other } = setUp(
      {},
      {
        connections: {
          acquire: () =>
            broken ? Promise.reject(new Error('no connection')) : Promise.reject(new Error('still none')),
        },
      },
    );
    await expect(other.start()).rejects.toMatchObject({ code: 'BUSBAR_INTERNAL' });
    broken = false;
    await expect(other.start()).rejects.toMatchObject({ code: 'BUSBAR_INTERNAL' });
    await expect(outbox.start({ signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'BUSBAR_OUTBOX_ABORTED',
    });
    await outbox.start();
    const closing = outbox.close();
    await clock.advance(50);
    await closing;
  });

  test('an append to a foreign transaction brings the next poll forward', async () => {
    const { outbox, clock, database, rows } = setUp({});
    await outbox.start();
    await clock.advance(2_000);
    const client = fakeQueryable({ 'insert into': () => [{ seq: '2', event_id: 'e2', xid: '9' }] });
    expect(rows.size).toBe(0);
    database.calls.length = 0;
    await outbox.append(client, { id: 'e2', topic: 't', key: null, headers: {}, value: '' });
    expect(await outbox.append(client, [])).toEqual([]);
    await settle();
    expect(database.calls.some(({ text }) => text.includes('select t.seq::text'))).toBe(true);
    const deferOn: unknown = client;
    const defer: () => unknown = () => Reflect.apply(outbox.defer.bind(outbox), undefined, [deferOn, []]);
    expect(defer).toThrow(expect.objectContaining({ code: 'BUSBAR_OUTBOX_TX_REQUIRED' }));
    const closing = outbox.close();
    await clock.advance(50);
    await closing;
  });
});
