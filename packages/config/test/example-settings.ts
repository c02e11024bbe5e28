import {
  defineConfig,
  defineDerived,
  defineRule,
  loadConfig,
  Setting,
  tryLoadConfig,
  type Issue,
  type LoadOptions,
} from '../src/index.ts';

/** Sections as the umbrella has them, small enough to read and with every kind of setting in it. */
const schema = Setting.group({
  serviceName: Setting.string({
    doc: 'Name of the service.',
    pattern: '^[a-z0-9][a-z0-9._-]{0,62}$',
    expect: 'a lower-case name of at most 63 characters',
    envFallback: ['OTEL_SERVICE_NAME'],
  }),
  postgres: Setting.group({
    host: Setting.string({ doc: 'Server.' }),
    port: Setting.int({ default: 5432, min: 1, max: 65_535, doc: 'Port.' }),
    database: Setting.string({ doc: 'Database.' }),
    password: Setting.optional(Setting.secret({ doc: 'Password of the role.', minLength: 3 })),
    pool: Setting.group({
      max: Setting.int({ default: 10, max: 1000, doc: 'Connections at most.', reason: 'half a default server' }),
      minIdle: Setting.int({ default: 0, min: 0, max: 1000, doc: 'Connections kept ready.' }),
      acquireTimeoutMs: Setting.durationMs({ default: 5000, min: 100, max: 600_000, doc: 'How long a caller waits.' }),
      lifetimeJitterRatio: Setting.ratio({ default: 0.1, max: 0.5, doc: 'Spread of the lifetimes.' }),
    }),
    session: Setting.group({
      gucs: Setting.map(Setting.string({ doc: 'Value.' }), { default: {}, maxNames: 3, doc: 'Run-time parameters.' }),
    }),
    tls: Setting.group({
      mode: Setting.oneOf(['disable', 'require', 'verify-full'], {
        default: 'verify-full',
        doc: 'How the server proves itself.',
      }),
      caFile: Setting.optional(Setting.path({ doc: 'Certificates to trust.' })),
    }),
  }),
  kafka: Setting.group({
    brokers: Setting.list(Setting.hostPort({ doc: 'Broker.' }), {
      minItems: 1,
      maxItems: 64,
      doc: 'Bootstrap brokers.',
    }),
    acks: Setting.oneOf(['all', 'leader'], { default: 'all', doc: 'Who confirms.' }),
    idempotent: Setting.boolean({ default: true, doc: 'No duplicates by retries.' }),
    maxBatchBytes: Setting.sizeBytes({ default: 900_000, min: 1024, doc: 'Batch at most.' }),
    requestTimeoutMs: Setting.durationMs({ default: 30_000, min: 1000, doc: 'One request.' }),
    connectTimeoutMs: Setting.durationMs({ default: 10_000, min: 500, doc: 'One connect.' }),
    attemptTimeoutMs: Setting.durationMs({ min: 1500, doc: 'One attempt.' }),
    registryUrl: Setting.optional(Setting.url({ doc: 'Schema registry.' })),
  }),
  outbox: Setting.group({
    leaseMs: Setting.durationMs({ default: 10_000, min: 1000, doc: 'Lease of a shard.' }),
    renewMs: Setting.durationMs({ default: 3000, min: 100, doc: 'How often it is renewed.' }),
  }),
  circuitBreaker: Setting.group({
    trip: Setting.group({
      consecutive: Setting.int({ default: 5, min: 0, max: 1000, doc: 'Failures in a row that open it; 0 is off.' }),
      failureRatio: Setting.ratio({ default: 0.5, doc: 'Share of failures that opens it.' }),
      weight: Setting.number({ default: 1.5, min: 0, doc: 'Weight of a timeout.' }),
    }),
    open: Setting.group({
      baseMs: Setting.durationMs({ default: 1000, min: 1, doc: 'First open duration.' }),
      maxMs: Setting.durationMs({ default: 60_000, min: 1, doc: 'Longest open duration.' }),
    }),
  }),
});

export const exampleSettings = defineConfig({
  schema,
  profiles: {
    staging: { circuitBreaker: { trip: { consecutive: 3 } } },
    test: {
      postgres: { host: 'localhost', tls: { mode: 'disable' } },
      kafka: { brokers: ['localhost:9092'], requestTimeoutMs: 5000, connectTimeoutMs: 3000 },
      circuitBreaker: { trip: { consecutive: 2 }, open: { maxMs: 15_000 } },
    },
  },
  derived: [
    defineDerived(schema, {
      path: 'kafka.attemptTimeoutMs',
      from: ['kafka.requestTimeoutMs', 'kafka.connectTimeoutMs'],
      doc: 'request + connect + 1 s',
      compute: (requestMs, connectMs) => requestMs + connectMs + 1000,
    }),
  ],
  rules: [
    defineRule(schema, {
      code: 'PG_POOL',
      needs: ['postgres.pool.minIdle', 'postgres.pool.max'],
      check: (minIdle, max) =>
        minIdle > max && { message: 'minIdle must not be above max', help: 'lower minIdle or raise max' },
    }),
    defineRule(schema, {
      code: 'KAFKA_IDEMPOTENT_ACKS',
      needs: ['kafka.idempotent', 'kafka.acks'],
      check: (idempotent, acks) =>
        idempotent &&
        acks !== 'all' && {
          message: 'an idempotent producer needs acks = all',
          help: 'remove acks or set idempotent = false',
        },
    }),
    defineRule(schema, {
      code: 'PG_AUTH',
      needs: ['postgres.password'],
      profiles: ['production', 'staging'],
      severity: 'warning',
      check: (password) => password === undefined && { message: 'no password is set' },
    }),
    defineRule(schema, {
      code: 'BREAKER_RECOVERY',
      needs: ['kafka.attemptTimeoutMs', 'circuitBreaker.open.maxMs'],
      check: (attemptMs, openMs) =>
        attemptMs >= openMs && { message: 'an attempt must end before the breaker recovers' },
    }),
  ],
});

/** The least a production service has to say. */
export const REQUIRED_ENV = {
  BUSBAR_SERVICE_NAME: 'orders',
  BUSBAR_POSTGRES_HOST: 'db',
  BUSBAR_POSTGRES_DATABASE: 'orders',
  BUSBAR_POSTGRES_PASSWORD: 'hunter2-password',
  BUSBAR_KAFKA_BROKERS: 'k1:9092, k2:9092',
} as const;

type Options = LoadOptions<typeof exampleSettings.schema>;

/** Loads with what a production service has to say. */
export const load = (options: Options = {}) => loadConfig(exampleSettings, { env: REQUIRED_ENV, ...options });

/** What is wrong, or the warnings. */
export const issuesOf = (options: Options): readonly Issue[] => {
  const result = tryLoadConfig(exampleSettings, { env: REQUIRED_ENV, ...options });
  return result.ok ? result.config.warnings : result.error.issues;
};

/** A file system that holds these texts. */
export const filesOf =
  (texts: Readonly<Record<string, string>>): NonNullable<Options['readFile']> =>
  (path) => {
    const text = texts[String(path)];
    if (text === undefined) throw Object.assign(new Error('secret text of the system'), { code: 'ENOENT' });
    return Buffer.from(text);
  };
