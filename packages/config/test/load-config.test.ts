import { describe, expect, it } from 'vitest';

import { ConfigError, loadConfig, Secret, tryLoadConfig, type Issue } from '../src/index.ts';
import { exampleSettings, filesOf, issuesOf, load, REQUIRED_ENV } from './example-settings.ts';

describe('loadConfig', () => {
  it('R-STD-3 gives every setting its default, typed and frozen, sections always there', () => {
    const { value, profile } = load();
    expect(profile).toBe('production');
    expect(value.postgres).toEqual({
      host: 'db',
      port: 5432,
      database: 'orders',
      password: new Secret('hunter2-password'),
      pool: { max: 10, minIdle: 0, acquireTimeoutMs: 5000, lifetimeJitterRatio: 0.1 },
      session: { gucs: {} },
      tls: { mode: 'verify-full' },
    });
    expect(value.postgres.password?.reveal()).toBe('hunter2-password');
    expect(value.kafka.brokers).toEqual(['k1:9092', 'k2:9092']);
    expect(Object.isFrozen(value.postgres.pool)).toBe(true);
    expect(Object.isFrozen(value.kafka.brokers)).toBe(true);
    expect('caFile' in value.postgres.tls).toBe(false);
  });

  it('R-CF-1 takes the highest layer that speaks and remembers what it overrode', () => {
    const config = load({
      profile: 'test',
      env: { ...REQUIRED_ENV, BUSBAR_KAFKA_REQUEST_TIMEOUT_MS: '7s' },
      files: ['a.json', { name: 'module', data: { kafka: { requestTimeoutMs: 6500 } } }],
      envFiles: ['.env'],
      explicit: { kafka: { requestTimeoutMs: 8000 } },
      readFile: filesOf({
        'a.json': '{\n "kafka": {\n  "requestTimeoutMs": "6s" } }',
        '.env': '\nBUSBAR_KAFKA_REQUEST_TIMEOUT_MS=6800',
      }),
    });
    const explanation = config.explain('kafka.requestTimeoutMs');
    expect(config.value.kafka.requestTimeoutMs).toBe(8000);
    expect(explanation).toMatchObject({ value: '8s', source: { kind: 'explicit' } });
    expect(explanation.overrode).toEqual([
      { value: '7s', source: { kind: 'env', name: 'BUSBAR_KAFKA_REQUEST_TIMEOUT_MS' } },
      { value: '6800', source: { kind: 'env-file', name: '.env', line: 2, env: 'BUSBAR_KAFKA_REQUEST_TIMEOUT_MS' } },
      { value: '6500ms', source: { kind: 'file', name: 'module' } },
      { value: '6s', source: { kind: 'file', name: 'a.json', line: 3 } },
      { value: '5s', source: { kind: 'profile', name: 'test' } },
      { value: '30s', source: { kind: 'default' } },
    ]);
  });

  it('R-CF-1 reports all problems at once, each with path, variable, source and help', () => {
    const result = tryLoadConfig(exampleSettings, {
      env: {
        BUSBAR_SERVICE_NAME: 'Orders!',
        BUSBAR_POSTGRES_HOST: 'db',
        BUSBAR_POSTGRES_DATABSE: 'orders',
        BUSBAR_POSTGRES_PORT: 'tcp://10.0.0.7:5432',
        BUSBAR_POSTGRES_POOL_ACQUIRE_TIMEOUT_MS: '30',
        BUSBAR_POSTGRES_PASSWORD: 'x',
        BUSBAR_KAFKA_BROKERS: 'k1:9092,k2:abc',
        BUSBAR_KAFKA_ACKS: 'leader',
      },
      files: ['busbar.json'],
      readFile: filesOf({ 'busbar.json': '{ "circuitBreaker": {\n "trip": { "consecutve": 3 } } }' }),
    });
    expect(result.ok).toBe(false);
    if (result.ok) return;
    expect(result.error).toBeInstanceOf(ConfigError);
    expect(result.error.code).toBe('BUSBAR_CONFIG_INVALID');
    expect(result.error.format()).toMatchSnapshot();
    expect(result.error.message).toContain('postgres.database');
    expect(result.error.details).toEqual({ problems: 8, profile: 'production' });
  });

  it('R-CF-3 throws the same report and returns nothing', () => {
    expect(() => loadConfig(exampleSettings, { env: {} })).toThrow(ConfigError);
  });

  it('never replaces an invalid value by the default', () => {
    expect(issuesOf({ env: { ...REQUIRED_ENV, BUSBAR_POSTGRES_PORT: '0' } })).toMatchObject([
      { code: 'INVALID', path: 'postgres.port', message: '"0" is below the minimum 1' },
    ]);
  });

  it('treats a blank variable as unset', () => {
    expect(load({ env: { ...REQUIRED_ENV, BUSBAR_POSTGRES_PORT: '  ' } }).value.postgres.port).toBe(5432);
  });

  it('asks a declared fallback variable, under its own name', () => {
    const config = load({ env: { ...REQUIRED_ENV, BUSBAR_SERVICE_NAME: '', OTEL_SERVICE_NAME: 'billing' } });
    expect(config.value.serviceName).toBe('billing');
    expect(config.explain('serviceName').source).toEqual({ kind: 'env', name: 'OTEL_SERVICE_NAME' });
  });

  it('computes a derived default from the winning values and lets any layer override it', () => {
    expect(load().value.kafka.attemptTimeoutMs).toBe(41_000);
    expect(load().explain('kafka.attemptTimeoutMs').source).toEqual({
      kind: 'derived',
      from: ['kafka.requestTimeoutMs', 'kafka.connectTimeoutMs'],
    });
    const stated = load({ explicit: { kafka: { attemptTimeoutMs: 50_000 } } });
    expect(stated.value.kafka.attemptTimeoutMs).toBe(50_000);
    expect(stated.explain('kafka.attemptTimeoutMs').overrode).toMatchObject([{ value: '41s' }]);
  });

  it('does not blame a derived setting for the settings it is computed from', () => {
    const issues = issuesOf({ env: { ...REQUIRED_ENV, BUSBAR_KAFKA_CONNECT_TIMEOUT_MS: 'soon' } });
    expect(issues.map(({ path }) => path)).toEqual(['kafka.connectTimeoutMs']);
    const stated = issuesOf({
      env: { ...REQUIRED_ENV, BUSBAR_KAFKA_CONNECT_TIMEOUT_MS: 'soon', BUSBAR_KAFKA_ATTEMPT_TIMEOUT_MS: '1' },
    });
    expect(stated.map(({ path }) => path)).toEqual(['kafka.connectTimeoutMs', 'kafka.attemptTimeoutMs']);
  });

  it('ignores undefined in explicit options and keeps no reference to them', () => {
    const brokers = ['a:1'];
    const config = load({ explicit: { postgres: { port: undefined }, kafka: { brokers } } });
    brokers.push('b:2');
    expect(config.value.postgres.port).toBe(5432);
    expect(config.value.kafka.brokers).toEqual(['a:1']);
    expect(Object.isFrozen(brokers)).toBe(false);
  });

  it('refuses null, and says how to leave a setting unset', () => {
    expect(issuesOf({ files: [{ name: 'f', data: { postgres: { port: null } } }] })).toMatchObject([
      { code: 'BAD_VALUE', message: 'null is not a value', help: 'leave the key out to leave the setting unset' },
    ]);
  });

  it('refuses a value where a section stands', () => {
    expect(issuesOf({ files: [{ name: 'f', data: { postgres: 5 } }] })).toMatchObject([
      { code: 'INVALID', path: 'postgres', message: 'is a group of settings, not a value' },
    ]);
    expect(issuesOf({ files: [{ name: 'f', data: [] }] })).toMatchObject([
      { code: 'INVALID', message: 'is not an object of settings' },
    ]);
  });

  it('gives the fingerprint of the values, not of their sources, and of a secret only that it is set', () => {
    const base = load();
    expect(load({ explicit: { postgres: { port: 5432, password: 'another' } } }).fingerprint).toBe(base.fingerprint);
    expect(load({ explicit: { postgres: { port: 5433 } } }).fingerprint).not.toBe(base.fingerprint);
    expect(base.fingerprint).toMatch(/^[0-9a-f]{64}$/u);
    const gucs = (value: Record<string, string>) =>
      load({ explicit: { postgres: { session: { gucs: value } } } }).fingerprint;
    expect(gucs({ a: '1', b: '2' })).toBe(gucs({ b: '2', a: '1' }));
  });

  it('describes every setting with its variable, range, default and reason', () => {
    const described = load().describe();
    expect(described.find(({ path }) => path === 'postgres.pool.max')).toEqual({
      path: 'postgres.pool.max',
      env: 'BUSBAR_POSTGRES_POOL_MAX',
      kind: 'int',
      doc: 'Connections at most.',
      reason: 'half a default server',
      default: '10',
      range: '1..1000',
    });
    expect(described.map(({ path, range }) => `${path} ${range}`)).toMatchSnapshot();
  });

  it('explains an unset setting and refuses a path that is none', () => {
    expect(load().explain('postgres.tls.caFile')).toMatchObject({ value: 'unset', overrode: [] });
    // @ts-expect-error -- the path does not exist
    expect(() => load().explain('postgres.nothing')).toThrow(/no setting postgres\.nothing/u);
  });

  it('hands out warnings and loads all the same', () => {
    const warnings: Issue[] = [];
    const config = load({
      env: { ...REQUIRED_ENV, BUSBAR_POSTGRES_PASSWORD: '' },
      onWarning: (issue) => warnings.push(issue),
    });
    expect(config.warnings).toMatchObject([{ code: 'PG_AUTH', severity: 'warning' }]);
    expect(warnings).toEqual(config.warnings);
  });
});

