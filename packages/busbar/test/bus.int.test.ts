import { Readable } from 'node:stream';

import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import { migrate } from '@busbar/outbox';
import { memoryDriver, type MemoryDriver } from '@busbar/producer-pool/testing';
import { Client } from 'pg';
import { Type } from 'typebox';
import { afterEach, describe, expect, it } from 'vitest';

import { createBusbar, defineEvent, defineEvents, type Busbar } from '../src/index.ts';
import { busVariables } from './bus-environment.ts';

const TOPIC = 'notes';
const events = defineEvents({
  'note.written': defineEvent({
    version: 1,
    topic: TOPIC,
    key: (note) => note.author,
    schema: Type.Object({ author: Type.String({ minLength: 1 }), text: Type.String() }),
  }),
});
type Events = (typeof events)['definitions'];

const textOf = (data: unknown): string =>
  typeof data === 'object' && data !== null && 'text' in data ? String(data.text) : 'no note';

const db = useTestDatabase();
const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  // oxlint-disable-next-line no-await-in-loop -- what was opened last is closed first
  for (let close = open.pop(); close !== undefined; close = open.pop()) await close();
});

const createBus = async (
  driver: MemoryDriver,
  o: { migrate?: 'check' | 'auto'; schema?: string } = {},
): Promise<Busbar<Events>> => {
  const bus = await createBusbar({
    events,
    driver,
    telemetry: false,
    load: { env: busVariables(db(), ['unused:9092']), files: [] },
    config: {
      outbox: { schema: o.schema ?? 'busbar' },
      // A broker that is back is to be found soon.
      kafka: { requestTimeoutMs: 1000, connectTimeoutMs: 500 },
      breaker: { open: { baseMs: 50, maxMs: 2600 } },
      startup: { kafka: { timeoutMs: 300 } },
    },
    outbox: { migrate: o.migrate ?? 'auto' },
  });
  open.push(() => bus.close({ deadlineMs: 5000 }));
  return bus;
};

const startedBus = async () => {
  const driver = memoryDriver({ topics: { [TOPIC]: 3 } });
  const bus = await createBus(driver);
  await bus.start();
  const texts = (author: string): readonly string[] =>
    driver
      .log(TOPIC)
      .filter(({ key }) => key !== null && Buffer.from(key).toString() === author)
      .map(({ value }) => textOf(JSON.parse(Buffer.from(value ?? '').toString())));
  return { driver, bus, texts };
};

const connect = async (): Promise<Client> => {
  const client = new Client({ connectionString: db().url });
  await client.connect();
  open.push(() => client.end());
  return client;
};

describe('publishing', () => {
  it('without a transaction goes straight to the broker', async () => {
    const { bus, texts } = await startedBus();
    const { id, via } = await bus.publish('note.written', { author: 'straight', text: 'one' });
    expect(id).toMatch(/^[0-9a-f-]{36}$/u);
    expect(via).toBe('broker');
    expect(texts('straight')).toEqual(['one']);
  });

  it('R-CB-3 with the broker away spills into the outbox, in order, and is delivered when it is back', async () => {
    const { bus, driver, texts } = await startedBus();
    await bus.publish('note.written', { author: 'spill', text: '1' });
    driver.down();
    for (const text of ['2', '3', '4']) {
      // oxlint-disable-next-line no-await-in-loop -- each is awaited: that is what order is promised for
      const { via } = await bus.publish('note.written', { author: 'spill', text });
      expect(via).toBe('outbox');
    }
    expect(bus.ready()).toBe(true);
    await expect.poll(() => bus.health().status, { timeout: 5000 }).toBe('degraded');
    driver.up();
    expect(await bus.outbox.drain()).toBe(true);
    // The attempt that was under way when the broker went may land as well: a duplicate after a fault is legal, an inversion is not.
    expect([...new Set(texts('spill'))]).toEqual(['1', '2', '3', '4']);
    expect(driver.log(TOPIC).length).toBeLessThanOrEqual(5);
  });

  it("in the caller's own transaction commits with it, and never when it rolls back", async () => {
    const { bus, texts } = await startedBus();
    const client = await connect();
    await client.query('begin');
    await bus.publish('note.written', { author: 'own', text: 'undone' }, { tx: client });
    await client.query('rollback');
    await client.query('begin');
    const { via } = await bus.publish('note.written', { author: 'own', text: 'kept' }, { tx: client });
    expect(via).toBe('transaction');
    expect(texts('own')).toEqual([]);
    await client.query('commit');
    await expect.poll(() => texts('own'), { timeout: 5000 }).toEqual(['kept']);
  });
});

