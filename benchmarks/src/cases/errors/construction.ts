/** B-ER-2: an error of ours with a cause and a stack, against one of the platform. */
import type { TimeoutError } from '@busbar/errors';

import { loopedArm, mustHaveCode } from '../../arms/looped-arm.ts';
import { type Arm, type Case, defineCase } from '../../harness/define-case.ts';

const CONSTRUCTION_RATIO = 1.3;

interface Subject<C> {
  readonly create: C;
  readonly cause: Error;
}

/** What a driver throws. */
const driverError = (): Error =>
  Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:9092'), {
    code: 'ECONNREFUSED',
    syscall: 'connect',
    address: '127.0.0.1',
    port: 9092,
  });

const mustHaveCause = (error: unknown, cause: Error): void => {
  if (!(error instanceof Error) || error.cause !== cause) throw new Error('the last error must have its cause');
};

const ours = (): Arm =>
  loopedArm<Subject<typeof TimeoutError>>({
    name: 'family error',
    role: 'ours',
    package: '@busbar/errors',
    options: 'TimeoutError with two details, the cause summarised in its message',
    operation: `last = new subject.create({ what: 'publish', limitMs: 30_000 }, { cause: subject.cause });`,
    create: async () => ({ create: (await import('@busbar/errors')).TimeoutError, cause: driverError() }),
    verify: ({ subject, last }) => {
      mustHaveCode(last, 'BUSBAR_TIMEOUT');
      mustHaveCause(last, subject.cause);
    },
  });

const platform = (): Arm =>
  loopedArm<Subject<ErrorConstructor>>({
    name: 'Error',
    role: 'bare',
    operation: `last = new subject.create('publish took longer than 30000 ms', { cause: subject.cause });`,
    create: () => ({ create: Error, cause: driverError() }),
    verify: ({ subject, last }) => {
      mustHaveCause(last, subject.cause);
    },
  });

export const cases: readonly Case[] = [
  defineCase({
    id: 'B-ER-2',
    title: 'construction with a cause ÷ new Error(message, { cause }) (R-STD-4)',
    requirements: ['R-STD-4'],
    class: 'memory-sync',
    unit: 'ns/op',
    direction: 'smaller',
    arms: [ours(), platform()],
    targets: [{ ours: 'family error', reference: 'Error', metric: 'time', bound: CONSTRUCTION_RATIO, kind: 'ratio' }],
  }),
];
