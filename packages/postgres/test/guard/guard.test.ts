import { describe, expect, test } from 'vitest';

import { resolveGuard } from '../../src/guard/guard-options.ts';
import { createGuard, StatementGuard } from '../../src/guard/guard.ts';
import type { GuardMode } from '../../src/options.ts';
import { PostgresOptionsError } from '../../src/usage-errors.ts';

const guardIn = (mode: GuardMode): StatementGuard => new StatementGuard(resolveGuard({ mode, maxScore: 4 }, []));
const heavy = 'select * from a, b, c, d';

describe('R-PG-4 the guard', () => {
  test.for([
    ['off', 'pass', { passed: 3, exceeded: 0, warned: 0, blocked: 0 }],
    ['observe', 'pass', { passed: 3, exceeded: 1, warned: 0, blocked: 0 }],
    ['warn', 'warn', { passed: 2, exceeded: 1, warned: 1, blocked: 0 }],
    ['block', 'block', { passed: 2, exceeded: 1, warned: 0, blocked: 1 }],
  ] as const)(
    'in mode %s says %s over the limit, lets a waived statement pass, and counts',
    ([mode, action, counts]) => {
      const guard = guardIn(mode);
      expect(guard.decide(guard.judge(heavy), false)).toBe(action);
      expect(guard.decide(guard.judge(heavy), true)).toBe('pass');
      expect(guard.decide(guard.judge('select * from a, b, c'), false)).toBe('pass');
      expect(guard.stats()).toEqual({ hits: 1, misses: 2, ...counts });
    },
  );

  test('says which limit a statement is over; the length comes first', () => {
    const guard = createGuard({ maxScore: 1, maxTextBytes: 1_024, weights: { join: 1, union: 0 } });
    expect(guard.excess(guard.judge('select 1 union select 2 union select 3 from a, b'))).toBeUndefined();
    expect(guard.excess(guard.judge('select * from a, b, c'))).toBe('score');
    expect(guard.excess(guard.judge(`select * from a, b, c where d = '${'ä'.repeat(600)}'`))).toBe('length');
    const rows = Array.from({ length: 500 }, (_, n) => `(${n}, 'x')`).join(', ');
    expect(guard.excess(guard.judge(`insert into t values ${rows}`))).toBeUndefined();
  });

  test('R-STD-3 refuses wrong options, all of them at once', () => {
    const refused = (options: unknown): unknown => {
      try {
        return Reflect.apply(createGuard, undefined, [options]);
      } catch (error) {
        return error;
      }
    };
    const error = refused({ mode: 'panic', maxScore: 0, maxTextBytes: 1, weights: { join: 101, joins: 1 }, limit: 1 });
    expect(error).toBeInstanceOf(PostgresOptionsError);
    expect(error).toMatchObject({
      details: {
        issues: [
          'guard.limit: unknown option',
          'guard.weights.joins: unknown option',
          'guard.mode: expected off, observe, warn, block',
          'guard.maxScore: expected an integer from 1 to 1000',
          'guard.maxTextBytes: expected an integer from 1024 to 1073741824',
          'guard.weights.join: expected an integer from 0 to 100',
        ],
      },
    });
  });
});
