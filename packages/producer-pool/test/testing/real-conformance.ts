/** Real brokers, behind proxies or not, as the conformance rows want them. */
import { type BreakableKafka, KAFKA_USER, type TestCertificates } from '@busbar-tooling/dev-services';
import { Kafka, logLevel } from 'kafkajs';

import type { KafkaConnectionOptions } from '../../src/index.ts';
import type { ConformanceCluster, ConformanceDoor } from '../../src/testing/index.ts';

/** A way in, and why it is closed; `undefined`: it is open. */
export const door = (
  name: string,
  refusal: string | undefined,
  o: Omit<KafkaConnectionOptions, 'clientId'>,
): ConformanceDoor => ({
  name,
  refusal,
  connection: { clientId: 'conformance', ...o },
});

const doorsOf = ({ listeners }: BreakableKafka, { ca }: TestCertificates): readonly ConformanceDoor[] => {
  const tls = { ca };
  const brokers = listeners.sasl.slice(0, 1);
  const sasl = { mechanism: 'scram-sha-512', ...KAFKA_USER } as const;
  return [
    door('the right password', undefined, { brokers, tls, sasl }),
    door('a wrong password', 'SASL_AUTHENTICATION_FAILED', { brokers, tls, sasl: { ...sasl, password: 'wrong' } }),
    door('an unknown authority', 'TLS', { brokers, tls: true, sasl }),
    door('another host', 'TLS', { brokers, tls: { ...tls, servername: 'elsewhere.invalid' }, sasl }),
    door('plain text to TLS', 'TLS', { brokers: listeners.tls.slice(0, 1) }),
    door('TLS to plain text', 'TLS', { brokers: listeners.plain.slice(0, 1), tls }),
  ];
};

/** Replicas everywhere but on the leader: another one has to lead. */
const moveLeader = async (kafka: BreakableKafka, topic: string): Promise<void> => {
  const leader = await kafka.leader(topic, 0);
  const admin = new Kafka({ brokers: [...kafka.brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const replicas = [1, 2, 3].filter((id) => id !== leader);
  await admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment: [{ partition: 0, replicas }] }] });
  await admin.disconnect();
  const moved = async (): Promise<boolean> => !new Set([leader, -1]).has(await kafka.leader(topic, 0));
  // oxlint-disable-next-line no-await-in-loop -- until another one leads; the test's own timeout ends it
  while (!(await moved())) await new Promise((resolve) => setTimeout(resolve, 50));
};

let topics = 0;

/** With `certificates`: of a cluster with secure listeners. */
export const realConformance = (kafka: BreakableKafka, certificates?: TestCertificates): ConformanceCluster => {
  const proxies = kafka.nodes.flatMap(({ proxy }) => proxy ?? []);
  const all = async (act: (proxy: (typeof proxies)[number]) => void | Promise<void>): Promise<void> => {
    await Promise.all(proxies.map(async (proxy) => act(proxy)));
  };
  const renew = () =>
    all(async (proxy) => {
      proxy.reset();
      proxy.pass();
      await proxy.accept();
    });
  return {
    brokers: proxies.length > 0 ? kafka.listeners.proxied : kafka.brokers,
    ...(certificates === undefined ? {} : { doors: doorsOf(kafka, certificates) }),
    newTopic: async ({ partitions = 1, maxMessageBytes } = {}) => {
      topics += 1;
      const name = `conformance-${topics}`;
      const configs = maxMessageBytes === undefined ? {} : { 'max.message.bytes': String(maxMessageBytes) };
      await kafka.createTopic(name, { partitions, configs });
      return name;
    },
    log: async (topic) =>
      (await kafka.readWithJava(topic)).map(({ partition, offset, timestampMs, key, value, headers }) => ({
        partition,
        offset: BigInt(offset),
        timestampMs,
        key,
        value,
        headers,
      })),
    moveLeader: (topic) => moveLeader(kafka, topic),
    loseAnswers: async () => {
      await all((proxy) => proxy.dropResponses());
      return renew;
    },
    hang: async () => {
      await all((proxy) => proxy.freeze());
      return renew;
    },
    throttle: async (clientId) => {
      await kafka.limitProducers(clientId, 150);
      return () => kafka.limitProducers(clientId, undefined);
    },
    stop: async () => {
      await all(async (proxy) => {
        await proxy.refuse();
        proxy.reset();
      });
      return renew;
    },
  };
};
