import { describe, expect, test } from 'vitest';

import { createOutbox, OUTBOX_DEFAULTS, OUTBOX_LIMITS, type OutboxOptions } from '../src/index.ts';
import { resolveOutboxOptions } from '../src/resolve-options.ts';
import { createMemoryPublisher } from '../src/testing/index.ts';
import { fakeQueryable } from './support/fake-queryable.ts';

const parts = (): Pick<OutboxOptions, 'publisher' | 'connections' | 'write'> => ({
  publisher: createMemoryPublisher(),
  connections: { acquire: () => Promise.reject(new Error('not here')) },
  write: fakeQueryable({}),
});

/** The paths of the problems. */
const problems = (options: object): readonly string[] => {
  try {
    createOutbox(Object.assign(parts(), options));
    return [];
  } catch (error) {
    const { details } = Object.assign({ details: { issues: [{ path: '' }] } }, error);
    return details.issues.map(({ path }) => path);
  }
};

describe('R-STD-3 options', () => {
  test('without options are the defaults, and lie within the limits', () => {
    const resolved = resolveOutboxOptions(parts());
    expect(resolved).toMatchObject(OUTBOX_DEFAULTS);
    expect(resolved.topicBackoff).toEqual({ baseMs: 1_000, maxMs: 60_000 });
    expect(Object.isFrozen(resolved)).toBe(true);
    for (const [path, [min, max]] of Object.entries(OUTBOX_LIMITS)) {
      const value = path.split('.').reduce<unknown>((at, name) => Reflect.get(Object(at), name), OUTBOX_DEFAULTS);
      expect(value).toBeGreaterThanOrEqual(min);
      expect(value).toBeLessThanOrEqual(max);
    }
  });

  test('at their limits are taken, and beyond them refused', () => {
    expect(
      problems({ relay: { batchRecords: 10_000, batchBytes: 65_536, maxInFlightBatches: 16, sendTimeoutMs: 120_000 } }),
    ).toEqual([]);
    expect(
      problems({ relay: { batchRecords: 10_001, batchBytes: 65_535, maxInFlightBatches: 0, sendTimeoutMs: 1.5 } }),
    ).toEqual(['relay.batchRecords', 'relay.batchBytes', 'relay.maxInFlightBatches', 'relay.sendTimeoutMs']);
  });

  test('are refused all at once, unknown ones and parts that do not fit included', () => {
    expect(
      problems({
        publisher: {},
        write: 1,
        connections: undefined,
        schema: 'Bad; drop',
        name: '',
        relay: 7,
        poll: { slowMs: 1 },
        ordering: 'none',
        migrate: undefined,
      }),
    ).toEqual(['publisher', 'connections', 'write', 'schema', 'name', 'relay', 'poll.slowMs', 'ordering', 'migrate']);
  });

  test.each([
    [{ leaseMs: 3_000, renewMs: 1_001, safetyMs: 0 }, 'renewMs'],
    [{ leaseMs: 3_000, renewMs: 1_000, safetyMs: 2_000 }, 'safetyMs'],
    [{ poll: { minMs: 300 } }, 'poll.minMs'],
    [{ poll: { maxMs: 10_000 } }, 'poll.maxMs'],
    [{ retry: { baseMs: 300_001 } }, 'retry.baseMs'],
    [{ keyBackoff: { baseMs: 30_001 } }, 'keyBackoff.baseMs'],
    [{ topicBackoff: { maxMs: 999 } }, 'topicBackoff.maxMs'],
  ])('%j break a rule between options', (options, path) => {
    expect(problems(options)).toEqual([path]);
  });
});
