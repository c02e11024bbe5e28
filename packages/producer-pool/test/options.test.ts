import { describe, expect, test } from 'vitest';

import {
  PRODUCER_POOL_DEFAULTS,
  PRODUCER_POOL_LIMITS,
  ProducerOptionsError,
  type ProducerPoolOptions,
  resolveProducerPoolOptions,
} from '../src/index.ts';
import { memoryDriver } from '../src/testing/index.ts';
import { ScriptedCluster } from './scripted-cluster.ts';

const driver = memoryDriver();
const issuesOf = (o: Partial<ProducerPoolOptions>): readonly string[] => {
  try {
    resolveProducerPoolOptions({ driver, ...o });
  } catch (error) {
    if (error instanceof ProducerOptionsError) return error.details.issues ?? [];
  }
  return [];
};

test('R-STD-3 the defaults are complete, within the limits and frozen', () => {
  const resolved = resolveProducerPoolOptions({ driver });
  expect(resolved).toMatchObject(PRODUCER_POOL_DEFAULTS);
  expect(resolved.attemptTimeoutMs).toBe(41_000);
  expect(Object.isFrozen(resolved)).toBe(true);
  expect(Object.isFrozen(resolved.buffer)).toBe(true);
});

test('R-STD-3 every number below and above its range is named', () => {
  for (const [path, [min, max]] of Object.entries(PRODUCER_POOL_LIMITS)) {
    const isRatio = path.endsWith('Ratio');
    for (const value of [min - 1, max + 1, isRatio ? max + 0.1 : min + 0.5, Number.NaN]) {
      const [outer = '', inner] = path.split('.');
      const o = inner === undefined ? { [outer]: value } : { [outer]: { [inner]: value } };
      expect(issuesOf(o), `${path} = ${value}`).toContain(
        `${path} must be a ${isRatio ? '' : 'whole '}number from ${min} to ${max}`,
      );
    }
  }
});

describe('R-STD-3 rules between options', () => {
  test.each<[string, Partial<ProducerPoolOptions>, string]>([
    ['name', { name: 'Not Good' }, 'name must match'],
    ['idempotence without all acknowledgements', { acks: 'leader' }, "idempotent needs acks 'all'"],
    [
      'a batch above the request',
      { maxBatchBytes: 2_000_000, maxRequestBytes: 1_500_000, buffer: { maxBytes: 1e9, maxLaneBytes: 1e8 } },
      'maxBatchBytes must not exceed',
    ],
    [
      'a buffer of three batches',
      { buffer: { maxRecords: 1_999, maxLaneRecords: 1_000 } },
      'buffer.maxRecords must hold 4 batches',
    ],
    [
      'a buffer of few bytes',
      { buffer: { maxBytes: 3_000_000, maxLaneBytes: 2_000_000 } },
      'buffer.maxBytes must hold 4 batches',
    ],
    ['a lane above the buffer', { buffer: { maxLaneBytes: 40_000_000 } }, 'buffer.maxLaneBytes must not exceed'],
    ['more lane records than records', { buffer: { maxLaneRecords: 20_000 } }, 'buffer.maxLaneRecords must not exceed'],
    [
      'a lane too small for one record',
      { buffer: { maxLaneBytes: 1_048_000 } },
      'buffer.maxLaneBytes must hold a record',
    ],
    ['a watchdog below an attempt', { attemptTimeoutMs: 39_000 }, 'attemptTimeoutMs must be at least'],
    ['a delivery timeout below an attempt', { deliveryTimeoutMs: 40_000 }, 'deliveryTimeoutMs must be at least'],
    ['a backoff upside down', { retry: { baseMs: 3_000 } }, 'retry.baseMs must not exceed'],
    ['a replacement backoff upside down', { pool: { replaceBaseMs: 20_000 } }, 'pool.replaceBaseMs must not exceed'],
    ['fewer producers than the least', { pool: { min: 9 } }, 'pool.min must not exceed'],
    ['more slots than the most', { pool: { slotsPerProducer: 17 } }, 'pool.slotsPerProducer must not exceed'],
    ['no hysteresis', { pool: { scaleDownBusyRatio: 0.8 } }, 'pool.scaleDownBusyRatio must be below'],
    ['a topic name', { topics: ['good', 'not good'] }, 'topics: "not good"'],
  ])('%s', (_, options, issue) => {
    expect(issuesOf(options).join('; ')).toContain(issue);
  });

  test('what the driver cannot do is refused at construction', () => {
    const scripted = new ScriptedCluster(1).driver;
    const limited = {
      ...scripted,
      capabilities: { ...scripted.capabilities, inFlightPerBroker: { plain: 1, idempotent: 'unsupported' as const } },
    };
    expect(issuesOf({ driver: limited })).toEqual(['driver scripted cannot be idempotent: set idempotent to false']);
    expect(issuesOf({ driver: limited, idempotent: false })).toEqual([]);
    expect(issuesOf({ driver: scripted, compression: 'zstd' })).toEqual(['driver scripted cannot compress with zstd']);
    expect(issuesOf({ driver: scripted, maxBatchRecords: 1_001, buffer: { maxRecords: 10_000 } })).toEqual([
      'maxBatchRecords must be at most 1000 with driver scripted',
    ]);
  });

  test('all problems come in one error', () => {
    expect(issuesOf({ name: '', lingerMs: -1, acks: 'leader' }).length).toBe(3);
  });
});

test('R-STD-3 the options given are not kept', () => {
  const topics = ['a'];
  const resolved = resolveProducerPoolOptions({ driver, topics });
  topics.push('b');
  expect(resolved.topics).toEqual(['a']);
});
