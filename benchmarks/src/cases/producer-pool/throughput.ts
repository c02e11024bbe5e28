/**
 * B-KP-1, B-KP-2 and B-KP-4: records acknowledged in a second, against kafkajs one by one and in batches made by hand.
 *
 * Records of 1 KiB with keys over six partitions, acks all, a thousand publishers that each wait for their acknowledgement; on
 * three fake brokers in a process of their own, and on one node of real Kafka. Brokers and client have two cores here, so on
 * real Kafka both sides of a ratio wait for the same broker. On fake brokers B-KP-1 shows as well what kafkajs itself makes of
 * batches made by hand: more than that is not in it. Idempotent, the pool has two producers: with one, client and broker wait for each
 * other, and with more of them the calls are smaller, and cost more than they bring on two cores.
 *
 * There is no B-KP-3, and B-KP-4 has no confluent: its client comes with a native library that is downloaded when it is installed,
 * and there is no driver for it yet.
 */
import { type PoolArm, poolArm } from '../../arms/busbar-producer-pool.ts';
import { startFakeKafka } from '../../arms/kafka/fake-kafka.ts';
import { PARTITIONS, producingArm, PUBLISHERS } from '../../arms/kafka/producing-arm.ts';
import { realKafka } from '../../arms/kafka/real-kafka.ts';
import { once } from '../../arms/once.ts';
import { type Case, defineCase, type Target } from '../../harness/define-case.ts';
import { kafkaJsBatchArm, kafkaJsSendArm } from '../../peers/kafkajs-producer.ts';

const BROKERS = 3;
const NANOS_PER_MICRO = 1_000;
const IDEMPOTENT_PRODUCERS = 2;

const fakeKafka = once(() => startFakeKafka({ brokers: BROKERS, roundTripMs: 0 }));

const COMMON = {
  requirements: ['R-KP-1', 'R-PR-1'],
  class: 'kafka',
  unit: 'records/s',
  direction: 'bigger',
} as const;

const atLeast = (pool: string, reference: string, bound: number): Target => ({
  ours: pool,
  reference,
  metric: 'throughput',
  bound,
  kind: 'ratio',
});

const FAKE = {
  services: ['fake-broker'],
  parameters: { brokers: 'fake', partitions: PARTITIONS, publishers: PUBLISHERS },
} as const;
const REAL = {
  services: ['kafka'],
  parameters: { brokers: 'kafka', partitions: PARTITIONS, publishers: PUBLISHERS },
} as const;

const onFake = (o: Omit<PoolArm, 'target'>) => producingArm(poolArm({ ...o, target: fakeKafka }));
const onReal = (o: Omit<PoolArm, 'target'>) => producingArm(poolArm({ ...o, target: realKafka }));

export const cases: readonly Case[] = [
  defineCase({
    ...COMMON,
    ...FAKE,
    id: 'B-KP-1',
    title: 'pool on kafkajs × one send() a record, fake brokers (R-KP-1)',
    arms: [
      onFake({ driver: 'kafkajs' }),
      producingArm(kafkaJsSendArm({ target: fakeKafka })),
      producingArm(kafkaJsBatchArm({ target: fakeKafka })),
    ],
    targets: [atLeast('pool on kafkajs', 'kafkajs send', 6)],
  }),
  defineCase({
    ...COMMON,
    ...FAKE,
    id: 'B-KP-2',
    title: 'pool on kafkajs × hand-made sendBatch(500), and its CPU a record ÷ the same (R-KP-1)',
    arms: [onFake({ driver: 'kafkajs' }), producingArm(kafkaJsBatchArm({ target: fakeKafka }))],
    targets: [
      atLeast('pool on kafkajs', 'kafkajs sendBatch', 0.9),
      { ours: 'pool on kafkajs', reference: 'kafkajs sendBatch', metric: 'cpu', bound: 1.3, kind: 'ratio' },
      {
        ours: 'pool on kafkajs',
        reference: 'kafkajs sendBatch',
        metric: 'cpu',
        bound: 4 * NANOS_PER_MICRO,
        kind: 'difference',
        note: 'ns a record',
      },
    ],
  }),
  defineCase({
    ...COMMON,
    ...FAKE,
    id: 'B-KP-4',
    title: 'pool on platformatic × one send() a record on kafkajs, fake brokers (R-KP-1)',
    arms: [onFake({ driver: 'platformatic' }), producingArm(kafkaJsSendArm({ target: fakeKafka }))],
    targets: [atLeast('pool on platformatic', 'kafkajs send', 14)],
  }),
  defineCase({
    ...COMMON,
    ...REAL,
    id: 'B-KP-1',
    title: 'pool on kafkajs × one send() a record, Kafka (R-KP-1)',
    arms: [onReal({ driver: 'kafkajs' }), producingArm(kafkaJsSendArm({ target: realKafka }))],
    targets: [atLeast('pool on kafkajs', 'kafkajs send', 9)],
  }),
  defineCase({
    ...COMMON,
    ...REAL,
    id: 'B-KP-1',
    title: 'pool on kafkajs × one send() a record, Kafka, both idempotent (R-KP-1)',
    arms: [
      onReal({ driver: 'kafkajs', idempotent: true, producers: IDEMPOTENT_PRODUCERS }),
      producingArm(kafkaJsSendArm({ target: realKafka, idempotent: true })),
    ],
    targets: [atLeast('pool on kafkajs', 'kafkajs send', 20)],
  }),
];
