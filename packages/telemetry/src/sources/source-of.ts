import type { Scope } from '../catalog/metric-entry.ts';
import { circuitBreakerSource } from './circuit-breaker.ts';
import { configSource } from './config.ts';
import type { Source } from './emit.ts';
import { envelopeSource } from './envelope.ts';
import { outboxSource } from './outbox.ts';
import { postgresSource } from './postgres.ts';
import { producerPoolSource } from './producer-pool.ts';
import { retrySource } from './retry.ts';
import { telemetrySource } from './telemetry.ts';

/** Who reads the statistics of a scope; the inbox has none of its own. */
const SOURCES: Readonly<Record<Scope, Source | undefined>> = {
  postgres: postgresSource,
  'circuit-breaker': circuitBreakerSource,
  'producer-pool': producerPoolSource,
  outbox: outboxSource,
  inbox: undefined,
  envelope: envelopeSource,
  retry: retrySource,
  config: configSource,
  telemetry: telemetrySource,
};

/** The reader of a scope's statistics; undefined if they hold no metric. */
export const sourceOf = (scope: Scope): Source | undefined => SOURCES[scope];
