/** Settings → the options of each part. Names, units and defaults are the same, so little happens here. */
import type { BreakerOptions } from '@busbar/circuit-breaker';
import type { DeepReadonly, Profile, StartupPolicy } from '@busbar/config';
import type { CodecOptions } from '@busbar/envelope';
import type { OutboxOptions } from '@busbar/outbox';
import type { PostgresOptions } from '@busbar/postgres';
import type { KafkaConnectionOptions, ProducerPoolOptions } from '@busbar/producer-pool';

import type { BusbarSettings } from './schema.ts';

type Settings = DeepReadonly<BusbarSettings>;

export const postgresOptions = ({ postgres }: Settings): PostgresOptions => {
  const { url, host, port, targets, database, user, password, allowInsecure: _consent, ...rest } = postgres;
  const single = { port, ...(host === undefined ? {} : { host }) };
  const parts = {
    ...(targets === undefined ? single : { targets }),
    ...(database === undefined ? {} : { database }),
    ...(user === undefined ? {} : { user }),
  };
  return {
    ...(url === undefined ? parts : { url: url.reveal() }),
    ...(password === undefined ? {} : { password: password.reveal() }),
    ...rest,
  };
};

/** Work, lease, and one for spills and migrations. */
const OUTBOX_CONNECTIONS = 3;

/** The outbox's own connections: the same server, and nothing of the business pool's size or lifetime. */
export const outboxPostgresOptions = (settings: Settings): PostgresOptions => {
  const options = postgresOptions(settings);
  return { ...options, name: 'outbox', pool: { ...options.pool, max: OUTBOX_CONNECTIONS, minIdle: 0 } };
};

export const breakerOptions = ({ breaker }: Settings): BreakerOptions => ({ name: 'kafka', ...breaker });

export const connectionOptions = ({ kafka }: Settings): KafkaConnectionOptions => {
  const { mechanism, username, password } = kafka.sasl;
  return {
    brokers: kafka.brokers ?? [],
    clientId: kafka.clientId,
    tls: kafka.tls.enabled,
    allowInsecure: kafka.allowInsecure,
    ...(mechanism === undefined || username === undefined || password === undefined
      ? {}
      : { sasl: { mechanism, username, password: password.reveal() } }),
  };
};

export const producerPoolOptions = ({ kafka, startup, shutdown }: Settings): Omit<ProducerPoolOptions, 'driver'> => {
  const {
    brokers: _brokers,
    clientId: _clientId,
    tls: _tls,
    sasl: _sasl,
    allowInsecure: _allowInsecure,
    ...options
  } = kafka;
  return { ...options, startTimeoutMs: startup.kafka.timeoutMs, closeTimeoutMs: shutdown.deadlineMs };
};

export const outboxOptions = ({ outbox }: Settings): Omit<OutboxOptions, 'publisher' | 'connections' | 'write'> =>
  outbox;

/** Under development and test every event is parsed back: data that JSON changes is found where it is written. */
export const codecOptions = ({ events }: Settings, profile: Profile): CodecOptions => ({
  ...events,
  checkRoundTrip: profile === 'development' || profile === 'test',
});

export const startupPolicy = ({ startup }: Settings): StartupPolicy => ({ pg: startup.postgres, kafka: startup.kafka });