describe('profiles', () => {
  it.each([
    ['PROD', 'production'],
    ['live', 'production'],
    ['stg', 'staging'],
    [' dev ', 'development'],
    ['local', 'development'],
    ['testing', 'test'],
    ['', 'production'],
  ])('R-CB-4 BUSBAR_ENV=%j selects %s', (name, profile) => {
    expect(load({ env: { ...REQUIRED_ENV, BUSBAR_ENV: name } }).profile).toBe(profile);
  });

  it('R-CB-4 changes the thresholds, visibly and overridably', () => {
    const config = load({ env: { ...REQUIRED_ENV, BUSBAR_ENV: 'test' } });
    expect(config.value.circuitBreaker.trip.consecutive).toBe(2);
    expect(config.explain('circuitBreaker.trip.consecutive').source).toEqual({ kind: 'profile', name: 'test' });
    expect(
      load({ profile: 'test', explicit: { circuitBreaker: { trip: { consecutive: 9 } } } }).value.circuitBreaker.trip
        .consecutive,
    ).toBe(9);
  });

  it('refuses an unknown profile with the nearest one', () => {
    expect(issuesOf({ env: { ...REQUIRED_ENV, BUSBAR_ENV: 'prodction' } })).toMatchObject([
      {
        code: 'UNKNOWN_PROFILE',
        env: 'BUSBAR_ENV',
        message: '"prodction" is not a profile',
        help: 'did you mean production?',
      },
    ]);
    expect(issuesOf({ env: { ...REQUIRED_ENV, BUSBAR_ENV: 'moon-base' } })).toMatchObject([
      {
        help: /* all names */ 'write one of production, prod, live, staging, stage, stg, development, dev, local, test, testing',
      },
    ]);
  });
});

