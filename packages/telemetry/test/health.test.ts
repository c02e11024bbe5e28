import { describe, expect, it } from 'vitest';

import { createTelemetry, type ObservedInstance } from '../src/index.ts';

const healthOf = async (...instances: readonly ObservedInstance[]) => {
  await using telemetry = createTelemetry();
  for (const instance of instances) telemetry.observe(instance);
  return telemetry.health();
};

const part = (component: ObservedInstance['component'], stats: unknown, health?: unknown): ObservedInstance => ({
  component,
  name: 'n',
  stats: () => stats,
  ...(health === undefined ? {} : { health: () => health }),
});

describe('health', () => {
  it('is healthy, live and ready with nothing to complain of', async () => {
    expect(
      await healthOf(
        part('postgres', {}, { status: 'healthy', reasons: [] }),
        part('circuit-breaker', { state: 'closed' }),
        part('outbox', {}),
      ),
    ).toMatchObject({
      format_version: '1.0',
      status: 'healthy',
      live: true,
      ready: true,
      components: [{ status: 'healthy' }, { status: 'healthy' }, { status: 'healthy' }],
    });
  });

  it('a dead Kafka degrades and never makes the service unready', async () => {
    const health = await healthOf(
      part('postgres', {}, { status: 'healthy', reasons: [] }),
      part('producer-pool', {}, { status: 'unhealthy', reasons: ['no producer is connected'] }),
      part('circuit-breaker', { state: 'open' }),
      part('outbox', { backlog: { oldestAgeMs: 61_000 }, sampleAgeMs: 61_000, dead: { open: 2 } }),
    );
    expect(health).toMatchObject({ status: 'degraded', ready: true });
    expect(health.components.map(({ status, reasons }) => [status, reasons.map(({ code }) => code)])).toEqual([
      ['healthy', []],
      ['degraded', ['no producer is connected']],
      ['degraded', ['breaker-open']],
      ['degraded', ['oldest-message-age', 'sample-age', 'dead-letters-open']],
    ]);
  });

  it('without PostgreSQL nothing can be accepted', async () => {
    const health = await healthOf(
      part(
        'postgres',
        {},
        { status: 'unhealthy', reasons: [{ code: 'unreachable', value: 3, limit: 0, dsn: 'hunter2' }, {}] },
      ),
    );
    expect(health).toMatchObject({ status: 'unhealthy', ready: false, live: true });
    expect(health.components[0]?.reasons).toEqual([{ code: 'unreachable', value: 3, limit: 0 }, { code: 'unknown' }]);
  });

  it('a part that cannot be asked is unhealthy, and the others are asked all the same', async () => {
    const broken: ObservedInstance = {
      component: 'retry',
      name: 'r',
      stats: () => {
        throw new Error('gone');
      },
      health: () => {
        throw new Error('gone');
      },
    };
    expect((await healthOf(broken, part('outbox', {}))).components).toEqual([
      { component: 'retry', name: 'r', status: 'unhealthy', reasons: [{ code: 'not-readable' }] },
      { component: 'outbox', name: 'n', status: 'healthy', reasons: [] },
    ]);
  });

  it('asks announced instances for their own health', async () => {
    await using telemetry = createTelemetry();
    const { channel } = await import('node:diagnostics_channel');
    channel('busbar:postgres:created').publish({
      name: 'p',
      instance: { stats: () => ({}), health: () => ({ status: 'degraded', reasons: ['slow'] }) },
    });
    expect(telemetry.health().components).toEqual([
      { component: 'postgres', name: 'p', status: 'degraded', reasons: [{ code: 'slow' }] },
    ]);
  });
});
