import { ConfigError, loadConfig, tryLoadConfig, type DeepPartialInput } from '@busbar/config';
import { resolvePostgresOptions } from '@busbar/postgres';
import { describe, expect, it } from 'vitest';

import { busbarDefinition } from '../src/settings/definition.ts';
import type { BusbarSettingsSchema } from '../src/settings/schema.ts';
import { postgresOptions } from '../src/settings/to-options.ts';

const definition = busbarDefinition({ postgres: false, kafka: false });

const production = {
  BUSBAR_SERVICE_NAME: 'orders',
  BUSBAR_POSTGRES_HOST: 'db',
  BUSBAR_POSTGRES_DATABASE: 'orders',
  BUSBAR_POSTGRES_USER: 'orders',
  BUSBAR_POSTGRES_PASSWORD: 'hunter2-secret',
  BUSBAR_KAFKA_BROKERS: 'k1:9092,k2:9092',
};

const codes = (
  explicit: DeepPartialInput<BusbarSettingsSchema>,
  env: Record<string, string> = production,
): readonly string[] => {
  const result = tryLoadConfig(definition, { env, explicit });
  return result.ok ? result.config.warnings.map(({ code }) => code) : result.error.issues.map(({ code }) => code);
};

describe('settings', () => {
  it.each(['production', 'staging'] as const)(
    'R-CF-3 the profile %s holds all rules with the least that it needs',
    (profile) => {
      const { value, warnings } = loadConfig(definition, { env: { ...production, BUSBAR_ENV: profile } });
      expect(warnings).toEqual([]);
      expect(value.events.source).toBe('/svc/orders');
      expect(value.kafka.clientId).toBe('orders');
      expect(value.kafka.attemptTimeoutMs).toBe(value.kafka.requestTimeoutMs + value.kafka.connectTimeoutMs + 1000);
      expect(value.breaker.halfOpen.leaseMs).toBe(value.kafka.attemptTimeoutMs);
    },
  );

  it.each(['development', 'test'] as const)('the profile %s needs a service name, a database and a user', (profile) => {
    const env = {
      BUSBAR_ENV: profile,
      BUSBAR_SERVICE_NAME: 'orders',
      BUSBAR_POSTGRES_DATABASE: 'o',
      BUSBAR_POSTGRES_USER: 'o',
    };
    const { value } = loadConfig(definition, { env });
    expect(value.kafka.brokers).toEqual(['localhost:9092']);
    expect(value.postgres.tls.mode).toBe('disable');
  });

  it('R-CF-1 an empty environment gives all problems at once, each with its variable', () => {
    const result = tryLoadConfig(definition, { env: {} });
    if (result.ok) throw new Error('an empty environment must not load');
    expect(result.error).toBeInstanceOf(ConfigError);
    expect(result.error.issues.map(({ code }) => code)).toEqual(['MISSING', 'PG_TARGET', 'PG_AUTH', 'KAFKA_BROKERS']);
    expect(result.error.format()).toContain('BUSBAR_SERVICE_NAME');
  });

  it('R-CF-1 what is said about PostgreSQL reaches the pool, several servers in place of the one of the profile', () => {
    const postgres = {
      targets: ['db1:5432', 'db2:5433'],
      targetSessionAttrs: 'prefer-standby',
      pooler: 'session',
      poolerPreparedStatements: true,
      leak: { warnAfterMs: 5_000, stack: 'always', reclaimAfterMs: 6_000 },
      statistics: { fingerprints: 7 },
    } as const;
    const options = postgresOptions(
      loadConfig(definition, { env: { ...production, BUSBAR_ENV: 'development' }, explicit: { postgres } }).value,
    );
    expect(options).toMatchObject({ ...postgres, password: 'hunter2-secret', database: 'orders' });
    expect(resolvePostgresOptions(options)).toMatchObject({
      targets: [
        { host: 'db1', port: 5432 },
        { host: 'db2', port: 5433 },
      ],
    });
  });

  it('what a service brings itself need not be configured', () => {
    const own = busbarDefinition({ postgres: true, kafka: true });
    expect(tryLoadConfig(own, { env: { BUSBAR_SERVICE_NAME: 'orders' } }).ok).toBe(true);
  });

  it('no secret is in the error', () => {
    const result = tryLoadConfig(definition, { env: { ...production, BUSBAR_POSTGRES_POOL_MAX: 'many' } });
    expect(result.ok).toBe(false);
    expect(JSON.stringify(result)).not.toContain('hunter2');
  });
});