describe('rules', () => {
  it('R-CB-5 shows the values that contradict each other and where they came from', () => {
    expect(issuesOf({ env: { ...REQUIRED_ENV, BUSBAR_KAFKA_ACKS: 'leader' } })).toEqual([
      {
        code: 'KAFKA_IDEMPOTENT_ACKS',
        severity: 'error',
        message: 'an idempotent producer needs acks = all',
        help: 'remove acks or set idempotent = false',
        because: [
          { path: 'kafka.idempotent', value: 'true', source: { kind: 'default' } },
          { path: 'kafka.acks', value: 'leader', source: { kind: 'env', name: 'BUSBAR_KAFKA_ACKS' } },
        ],
      },
    ]);
  });

  it('R-CB-5 runs a rule only if all its inputs are sound', () => {
    const issues = issuesOf({
      env: { ...REQUIRED_ENV, BUSBAR_KAFKA_ACKS: 'leader', BUSBAR_KAFKA_IDEMPOTENT: 'perhaps' },
    });
    expect(issues.map(({ code }) => code)).toEqual(['BAD_VALUE']);
  });

  it('R-CB-5 sees derived values', () => {
    expect(issuesOf({ explicit: { circuitBreaker: { open: { maxMs: 41_000 } } } })).toMatchObject([
      { code: 'BREAKER_RECOVERY' },
    ]);
  });

  it('applies a rule only under its profiles', () => {
    expect(issuesOf({ profile: 'test', env: { ...REQUIRED_ENV, BUSBAR_POSTGRES_PASSWORD: '' } })).toEqual([]);
  });
});
