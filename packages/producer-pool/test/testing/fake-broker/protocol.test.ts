import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { WireReader } from '../../../src/testing/fake-broker/wire.ts';
import { type FakeCluster, startFakeCluster } from '../../../src/testing/index.ts';
import {
  batchOf,
  produceRequest,
  readProduceAnswer,
  type WireClient,
  wireClient,
  type WireRequest,
} from './wire-client.ts';

const NOW_MS = 1_700_000_000_000;

let cluster: FakeCluster;
let client: WireClient;

beforeEach(async () => {
  cluster = await startFakeCluster({
    brokers: 2,
    topics: { t: 3, small: { maxMessageBytes: 200, minInsyncReplicas: 2 } },
    autoCreateTopics: true,
    now: () => NOW_MS,
  });
  client = await wireClient(cluster.bootstrap[0]);
});

afterEach(async () => {
  client.close();
  await cluster.close();
});

const produce = async (o: Parameters<typeof produceRequest>[0]) =>
  readProduceAnswer(await client.request(produceRequest(o)), o.version);

const versions = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n);

describe('fake broker: APIs and their versions', () => {
  test.each(versions(0, 3))('R-KP-6 ApiVersions %i lists what a client needs', async (version) => {
    const reader = await client.request({
      key: 18,
      version,
      flexible: version >= 3,
      flexibleHeader: false,
      body: (writer) => {
        if (version >= 3) writer.string('wire').string('1').tags();
      },
    });
    expect(reader.int16()).toBe(0);
    const apis = reader.array(() => {
      const api = [reader.int16(), reader.int16(), reader.int16()];
      reader.tags();
      return api;
    });
    // Without Fetch in the list librdkafka falls back to an old message format.
    expect(apis.map(([key]) => key)).toEqual([0, 3, 17, 18, 22, 32, 36, 1, 2, 10]);
    expect(apis[0]).toEqual([0, 3, 11]);
    expect(version >= 1 ? reader.int32() : 0).toBe(0);
    reader.tags();
    expect(reader.remaining).toBe(0);
  });

  test('R-KP-6 a newer ApiVersions is refused in the form that every client reads', async () => {
    const reader = await client.request({ key: 18, version: 4, flexible: true, flexibleHeader: false });
    reader.flexible = false;
    expect(reader.int16()).toBe(35);
    expect(reader.array(() => 0)).toEqual([]);
    expect(reader.remaining).toBe(0);
  });

  test.each([
    ['an API that is not served', (): unknown => client.send({ key: 1, version: 4 })],
    ['a version that is not served', (): unknown => client.send({ key: 0, version: 2 })],
    ['a request that ends too soon', (): unknown => client.send({ key: 3, version: 6 })],
    ['a length that is none', (): void => client.raw(Buffer.alloc(8, 0xff))],
    ['null for an array', (): unknown => client.send(malformed(-1))],
    ['an array longer than the request', (): unknown => client.send(malformed(1_000))],
  ])('R-KP-6 %s ends the connection', async (_, send) => {
    send();
    await client.closed;
    expect(cluster.log('t')).toEqual([]);
  });

  const malformed = (count: number): WireRequest => ({
    key: 0,
    version: 7,
    body: (writer) => writer.string(null).int16(-1).int32(1_000).int32(count),
  });

  test('R-KP-6 a varint without an end ends the connection', async () => {
    client.send({ key: 22, version: 4, flexible: true, body: (writer) => writer.bytes(Buffer.alloc(9, 0xff)) });
    await client.closed;
    expect(cluster.requests('InitProducerId')).toEqual([]);
  });

  const metadata = async (version: number, names: readonly string[] | null, mayCreate = false) => {
    const flexible = version >= 9;
    const reader = await client.request({
      key: 3,
      version,
      flexible,
      body: (writer) => {
        if (names === null) writer.bytes(flexible ? Buffer.from([0]) : Buffer.alloc(4, 0xff));
        else
          writer.array(names, (name) => {
            if (version >= 10) writer.bytes(Buffer.alloc(16));
            writer.string(name).tags();
          });
        writer.boolean(mayCreate);
        if (version >= 8 && version <= 10) writer.boolean(false);
        if (version >= 8) writer.boolean(false);
        // A tagged field that nobody knows.
        if (flexible) writer.uvarint(1).uvarint(7).uvarint(2).bytes(Buffer.from('ab'));
      },
    });
    return readMetadata(reader, version);
  };

  test.each(versions(4, 12))('R-KP-6 Metadata %i tells brokers, topics and leaders', async (version) => {
    const { brokers, controller, topics, rest } = await metadata(version, ['t', 'other']);
    expect(brokers).toEqual(cluster.bootstrap.map((address, index) => ({ id: index + 1, address })));
    expect(controller).toBe(1);
    expect(topics).toEqual([
      { errorCode: 0, name: 't', partitions: [1, 2, 1].map((leader, index) => ({ errorCode: 0, index, leader })) },
      { errorCode: 3, name: 'other', partitions: [] },
    ]);
    expect(rest).toBe(0);
    expect((await metadata(version, null)).topics.map(({ name }) => name)).toEqual(['t', 'small']);
    expect((await metadata(version, [])).topics).toEqual([]);
    // Created, since the client allows it.
    expect((await metadata(version, ['other'], true)).topics).toMatchObject([{ errorCode: 0, name: 'other' }]);
  });

  test('R-KP-6 Metadata tells an address that is wrong, if it is told to', async () => {
    cluster.broker(1).advertise({ host: 'elsewhere.invalid', port: 9 });
    expect((await metadata(6, ['t'])).brokers[0]).toEqual({ id: 1, address: 'elsewhere.invalid:9' });
    await cluster.broker(2).stop();
    await cluster.broker(2).start();
    expect((await metadata(6, ['t'])).brokers[1]).toEqual({ id: 2, address: cluster.bootstrap[1] });
  });

  test.each(versions(0, 4))('R-KP-6 InitProducerId %i gives each its own', async (version) => {
    const init = async (): Promise<bigint> => {
      const reader = await client.request({
        key: 22,
        version,
        flexible: version >= 2,
        body: (writer) => {
          writer.string(null).int32(0);
          if (version >= 3) writer.int64(-1n).int16(-1);
          writer.tags();
        },
      });
      expect([reader.int32(), reader.int16()]).toEqual([0, 0]);
      const id = reader.int64();
      expect(reader.int16()).toBe(0);
      reader.tags();
      expect(reader.remaining).toBe(0);
      return id;
    };
    expect(await init()).not.toBe(await init());
    const fault = cluster.inject({ api: 'InitProducerId', effect: { errorCode: 53, throttleMs: 7 } });
    const refused = await client.request({ key: 22, version: 0, body: (writer) => writer.string(null).int32(0) });
    expect([refused.int32(), refused.int16(), refused.int64(), refused.int16()]).toEqual([7, 53, -1n, -1]);
    expect(fault.hits).toBe(1);
  });

  const describeConfigs = async (version: number, resources: readonly (readonly [type: number, name: string])[]) => {
    const reader = await client.request({
      key: 32,
      version,
      flexible: version >= 4,
      body: (writer) => {
        writer.array(resources, ([type, name]) => {
          writer.int8(type).string(name);
          writer.array(['max.message.bytes', 'cleanup.policy'], (key) => writer.string(key)).tags();
        });
        if (version >= 1) writer.boolean(false);
        if (version >= 3) writer.boolean(false);
        writer.tags();
      },
    });
    return readConfigs(reader, version);
  };

  test.each(versions(0, 4))('R-KP-6 DescribeConfigs %i tells what is configured of a topic', async (version) => {
    cluster.inject({ api: 'DescribeConfigs', topic: 't', effect: { errorCode: 29 } });
    const asked = await describeConfigs(version, [
      [2, 't'],
      [2, 'small'],
      [2, 'none'],
      [4, '1'],
      [4, 'small'],
    ]);
    expect(asked).toEqual([
      { errorCode: 29, name: 't', configs: [] },
      { errorCode: 0, name: 'small', configs: [['max.message.bytes', '200']] },
      { errorCode: 3, name: 'none', configs: [] },
      { errorCode: 42, name: '1', configs: [] },
      { errorCode: 42, name: 'small', configs: [] },
    ]);
  });

  test.each(versions(3, 11))('R-KP-6 Produce %i appends and answers with the offset', async (version) => {
    await produce({ version, records: batchOf({ values: ['a', 'b'] }) });
    expect(await produce({ version, records: batchOf({ values: ['c'] }) })).toEqual({
      topic: 't',
      partition: 0,
      errorCode: 0,
      baseOffset: 2n,
      throttleMs: 0,
    });
    expect(cluster.log('t').map(({ value }) => value?.toString())).toEqual(['a', 'b', 'c']);
  });

  test('R-KP-6 without acks there is no answer', async () => {
    client.send(produceRequest({ acks: 0, records: batchOf({ values: ['a'] }) }));
    expect(await produce({ records: batchOf({ values: ['b'] }) })).toMatchObject({ baseOffset: 1n });
  });
});

