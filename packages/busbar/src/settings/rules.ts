/* oxlint-disable max-params -- the check of a rule gets one parameter for each setting it needs */
import type { Profile, Rule } from '@busbar/config';

import { breakerRules } from './breaker-rules.ts';
import type { BusbarSettingsSchema as S } from './schema.ts';
import { settingsRule as rule } from './settings-rule.ts';

/** Profiles that face users: what is comfortable on a laptop is refused here. */
const SERVING: readonly Profile[] = ['production', 'staging'];
const KUBERNETES_GRACE_MS = 30_000;
/** Framing of a request around one record. */
const FRAMING_BYTES = 1024;
const MIN_BATCHES_IN_BUFFER = 4;
const MIN_RELAY_BATCHES_IN_BUFFER = 2;

/** What must be said about the server, unless the service brings its own `postgres`. */
export const postgresTargetRules: readonly Rule<S>[] = [
  rule({
    code: 'PG_TARGET',
    needs: ['postgres.url', 'postgres.host', 'postgres.targets', 'postgres.database', 'postgres.user'],
    check: (url, host, targets, ...parts) =>
      url === undefined && [host ?? targets, ...parts].includes(undefined)
        ? { message: 'says not which database to use', help: 'set host or targets, database and user, or url' }
        : false,
  }),
  rule({
    code: 'PG_AUTH',
    profiles: SERVING,
    needs: ['postgres.url', 'postgres.password'],
    check: (url, password) =>
      url === undefined && password === undefined
        ? { message: 'has no password for PostgreSQL', help: 'set password, best as a file (…_FILE)' }
        : false,
  }),
  rule({
    code: 'PG_TLS',
    profiles: SERVING,
    needs: ['postgres.tls.mode', 'postgres.allowInsecure'],
    check: (mode, allowed) =>
      mode === 'disable' && !allowed
        ? {
            message: 'sends passwords and rows to PostgreSQL in plain text',
            help: 'set tls.mode to verify-full, or consent with allowInsecure',
          }
        : false,
  }),
];

/** What must be said about the cluster, unless the service brings its own driver or producers. */
export const kafkaTargetRules: readonly Rule<S>[] = [
  rule({
    code: 'KAFKA_BROKERS',
    needs: ['kafka.brokers'],
    check: (brokers) =>
      brokers === undefined ? { message: 'names no broker', help: 'set kafka.brokers to host:port,…' } : false,
  }),
  rule({
    code: 'KAFKA_ONE_BROKER',
    severity: 'warning',
    profiles: SERVING,
    needs: ['kafka.brokers'],
    check: (brokers) =>
      brokers?.length === 1
        ? { message: 'a single bootstrap broker cannot be away at a start', help: 'name two or three' }
        : false,
  }),
  rule({
    code: 'KAFKA_TLS',
    profiles: SERVING,
    needs: ['kafka.tls.enabled', 'kafka.allowInsecure'],
    check: (enabled, allowed) =>
      enabled || allowed
        ? false
        : { message: 'sends events to Kafka in plain text', help: 'enable tls, or consent with allowInsecure' },
  }),
  rule({
    code: 'KAFKA_SASL',
    needs: ['kafka.sasl.mechanism', 'kafka.sasl.username', 'kafka.sasl.password'],
    check: (...values) => {
      const set = values.filter((value) => value !== undefined).length;
      return set === 0 || set === values.length
        ? false
        : { message: 'states SASL only in part', help: 'set mechanism, username and password, or none' };
    },
  }),
  rule({
    code: 'KAFKA_PLAIN_TLS',
    needs: ['kafka.sasl.mechanism', 'kafka.tls.enabled', 'kafka.allowInsecure'],
    check: (mechanism, tls, allowed) =>
      mechanism === 'plain' && !tls && !allowed
        ? {
            message: 'SASL PLAIN without TLS shows the password to the network',
            help: 'enable tls, or consent with allowInsecure',
          }
        : false,
  }),
];

const postgresRules: readonly Rule<S>[] = [
  rule({
    code: 'PG_POOL',
    needs: ['postgres.pool.minIdle', 'postgres.pool.max'],
    check: (minIdle, max) => (minIdle > max ? { message: 'minIdle is above max' } : false),
  }),
  rule({
    code: 'PG_LIFETIME',
    needs: ['postgres.pool.idleTimeoutMs', 'postgres.pool.maxLifetimeMs'],
    check: (idle, lifetime) =>
      idle >= lifetime ? { message: 'a connection would reach its lifetime before it is idle' } : false,
  }),
  rule({
    code: 'PG_STATEMENT',
    needs: ['postgres.timeouts.lockMs', 'postgres.timeouts.statementMs', 'postgres.timeouts.idleInTransactionMs'],
    check: (lock, statement, idle) =>
      lock < statement && statement < idle
        ? false
        : { message: 'needs lockMs < statementMs < idleInTransactionMs, or the narrower limit never acts' },
  }),
  rule({
    code: 'PG_DEADLINE',
    needs: ['postgres.timeouts.statementMs', 'postgres.timeouts.queryDeadlineMs'],
    check: (statement, deadline) =>
      deadline <= statement
        ? { message: 'the client gives up before the server does', help: 'raise queryDeadlineMs above statementMs' }
        : false,
  }),
];

