import { Setting } from '@busbar/config';
import type { Static } from 'typebox';

import { breakerSettings } from './circuit-breaker.ts';
import { eventsSettings } from './envelope.ts';
import { outboxSettings } from './outbox.ts';
import { postgresSettings } from './postgres.ts';
import { kafkaSettings } from './producer-pool.ts';
import { serviceName, shutdownSettings, startupSettings, telemetrySettings } from './service.ts';

/** Every setting of Busbar, one section a part. */
export const settingsSchema = Setting.group({
  serviceName,
  postgres: postgresSettings,
  kafka: kafkaSettings,
  breaker: breakerSettings,
  outbox: outboxSettings,
  events: eventsSettings,
  telemetry: telemetrySettings,
  startup: startupSettings,
  shutdown: shutdownSettings,
});

export type BusbarSettingsSchema = typeof settingsSchema;

/** The settings as values: what `config.value` of a bus holds. */
export type BusbarSettings = Static<BusbarSettingsSchema>;