interface ToldTopic {
  readonly errorCode: number;
  readonly name: string;
  readonly partitions: readonly { readonly errorCode: number; readonly index: number; readonly leader: number }[];
}

const readMetadata = (reader: WireReader, version: number) => {
  reader.int32();
  const brokers = reader.array(() => {
    const broker = { id: reader.int32(), address: `${reader.string()}:${reader.int32()}` };
    reader.nullableString();
    reader.tags();
    return broker;
  });
  reader.nullableString();
  const controller = reader.int32();
  const topics = reader.array((): ToldTopic => {
    const [errorCode, name] = [reader.int16(), reader.string()];
    if (version >= 10) reader.bytes(16);
    reader.boolean();
    const partitions = reader.array(() => {
      const partition = { errorCode: reader.int16(), index: reader.int32(), leader: reader.int32() };
      if (version >= 7) reader.int32();
      for (let list = 0; list < 3; list += 1) reader.array(() => reader.int32());
      reader.tags();
      return partition;
    });
    if (version >= 8) reader.int32();
    reader.tags();
    return { errorCode, name, partitions };
  });
  if (version >= 8 && version <= 10) reader.int32();
  reader.tags();
  return { brokers, controller, topics, rest: reader.remaining };
};

const readConfigs = (reader: WireReader, version: number) => {
  reader.int32();
  const results = reader.array(() => {
    const errorCode = reader.int16();
    reader.nullableString();
    reader.int8();
    const name = reader.string();
    const configs = reader.array(() => {
      const config = [reader.string(), reader.string()];
      for (let flags = 0; flags < 3; flags += 1) reader.int8();
      if (version >= 1) reader.array(() => reader.int8());
      if (version >= 3) reader.int8();
      if (version >= 3) reader.nullableString();
      reader.tags();
      return config;
    });
    reader.tags();
    return { errorCode, name, configs };
  });
  reader.tags();
  return results;
};

