/**
 * B-KP-7: the hash of a key, against the one that kafkajs partitions with.
 *
 * Both are inside their packages, so they are taken from there; ours from its source, which is what is built but for its types.
 */
import { createRequire } from 'node:module';

import { loopedArm, mustBe } from '../../arms/looped-arm.ts';
import { type Arm, type Case, defineCase } from '../../harness/define-case.ts';

const KEY_COUNT = 256;
const KEY_BYTES = 36;

const KEYS = Array.from({ length: KEY_COUNT }, (_, index) => Buffer.from(`order-${index}`.padEnd(KEY_BYTES, '-')));

/** A function that hashes a key; what it really takes is the loop's to know. */
type Hash = (...args: never[]) => unknown;

const ours = async (): Promise<Hash> => (await import('../../../../packages/producer-pool/src/murmur2.ts')).murmur2;

const kafkaJs = (): Promise<Hash> => {
  const loaded: unknown = createRequire(import.meta.url)('kafkajs/src/producer/partitioners/default/murmur2');
  const isHash = (value: unknown): value is Hash => typeof value === 'function';
  if (!isHash(loaded)) throw new TypeError('kafkajs has no murmur2 where it was');
  return Promise.resolve(loaded);
};

interface Subject {
  readonly hash: Hash;
  readonly keys: readonly Buffer[];
}

const hashArm = (arm: Pick<Arm, 'name' | 'role' | 'package' | 'options'>, load: () => Promise<Hash>): Arm =>
  loopedArm<Subject>({
    ...arm,
    operation: `last = subject.hash(subject.keys[index & ${KEY_COUNT - 1}]);`,
    create: async () => {
      const [hash, reference] = await Promise.all([load(), kafkaJs()]);
      for (const key of KEYS)
        mustBe(
          'the hash',
          Number(Reflect.apply(hash, undefined, [key])),
          Number(Reflect.apply(reference, undefined, [key])),
        );
      return { hash, keys: KEYS };
    },
    verify: ({ last }) => {
      if (typeof last !== 'number' || !Number.isInteger(last)) throw new Error(`the hash is ${String(last)}`);
    },
  });

export const cases: readonly Case[] = [
  defineCase({
    id: 'B-KP-7',
    title: "murmur2 ÷ kafkajs's (R-KP-1)",
    requirements: ['R-KP-1'],
    class: 'memory-sync',
    unit: 'ns/op',
    direction: 'smaller',
    parameters: { keyBytes: KEY_BYTES },
    arms: [
      hashArm(
        { name: 'murmur2', role: 'ours', package: '@busbar/producer-pool', options: 'bytes, 32-bit integers' },
        ours,
      ),
      hashArm({ name: 'kafkajs', role: 'peer', package: 'kafkajs', options: 'Buffer, 64-bit Longs' }, kafkaJs),
    ],
    targets: [{ ours: 'murmur2', reference: 'kafkajs', metric: 'time', bound: 0.05, kind: 'ratio' }],
  }),
];
