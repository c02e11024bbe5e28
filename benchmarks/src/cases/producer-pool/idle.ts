/**
 * B-KP-8: what a producer costs that nobody calls, connected to three brokers (R-KP-1).
 *
 * A process of its own for each visit, because the patch of kafkajs's idle timer is one for the whole process, and so that no
 * instance of another visit ticks along. What it costs is almost only that timer.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { startFakeKafka } from '../../arms/kafka/fake-kafka.ts';
import { type IdleJob, parseIdleReport } from '../../arms/kafka/idle-message.ts';
import { nextMessage } from '../../arms/kafka/next-message.ts';
import { mustBe } from '../../arms/looped-arm.ts';
import { once } from '../../arms/once.ts';
import { type Arm, type Case, defineCase } from '../../harness/define-case.ts';

const BROKERS = 3;
/** Each leads one. */
const PARTITIONS = BROKERS;
const MAX_RATIO = 1.05;
const MAIN = fileURLToPath(new URL('../../arms/kafka/idle-main.ts', import.meta.url));

const fakeKafka = once(() => startFakeKafka({ brokers: BROKERS, roundTripMs: 0 }));

/** CPU milliseconds of one idle second. */
const idleSecond = async (job: IdleJob): Promise<number> => {
  const child = fork(MAIN, [JSON.stringify(job)], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  return parseIdleReport(await nextMessage(child, 'the idle process')).cpuMs;
};

const idleArm = (client: IdleJob['client'], arm: Pick<Arm, 'name' | 'role' | 'package' | 'options'>): Arm => ({
  ...arm,
  setup: async () => {
    const kafka = await fakeKafka();
    const topic = await kafka.createTopic(PARTITIONS);
    let cpuMs = Number.NaN;
    return {
      run: async () => {
        cpuMs = await idleSecond({ client, bootstrap: [...kafka.bootstrap], topic, partitions: PARTITIONS });
      },
      measure: () => cpuMs,
      verify: async () => {
        mustBe('records in the log', await kafka.count(topic), PARTITIONS);
      },
      close: () => kafka.deleteTopic(topic),
    };
  },
});

export const cases: readonly Case[] = [
  defineCase({
    id: 'B-KP-8',
    title: 'CPU of an idle second, one producer and three brokers ÷ raw kafkajs (R-KP-1)',
    requirements: ['R-KP-1'],
    class: 'process',
    unit: 'ms/op',
    direction: 'smaller',
    parameters: { brokers: BROKERS },
    services: ['fake-broker'],
    arms: [
      idleArm('pool', {
        name: 'pool on kafkajs',
        role: 'ours',
        package: '@busbar/producer-pool',
        options: 'one producer',
      }),
      idleArm('patched pool', {
        name: 'patchIdleTimer',
        role: 'ours',
        package: '@busbar/producer-pool',
        options: 'one producer, patchIdleTimer',
      }),
      idleArm('kafkajs', { name: 'kafkajs', role: 'bare', package: 'kafkajs', options: 'defaults' }),
    ],
    targets: [
      { ours: 'pool on kafkajs', reference: 'kafkajs', metric: 'time', bound: MAX_RATIO, kind: 'ratio' },
      { ours: 'patchIdleTimer', reference: 'kafkajs', metric: 'time', bound: MAX_RATIO, kind: 'ratio' },
    ],
  }),
];
