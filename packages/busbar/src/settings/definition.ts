import {
  defineConfig,
  defineDerived,
  type ConfigDefinition,
  type DeepPartialInput,
  type Derived,
} from '@busbar/config';

import { kafkaTargetRules, postgresTargetRules, settingsRules } from './rules.ts';
import { settingsSchema, type BusbarSettingsSchema } from './schema.ts';

/** Between the server's statement timeout and the client's deadline: the server is to answer first. */
const QUERY_MARGIN_MS = 5000;
/** A driver's own short retries within one attempt. */
const ATTEMPT_MARGIN_MS = 1000;

const derived: readonly Derived<BusbarSettingsSchema>[] = [
  defineDerived(settingsSchema, {
    path: 'postgres.session.applicationName',
    from: ['serviceName'],
    doc: 'the service name',
    compute: (name) => name,
  }),
  defineDerived(settingsSchema, {
    path: 'postgres.timeouts.queryDeadlineMs',
    from: ['postgres.timeouts.statementMs'],
    doc: 'statementMs + 5 s',
    compute: (statementMs) => statementMs + QUERY_MARGIN_MS,
  }),
  defineDerived(settingsSchema, {
    path: 'kafka.clientId',
    from: ['serviceName'],
    doc: 'the service name',
    compute: (name) => name,
  }),
  defineDerived(settingsSchema, {
    path: 'kafka.attemptTimeoutMs',
    from: ['kafka.requestTimeoutMs', 'kafka.connectTimeoutMs'],
    doc: 'requestTimeoutMs + connectTimeoutMs + 1 s',
    compute: (requestMs, connectMs) => requestMs + connectMs + ATTEMPT_MARGIN_MS,
  }),
  defineDerived(settingsSchema, {
    path: 'breaker.halfOpen.leaseMs',
    from: ['kafka.attemptTimeoutMs', 'breaker.callTimeoutMs'],
    doc: 'the larger of kafka.attemptTimeoutMs and callTimeoutMs: a slow first probe is not a lost one',
    compute: (attemptMs, callMs) => Math.max(attemptMs, callMs),
  }),
  defineDerived(settingsSchema, {
    path: 'events.source',
    from: ['serviceName'],
    doc: '/svc/ and the service name',
    compute: (name) => `/svc/${name}`,
  }),
];

const staging: DeepPartialInput<BusbarSettingsSchema> = {
  breaker: { trip: { consecutive: 3 }, open: { maxMs: 30_000 }, halfOpen: { probes: 2 } },
  kafka: { requestTimeoutMs: 15_000 },
};

const development: DeepPartialInput<BusbarSettingsSchema> = {
  postgres: { host: 'localhost', tls: { mode: 'disable' }, pool: { max: 5 } },
  kafka: { brokers: ['localhost:9092'], tls: { enabled: false }, requestTimeoutMs: 5000, connectTimeoutMs: 3000 },
  breaker: { trip: { consecutive: 2 }, open: { maxMs: 15_000 }, halfOpen: { probes: 1 } },
  startup: { postgres: { timeoutMs: 5000 }, kafka: { timeoutMs: 3000 } },
};

/** What a service brings itself and therefore need not configure. */
export interface BroughtParts {
  readonly postgres: boolean;
  /** Its own driver or producers. */
  readonly kafka: boolean;
}

/** The settings with their rules, derived defaults and profiles. */
export const busbarDefinition = (brought: BroughtParts): ConfigDefinition<BusbarSettingsSchema> =>
  defineConfig({
    schema: settingsSchema,
    derived,
    profiles: { staging, development, test: development },
    rules: [
      ...(brought.postgres ? [] : postgresTargetRules),
      ...(brought.kafka ? [] : kafkaTargetRules),
      ...settingsRules,
    ],
  });