const kafkaRules: readonly Rule<S>[] = [
  rule({
    code: 'KAFKA_DELIVERY',
    needs: ['kafka.deliveryTimeoutMs', 'kafka.lingerMs', 'kafka.attemptTimeoutMs'],
    check: (delivery, linger, attempt) =>
      delivery < linger + attempt
        ? {
            message: 'a delivery ends before its first attempt can',
            help: 'deliveryTimeoutMs ≥ lingerMs + attemptTimeoutMs',
          }
        : false,
  }),
  rule({
    code: 'KAFKA_ATTEMPT',
    needs: ['kafka.attemptTimeoutMs', 'kafka.requestTimeoutMs', 'kafka.connectTimeoutMs'],
    check: (attempt, request, connect) =>
      attempt < request + connect
        ? {
            message: 'the watchdog cuts attempts that are still in time',
            help: 'attemptTimeoutMs ≥ requestTimeoutMs + connectTimeoutMs',
          }
        : false,
  }),
  rule({
    code: 'KAFKA_IDEMPOTENT_ACKS',
    needs: ['kafka.idempotent', 'kafka.acks'],
    check: (idempotent, acks) =>
      idempotent && acks !== 'all'
        ? { message: 'an idempotent producer needs acks = all', help: 'remove acks or set idempotent = false' }
        : false,
  }),
  rule({
    code: 'KAFKA_ACKS',
    severity: 'warning',
    needs: ['kafka.acks'],
    check: (acks) =>
      acks === 'all' ? false : { message: 'an acknowledged event can be lost with its leader', help: 'set acks = all' },
  }),
  rule({
    code: 'KAFKA_BLOCK',
    needs: ['kafka.buffer.maxBlockMs', 'kafka.deliveryTimeoutMs'],
    check: (block, delivery) =>
      block > delivery ? { message: 'a caller would wait for room longer than a delivery may take' } : false,
  }),
  rule({
    code: 'KAFKA_BUFFER',
    needs: [
      'kafka.buffer.maxBytes',
      'kafka.maxBatchBytes',
      'kafka.buffer.maxLaneBytes',
      'kafka.buffer.maxRecords',
      'kafka.buffer.maxLaneRecords',
    ],
    check: (bytes, batch, laneBytes, records, laneRecords) =>
      bytes < MIN_BATCHES_IN_BUFFER * batch || laneBytes > bytes || laneRecords > records
        ? {
            message: 'the buffer is too small',
            help: `buffer.maxBytes ≥ ${MIN_BATCHES_IN_BUFFER} × maxBatchBytes, and the share of a partition ≤ the whole`,
          }
        : false,
  }),
  rule({
    code: 'KAFKA_SIZES',
    needs: ['events.warnBytes', 'events.maxBytes', 'kafka.maxRequestBytes', 'kafka.maxBatchBytes'],
    check: (warn, event, request, batch) =>
      warn > event || event + FRAMING_BYTES > request || batch > request
        ? {
            message: 'the size limits contradict each other',
            help: 'events.warnBytes ≤ events.maxBytes ≤ kafka.maxRequestBytes − 1 KiB, and maxBatchBytes ≤ maxRequestBytes',
          }
        : false,
  }),
];

const outboxRules: readonly Rule<S>[] = [
  rule({
    code: 'OUTBOX_LEASE',
    needs: ['outbox.leaseMs', 'outbox.renewMs', 'outbox.safetyMs'],
    check: (lease, renew, safety) =>
      renew <= lease / 3 && safety < lease - renew
        ? false
        : {
            message: 'one late renewal would lose the lease',
            help: 'renewMs ≤ leaseMs / 3 and safetyMs < leaseMs − renewMs',
          },
  }),
  rule({
    code: 'OUTBOX_POLL',
    needs: ['outbox.poll.minMs', 'outbox.poll.maxMs', 'outbox.leaseMs'],
    check: (min, max, lease) =>
      min <= max && max < lease ? false : { message: 'needs poll.minMs ≤ poll.maxMs < leaseMs' },
  }),
  rule({
    code: 'OUTBOX_BATCH',
    needs: ['outbox.relay.batchBytes', 'kafka.buffer.maxBytes'],
    check: (batch, buffer) =>
      MIN_RELAY_BATCHES_IN_BUFFER * batch > buffer
        ? { message: 'two batches of the relay do not fit into the buffer of the producers' }
        : false,
  }),
  rule({
    code: 'OUTBOX_DIRECT',
    needs: ['outbox.publish.directTimeoutMs', 'kafka.deliveryTimeoutMs'],
    check: (direct, delivery) =>
      direct >= delivery ? { message: 'a direct publish would outlive its delivery' } : false,
  }),
];

const serviceRules: readonly Rule<S>[] = [
  rule({
    code: 'STARTUP_POSTGRES',
    profiles: SERVING,
    needs: ['startup.postgres.mode'],
    check: (mode) =>
      mode === 'skip' ? { message: 'the outbox needs PostgreSQL: its check cannot be skipped' } : false,
  }),
  rule({
    code: 'SHUTDOWN',
    severity: 'warning',
    needs: ['shutdown.deadlineMs', 'postgres.pool.closeTimeoutMs'],
    check: (deadline, close) =>
      close <= deadline && deadline < KUBERNETES_GRACE_MS
        ? false
        : {
            message: 'an orderly stop may be cut off',
            help: 'postgres.pool.closeTimeoutMs ≤ shutdown.deadlineMs < 30 s',
          },
  }),
];

/** The rules over settings that hold in every composition. */
export const settingsRules: readonly Rule<S>[] = [
  ...postgresRules,
  ...breakerRules,
  ...kafkaRules,
  ...outboxRules,
  ...serviceRules,
];
