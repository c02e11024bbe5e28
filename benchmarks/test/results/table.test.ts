import { expect, test } from 'vitest';

import { formatNumber, isClean, renderCase, renderSummary } from '../../src/results/table.ts';
import { sampleCase, sampleResults } from '../fixtures/sample-results.ts';

test('R-PR-1 a case shows its arms, comparisons and every target, with the peers beside it', () => {
  expect(renderCase(sampleCase).split('\n')).toEqual([
    'B-CB-1  execute of an async function, count window  (R-CB-1, window=count, 1 rounds, 21 s)',
    '  arm          role  p50 ns/op  cpu ns/op  B/op       ops/s',
    '  execute      ours        181        173   104   5 520 000',
    '  bare         bare         91       90.1     –  11 000 000',
    '  cockatiel *  peer        420          –     –           –',
    '  execute ÷ bare: 1.92 [1.9 – 1.95] slower',
    '  execute ÷ cockatiel: 0.43 [0.42 – 0.44] faster',
    '  ✓ pass execute ÷ bare, time: 1.92 [1.9 – 1.95], target ≤ 2.2; peers: cockatiel 4.6',
    '  ✗ fail execute − bare, in units of clock read, time: 2.01 [1.9 – 2.1], target ≤ 2; as the page says',
    '  ~ marginal execute ÷ cockatiel, each over bare, bytes: 0.1 [0.1 – 0.16], target ≤ 0.15',
    '  * cockatiel: has no slow calls',
  ]);
});

test('R-PR-1 a target on throughput, or on a count of which more is better, shows a least value', () => {
  const [target] = sampleCase.targets;
  if (target === undefined) throw new Error('the sample has a target');
  const withTarget = (metric: 'throughput' | 'count', direction: 'smaller' | 'bigger'): string =>
    renderCase({ ...sampleCase, direction, targets: [{ ...target, metric }] });
  expect(withTarget('throughput', 'smaller')).toContain('target ≥ 2.2');
  expect(withTarget('count', 'bigger')).toContain('target ≥ 2.2');
  expect(withTarget('count', 'smaller')).toContain('target ≤ 2.2');
});

test('R-PR-1 BM-5 a voided case shows why', () => {
  const { cases } = sampleResults;
  expect(cases.map(renderCase).at(-1)).toBe(
    'B-CB-1  other  (R-CB-1, window=count, 0 rounds, 21 s)\n  VOIDED: arm "x": wrong',
  );
});

test('R-PR-1 the summary counts the targets and names those that did not pass', () => {
  expect(renderSummary(sampleResults).split('\n')).toEqual([
    'A/A floors: memory-async ±2.34 % (20 rounds)',
    '2 cases in 65 s; targets: 1 pass, 1 marginal, 1 fail; voided cases: 1',
    '  ✗ fail B-CB-1 execute of an async function, count window: execute − bare, in units of clock read, time, 2.01 against 2',
    '  ~ marginal B-CB-1 execute of an async function, count window: execute ÷ cockatiel, each over bare, bytes, 0.1 against 0.15',
    '  ✗ voided B-CB-1 other',
    'load 0.2 before, 1.5 after, on 2 cores: NOISY, not for history',
  ]);
});

test('R-PR-1 BM-12 a run is clean without a failed target and without a voided case', () => {
  const passing = { ...sampleCase, targets: sampleCase.targets.filter(({ status }) => status !== 'fail') };
  expect(isClean([passing])).toBe(true);
  expect(isClean([passing, sampleCase])).toBe(false);
  expect(isClean([{ ...passing, voided: 'wrong' }])).toBe(false);
});

test('R-PR-1 numbers have three significant digits and no exponent', () => {
  expect([0, 0.009_123, 1.999, 181.6, 5_517_729].map(formatNumber)).toEqual(['0', '0.00912', '2', '182', '5 520 000']);
});
