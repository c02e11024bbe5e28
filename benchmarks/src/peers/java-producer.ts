/**
 * The Java client, by the tool that Kafka measures it with: `kafka-producer-perf-test`, the class `ProducerPerformance`. A run is a
 * process; what it answers is the rate after its warm-up, in its own words.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import type { KafkaTarget } from '../arms/kafka/kafka-target.ts';
import { PARTITIONS } from '../arms/kafka/producing-arm.ts';
import { mustBe } from '../arms/looped-arm.ts';
import type { Arm } from '../harness/define-case.ts';

const TOOL = 'org.apache.kafka.tools.ProducerPerformance';
/** Those of `kafka-producer-perf-test.sh` and `kafka-run-class.sh`. */
const JVM_FLAGS = [
  '-server',
  '-Xmx512M',
  '-XX:+UseG1GC',
  '-XX:MaxGCPauseMillis=20',
  '-XX:InitiatingHeapOccupancyPercent=35',
  '-XX:+ExplicitGCInvokesConcurrent',
  '-Djava.awt.headless=true',
];
const VALUE_BYTES = 1_024;
const WITHIN_MS = 60_000;

const run = promisify(execFile);

/** Records a second after the warm-up, from the last line of the tool. */
export const rateIn = (output: string): number => {
  const rates = [...output.matchAll(/([\d.]+) records\/sec/gu)].map(([, rate]) => Number(rate));
  const last = rates.at(-1);
  if (last === undefined) throw new Error(`the tool tells no rate: ${output.slice(-500)}`);
  return last;
};

/** Produces so many records and as many as a warm-up before them. */
export const javaProducerArm = (target: () => Promise<KafkaTarget>, records: number): Arm => ({
  name: 'ProducerPerformance',
  role: 'peer',
  package: 'org.apache.kafka:kafka-clients',
  options: `acks all, linger.ms 5, batch.size 131072, else defaults (idempotent); JVM flags of its script; ${records} records to warm up`,
  caveat:
    'Its records have no keys, so that each batch is full of one partition; it counts acknowledgements in a callback, and waits where its buffer is full. It is the only client here with a second thread.',
  setup: async () => {
    const { findKafka } = await import('@busbar-tooling/dev-services');
    const [kafka, cluster] = await Promise.all([findKafka(), target()]);
    const topic = await cluster.createTopic(PARTITIONS);
    let rate = Number.NaN;
    const words = [
      `--bootstrap-server ${cluster.bootstrap.join(',')} --topic ${topic}`,
      `--num-records ${2 * records} --warmup-records ${records} --record-size ${VALUE_BYTES} --throughput -1`,
      '--command-property acks=all linger.ms=5 batch.size=131072',
    ];
    const args = words.flatMap((word) => word.split(' '));
    return {
      run: async () => {
        const { stdout } = await run(kafka.java.command, [...JVM_FLAGS, `@${kafka.argumentFile}`, TOOL, ...args], {
          timeout: WITHIN_MS,
        });
        rate = rateIn(stdout);
      },
      measure: () => rate,
      verify: async () => {
        mustBe('records in the log', await cluster.count(topic), 2 * records);
      },
      close: () => cluster.deleteTopic(topic),
    };
  },
});
