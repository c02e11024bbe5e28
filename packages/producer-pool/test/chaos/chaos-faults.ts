/** Faults at random, by a seed: what may befall a Produce request in a cluster where leaders move and connections break. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { FakeCluster, FaultEffect, FaultScript, RequestTarget } from '../../src/testing/index.ts';

const REQUEST_TIMED_OUT = 7;
const NOT_ENOUGH_REPLICAS_AFTER_APPEND = 20;

/** Of the Produce requests. */
const FAULT_RATIO = 0.08;
/** Of the Produce requests, those upon which metadata that lags catches up. */
const TELL_RATIO = 0.2;
/** How long a broker is down that restarts. */
const DOWN_MS = 100;

export interface ChaosFaults {
  readonly script: FaultScript;
  /** Faults so far. */
  readonly count: () => number;
  /** Resolves when every broker is up. */
  readonly over: () => Promise<void>;
}

type Make = (target: RequestTarget, broker: number) => FaultEffect | undefined;

const SPOILT_ANSWERS: readonly Make[] = [
  () => ({ answer: 'cut' }),
  () => ({ answer: 'garbled' }),
  () => ({ append: false, answer: 'empty' }),
];

export interface ChaosFaultOptions {
  readonly random: () => number;
  /** Longer than clients wait for an answer. */
  readonly lateMs: number;
  /** Whether answers may break off in the middle, be noise or empty: the first ends a process that has kafkajs alone. */
  readonly spoiltAnswers: boolean;
}

export const chaosFaults = (cluster: FakeCluster, o: ChaosFaultOptions): ChaosFaults => {
  let count = 0;
  const move = ({ topic, partition = 0 }: RequestTarget, metadataLags: boolean): void => {
    const others = [1, 2, 3].filter((id) => cluster.broker(id).isUp && id !== cluster.leader({ topic, partition }));
    cluster.moveLeader({ topic, partition }, others[Math.floor(o.random() * others.length)], { metadataLags });
  };
  const restart = async (before: Promise<void>, id: number): Promise<void> => {
    // One at a time, so that there is always somebody to lead.
    await before;
    await cluster.broker(id).stop();
    await sleep(DOWN_MS);
    await cluster.broker(id).start();
  };
  let restarts = Promise.resolve();
  const kinds: readonly Make[] = [
    () => ({ answer: 'drop' }),
    () => ({ append: false, answer: 'drop' }),
    () => ({ hold: 'after', holdMs: o.lateMs }),
    () => ({ errorCode: REQUEST_TIMED_OUT }),
    () => ({ errorCode: NOT_ENOUGH_REPLICAS_AFTER_APPEND, append: true }),
    (target) => {
      move(target, false);
      return undefined;
    },
    (target) => {
      move(target, true);
      return { answer: 'drop' };
    },
    (target) => ({
      afterwards: () => {
        move(target, false);
      },
      answer: 'drop',
    }),
    (_, broker) => {
      restarts = restart(restarts, broker);
      return { hold: 'after', holdMs: 1 };
    },
    ...(o.spoiltAnswers ? SPOILT_ANSWERS : []),
  ];
  const script: FaultScript = ({ api, broker, targets: [target] }) => {
    if (api !== 'Produce' || target === undefined) return undefined;
    if (o.random() < TELL_RATIO) cluster.tellLeaders();
    if (o.random() >= FAULT_RATIO) return undefined;
    count += 1;
    return kinds[Math.floor(o.random() * kinds.length)]?.(target, broker);
  };
  return { script, count: () => count, over: () => restarts };
};
