import { expect, test } from 'vitest';

import { type HealthFacts, judgeHealth } from '../src/health.ts';

const WELL: HealthFacts = {
  lifecycle: 'started',
  producersByState: { connecting: 0, ready: 1, degraded: 0, retiring: 0, dead: 0 },
  missingProducers: 0,
  fencedLanes: 0,
  stuckLanes: 0,
  bufferRatio: 0.1,
  oldestAgeMs: 5,
  deliveryTimeoutMs: 120_000,
  lastAckAgeMs: 5,
};

test('R-KP-1 a pool at work is healthy', () => {
  expect(judgeHealth(WELL)).toEqual({ status: 'healthy', reasons: [] });
});

test.each<[string, Partial<HealthFacts>]>([
  ['a producer fails', { producersByState: { ...WELL.producersByState, degraded: 1 } }],
  ['a producer is being replaced', { missingProducers: 1 }],
  ['a lane is fenced', { fencedLanes: 1 }],
  ['the buffer fills', { bufferRatio: 0.81 }],
  ['a record is half its time old', { oldestAgeMs: 60_001, lastAckAgeMs: 10 }],
])('R-KP-1 it is degraded when %s', (_, facts) => {
  const health = judgeHealth({ ...WELL, ...facts });
  expect(health.status).toBe('degraded');
  expect(health.reasons.length).toBe(1);
});

test.each<[string, Partial<HealthFacts>]>([
  ['nothing is connected', { producersByState: { ...WELL.producersByState, ready: 0 } }],
  ['no producer answers', { producersByState: { ...WELL.producersByState, ready: 0, degraded: 2 } }],
  ['a producer cannot be stopped', { stuckLanes: 1, fencedLanes: 1 }],
  ['records wait and nothing is acknowledged', { oldestAgeMs: 31_000, lastAckAgeMs: 31_000 }],
  ['it is closed', { lifecycle: 'closed' }],
])('R-KP-1 it is unhealthy when %s', (_, facts) => {
  expect(judgeHealth({ ...WELL, ...facts }).status).toBe('unhealthy');
});
