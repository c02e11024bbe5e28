import { describe, expect, it } from 'vitest';

import { createLatencyRecorder, quantile, quantileBetween } from '../src/latency.ts';

describe('latency', () => {
  it('takes quantiles by nearest rank', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(quantile(values, 0.5)).toBe(50);
    expect(quantile(values, 0.99)).toBe(99);
    expect(quantile([], 0.5)).toBeUndefined();
  });

  it('a stall of one second shows in the highest second and hardly in the whole', () => {
    const recorder = createLatencyRecorder();
    for (let second = 0; second < 200; second += 1)
      for (let call = 0; call < 100; call += 1) recorder.record(second === 7 ? 900 : 3, second * 1000 + call);
    expect(recorder.p99()).toBe(3);
    expect(recorder.highestP99OfASecond()).toBe(900);
    expect(recorder.count).toBe(20_000);
  });

  it('the recent p99 covers what came since it was last taken', () => {
    const recorder = createLatencyRecorder();
    recorder.record(500, 0);
    expect(recorder.takeRecentP99()).toBe(500);
    recorder.record(2, 1);
    expect(recorder.takeRecentP99()).toBe(2);
    expect(recorder.takeRecentP99()).toBeUndefined();
  });

  it('a quantile between two readings leaves out what came before', () => {
    const edges = [1, 10, 100];
    expect(quantileBetween({ edges, counts: [100, 0, 0, 0] }, { edges, counts: [100, 0, 10, 0] }, 0.5)).toBe(100);
    expect(quantileBetween(undefined, { edges, counts: [100, 0, 10, 0] }, 0.5)).toBe(1);
    expect(quantileBetween({ edges, counts: [1, 0, 0, 0] }, { edges, counts: [1, 0, 0, 0] }, 0.5)).toBeUndefined();
    expect(quantileBetween(undefined, { edges, counts: [0, 0, 0, 1] }, 0.99)).toBe(100);
  });
});
