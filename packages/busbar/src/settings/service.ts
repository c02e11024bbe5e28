import { Setting } from '@busbar/config';

const { durationMs, group, oneOf, string } = Setting;

const SERVICE_NAME = '^[a-z0-9][a-z0-9._-]{0,62}$';

/** `BUSBAR_SERVICE_NAME`. */
export const serviceName = string({
  doc: 'name of the service: application_name, client id, source of events',
  pattern: SERVICE_NAME,
  expect: 'up to 63 of a-z 0-9 . _ -, a letter or digit first',
  envFallback: ['OTEL_SERVICE_NAME'],
});

const MODES = ['require', 'degraded', 'skip'] as const;

const dependency = (mode: (typeof MODES)[number], timeoutMs: number, name: string) =>
  group({
    mode: oneOf(MODES, { default: mode, doc: `what the start does without ${name}` }),
    timeoutMs: durationMs({ default: timeoutMs, min: 100, doc: `how long the start waits for ${name}` }),
  });

/** The `startup.*` settings: with an outbox a service must start, and accept writes, while Kafka is away. */
export const startupSettings = group({
  postgres: dependency('require', 30_000, 'PostgreSQL'),
  kafka: dependency('degraded', 10_000, 'Kafka'),
  retryBaseMs: durationMs({
    default: 100,
    min: 1,
    doc: 'first pause before a dependency is tried again; equal jitter',
  }),
  retryMaxMs: durationMs({ default: 2000, min: 1, doc: 'longest pause before a dependency is tried again' }),
});

/** The `shutdown.*` settings: below the 30 s that Kubernetes gives. */
export const shutdownSettings = group({
  deadlineMs: durationMs({ default: 25_000, min: 100, doc: 'how long an orderly stop may take' }),
});

/** The `telemetry.*` settings; exporters, samplers and intervals are those of OpenTelemetry itself (`OTEL_…`). */
export const telemetrySettings = group({
  enabled: Setting.boolean({ default: true, doc: 'load telemetry where @opentelemetry/api is installed' }),
});
