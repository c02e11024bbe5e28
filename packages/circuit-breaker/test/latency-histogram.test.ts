import { seededRandom } from '@busbar-tooling/test-kit/seeded-random';
import { describe, expect, test } from 'vitest';

import { LATENCY_BUCKETS, LatencyHistogram, RareLatency } from '../src/latency-histogram.ts';
import { rig } from './breaker-on-manual-time.ts';

describe('latency histogram', () => {
  test('R-CB-6 quantiles of log-normal durations are within 7 %', () => {
    const random = seededRandom(7);
    const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const histogram = new LatencyHistogram({ rotateMs: 1_000_000, cumulative: false });
    const samples = Array.from({ length: 50_000 }, () => Math.exp(1 + normal()));
    for (const sample of samples) histogram.record(sample, 0);
    const sorted = samples.toSorted((a, b) => a - b);
    const exact = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
    const { p50, p95, p99, max, count, sum } = histogram.summary(0);
    for (const [seen, share] of [
      [p50, 0.5],
      [p95, 0.95],
      [p99, 0.99],
    ] as const) {
      expect(Math.abs(seen / exact(share) - 1)).toBeLessThan(0.07);
    }
    expect(max).toBe(sorted.at(-1));
    expect(count).toBe(50_000);
    expect(sum).toBeCloseTo(
      samples.reduce((total, one) => total + one, 0),
      3,
    );
  });

  test('nothing recorded, nothing told', () => {
    const histogram = new LatencyHistogram({ rotateMs: 100, cumulative: false });
    expect(histogram.summary(0)).toEqual({ count: 0, sum: 0, p50: 0, p95: 0, p99: 0, max: 0 });
    expect(new RareLatency(false).summary()).toEqual({ count: 0, sum: 0, p50: 0, p95: 0, p99: 0, max: 0 });
  });

  test('the very short and the very long are kept in the outermost buckets', () => {
    const histogram = new LatencyHistogram({ rotateMs: 100, cumulative: true });
    histogram.record(0, 0);
    histogram.record(10 ** 9, 0);
    const { p50, p99, counts } = histogram.summary(0);
    expect(p50).toBeLessThan(0.001);
    expect(p99).toBeGreaterThan(1_000_000);
    expect([counts?.[0], counts?.at(-1)]).toEqual([1, 1]);
  });

  test('R-CB-6 quantiles are of the present and the previous rotation; count and sum of all', () => {
    const histogram = new LatencyHistogram({ rotateMs: 100, cumulative: false });
    histogram.record(5, 10);
    histogram.record(50, 110);
    expect(histogram.summary(120)).toMatchObject({ count: 2, max: 50 });
    expect(histogram.summary(220).p50).toBeGreaterThan(40);
    expect(histogram.summary(320)).toMatchObject({ p99: 0, max: 0, count: 2, sum: 55 });
    histogram.record(5, 330);
    expect(histogram.summary(1_000)).toMatchObject({ max: 0, count: 3 });
  });

  test('a bucket that is full halves its rotation, and quantiles stay', () => {
    const histogram = new LatencyHistogram({ rotateMs: 100, cumulative: false });
    for (let call = 0; call < 80_000; call += 1) histogram.record(call % 10 === 0 ? 100 : 1, 0);
    const { p50, p95, count } = histogram.summary(0);
    expect(p50).toBeCloseTo(1, 0);
    expect(p95).toBeGreaterThan(90);
    expect(count).toBe(80_000);
  });

  test('R-OB-2 edges are inclusive upper bounds, shared, and one less than the counts', () => {
    const histogram = new LatencyHistogram({ rotateMs: 100, cumulative: true });
    const other = new LatencyHistogram({ rotateMs: 100, cumulative: true });
    const { edges = [] } = histogram.summary(0);
    expect(edges).toHaveLength(LATENCY_BUCKETS - 1);
    expect(other.summary(0).edges).toBe(edges);
    expect(Object.isFrozen(edges)).toBe(true);
    for (const edge of edges) histogram.record(edge, 0);
    const { counts = [] } = histogram.summary(0);
    expect(counts).toHaveLength(LATENCY_BUCKETS);
    expect(counts.slice(0, -1).every((count) => count === 1)).toBe(true);
    histogram.record((edges[3] ?? 0) + 0.000_1, 0);
    expect(histogram.summary(0).counts?.[4]).toBe(2);
  });
});

describe('latency of a breaker', () => {
  test('R-CB-6 off unless asked for', async () => {
    const { breaker, succeed } = rig();
    await succeed(1);
    expect(breaker.stats()).not.toHaveProperty('latencyMs');
  });

  test('R-CB-6 durations of calls and of probes, whatever they came to', async () => {
    const { breaker, clock, fail } = rig({
      latency: 'cumulative',
      profile: 'production',
      window: { durationMs: 1_000 },
    });
    const gate = Promise.withResolvers<string>();
    const call = breaker.execute(() => gate.promise);
    await clock.advance(40);
    gate.resolve('fine');
    await call;
    await fail(2);
    await clock.advance(100);
    const probe = Promise.withResolvers<string>();
    const probing = breaker.execute(() => probe.promise);
    await clock.advance(7);
    probe.resolve('back');
    await probing;
    const { latencyMs, probeLatencyMs } = breaker.stats();
    expect(latencyMs).toMatchObject({ count: 4, sum: 47, max: 40 });
    expect(latencyMs?.p99).toBeGreaterThan(37);
    expect(probeLatencyMs).toMatchObject({ count: 1, sum: 7, p50: 7, p95: 7, p99: 7, max: 7 });
    expect(probeLatencyMs?.counts).toHaveLength(LATENCY_BUCKETS);
  });

  test('of probes the last 64 are kept exactly', () => {
    const probes = new RareLatency(false);
    for (let duration = 1; duration <= 100; duration += 1) probes.record(duration);
    expect(probes.summary()).toEqual({ count: 100, sum: 5_050, p50: 68, p95: 97, p99: 100, max: 100 });
  });
});
