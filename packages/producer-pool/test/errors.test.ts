import { BusbarError } from '@busbar/errors';
import { expect, test } from 'vitest';

import { ProducerPoolError } from '../src/index.ts';
import { errorExamples } from './error-examples.ts';

test.each(Object.entries(errorExamples))(
  'R-STD-4 %s is a member of the family with its own text and outcome',
  (code, error) => {
    expect(error).toBeInstanceOf(BusbarError);
    expect(error).toBeInstanceOf(ProducerPoolError);
    expect(error.code).toBe(code);
    expect(['not-sent', 'rejected', 'unknown']).toContain(error.outcome);
    expect(error.message).not.toContain('undefined');
    expect(error.toJSON()).toMatchObject({ code, outcome: error.outcome, retryable: error.retryable });
  },
);

test('R-STD-4 no two classes say the same', () => {
  const messages = Object.values(errorExamples).map(({ message }) => message);
  expect(new Set(messages).size).toBe(messages.length);
});
