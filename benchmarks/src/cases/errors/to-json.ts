/** B-ER-3: the view of an error that may be logged, against writing the same data as JSON. */
import { deepStrictEqual } from 'node:assert/strict';

import type { BusbarError } from '@busbar/errors';

import { loopedArm } from '../../arms/looped-arm.ts';
import { type Arm, type Case, defineCase } from '../../harness/define-case.ts';

const TO_JSON_RATIO = 4;

interface Subject {
  readonly error: BusbarError;
  /** What `toJSON` has to answer. */
  readonly plain: unknown;
}

/** An error of ours around another of ours around one of a driver. */
const chain = async (): Promise<Subject> => {
  const { InternalError, TimeoutError } = await import('@busbar/errors');
  const driver = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:9092'), {
    code: 'ECONNREFUSED',
    syscall: 'connect',
    address: '127.0.0.1',
    port: 9092,
  });
  const timeout = new TimeoutError({ what: 'publish', limitMs: 30_000 }, { cause: driver, outcome: 'not-sent' });
  const error = new InternalError({ what: 'a lane without a slot' }, { cause: timeout });
  const plain: unknown = JSON.parse(JSON.stringify(error));
  return { error, plain };
};

const ours = (): Arm =>
  loopedArm<Subject>({
    name: 'toJSON',
    role: 'ours',
    package: '@busbar/errors',
    operation: 'last = subject.error.toJSON();',
    create: chain,
    verify: ({ subject, last }) => {
      deepStrictEqual(last, subject.plain);
    },
  });

const stringify = (): Arm =>
  loopedArm<Subject>({
    name: 'JSON.stringify',
    role: 'baseline',
    options: 'of what toJSON answers',
    operation: 'last = JSON.stringify(subject.plain);',
    create: chain,
    verify: ({ subject, last }) => {
      deepStrictEqual(JSON.parse(String(last)), subject.plain);
    },
  });

export const cases: readonly Case[] = [
  defineCase({
    id: 'B-ER-3',
    title: 'toJSON of a chain of three ÷ JSON.stringify of the same plain data (R-STD-4)',
    requirements: ['R-STD-4'],
    class: 'memory-sync',
    unit: 'ns/op',
    direction: 'smaller',
    arms: [ours(), stringify()],
    targets: [{ ours: 'toJSON', reference: 'JSON.stringify', metric: 'time', bound: TO_JSON_RATIO, kind: 'ratio' }],
  }),
];
