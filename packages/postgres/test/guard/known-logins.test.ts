import { describe, expect, test } from 'vitest';

import { credentialsFromPassword } from '../../src/credentials.ts';
import { createGuard } from '../../src/guard/guard.ts';
import { judge, type Verdict } from '../../src/guard/verdict.ts';
import { hideLogins, rememberLogin } from '../../src/known-secrets.ts';
import { POSTGRES_DEFAULTS } from '../../src/option-limits.ts';
import { QueryStatistics } from '../../src/query-stats.ts';

const shown = ({ keyword, summary }: Pick<Verdict, 'keyword' | 'summary'>): string => `${keyword}: ${summary}`;

describe('R-PG-5 C5 a password that was taken for a name', () => {
  const long = `Long-${'w0rd'.repeat(12)}`;

  test('is not in a verdict, also of a text that was judged before it was known', () => {
    const guard = createGuard();
    const texts = [
      'select * from Tango_9.lines, orders',
      'Tango_9 x',
      `select "x${long}" from "${long}"`,
      long.slice(5),
    ];
    const before = texts.map((text) => guard.judge(text));
    expect(before.map(shown).join()).toContain('tango_9.lines orders');
    credentialsFromPassword('Tango_9');
    rememberLogin(long);
    rememberLogin(long.slice(5));
    expect(texts.map((text) => shown(guard.judge(text)))).toEqual([
      'select: SELECT [redacted].lines orders',
      '[redacted]: [redacted]',
      'select: SELECT [redacted]',
      '[redacted]: [redacted]',
    ]);
    expect(shown(guard.judge('insert into Tango_9 values (1)'))).toBe('insert: INSERT [redacted]');
    expect(guard.judge('select 1')).toBe(guard.judge('select 1'));
  });

  test('is not in the statistics of a statement that ran while it became known', () => {
    const statistics = new QueryStatistics(10);
    rememberLogin('Tango_9');
    const early = judge('delete from tango_9', POSTGRES_DEFAULTS.guardWeights);
    statistics.record(early, { durationMs: 1, rows: 0, failed: false });
    expect(statistics.top()).toMatchObject([{ summary: 'DELETE [redacted]' }]);
  });

  test('is found in either case, and a keyword stays one even where it is a password', () => {
    rememberLogin('Tango_9');
    expect(hideLogins('relation "tango_9" TANGO_9')).toBe('relation "[redacted]" [redacted]');
    expect(hideLogins('İ Tango_9')).toBe('i̇ [redacted]');
    rememberLogin('commit');
    const { keyword, txControl } = createGuard().judge('commit');
    expect([keyword, txControl]).toEqual(['commit', true]);
  });
});
