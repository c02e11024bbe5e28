import { once } from 'node:events';
import { connect } from 'node:net';

import { testCertificates } from '@busbar-tooling/dev-services';
import { ConfigResourceTypes, Kafka, logLevel, type SASLOptions } from 'kafkajs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { type FakeCluster, type FakeClusterOptions, startFakeCluster } from '../../../src/testing/index.ts';
import { batchOf, produceRequest, readProduceAnswer, wireClient } from './wire-client.ts';

const AT = { topic: 't', partition: 0 };

let cluster: FakeCluster;

const start = async (o: FakeClusterOptions = {}): Promise<void> => {
  cluster = await startFakeCluster({ brokers: 2, topics: { t: { partitions: 1 } }, ...o });
};

beforeEach(() => start());

afterEach(() => cluster.close());

const metadataOf = async (topic = 't') => {
  const admin = new Kafka({
    clientId: 'test',
    brokers: [...cluster.bootstrap],
    logLevel: logLevel.NOTHING,
    retry: { retries: 1, initialRetryTime: 10 },
  }).admin();
  await admin.connect();
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const { brokers } = await admin.describeCluster();
    return { leaders: topics[0]?.partitions.map(({ leader }) => leader), brokers };
  } finally {
    await admin.disconnect();
  }
};

describe('fake cluster: brokers come and go', () => {
  test('R-KP-6 a broker that stops refuses, others lead for it; back again, it keeps its port and follows', async () => {
    const [address = ''] = cluster.bootstrap;
    const idle = await wireClient(address);
    await cluster.broker(1).stop();
    await idle.closed;
    const refused = once(connect({ host: '127.0.0.1', port: Number(address.split(':')[1]) }), 'error');
    expect(await refused).toMatchObject([{ code: 'ECONNREFUSED' }]);
    expect([cluster.broker(1).isUp, cluster.broker(2).isUp]).toEqual([false, true]);
    expect(cluster.leader(AT)).toBe(2);
    expect((await metadataOf()).brokers.map(({ nodeId }) => nodeId)).toEqual([2]);
    await cluster.broker(1).stop();
    await cluster.broker(1).start();
    await cluster.broker(1).start();
    expect(cluster.bootstrap[0]).toBe(address);
    expect(cluster.leader(AT)).toBe(2);
    expect((await metadataOf()).brokers.map(({ nodeId }) => nodeId)).toEqual([2, 1]);
  });

  test('R-KP-6 without a replica in sync a partition has no leader until one is back', async () => {
    cluster.setInSync(AT, [1]);
    await cluster.broker(1).stop();
    expect(cluster.leader(AT)).toBeUndefined();
    await cluster.broker(1).start();
    expect(cluster.leader(AT)).toBe(1);
    cluster.moveLeader(AT, undefined);
    await expect(metadataOf()).rejects.toThrow('no leader');
  });

  test('R-KP-6 a broker that hangs accepts, answers nothing, and goes on with all of it', async () => {
    const client = await wireClient(cluster.bootstrap[0]);
    const other = await wireClient(cluster.bootstrap[1]);
    cluster.broker(1).hang();
    cluster.broker(1).hang();
    const late = client.request(produceRequest({ records: batchOf({ values: ['a'] }) }));
    const late2 = client.request(produceRequest({ records: batchOf({ values: ['b'] }) }));
    await other.request({ key: 18, version: 0, flexibleHeader: false });
    expect(cluster.log('t')).toEqual([]);
    cluster.broker(1).resume();
    expect(readProduceAnswer(await late)).toMatchObject({ baseOffset: 0n });
    expect(readProduceAnswer(await late2)).toMatchObject({ baseOffset: 1n });
    client.close();
    other.close();
  });

  test('R-KP-6 connections can be broken', async () => {
    const client = await wireClient(cluster.bootstrap[0]);
    expect(cluster.sockets()).toBe(1);
    cluster.broker(1).disconnectAll();
    await client.closed;
    expect(() => cluster.broker(7)).toThrow('there is no broker 7');
  });

  test('R-KP-6 a cluster can start without anything but brokers', async () => {
    await using plain = await startFakeCluster();
    expect(plain.bootstrap.length).toBe(3);
    plain.createTopic('t');
    expect(plain.log('t')).toEqual([]);
  });
});

