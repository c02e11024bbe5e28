import { settle } from '@busbar-tooling/test-kit/manual-clock';
import { describe, expect, test } from 'vitest';

import type { ProducerPoolOptions } from '../src/index.ts';
import type { ScriptedCall } from './scripted-cluster.ts';
import { ScriptedPool } from './scripted-pool.ts';

const ONE_AT_A_TIME = { plain: 1, idempotent: 1 };

const started = async (
  o: Partial<ProducerPoolOptions> = {},
  partitions = 8,
  inFlight = ONE_AT_A_TIME,
): Promise<ScriptedPool> => {
  const scripted = await new ScriptedPool(o, partitions, inFlight).start();
  await settle();
  return scripted;
};

/** Which producer each partition's record goes to; every call is acknowledged. */
const placement = async (scripted: ScriptedPool, partitions: number): Promise<readonly string[]> => {
  const places: string[] = [];
  for (let partition = 0; partition < partitions; partition += 1) {
    // oxlint-disable no-await-in-loop -- one call after the other
    await scripted.publish(`v${partition}`, { partition });
    places.push(scripted.call?.producer.id ?? 'none');
    await scripted.end('ok');
    // oxlint-enable no-await-in-loop
  }
  return places;
};

const callOf = (scripted: ScriptedPool, partition: number): ScriptedCall => {
  const call = scripted.cluster.openCalls.find((open) => open.call.partition === partition);
  if (call === undefined) throw new Error(`no call of partition ${partition} is out`);
  return call;
};

const withMin = (min: number, o: ProducerPoolOptions['pool'] = {}) => ({ pool: { min, max: 8, ...o } });

describe('PO-2, PO-3 several producers', () => {
  test('R-KP-1 the least is opened at start, the first one first, and every lane has its own producer for good', async () => {
    await using scripted = await started(withMin(3));
    expect(scripted.cluster.producers.map(({ id }) => id)).toEqual(['default-1', 'default-2', 'default-3']);
    const places = await placement(scripted, 8);
    expect(new Set(places).size).toBe(3);
    expect(await placement(scripted, 8)).toEqual(places);
  });

  test('R-KP-1 while its own producer is busy a lane takes another, and comes back; with all busy it waits', async () => {
    await using scripted = await started(withMin(2));
    const places = await placement(scripted, 8);
    const [first = '', ...rest] = places;
    const same = 1 + rest.indexOf(first);
    const third = places.indexOf(first, same + 1);
    await scripted.publish('a', { partition: 0 });
    await scripted.publish('b', { partition: same });
    await scripted.publish('c', { partition: third });
    const { openCalls } = scripted.cluster;
    expect(openCalls.map(({ call }) => call.partition)).toEqual([0, same]);
    expect(new Set(openCalls.map(({ producer }) => producer.id)).size).toBe(2);
    await scripted.end('ok');
    expect(callOf(scripted, third).producer.id).toBe(first);
    await scripted.end('ok');
    expect(await placement(scripted, 8)).toEqual(places);
  });

  test('R-KP-1 when a producer is lost its lanes move at once, the others stay; the new one takes its share', async () => {
    await using scripted = await started(withMin(3));
    const before = await placement(scripted, 8);
    await scripted.publish('x', { partition: 0 });
    const [lost] = before;
    await scripted.end('lost answer');
    expect(scripted.pool.health()).toEqual({ status: 'degraded', reasons: ['1 producers are being replaced'] });
    const during = await placement(scripted, 8);
    expect(during).not.toContain(lost);
    for (const [partition, place] of before.entries()) {
      expect(place === lost || during[partition] === place, `partition ${partition}`).toBe(true);
    }
    await scripted.clock.advance(2_000);
    await scripted.end('ok');
    const after = await placement(scripted, 8);
    expect(new Set(after).size).toBe(3);
    expect(scripted.pool.health().status).toBe('healthy');
  });

  test('R-KP-1 in an outage one seat alone tries to connect; the others follow when it is there', async () => {
    await using scripted = await started(withMin(4));
    await placement(scripted, 8);
    scripted.cluster.opens = 'fail';
    for (let partition = 0; partition < 8; partition += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await scripted.publish('x', { partition });
    }
    for (let round = 0; round < 8; round += 1) {
      // oxlint-disable no-await-in-loop -- each loss follows the one before
      await scripted.end('lost request');
      await scripted.clock.advance(2_500);
      // oxlint-enable no-await-in-loop
    }
    expect(scripted.cluster.livingProducers).toBe(0);
    const { openFailures } = scripted.pool.stats().producers;
    await scripted.clock.advance(50_000);
    // Ten seconds apart on average, not ten seconds apart for each seat.
    expect(scripted.pool.stats().producers.openFailures - openFailures).toBeLessThanOrEqual(11);
    scripted.cluster.opens = 'ok';
    for (let round = 0; round < 40; round += 1) {
      // oxlint-disable no-await-in-loop -- calls are answered in time
      await scripted.clock.advance(500);
      await scripted.end('ok');
      // oxlint-enable no-await-in-loop
    }
    expect(scripted.cluster.livingProducers).toBe(4);
  });

  test('R-KP-1 a spare takes the place of a lost producer at once, and is replaced', async () => {
    await using scripted = await started(withMin(1, { spares: 1 }));
    expect(scripted.pool.stats().producersByState.ready).toBe(2);
    expect(await placement(scripted, 2)).toEqual(['default-1', 'default-1']);
    await scripted.publish('x', { partition: 0 });
    await scripted.end('lost answer');
    await scripted.publish('y', { partition: 1 });
    expect(scripted.call?.producer.id).toBe('default-2');
    expect(scripted.clock.now()).toBe(0);
    await scripted.clock.advance(1_000);
    await scripted.end('ok');
    expect(scripted.pool.stats().producersByState.ready).toBe(2);
  });
});