describe('transaction', () => {
  it('drops the events of a savepoint that was rolled back, and keeps the order of the others', async () => {
    const { bus, texts } = await startedBus();
    await bus.transaction(async (tx) => {
      await tx.publish('note.written', { author: 'savepoint', text: 'first' });
      const undone = tx.savepoint(async (inner) => {
        await inner.publish('note.written', { author: 'savepoint', text: 'undone' });
        throw new RangeError('never mind');
      });
      await expect(undone).rejects.toBeInstanceOf(RangeError);
      await tx.savepoint((inner) => inner.publish('note.written', { author: 'savepoint', text: 'second' }));
    });
    expect(await bus.outbox.drain()).toBe(true);
    expect(texts('savepoint')).toEqual(['first', 'second']);
  });

  it('keeps the order of what it defers to COMMIT and what is inserted into it at once, also inside a savepoint', async () => {
    const { bus, texts } = await startedBus();
    await bus.transaction(async (tx) => {
      await tx.publish('note.written', { author: 'mixed', text: '1' });
      await bus.publish('note.written', { author: 'mixed', text: '2' }, { tx });
      await tx.publish('note.written', { author: 'mixed', text: '3' });
      await tx.savepoint(async (inner) => {
        await bus.publish('note.written', { author: 'mixed', text: '4' }, { tx: inner });
        await inner.publish('note.written', { author: 'mixed', text: '5' });
      });
    });
    expect(await bus.outbox.drain()).toBe(true);
    expect(texts('mixed')).toEqual(['1', '2', '3', '4', '5']);
  });

  it('refuses a bad event at once and stays usable', async () => {
    const { bus, texts } = await startedBus();
    await bus.transaction(async (tx) => {
      await expect(tx.publish('note.written', { author: '', text: 'bad' })).rejects.toMatchObject({
        code: 'BUSBAR_EVENT_DATA_INVALID',
      });
      await tx.publish('note.written', { author: 'good', text: 'fine' });
    });
    expect(await bus.outbox.drain()).toBe(true);
    expect(texts('good')).toEqual(['fine']);
  });

  it('publishes nothing when it throws, and offers every verb of a transaction', async () => {
    const { bus, texts } = await startedBus();
    const seen: unknown[] = [];
    const failing = bus.transaction({ isolation: 'serializable' }, async (tx) => {
      tx.afterRollback(() => seen.push('rolled back'));
      await tx.publish('note.written', { author: 'thrown', text: 'never' });
      seen.push(await tx.one('select 1 as one'), await tx.maybeOne('select 1 where false'), await tx.value('select 2'));
      seen.push(await tx.execute('create temporary table t on commit drop as select 3'), tx.attempt, tx.remainingMs);
      seen.push(...(await tx.batch([{ text: 'select 4 as four' }])).map(({ rows }) => rows));
      const insert = { table: 't', columns: [{ name: '?column?', type: 'int4' }], rows: [[5], [6]] };
      seen.push(await tx.insertMany(insert), (await tx.call('upper', ['seven'], { rowMode: 'array' })).rows);
      seen.push(await tx.copyIn('copy t from stdin', Readable.from(['8\n'])));
      for await (const row of tx.stream('select 9 as nine')) seen.push(row);
      for await (const block of tx.copyOut('copy (select 10) to stdout')) seen.push(Buffer.from(block).toString());
      throw new RangeError('no');
    });
    await expect(failing).rejects.toBeInstanceOf(RangeError);
    const many = [{ rows: 2 }, [['SEVEN']]];
    const streamed = [{ rows: 1 }, { nine: 9 }, '10\n'];
    expect(seen).toEqual([
      { one: 1 },
      undefined,
      2,
      1,
      1,
      Infinity,
      [{ four: 4 }],
      ...many,
      ...streamed,
      'rolled back',
    ]);
    expect(texts('thrown')).toEqual([]);
  });
});

describe('start and close', () => {
  it('R-CF-2 checks both dependencies and reports in under 2 s', async () => {
    const bus = await createBus(memoryDriver({ topics: { [TOPIC]: 1 } }));
    expect(bus.ready()).toBe(false);
    const [first, second] = await Promise.all([bus.start(), bus.start()]);
    expect(second).toBe(first);
    expect(first.durationMs).toBeLessThan(2000);
    expect(first.checks.map(({ id }) => id.split('.')[0])).toEqual(expect.arrayContaining(['pg', 'kafka']));
    expect(bus.stats().lastStart).toBe(first);
    expect(bus.ready()).toBe(true);
    expect(bus.health()).toMatchObject({ status: 'healthy', reasons: [] });
  });

  it('a dead broker does not keep the service from starting: degraded, ready, and events wait', async () => {
    const driver = memoryDriver({ topics: { [TOPIC]: 1 } });
    driver.down();
    const bus = await createBus(driver);
    const report = await bus.start();
    expect(report.status).toBe('fail');
    expect(bus.ready()).toBe(true);
    expect(bus.health().status).toBe('degraded');
    const { via } = await bus.publish('note.written', { author: 'early', text: 'waits' });
    expect(via).toBe('outbox');
  });

  it('refuses to start without the tables unless told to create them, and may be started again afterwards', async () => {
    const bus = await createBus(memoryDriver({ topics: { [TOPIC]: 1 } }), { migrate: 'check', schema: 'later' });
    await expect(bus.start()).rejects.toMatchObject({ code: 'BUSBAR_OUTBOX_SCHEMA_MISSING' });
    expect(bus.ready()).toBe(false);
    await migrate(await connect(), { schema: 'later' });
    await expect(bus.start()).resolves.toMatchObject({ ok: true });
  });

  it('R-CF-3 an invalid configuration opens nothing and names every problem', async () => {
    const creating = createBusbar({ events, load: { env: {}, files: [] } });
    await expect(creating).rejects.toMatchObject({ code: 'BUSBAR_CONFIG_INVALID' });
  });

  it('close is legal before start and twice, and ends what comes later', async () => {
    const bus = await createBus(memoryDriver({ topics: { [TOPIC]: 1 } }));
    const first = bus.close();
    expect(bus.close()).toBe(first);
    expect((await first).parts.map(({ part }) => part)).toEqual([
      'outbox',
      'producers',
      'breaker',
      'outbox connections',
      'postgres',
    ]);
    await expect(bus.publish('note.written', { author: 'late', text: '' })).rejects.toMatchObject({
      code: 'BUSBAR_OUTBOX_CLOSED',
    });
    await expect(bus.transaction((tx) => tx.value('select 1'))).rejects.toMatchObject({
      code: 'BUSBAR_POSTGRES_CLOSED',
    });
  });

  it('leaves no connection behind', async () => {
    const { bus } = await startedBus();
    const client = await connect();
    const report = await bus.close();
    expect(report.complete).toBe(true);
    const { rows } = await client.query(
      'select count(*)::int as others from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    expect(rows).toEqual([{ others: 0 }]);
  });
});
