import { expect, test } from 'vitest';

import { Measurements, rowsOf } from '../../src/harness/measurements.ts';

const CASE = {
  id: 'B-X-1',
  title: 'x',
  requirements: [],
  class: 'kafka',
  unit: 'records/s',
  direction: 'bigger',
  arms: [],
  targets: [],
} as const;

const round = (arm: number, wall: number, process: number) => [
  { arm, series: 'wall' as const, value: wall },
  { arm, series: 'thread' as const, value: 1 },
  { arm, series: 'process' as const, value: process },
];

test('R-PR-1 BM-17 cpu is what the whole process spent, and throughput what the wall clock says', () => {
  const measurements = new Measurements();
  measurements.addRound([...round(0, 1_000, 300), ...round(1, 2_000, 500), ...round(1, 2_000, 700)], 2);
  expect(rowsOf('cpu', CASE, measurements)).toEqual([[300, 600]]);
  expect(rowsOf('throughput', CASE, measurements)).toEqual([[1_000_000, 500_000]]);
});