test('LN-14, P10 ready lanes are served in turn: none waits longer than a round', async () => {
  await using scripted = await started({ maxBatchRecords: 1 });
  for (let record = 0; record < 24; record += 1) {
    // oxlint-disable-next-line no-await-in-loop -- three records for each of eight lanes
    await scripted.publish('x', { partition: record % 8 });
  }
  for (let call = 0; call < 24; call += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one call at a time
    await scripted.end('ok');
  }
  const served = scripted.cluster.calls.map(({ call }) => call.partition);
  const round = [0, 1, 2, 3, 4, 5, 6, 7];
  expect(served).toEqual([...round, ...round, ...round]);
});

describe('LN-6 doubt with several producers', () => {
  test('R-KP-6 a lane that was refused never uses that producer again; well, it goes to another shared one', async () => {
    await using scripted = await started(withMin(2));
    const [place] = await placement(scripted, 1);
    await scripted.publish('a', { partition: 0 });
    await scripted.end('not leader');
    await scripted.clock.advance(100);
    expect(scripted.call?.producer.id).toBe('default-3');
    await scripted.end('ok');
    const places = await placement(scripted, 8);
    expect(places).not.toContain(place);
    expect(scripted.pool.stats().producers.retired).toEqual({ recovered: 1 });
  });

  test('R-KP-6 while one lane still fails, another that is well again has a shared producer', async () => {
    await using scripted = await started(withMin(2));
    const before = await placement(scripted, 2);
    await scripted.publish('a', { partition: 0 });
    await scripted.publish('b', { partition: 1 });
    await scripted.end('not leader');
    await scripted.end('not leader');
    await scripted.clock.advance(100);
    for (let round = 0; round < 20; round += 1) {
      const { call } = scripted;
      if (call !== undefined) scripted.cluster.end(call, call.call.partition === 1 ? 'ok' : 'not leader');
      // oxlint-disable-next-line no-await-in-loop -- the retries follow each other
      await scripted.clock.advance(200);
    }
    await scripted.publish('c', { partition: 1 });
    const { id } = callOf(scripted, 1).producer;
    expect(['default-1', 'default-2']).toContain(id);
    expect(id).not.toBe(before[1]);
  });
});

test('R-KP-6 a producer that is not accepted any more is retired for that, and the caller is told', async () => {
  await using scripted = await started(withMin(2));
  const fate = await scripted.publish('a', { partition: 0 });
  await scripted.end('not authenticated');
  expect(fate.text).toBe('AUTH/not-sent');
  expect(scripted.pool.stats().producers.retired).toEqual({ auth: 1 });
});

describe('PO-6 a producer that does not answer', () => {
  test('R-KP-1 ten seconds with calls and no acknowledgement: degraded, it keeps its lanes and gets no new ones', async () => {
    await using scripted = await started(
      { ...withMin(2), requestTimeoutMs: 30_000, attemptTimeoutMs: 31_000, deliveryTimeoutMs: 120_000 },
      12,
      { plain: 2, idempotent: 2 },
    );
    const places = await placement(scripted, 8);
    await scripted.publish('x', { partition: 0 });
    await scripted.clock.advance(9_999);
    expect(scripted.pool.stats().producersByState).toMatchObject({ ready: 2, degraded: 0 });
    await scripted.clock.advance(1);
    expect(scripted.pool.stats().producersByState).toMatchObject({ ready: 1, degraded: 1 });
    const neighbour = places.indexOf(places[0] ?? '', 1);
    await scripted.publish('own', { partition: neighbour });
    expect(callOf(scripted, neighbour).producer.id).toBe(places[0]);
    for (let partition = 8; partition < 12; partition += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await scripted.publish('new', { partition });
    }
    const well = scripted.cluster.openCalls.filter(({ call }) => call.partition >= 8);
    expect(well.map(({ producer }) => producer.id)).not.toContain(places[0]);
    expect(well.length).toBe(2);
    for (let round = 0; round < 6; round += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one call at a time
      await scripted.end('ok');
    }
    expect(scripted.pool.stats().producersByState).toMatchObject({ ready: 2, degraded: 0 });
    expect(await placement(scripted, 8)).toEqual(places);
  });

  test('R-KP-1 with every producer degraded new lanes use them all the same', async () => {
    await using scripted = await started({ idempotent: false });
    for (let round = 0; round < 3; round += 1) {
      // oxlint-disable no-await-in-loop -- three faults in a row
      await scripted.publish('x', { partition: round });
      await scripted.end('lost request');
      // oxlint-enable no-await-in-loop
    }
    expect(scripted.pool.stats().producersByState.degraded).toBe(1);
    await scripted.publish('y', { partition: 5 });
    expect(callOf(scripted, 5).producer.id).toBe('default-1');
  });
});

