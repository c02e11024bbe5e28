/**
 * B-KP-5: what several producers are worth where the client runs one call at a time towards a broker.
 *
 * 24 partitions, and calls of at most five records with so many publishers that both arms fill them: with few lanes or large
 * batches the processor is the limit and not the round trip, and with few publishers the pool of one makes up for its wait with
 * larger batches. Each Produce is held 5 ms by the broker, and what follows on its connection with it; that is the round trip of
 * a client with one call under way on a connection, at no cost on the way. The idle timers of kafkajs
 * are patched in both arms, as its driver offers it: they run on each of the 24 connections of eight producers.
 */
import { poolArm } from '../../arms/busbar-producer-pool.ts';
import { startFakeKafka } from '../../arms/kafka/fake-kafka.ts';
import { producingArm } from '../../arms/kafka/producing-arm.ts';
import { once } from '../../arms/once.ts';
import { type Case, defineCase } from '../../harness/define-case.ts';

const BROKERS = 3;
const ROUND_TRIP_MS = 5;
const PARTITIONS = 24;
const PUBLISHERS = 600;
const MAX_BATCH_RECORDS = 5;
const PRODUCERS = 8;

const distantKafka = once(() => startFakeKafka({ brokers: BROKERS, roundTripMs: ROUND_TRIP_MS }));

const COMMON = {
  driver: 'kafkajs',
  idempotent: true,
  target: distantKafka,
  partitions: PARTITIONS,
  publishers: PUBLISHERS,
  maxBatchRecords: MAX_BATCH_RECORDS,
  patchIdleTimer: true,
} as const;

export const cases: readonly Case[] = [
  defineCase({
    id: 'B-KP-5',
    title: `idempotent pool of ${PRODUCERS} producers × pool of 1, 5 ms round trip (R-KP-1)`,
    requirements: ['R-KP-1'],
    class: 'kafka',
    unit: 'records/s',
    direction: 'bigger',
    parameters: {
      partitions: PARTITIONS,
      publishers: PUBLISHERS,
      maxBatchRecords: MAX_BATCH_RECORDS,
      roundTripMs: ROUND_TRIP_MS,
    },
    services: ['fake-broker'],
    arms: [
      producingArm(poolArm({ ...COMMON, producers: PRODUCERS, name: '8 producers' })),
      producingArm(poolArm({ ...COMMON, name: '1 producer', role: 'baseline' })),
    ],
    targets: [{ ours: '8 producers', reference: '1 producer', metric: 'throughput', bound: 5, kind: 'ratio' }],
  }),
];
