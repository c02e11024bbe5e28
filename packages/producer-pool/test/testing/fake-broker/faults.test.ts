import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { Journal } from '../../../src/testing/fake-broker/journal.ts';
import { type FakeCluster, startFakeCluster } from '../../../src/testing/index.ts';
import { batchOf, produceRequest, readProduceAnswer, type WireClient, wireClient } from './wire-client.ts';

let cluster: FakeCluster;
let client: WireClient;

beforeEach(async () => {
  cluster = await startFakeCluster({ brokers: 1, topics: { t: 2, u: 1 } });
  client = await wireClient(cluster.bootstrap[0]);
});

afterEach(async () => {
  client.close();
  await cluster.close();
});

const send = async (value: string, o: { readonly topic?: string; readonly partition?: number } = {}) =>
  readProduceAnswer(await client.request(produceRequest({ ...o, records: batchOf({ values: [value] }) })));

const written = (): readonly string[] => cluster.log('t').map(({ value }) => value?.toString() ?? '');

describe('fake broker: faults', () => {
  test('R-KP-6 a rule counts the requests that it concerns, from the nth on, as many as it says', async () => {
    const fault = cluster.inject({
      api: 'Produce',
      broker: 1,
      topic: 't',
      partition: 0,
      nth: 2,
      times: 2,
      effect: { errorCode: 7 },
    });
    cluster.inject({ api: 'Produce', broker: 2, effect: { errorCode: 8 } });
    const codes: (number | undefined)[] = [];
    for (const [topic, partition] of [
      ['t', 0],
      ['t', 1],
      ['u', 0],
      ['t', 0],
      ['t', 0],
      ['t', 0],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop -- in order
      codes.push((await send('x', { topic, partition }))?.errorCode);
    }
    expect(codes).toEqual([0, 0, 0, 7, 7, 0]);
    await fault.met;
    expect(fault.hits).toBe(2);
    fault.remove();
    expect(cluster.log('t').length).toBe(3);
  });

  test('R-KP-6 the oldest rule of a request wins; a removed one has no say', async () => {
    const first = cluster.inject({ api: 'Produce', times: 5, effect: { errorCode: 7 } });
    cluster.inject({ api: 'Produce', times: 5, effect: { errorCode: 20, append: true } });
    expect(await send('a')).toMatchObject({ errorCode: 7, baseOffset: -1n });
    expect(written()).toEqual([]);
    first.remove();
    expect(await send('b')).toMatchObject({ errorCode: 20, baseOffset: -1n });
    expect(written()).toEqual(['b']);
  });

  test('R-KP-6 before or after append a request is held until it is released, and what is behind it waits', async () => {
    const before = cluster.inject({ api: 'Produce', effect: { hold: 'before' } });
    const first = send('a');
    const second = send('b');
    await before.met;
    expect(written()).toEqual([]);
    before.release();
    expect([await first, await second]).toMatchObject([{ baseOffset: 0n }, { baseOffset: 1n }]);
    const after = cluster.inject({ api: 'Produce', effect: { hold: 'after', holdMs: 1 } });
    expect(await send('c')).toMatchObject({ baseOffset: 2n });
    expect(after.hits).toBe(1);
  });

  test('R-KP-6 what a held request did stands although its connection is gone; what was behind it was never read', async () => {
    const held = cluster.inject({ api: 'Produce', effect: { hold: 'before' } });
    client.send(produceRequest({ records: batchOf({ values: ['a'] }) }));
    client.send(produceRequest({ records: batchOf({ values: ['b'] }) }));
    await held.met;
    client.close();
    await cluster.disconnected();
    held.release();
    client = await wireClient(cluster.bootstrap[0]);
    await send('c');
    expect(written()).toEqual(['a', 'c']);
  });

  test('R-KP-6 a connection is dropped before or after append, or in the middle of the answer', async () => {
    for (const effect of [{ append: false, answer: 'drop' }, { answer: 'drop' }, { answer: 'cut' }] as const) {
      cluster.inject({ api: 'Produce', effect });
      client.send(produceRequest({ records: batchOf({ values: ['a'] }) }));
      // oxlint-disable no-await-in-loop -- in order
      await client.closed;
      client = await wireClient(cluster.bootstrap[0]);
      // oxlint-enable no-await-in-loop
    }
    expect(written()).toEqual(['a', 'a']);
  });

  test('R-KP-6 an answer may never come, stop half-way, be noise, be empty, be slow to allow more', async () => {
    const request = () => client.request(produceRequest({ records: batchOf({ values: ['a'] }) }));
    cluster.inject({ api: 'Produce', effect: { answer: 'never' } });
    client.send(produceRequest({ records: batchOf({ values: ['a'] }) }));
    cluster.inject({ api: 'Produce', effect: { answer: 'garbled' } });
    const noise = await request();
    expect(noise.bytes(8)).toEqual(Buffer.alloc(8, 0xff));
    expect(noise.remaining).toBe(0);
    cluster.inject({ api: 'Produce', effect: { append: false, answer: 'empty' } });
    expect(readProduceAnswer(await request())).toBeUndefined();
    cluster.inject({ api: 'Produce', effect: { throttleMs: 9 } });
    expect(readProduceAnswer(await request())).toMatchObject({ errorCode: 0, throttleMs: 9 });
    cluster.inject({ api: 'Produce', effect: { answer: 'half' } });
    client.send(produceRequest({ records: batchOf({ values: ['z'] }) }));
    const other = await wireClient(cluster.bootstrap[0]);
    await other.request({ key: 18, version: 0, flexibleHeader: false });
    other.close();
    expect(written().at(-1)).toBe('z');
  });

  test('R-KP-6 a script is asked about every request that no rule concerns', async () => {
    const seen: string[] = [];
    cluster.script(({ api, broker, targets: [target] }) => {
      seen.push(`${api} ${broker} ${target?.topic}-${target?.partition} ${target?.count}`);
      return seen.length === 2 ? { errorCode: 7 } : undefined;
    });
    const codes = [await send('a'), await send('b'), await send('c')].map((answer) => answer?.errorCode);
    expect(codes).toEqual([0, 7, 0]);
    expect(seen).toEqual(Array.from({ length: 3 }, () => 'Produce 1 t-0 1'));
    cluster.script(undefined);
    await send('d');
    expect(seen.length).toBe(3);
  });

  test('R-KP-6 something may happen between append and answer', async () => {
    cluster.inject({
      api: 'Produce',
      effect: { afterwards: () => cluster.moveLeader({ topic: 't', partition: 0 }, 2) },
    });
    expect(await send('a')).toMatchObject({ errorCode: 0 });
    expect(await send('b')).toMatchObject({ errorCode: 6 });
  });

  test('R-KP-6 what a fault throws ends the connection and is told', async () => {
    cluster.script(() => {
      throw new TypeError('no such thing');
    });
    client.send(produceRequest({ records: batchOf({ values: ['a'] }) }));
    await client.closed;
    expect(cluster.violations()).toEqual(['a fault failed: TypeError: no such thing']);
  });

  test('R-KP-6 closing the cluster lets go of what is held, by time or by hand', async () => {
    const byHand = cluster.inject({ api: 'Produce', effect: { hold: 'before' } });
    const byTime = cluster.inject({ api: 'Produce', effect: { hold: 'after', holdMs: 3_600_000 } });
    client.send(produceRequest({ records: batchOf({ values: ['a'] }) }));
    const second = await wireClient(cluster.bootstrap[0]);
    await byHand.met;
    second.send(produceRequest({ records: batchOf({ values: ['b'] }) }));
    await byTime.met;
    await cluster.close();
    await Promise.all([client.closed, second.closed]);
    expect(cluster.sockets()).toBe(0);
  });
});

describe('fake broker: what it noticed', () => {
  test('R-KP-6 requests are kept with what they were about', async () => {
    await send('a');
    await client.request({ key: 18, version: 0, flexibleHeader: false });
    expect(cluster.requests()).toEqual([
      {
        api: 'Produce',
        version: 7,
        broker: 1,
        targets: [{ topic: 't', partition: 0, count: 1, producerId: -1n, baseSequence: -1 }],
      },
      { api: 'ApiVersions', version: 0, broker: 1, targets: [] },
    ]);
    await client.request(produceRequest({ records: null }));
    expect(cluster.requests('Produce')[1]?.targets).toEqual([{ topic: 't', partition: 0 }]);
  });

  test('R-KP-6 only so many requests are kept', () => {
    const journal = new Journal();
    for (let version = 0; version < 25_000; version += 1)
      journal.saw({ api: 'Metadata', version, broker: 1, targets: [] });
    expect(journal.requests.length).toBe(10_000);
    expect(journal.requests.at(-1)?.version).toBe(24_999);
    expect(journal.requests[0]?.version).toBe(15_000);
  });

  test('R-KP-6 another batch before the answer to the last one is noticed, the same one again is not', async () => {
    const held = cluster.inject({ api: 'Produce', effect: { hold: 'before' } });
    const other = await wireClient(cluster.bootstrap[0]);
    const again = await wireClient(cluster.bootstrap[0]);
    const first = send('a');
    await held.met;
    await again.request(produceRequest({ records: batchOf({ values: ['a'] }) }));
    expect(cluster.violations()).toEqual([]);
    // The second copy of it was answered: what comes now is in order, wherever the first one is.
    await other.request(produceRequest({ records: batchOf({ values: ['b'] }) }));
    expect(cluster.violations()).toEqual([]);
    held.release();
    await first;
    cluster.inject({ api: 'Produce', effect: { answer: 'never' } });
    client.send(produceRequest({ records: batchOf({ values: ['c'] }) }));
    await send('d');
    expect(cluster.violations()).toEqual(['t-0: a batch was sent while another had no answer']);
    other.close();
    again.close();
  });

  test('R-KP-6 a sequence number used twice is noticed', async () => {
    const batch = (value: string) =>
      produceRequest({ records: batchOf({ values: [value], producerId: 5n, baseSequence: 0 }) });
    await client.request(batch('a'));
    await client.request(batch('a'));
    expect(cluster.violations()).toEqual([]);
    await client.request(batch('b'));
    expect(cluster.violations()).toEqual(['t-0: sequence 0 of producer 5 used twice']);
  });
});
