/** The listeners of a broker, each asked by a client that is not under test; then the faults of the page that need one node only. */
import { Kafka, type KafkaConfig, logLevel, Partitioners } from 'kafkajs';
import { afterAll, beforeEach, expect, test } from 'vitest';

import { KAFKA_USER, type KafkaCluster, oauthToken, startKafka } from '../../src/index.ts';
import { listenerLines } from '../../src/report.ts';
import { requireKafka } from '../require.ts';

/** One broker for the file. */
let starting: Promise<KafkaCluster> | undefined;
let kafka: KafkaCluster;

beforeEach(async (ctx) => {
  await requireKafka(ctx);
  starting ??= startKafka({ security: ['tls', 'sasl'], proxied: true, settings: { 'quota.window.num': '2' } });
  kafka = await starting;
}, 120_000);
afterAll(async () => {
  await kafka?.[Symbol.asyncDispose]();
});

const clientOf = (o: Partial<KafkaConfig>): Kafka =>
  new Kafka({
    brokers: [...kafka.brokers],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 3_000,
    requestTimeout: 3_000,
    retry: { retries: 0 },
    ...o,
  });

/** Names the cluster to who gets in, and the reason to who does not. */
const enter = async (o: Partial<KafkaConfig>): Promise<string> => {
  const admin = clientOf(o).admin();
  try {
    await admin.connect();
    const { brokers } = await admin.describeCluster();
    return brokers.map(({ host, port }) => `${host}:${port}`).join();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await admin.disconnect();
  }
};

test('R-PR-1 KF-10 each listener with TLS takes who trusts it, sends him on to itself, and shows the certificate it is named after', async () => {
  const { listeners, certificates } = kafka;
  const ca = certificates?.ca;
  const at = (listener: 'tls' | 'mutual-tls' | 'expired' | 'wrong-host', ssl: object) =>
    enter({ brokers: [...listeners[listener]], ssl: { ca, ...ssl } });
  expect(await at('tls', {})).toBe(listeners.tls[0]);
  expect(await at('tls', { ca: certificates?.otherCa })).toContain('unable to verify');
  expect(await at('expired', {})).toContain('certificate has expired');
  expect(await at('wrong-host', {})).toContain("does not match certificate's altnames");
  expect(await at('mutual-tls', { ...certificates?.client })).toBe(listeners['mutual-tls'][0]);
  expect(await at('mutual-tls', {})).not.toBe(listeners['mutual-tls'][0]);
  expect(await at('mutual-tls', { ...certificates?.stranger })).not.toBe(listeners['mutual-tls'][0]);
});

test('R-PR-1 KF-10 the SASL listener knows its user by every mechanism, and nobody else', async () => {
  const { listeners, certificates } = kafka;
  const by = (sasl: NonNullable<KafkaConfig['sasl']>) =>
    enter({ brokers: [...listeners.sasl], ssl: { ca: certificates?.ca ?? '' }, sasl });
  const [here] = listeners.sasl;
  const wrong = { ...KAFKA_USER, password: 'wrong' };
  expect(await by({ mechanism: 'plain', ...KAFKA_USER })).toBe(here);
  expect(await by({ mechanism: 'plain', ...wrong })).toMatch(/authentication/i);
  expect(await by({ mechanism: 'scram-sha-256', ...KAFKA_USER })).toBe(here);
  expect(await by({ mechanism: 'scram-sha-256', ...wrong })).toMatch(/authentication/i);
  expect(await by({ mechanism: 'scram-sha-512', ...KAFKA_USER })).toBe(here);
  expect(await by({ mechanism: 'scram-sha-512', ...wrong })).toMatch(/authentication/i);
  const token = (lifeMs: number) => ({
    mechanism: 'oauthbearer' as const,
    oauthBearerProvider: () => Promise.resolve({ value: oauthToken({ lifeMs }) }),
  });
  expect(await by(token(3_600_000))).toBe(here);
  expect(await by(token(-3_600_000))).not.toBe(here);
});

test('R-PR-1 the command line lists every door with its authority and its user', () => {
  const lines = listenerLines({ kafka }, '/run/ca.pem');
  expect(lines).toEqual([
    ...(['proxied', 'tls', 'mutual-tls', 'expired', 'wrong-host', 'sasl'] as const).map(
      (door) => `# ${door}: ${kafka.listeners[door].join(',')}`,
    ),
    `# authority: /run/ca.pem; user of sasl, by every mechanism: ${KAFKA_USER.username}, ${KAFKA_USER.password}`,
  ]);
});

const produce = async (topic: string, o: { clientId?: string; brokers?: readonly string[]; bytes?: number } = {}) => {
  const { clientId = 'dev-services', brokers = kafka.brokers, bytes = 1 } = o;
  const producer = clientOf({ brokers: [...brokers], clientId, requestTimeout: 1_000 }).producer({
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  try {
    await producer.send({ topic, messages: [{ value: 'x'.repeat(bytes) }], acks: -1 });
  } finally {
    await producer.disconnect();
  }
};

const countIn = async (topic: string): Promise<number> => (await kafka.readWithJava(topic)).length;

test('R-PR-1 a lost acknowledgement: the record is in the log, and the client behind the proxy was not told', async () => {
  await kafka.createTopic('unanswered', { partitions: 1 });
  const { proxy } = kafka.node(1);
  await produce('unanswered', { brokers: kafka.listeners.proxied });
  expect(proxy?.counters.connections).toBeGreaterThan(0);
  const producer = clientOf({ brokers: [...kafka.listeners.proxied], requestTimeout: 1_000 }).producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    retry: { retries: 0 },
  });
  await producer.connect();
  await producer.send({ topic: 'unanswered', messages: [{ value: 'two' }] });
  proxy?.dropResponses();
  await expect(producer.send({ topic: 'unanswered', messages: [{ value: 'three' }] })).rejects.toThrow(/timed out/i);
  proxy?.reset();
  await producer.disconnect();
  await kafka.heal();
  expect(await countIn('unanswered')).toBe(3);
});

test('R-PR-1 a topic is extended, deleted, and limits what a record may weigh', async () => {
  await kafka.createTopic('changing', { partitions: 1, configs: { 'max.message.bytes': '1000' } });
  await expect(produce('changing', { bytes: 5_000 })).rejects.toThrow('larger than the max message size');
  await kafka.extendTopic('changing', 3);
  expect(await kafka.leader('changing', 2)).toBe(1);
  await expect(kafka.extendTopic('changing', 2)).rejects.toThrow('code 37');
  await kafka.deleteTopic('changing');
  expect(await kafka.leader('changing', 0)).toBe(-1);
  await expect(kafka.deleteTopic('changing')).rejects.toThrow('code 3');
  await expect(produce('changing')).rejects.toThrow('does not host this topic-partition');
});

test('R-PR-1 a client over its quota is throttled, and nobody else', async () => {
  await kafka.createTopic('slow', { partitions: 1 });
  const throttleOf = async (clientId: string): Promise<number> => {
    const producer = clientOf({ clientId }).producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    const startedAtMs = performance.now();
    for (let n = 0; n < 3; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- the second pays for the first
      await producer.send({ topic: 'slow', messages: [{ value: 'x'.repeat(20_000) }] });
    }
    const elapsedMs = performance.now() - startedAtMs;
    await producer.disconnect();
    return elapsedMs;
  };
  await kafka.limitProducers('slowed', 20_000);
  await expect.poll(() => throttleOf('slowed'), { timeout: 20_000 }).toBeGreaterThan(500);
  expect(await throttleOf('other')).toBeLessThan(500);
  await kafka.limitProducers('slowed', undefined);
});