describe('PO-4 slots of plain producers', () => {
  const plain = (o: ProducerPoolOptions['pool']): Promise<ScriptedPool> =>
    new ScriptedPool({ idempotent: false, pool: { scaleWindowMs: 1_000, ...o } }, 24, {
      plain: 8,
      idempotent: 1,
    }).start();
  const fill = async (scripted: ScriptedPool): Promise<number> => {
    const all = Array.from({ length: 24 }, (_, partition) => scripted.publish('x', { partition }));
    await Promise.all(all);
    return scripted.cluster.openCalls.length;
  };

  test('R-KP-6 more while all are used and answered, up to what the driver runs; stats tell', async () => {
    await using scripted = await plain({ slotsPerProducer: 2, maxSlotsPerProducer: 16 });
    expect(await fill(scripted)).toBe(2);
    expect(scripted.pool.stats().slots).toEqual({ total: 2, busy: 2 });
    for (let second = 0; second < 20; second += 1) {
      // oxlint-disable no-await-in-loop -- a second after the other
      await scripted.clock.advance(1_000);
      await scripted.end('ok');
      await fill(scripted);
      // oxlint-enable no-await-in-loop
    }
    expect(scripted.cluster.openCalls.length).toBe(8);
    expect(scripted.pool.stats().slots).toEqual({ total: 8, busy: 8 });
  });

  test('R-KP-6 half after a timeout', async () => {
    await using scripted = await plain({ slotsPerProducer: 8 });
    expect(await fill(scripted)).toBe(8);
    await scripted.end('timeout');
    await scripted.clock.advance(200);
    expect(scripted.pool.stats().slots.total).toBe(4);
    expect(scripted.cluster.openCalls.length).toBe(4);
  });
});

describe('recycle', () => {
  test('R-KP-1 producers are replaced one after the other, spares too', async () => {
    await using scripted = await started(withMin(3, { spares: 1 }));
    let most = 0;
    const { driver } = scripted.cluster;
    const watched = driver.open.bind(driver);
    expect(scripted.cluster.livingProducers).toBe(4);
    driver.open = async (o) => {
      most = Math.max(most, scripted.cluster.livingProducers);
      return watched(o);
    };
    await scripted.pool.recycle('certificates');
    await settle();
    expect(scripted.cluster.livingProducers).toBe(4);
    expect(most).toBeLessThanOrEqual(5);
    expect(scripted.pool.stats().producers.retired).toEqual({ recycled: 4 });
    expect((await placement(scripted, 8)).toSorted()[0]).toBe('default-5');
  });

  test('R-KP-1 what cannot be replaced stays, and the caller is told', async () => {
    await using scripted = await started({ ...withMin(2), topics: ['events'] });
    scripted.cluster.opens = 'fail';
    await expect(scripted.pool.recycle('certificates')).rejects.toMatchObject({
      code: 'BUSBAR_PRODUCER_UNAVAILABLE',
      outcome: 'not-sent',
      cause: { code: 'BUSBAR_PRODUCER_DRIVER' },
    });
    expect(scripted.cluster.livingProducers).toBe(2);
    const fate = await scripted.publish('a');
    await scripted.end('ok');
    expect(fate.text).toBe('ok@0');
  });

  test('R-KP-1 the producer of the quarantine is replaced as well', async () => {
    await using scripted = await started();
    await scripted.publish('a', { partition: 0 });
    await scripted.end('not leader');
    await scripted.clock.advance(100);
    expect(scripted.call?.producer.id).toBe('default-2');
    await scripted.pool.recycle('certificates');
    expect(scripted.cluster.producers.map(({ id }) => id)).toEqual([
      'default-1',
      'default-2',
      'default-3',
      'default-4',
    ]);
    await scripted.end('not leader');
    scripted.cluster.opens = 'fail';
    await expect(scripted.pool.recycle('again')).rejects.toMatchObject({ code: 'BUSBAR_PRODUCER_UNAVAILABLE' });
  });

  test('R-KP-1 one that comes while a producer is being opened opens it again: the first may have the old secret', async () => {
    await using scripted = await started();
    const gate = Promise.withResolvers<void>();
    const { driver } = scripted.cluster;
    const open = driver.open.bind(driver);
    driver.open = async (o) => {
      await gate.promise;
      return open(o);
    };
    const one = scripted.pool.recycle('one');
    await settle();
    const two = scripted.pool.recycle('two');
    gate.resolve();
    await Promise.all([one, two]);
    expect(scripted.pool.stats().producers.retired).toEqual({ recycled: 2 });
  });
});
