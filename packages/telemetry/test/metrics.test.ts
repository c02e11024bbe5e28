import { DataPointType, type MetricData } from '@opentelemetry/sdk-metrics';
import { describe, expect, it } from 'vitest';

import { METRIC_CATALOG } from '../src/index.ts';
import { FULL_STATS, MESSAGES, SEND } from './full-statistics.ts';
import { announce, observed, publish } from './sdk-harness.ts';

/** The bucket boundaries with which a histogram was really aggregated. */
const boundsOf = (data: MetricData | undefined): readonly number[] | undefined =>
  data?.dataPointType === DataPointType.HISTOGRAM ? data.dataPoints[0]?.value.buckets.boundaries : undefined;

describe('metrics through a real reader', () => {
  it('R-OB-2 every row of the catalogue is produced, and nothing else, with its unit, bounds and attributes', async () => {
    await using seen = observed({ maxAttributeSets: 16 });
    for (const [component, stats] of Object.entries(FULL_STATS)) announce(component, 'main', stats);
    for (const [channel, message] of MESSAGES) publish(channel, message);
    publish('postgres:created', { name: 'without statistics' });
    const collected = await seen.collect();
    expect([...collected.keys()].toSorted()).toEqual(METRIC_CATALOG.map(({ name }) => name).toSorted());
    for (const { name, scope, unit, description, attributes, bounds } of METRIC_CATALOG) {
      const metric = collected.get(name);
      expect(metric?.scope).toBe(`@busbar/${scope}`);
      expect(metric?.data.descriptor).toMatchObject({ unit, description });
      expect(boundsOf(metric?.data)).toEqual(bounds);
      for (const point of metric?.points ?? [])
        expect(attributes).toEqual(expect.arrayContaining(Object.keys(point.attributes)));
    }
    expect(Object.fromEntries([...collected].map(([name, { points }]) => [name, points]))).toMatchSnapshot();
  });

  it('R-OB-2 the catalogue is the one that is documented', () => {
    expect(
      METRIC_CATALOG.map(({ name, kind, unit, attributes }) => `${name} ${kind} ${unit} ${attributes.join()}`),
    ).toMatchSnapshot();
    expect(new Set(METRIC_CATALOG.map(({ name }) => name)).size).toBe(METRIC_CATALOG.length);
    expect(METRIC_CATALOG.filter(({ kind }) => kind === 'histogram').every(({ bounds }) => bounds !== undefined)).toBe(
      true,
    );
  });

  it('exports nothing for a field that the statistics do not have', async () => {
    await using seen = observed();
    announce('outbox', 'main', { published: 3 });
    announce('circuit-breaker', 'kafka', {});
    announce('postgres', 'main', { operations: null, closed: 7, tx: 'no' });
    const names = [...(await seen.collect()).values()]
      .filter(({ points }) => points.length > 0)
      .map(({ data }) => data.descriptor.name);
    expect(names).toEqual(['busbar.outbox.published.messages']);
  });

  it('R-KP-4 a failed send counts under the Kafka error of its cause', async () => {
    await using seen = observed();
    const cause = Object.assign(new Error('broker says'), { type: 'NOT_ENOUGH_REPLICAS' });
    publish('producer-pool:send', {
      ...SEND,
      outcome: 'failed',
      error: new Error('KafkaJSNumberOfRetriesExceeded', { cause }),
    });
    expect(await seen.values('messaging.client.sent.messages')).toEqual([
      [
        {
          'messaging.system.name': 'kafka',
          'messaging.operation.name': 'send',
          'messaging.operation.type': 'send',
          'messaging.destination.name': 'orders',
          'error.type': 'NOT_ENOUGH_REPLICAS',
        },
        250,
      ],
    ]);
  });

  it('R-OB-3 attribute sets are bounded: further topics share _OTHER', async () => {
    await using seen = observed({ maxAttributeSets: 16 });
    for (let topic = 0; topic < 100; topic += 1)
      publish('producer-pool:send', { ...SEND, topic: `t${topic}`, recordCount: 1 });
    const points = await seen.values('messaging.client.sent.messages');
    expect(points).toHaveLength(17);
    expect(points.find(([attributes]) => attributes['messaging.destination.name'] === '_OTHER')?.[1]).toBe(84);
    expect(await seen.values('busbar.telemetry.dropped')).toEqual([[{ 'busbar.reason': 'attribute-sets' }, 168]]);
    expect(seen.telemetry.stats().attributeSets).toBe(17 * 2 + 3);
  });

  it('the last start-up report stands, check by check', async () => {
    await using seen = observed();
    const report = (status: string) => ({ report: { durationMs: 100, checks: [{ id: 'pg.tcp', status }, { id: 7 }] } });
    publish('config:report', report('fail'));
    publish('config:report', report('pass'));
    const points = await seen.values('busbar.startup.check');
    expect(points.map(([attributes, value]) => [attributes['busbar.status'], value])).toEqual([
      ['pass', 1],
      ['warn', 0],
      ['fail', 0],
      ['skip', 0],
    ]);
  });

  it('takes an error of the database by its class, and a failed connect not as a connection', async () => {
    await using seen = observed();
    publish('postgres:query', { pool: 'p', durationMs: 1, sqlState: '00000' });
    publish('postgres:query', { pool: 'p', durationMs: 1, code: 'BUSBAR_POSTGRES_ACQUIRE_TIMEOUT' });
    publish('postgres:connect', { pool: 'p', ok: false, phases: { connectMs: 1 } });
    publish('postgres:connect', { pool: 'p', ok: true });
    const queries = await seen.values('db.client.operation.duration');
    expect(queries.map(([attributes]) => attributes['error.type'])).toEqual([undefined, 'timeout']);
    expect(await seen.values('db.client.connection.create_time')).toEqual([]);
  });

  it('R-PG-6 Q9 tells the steps of a statement apart where it was sampled, and records nothing of the others', async () => {
    await using seen = observed();
    publish('postgres:query', { pool: 'p', durationMs: 50 });
    publish('postgres:query', { pool: 'p', durationMs: 50, split: { parseMs: 0.5, planMs: 45, executeMs: 2 } });
    expect(await seen.values('busbar.postgres.operation.phase.duration')).toEqual(
      [
        ['parse', 0.0005],
        ['plan', 0.045],
        ['execute', 0.002],
      ].map(([phase, sum]) => [
        { 'db.client.connection.pool.name': 'p', 'busbar.phase': phase },
        { count: 1, sum },
      ]),
    );
  });

  it('a cycle that failed is an error, and one without an acknowledgement delivered nothing', async () => {
    await using seen = observed();
    publish('outbox:cycle', {
      name: 'o',
      durationMs: 1,
      published: 0,
      failed: 0,
      oldestAgeMs: 5,
      error: new Error('x'),
    });
    publish('outbox:cycle', { name: 'o', durationMs: 1, published: 2, oldestAgeMs: 5 });
    const cycles = await seen.values('busbar.outbox.relay.cycle.duration');
    expect(cycles.map(([attributes]) => attributes['busbar.outcome'])).toEqual(['error', 'published']);
    expect(await seen.values('busbar.outbox.delivery.duration')).toEqual([
      [{ 'busbar.outbox.name': 'o' }, { count: 1, sum: 0.005 }],
    ]);
  });
});
