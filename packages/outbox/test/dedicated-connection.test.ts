import { manualClock } from '@busbar-tooling/test-kit/manual-clock';
import { expect, test } from 'vitest';

import { DedicatedConnection } from '../src/dedicated-connection.ts';
import { fakeQueryable, sqlError } from './support/fake-queryable.ts';

const setUp = (o: { disposeFails?: boolean } = {}) => {
  const clock = manualClock();
  const errors: unknown[] = [];
  let made = 0;
  let given = 0;
  const connection = new DedicatedConnection({
    source: {
      acquire: async () => {
        made += 1;
        return {
          ...fakeQueryable({ boom: () => sqlError('57P01'), hang: () => new Promise<never>(() => undefined) }),
          id: `c${made}`,
          [Symbol.asyncDispose]: async () => {
            given += 1;
            if (o.disposeFails === true) throw new Error('cannot close');
          },
        };
      },
    },
    purpose: 'work',
    limitMs: 1_000,
    timers: clock.timers,
    onError: (error) => errors.push(error),
  });
  return { clock, connection, errors, made: () => made, given: () => given };
};

test('a connection is kept while it works, and prepared once', async () => {
  const { connection, made, clock } = setUp();
  await connection.run((q) => q.query('select 1', []));
  await connection.run((q) => q.query('select 1', []));
  expect(made()).toBe(1);
  expect(clock.pending()).toBe(0);
});

test('a failed statement costs the connection, and the next call gets another', async () => {
  const { connection, made, given } = setUp();
  await expect(connection.run((q) => q.query('boom', []))).rejects.toMatchObject({ code: '57P01' });
  expect(given()).toBe(1);
  await connection.run((q) => q.query('select 1', []));
  expect(made()).toBe(2);
  await connection.close();
  expect(given()).toBe(2);
});

test('a statement without an answer ends at the limit', async () => {
  const { connection, clock, given } = setUp();
  const hanging = connection.run((q) => q.query('hang', []));
  await Promise.all([expect(hanging).rejects.toMatchObject({ code: 'BUSBAR_TIMEOUT' }), clock.advance(1_000)]);
  expect(given()).toBe(1);
});

test('a connection that cannot be given back is told, and not thrown', async () => {
  const { connection, errors } = setUp({ disposeFails: true });
  await connection.run((q) => q.query('select 1', []));
  await connection.close();
  expect(errors).toHaveLength(1);
});
