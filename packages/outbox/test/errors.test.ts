import { isBusbarError } from '@busbar/errors';
import { describe, expect, test } from 'vitest';

import { errorExamples } from './error-examples.ts';

describe('R-STD-4 the errors of @busbar/outbox', () => {
  test.each(Object.entries(errorExamples))('%s is of the family, and says what happened', (code, error) => {
    expect(isBusbarError(error)).toBe(true);
    expect(error.code).toBe(code);
    expect(error.message.length).toBeGreaterThan(15);
    const { name } = error;
    expect(name).toMatch(/^Outbox\w+Error$/);
  });

  test('no two messages are the same', () => {
    const messages = Object.values(errorExamples).map(({ message }) => message);
    expect(new Set(messages).size).toBe(messages.length);
  });
});