describe('R-CB-5 R-CF-1 rules across settings', () => {
  const cases: readonly (readonly [string, DeepPartialInput<BusbarSettingsSchema>])[] = [
    ['PG_TLS', { postgres: { tls: { mode: 'disable' } } }],
    ['PG_POOL', { postgres: { pool: { max: 2, minIdle: 3 } } }],
    ['PG_LIFETIME', { postgres: { pool: { maxLifetimeMs: 60_000, idleTimeoutMs: 60_000 } } }],
    ['PG_STATEMENT', { postgres: { timeouts: { lockMs: 15_000 } } }],
    ['PG_DEADLINE', { postgres: { timeouts: { queryDeadlineMs: 15_000 } } }],
    ['BREAKER_PROBES', { breaker: { halfOpen: { probes: 6 } } }],
    ['BREAKER_OPEN', { breaker: { open: { baseMs: 61_000 } } }],
    ['BREAKER_HALF_OPEN', { breaker: { halfOpen: { concurrency: 4 } } }],
    ['BREAKER_HALF_OPEN', { breaker: { rampMs: 60_001 } }],
    ['BREAKER_HALF_OPEN', { breaker: { callTimeoutMs: 50_000, halfOpen: { leaseMs: 49_999 } } }],
    ['BREAKER_WINDOW', { breaker: { trip: { consecutive: 0, failureRatio: 0 } } }],
    ['BREAKER_WINDOW', { breaker: { window: { type: 'none' } } }],
    ['BREAKER_WINDOW', { breaker: { window: { type: 'count', calls: 19 } } }],
    ['BREAKER_PROBES', { breaker: { trip: { consecutive: 0, minimumCalls: 2 } } }],
    ['BREAKER_SLOW', { breaker: { trip: { slowMs: 10 } } }],
    ['BREAKER_SLOW', { breaker: { trip: { slowRatio: 0.5 } } }],
    ['BREAKER_SLOW', { breaker: { trip: { countOverdue: true } } }],
    ['BREAKER_SLOW', { breaker: { callTimeoutMs: 50_000, trip: { slowMs: 50_000, slowRatio: 0.5 } } }],
    ['BREAKER_CALL_TIMEOUT', { breaker: { callTimeoutMs: 40_000 } }],
    ['BREAKER_RECOVERY', { breaker: { callTimeoutMs: 60_000 } }],
    ['BREAKER_RECOVERY', { breaker: { open: { maxMs: 30_000 } } }],
    ['KAFKA_TLS', { kafka: { tls: { enabled: false } } }],
    ['KAFKA_SASL', { kafka: { sasl: { mechanism: 'plain' } } }],
    ['KAFKA_DELIVERY', { kafka: { deliveryTimeoutMs: 41_000, lingerMs: 1 } }],
    ['KAFKA_ATTEMPT', { kafka: { attemptTimeoutMs: 39_000 } }],
    ['KAFKA_IDEMPOTENT_ACKS', { kafka: { acks: 'leader' } }],
    ['KAFKA_BLOCK', { kafka: { buffer: { maxBlockMs: 121_000 } } }],
    ['KAFKA_BUFFER', { kafka: { buffer: { maxLaneRecords: 10_001 } } }],
    ['KAFKA_SIZES', { events: { maxBytes: 1_048_000 } }],
    ['KAFKA_ONE_BROKER', { kafka: { brokers: ['k1:9092'] } }],
    ['OUTBOX_LEASE', { outbox: { renewMs: 4000 } }],
    ['OUTBOX_POLL', { outbox: { poll: { minMs: 300 } } }],
    ['OUTBOX_BATCH', { outbox: { relay: { batchBytes: 17_000_000 } } }],
    ['OUTBOX_DIRECT', { outbox: { publish: { directTimeoutMs: 120_000 } } }],
    ['STARTUP_POSTGRES', { startup: { postgres: { mode: 'skip' } } }],
    ['SHUTDOWN', { shutdown: { deadlineMs: 30_000 } }],
  ];
  it.each(cases)('%s is found when it is violated', (code, explicit) => {
    expect(codes(explicit)).toContain(code);
  });

  it('KAFKA_PLAIN_TLS is found when it is violated, and consent ends it', () => {
    const sasl = { mechanism: 'plain', username: 'a', password: 'b' } as const;
    expect(codes({ kafka: { sasl, tls: { enabled: false } } })).toContain('KAFKA_PLAIN_TLS');
    expect(codes({ kafka: { sasl, tls: { enabled: false }, allowInsecure: true } })).toEqual([]);
  });

  it('KAFKA_ACKS warns', () => {
    expect(codes({ kafka: { acks: 'leader', idempotent: false } })).toEqual(['KAFKA_ACKS']);
  });
});
