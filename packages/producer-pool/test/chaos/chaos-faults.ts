/** Faults at random, by a seed: what may befall a Produce request in a cluster where leaders move and connections break. */
import type { FakeCluster, FaultEffect, FaultScript, RequestTarget } from '../../src/testing/index.ts';

const REQUEST_TIMED_OUT = 7;
const NOT_ENOUGH_REPLICAS_AFTER_APPEND = 20;

/** Of the Produce requests. */
const FAULT_RATIO = 0.08;

export interface ChaosFaults {
  readonly script: FaultScript;
  /** Faults so far. */
  readonly count: () => number;
}

type Make = (target: RequestTarget) => FaultEffect | undefined;

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
    cluster.tellLeaders();
    const others = [1, 2, 3].filter((id) => id !== cluster.leader({ topic, partition }));
    cluster.moveLeader({ topic, partition }, others[Math.floor(o.random() * others.length)], { metadataLags });
  };
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
    ...(o.spoiltAnswers ? SPOILT_ANSWERS : []),
  ];
  const script: FaultScript = ({ api, targets: [target] }) => {
    if (api !== 'Produce' || target === undefined || o.random() >= FAULT_RATIO) return undefined;
    count += 1;
    return kinds[Math.floor(o.random() * kinds.length)]?.(target);
  };
  return { script, count: () => count };
};
