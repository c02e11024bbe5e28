/**
 * B-KP-4: the pool on platformatic against the Java client, on one node of real Kafka (R-KP-1).
 *
 * Both produce twice as many records as are counted, the first half to warm up; both share two cores with the broker.
 */
import { poolArm } from '../../arms/busbar-producer-pool.ts';
import { PARTITIONS, producingArm } from '../../arms/kafka/producing-arm.ts';
import { realKafka } from '../../arms/kafka/real-kafka.ts';
import { type Arm, type Case, defineCase } from '../../harness/define-case.ts';
import { javaProducerArm } from '../../peers/java-producer.ts';

/** Both clients gain speed for so long. With a fifth of it the ratio was between 0.85 and 1.5, by which of them was not warm yet. */
const RECORDS = 1_000_000;
/**
 * The Java client has as many records under way as its buffer of 32 MiB takes, and with them full batches. So many publishers fill a third
 * of a batch of the pool; with 5 000, whose batches are full, half as much CPU again goes into collecting what they keep alive.
 */
const PUBLISHERS = 2_000;
/** More share a processor and a broker with each other. */
const PRODUCERS = 2;
const MS_PER_S = 1_000;

/** The arm, which tells its own rate as the tool does. */
const rated = (arm: Arm): Arm => ({
  ...arm,
  setup: async (context) => {
    const visit = await arm.setup(context);
    let rate = Number.NaN;
    return {
      ...visit,
      run: async (records) => {
        await visit.run(records);
        const fromMs = performance.now();
        await visit.run(records);
        rate = (records * MS_PER_S) / (performance.now() - fromMs);
      },
      measure: () => rate,
    };
  },
});

export const cases: readonly Case[] = [
  defineCase({
    id: 'B-KP-4',
    title: "pool on platformatic × the Java client's ProducerPerformance, Kafka (R-KP-1)",
    requirements: ['R-KP-1', 'R-PR-1'],
    class: 'kafka',
    unit: 'records/s',
    direction: 'bigger',
    iterations: RECORDS,
    parameters: { brokers: 'kafka', partitions: PARTITIONS, publishers: PUBLISHERS, records: RECORDS },
    services: ['kafka'],
    arms: [
      rated(
        producingArm(
          poolArm({
            driver: 'platformatic',
            idempotent: true,
            producers: PRODUCERS,
            publishers: PUBLISHERS,
            target: realKafka,
          }),
        ),
      ),
      javaProducerArm(realKafka, RECORDS),
    ],
    targets: [
      {
        ours: 'pool on platformatic',
        reference: 'ProducerPerformance',
        metric: 'throughput',
        bound: 1.3,
        kind: 'ratio',
      },
    ],
  }),
];
