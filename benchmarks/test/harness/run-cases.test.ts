import { afterEach, describe, expect, test, vi } from 'vitest';

import { locateCases } from '../../src/harness/case-files.ts';
import { runCase, runCases } from '../../src/harness/run-cases.ts';
import type { RunOptions } from '../../src/harness/run-options.ts';

const QUICK: RunOptions = { rounds: 4, visitMs: 5, warmupMs: 5, resamples: 1000 };
const FLOOR = 0.05;
const tiny = await locateCases(new URL('../fixtures/tiny-cases.ts', import.meta.url).href);

const named = (title: string) => {
  const found = tiny.find(({ definition }) => definition.title === title);
  if (found === undefined) throw new Error(`no fixture "${title}"`);
  return found;
};

const run = (title: string, options: RunOptions = {}) =>
  runCase(named(title), { options: { ...QUICK, ...options }, signal: new AbortController().signal }, FLOOR);

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a run in processes of its own', { timeout: 60_000 }, () => {
  test('R-PR-1 BM-7 a case has its arms, comparison and target, with the A/A floor of its class', async () => {
    const rounds: number[] = [];
    const { floors, cases } = await runCases([named('ours takes four times as long')], {
      options: { ...QUICK, visitMs: 20 },
      signal: new AbortController().signal,
      onRound: ({ id }, done) => {
        if (id === 'B-TINY-1') rounds.push(done);
      },
    });
    expect(floors).toMatchObject([{ class: 'memory-sync', rounds: 4 }]);
    expect(floors[0]?.deltaRatio).toBeLessThan(1);
    const [result] = cases;
    if (result === undefined) throw new Error('there is no result');
    expect(result.arms.map(({ name, samples }) => [name, samples])).toEqual([
      ['ours', rounds.length * 2],
      ['bare', rounds.length * 2],
    ]);
    expect(result.rounds).toHaveLength(rounds.length);
    expect(result.comparisons).toMatchObject([{ ours: 'ours', reference: 'bare', metric: 'time', verdict: 'slower' }]);
    expect(result.targets).toMatchObject([{ bound: 8, status: 'pass' }]);
    expect(result.targets.map(({ value }) => value > 2)).toEqual([true]);
    const [ours = Number.NaN, bare = Number.NaN] = result.arms.map((arm) => arm.cpuNanosPerOp);
    expect(ours).toBeGreaterThan(bare * 2);
  });

  test('R-PR-1 BM-5 an arm that throws voids its case', async () => {
    expect(await run('an arm throws')).toMatchObject({ voided: 'arm "ours": out of order', arms: [], targets: [] });
  });

  test('R-PR-1 BM-5 an arm that is wrong voids its case', async () => {
    expect(await run('an arm is wrong')).toMatchObject({ voided: 'arm "ours": lost 3 of 10', rounds: [] });
  });

  test('R-PR-1 BM-5 an arm that hangs voids its case at the deadline', async () => {
    expect(await run('an arm hangs', { timeoutMs: 1000 })).toMatchObject({ voided: 'it did not end within 1000 ms' });
  });

  test('R-PR-1 BM-5 a process that ends voids its case, with its last words', async () => {
    const { voided } = await run('an arm ends the process');
    expect(voided).toBe('a round ended with 9 and no report: no memory left');
  });

  test('R-PR-1 BM-14 an arm measures itself after one run of as many iterations as the case says', async () => {
    const result = await run('an arm measures itself');
    expect(result.arms).toEqual([{ name: 'ours', role: 'ours', p50: 2000, p99: 2000, mad: 0, samples: 8 }]);
    expect(result.targets).toMatchObject([{ value: 2000, lower: 2000, upper: 2000, status: 'pass' }]);
  });

  test('R-PR-1 BM-14 bytes are samples of one process, and nothing is clocked for them', async () => {
    const result = await run('an arm allocates');
    expect(result.rounds).toHaveLength(5);
    expect(result.targets[0]?.value).toBeGreaterThanOrEqual(32);
    expect(result.targets[0]?.value).toBeLessThan(200);
    expect(result.arms[0]?.cpuNanosPerOp).toBeUndefined();
  });

  test('R-PR-1 BM-14 either every arm measures or none does', async () => {
    const { voided } = await run('one arm measures and one is clocked');
    expect(voided).toContain('some arms of the case measure and some are clocked; either all do or none does');
  });

  test('R-PR-1 BM-12 the rounds of a marginal case are doubled, twice at most', async () => {
    // The median of what it measures is about 50, the end of the interval above 60.
    const result = await run('an arm differs from round to round');
    expect(result.targets).toMatchObject([{ status: 'marginal' }]);
    expect(result.rounds).toHaveLength(16);
  });

  test('R-PR-1 BM-12 an abort ends the process of the round and the run', async () => {
    const aborting = new AbortController();
    const running = runCase(named('an arm hangs'), { options: QUICK, signal: aborting.signal }, FLOOR);
    aborting.abort(new Error('interrupted'));
    await expect(running).rejects.toThrow('interrupted');
  });
});