describe('fake cluster: topics change', () => {
  test('R-KP-6 metadata can lag behind a leader that moved', async () => {
    cluster.moveLeader(AT, 2, { metadataLags: true });
    expect((await metadataOf()).leaders).toEqual([1]);
    expect(cluster.leader(AT)).toBe(2);
    cluster.tellLeaders();
    expect((await metadataOf()).leaders).toEqual([2]);
  });

  test('R-KP-6 topics are extended and deleted', async () => {
    cluster.extendTopic('t', 3);
    expect((await metadataOf()).leaders).toEqual([1, 2, 1]);
    expect(() => cluster.leader({ topic: 't', partition: 3 })).toThrow('t has no partition 3');
    cluster.deleteTopic('t');
    expect(() => cluster.log('t')).toThrow('there is no topic t');
    await expect(metadataOf()).rejects.toThrow('does not host');
  });

  test('R-KP-6 a client reads how a topic is configured', async () => {
    const admin = new Kafka({ clientId: 'test', brokers: [...cluster.bootstrap], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: 't' }],
    });
    await admin.disconnect();
    expect(resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue])).toEqual([
      ['max.message.bytes', '1048588'],
      ['min.insync.replicas', '1'],
      ['message.timestamp.type', 'CreateTime'],
    ]);
  });

  test('R-KP-6 a fault of Metadata concerns the topic that it names', async () => {
    cluster.createTopic('u', { partitions: 2 });
    cluster.inject({ api: 'Metadata', topic: 't', times: 10, effect: { errorCode: 29 } });
    await expect(metadataOf('t')).rejects.toThrow('Not authorized');
    expect((await metadataOf('u')).leaders?.length).toBe(2);
  });
});

const connectWith = async (
  sasl: SASLOptions | undefined,
  ssl: { readonly ca: string } | false = false,
): Promise<void> => {
  const producer = new Kafka({
    clientId: 'test',
    brokers: [...cluster.bootstrap],
    logLevel: logLevel.NOTHING,
    ssl: ssl === false ? false : { ca: [ssl.ca] },
    retry: { retries: 0 },
    ...(sasl === undefined ? {} : { sasl }),
  }).producer({ allowAutoTopicCreation: false });
  await producer.connect();
  await producer.send({ topic: 't', messages: [{ value: 'a' }] });
  await producer.disconnect();
};

describe('fake cluster: who may come in', () => {
  const RIGHT = { username: 'user', password: 'pass' };

  test.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)(
    'R-KP-6 DC-14 %s lets in who knows the password',
    async (mechanism) => {
      await cluster.close();
      await start({ sasl: RIGHT });
      const options = (o: { readonly username: string; readonly password: string }): SASLOptions => ({
        mechanism,
        ...o,
      });
      await connectWith(options(RIGHT));
      await expect(connectWith(options({ ...RIGHT, password: 'wrong' }))).rejects.toThrow('Authentication failed');
      await expect(connectWith(options({ ...RIGHT, username: 'other' }))).rejects.toThrow('Authentication failed');
      cluster.setCredentials({ ...RIGHT, password: 'wrong' });
      await connectWith(options({ ...RIGHT, password: 'wrong' }));
      expect(cluster.log('t').length).toBe(2);
    },
  );

  test('R-KP-6 DC-14 who has not said who he is is not served; a mechanism may be unknown or not wanted', async () => {
    await cluster.close();
    await start({ sasl: RIGHT });
    const client = await wireClient(cluster.bootstrap[0]);
    const handshake = async (mechanism: string): Promise<number> => {
      const reader = await client.request({ key: 17, version: 1, body: (writer) => writer.string(mechanism) });
      return reader.int16();
    };
    expect(await handshake('GSSAPI')).toBe(33);
    const early = await client.request({ key: 36, version: 0, body: (writer) => writer.int32(-1) });
    expect(early.int16()).toBe(58);
    expect(await handshake('SCRAM-SHA-256')).toBe(0);
    const nonsense = await client.request({
      key: 36,
      version: 1,
      body: (writer) => writer.lengthAndBytes(Buffer.from('nonsense')),
    });
    expect(nonsense.int16()).toBe(58);
    client.send(produceRequest({ records: batchOf({ values: ['a'] }) }));
    await client.closed;
    expect(cluster.log('t')).toEqual([]);
    cluster.setCredentials(undefined);
    const open = await wireClient(cluster.bootstrap[0]);
    const refused = await open.request({ key: 17, version: 1, body: (writer) => writer.string('PLAIN') });
    expect(refused.int16()).toBe(34);
    open.close();
  });

  test('R-KP-6 DC-14 authentication can be made to fail', async () => {
    await cluster.close();
    await start({ sasl: RIGHT });
    const fault = cluster.inject({ api: 'SaslAuthenticate', effect: { errorCode: 58 } });
    await expect(connectWith({ mechanism: 'plain', ...RIGHT })).rejects.toThrow('Authentication failed');
    expect(fault.hits).toBe(1);
  });

  test('R-KP-6 DC-14 TLS, and plaintext against it', async () => {
    await cluster.close();
    const { ca, server } = testCertificates();
    await start({ tls: server });
    await connectWith(undefined, { ca });
    await expect(connectWith(undefined)).rejects.toBeDefined();
    expect(cluster.log('t').length).toBe(1);
    await cluster.disconnected();
    expect(cluster.sockets()).toBe(0);
  });
});