describe('fake broker: what a leader refuses', () => {
  const good = batchOf({ values: ['a'] });
  const corrupt = Buffer.from(good);
  corrupt[corrupt.length - 2] = 0;

  test.each([
    ['a partition of another leader', { partition: 1, records: good }, 6],
    ['an unknown partition', { partition: 3, records: good }, 3],
    ['an unknown topic', { topic: 'none', records: good }, 3],
    ['a wrong checksum', { records: corrupt }, 2],
    ['no records', { records: null }, 87],
    ['two batches', { records: Buffer.concat([good, good]) }, 87],
    ['an older message format', { records: batchOf({ values: ['a'], magic: 1 }) }, 87],
    ['an unknown codec', { records: batchOf({ values: ['a'], codec: 5 }) }, 87],
    ['bytes that are not of their codec', { records: batchOf({ values: ['a'], codec: 1 }) }, 87],
    ['a batch of nothing', { records: batchOf({ values: [] }) }, 87],
    ['fewer records than it says', { records: batchOf({ values: ['a'], count: 2 }) }, 87],
    ['more records than it says', { records: batchOf({ values: ['a', 'b'], count: 1 }) }, 87],
    ['a timestamp of tomorrow', { records: batchOf({ values: ['a'], timestampMs: NOW_MS + 86_400_000 }) }, 32],
    ['a batch that is too large', { topic: 'small', records: batchOf({ values: ['a'.repeat(200)] }) }, 10],
    ['a sequence of an unknown producer', { records: batchOf({ values: ['a'], producerId: 5n, baseSequence: 1 }) }, 59],
  ])('R-KP-6 %s', async (_, o, errorCode) => {
    expect(await produce(o)).toMatchObject({ errorCode, baseOffset: -1n });
    expect([...cluster.log('t'), ...cluster.log('small')]).toEqual([]);
  });

  test('R-KP-6 too few replicas in sync, for those who want all of them', async () => {
    cluster.setInSync({ topic: 'small', partition: 0 }, [1]);
    expect(await produce({ topic: 'small', records: good })).toMatchObject({ errorCode: 19 });
    expect(await produce({ topic: 'small', acks: 1, records: good })).toMatchObject({ errorCode: 0 });
  });

  test('R-KP-6 a batch sent again is answered with its old offset, until its producer is forgotten', async () => {
    const first = batchOf({ values: ['a'], producerId: 5n, baseSequence: 0 });
    const second = batchOf({ values: ['b', 'c'], producerId: 5n, baseSequence: 1 });
    await produce({ records: first });
    expect(await produce({ records: second })).toMatchObject({ errorCode: 0, baseOffset: 1n });
    expect(await produce({ records: first })).toMatchObject({ errorCode: 0, baseOffset: 0n });
    const gap = batchOf({ values: ['d'], producerId: 5n, baseSequence: 4 });
    expect(await produce({ records: gap })).toMatchObject({ errorCode: 45 });
    expect(cluster.log('t').length).toBe(3);
    cluster.forgetProducers('t');
    expect(await produce({ records: second })).toMatchObject({ errorCode: 59 });
  });
});
