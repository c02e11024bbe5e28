import { isBusbarError, serializeError } from '@busbar/errors';
import { describe, expect, it } from 'vitest';

import { errorExamples } from './error-examples.ts';

describe('errors', () => {
  it.each(Object.entries(errorExamples))('R-STD-4 %s belongs to the family and serialises', (code, error) => {
    expect(isBusbarError(error)).toBe(true);
    expect(serializeError(error)).toMatchObject({ code, name: error.name });
  });

  it('R-STD-4 a start-up error is retryable only if everything that failed was unreachable', () => {
    const error = errorExamples.BUSBAR_STARTUP_CHECK_FAILED;
    expect(error).toMatchObject({ retryable: true, exitCode: 69, details: { failed: ['pg.tcp'] } });
    expect(error.message).toBe('start-up refused: pg.tcp: refused');
    expect(error.report.checks).toHaveLength(1);
  });
});
