import type { Component } from './metric-entry.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** A channel whose messages become log records: one record per fact, none per message on success. */
export interface LogEntry {
  readonly component: Component;
  /** The last part of the channel: `busbar:<component>:<event>`; the record's event is `busbar.<component>.<event>`. */
  readonly event: string;
  readonly level: LogLevel;
  /** The sentence; `{field}` stands for a field of the message. */
  readonly message: string;
  /** Scalars of the message that the record carries. Never a payload, a key, a statement or a header. */
  readonly attributes: readonly string[];
  /** Only messages whose field has this value are facts worth a record. */
  readonly only?: { readonly field: string; readonly is: string | boolean };
  /** Never left out by the rate limit: a state change, or a guarantee that was lost. */
  readonly exempt?: true;
}

const breaker = (event: string, entry: Omit<LogEntry, 'component' | 'event'>): LogEntry => ({
  component: 'circuit-breaker',
  event,
  ...entry,
});
const producer = (event: string, entry: Omit<LogEntry, 'component' | 'event'>): LogEntry => ({
  component: 'producer-pool',
  event,
  ...entry,
});
const postgres = (event: string, entry: Omit<LogEntry, 'component' | 'event'>): LogEntry => ({
  component: 'postgres',
  event,
  ...entry,
});
const outbox = (event: string, entry: Omit<LogEntry, 'component' | 'event'>): LogEntry => ({
  component: 'outbox',
  event,
  ...entry,
});

const EVENT_FIELDS = ['topic', 'shard', 'seq', 'reason', 'code', 'count', 'attempts', 'ageMs'];

/** Every log record this package writes. */
export const LOG_CATALOG: readonly LogEntry[] = [
  breaker('transition', {
    level: 'info',
    message: 'breaker {name} went from {from} to {to}: {cause}',
    attributes: [
      'from',
      'to',
      'cause',
      'enforced',
      'epoch',
      'sinceMs',
      'openForMs',
      'consecutiveFailures',
      'calls',
      'failures',
      'slow',
      'code',
      'reason',
    ],
    exempt: true,
  }),
  breaker('listener-error', { level: 'warn', message: 'a listener of breaker {name} threw', attributes: [] }),
  breaker('restore-invalid', {
    level: 'warn',
    message: 'breaker {name} could not be restored: {problem}',
    attributes: ['problem'],
  }),

  producer('producer', {
    level: 'info',
    message: 'producer {producerId} is {to}',
    attributes: ['producerId', 'from', 'to', 'reason', 'durationMs'],
  }),
  producer('scale', {
    level: 'info',
    message: 'producers scale {decision}',
    attributes: ['decision', 'utilizationRatio', 'waitP95Ms', 'forecastCallsPerS'],
  }),
  producer('fault', {
    level: 'warn',
    message: 'a call to the broker failed: {kind}',
    attributes: ['topic', 'partition', 'producerId', 'kind', 'outcome', 'kafkaError'],
  }),
  producer('backpressure', {
    level: 'info',
    message: 'publishers wait for the {scope}: {phase}',
    attributes: ['scope', 'topic', 'phase', 'waitedMs'],
  }),
  producer('lane', {
    level: 'warn',
    message: 'partition {partition} of {topic} went from {from} to {to}',
    attributes: ['topic', 'partition', 'from', 'to', 'reason'],
  }),
  producer('send', {
    level: 'debug',
    message: 'a batch for {topic} ended: {outcome}',
    attributes: [
      'topic',
      'partition',
      'producerId',
      'brokerId',
      'recordCount',
      'bytes',
      'attempt',
      'waitMs',
      'durationMs',
      'outcome',
    ],
  }),

  postgres('acquire-timeout', {
    level: 'warn',
    message: 'a caller of pool {pool} waited in vain',
    attributes: ['label', 'waitedMs', 'queued', 'active'],
  }),
  postgres('queue-full', {
    level: 'warn',
    message: 'the queue of pool {pool} is full',
    attributes: ['label', 'queued', 'active'],
  }),
  postgres('connect', {
    level: 'warn',
    message: 'pool {pool} cannot connect to {host}',
    attributes: ['host'],
    only: { field: 'ok', is: false },
  }),
  postgres('tx', {
    level: 'error',
    message: 'the outcome of a transaction of pool {pool} is unknown',
    attributes: ['label', 'outcome', 'durationMs', 'attempts', 'statements'],
    only: { field: 'outcome', is: 'unknown' },
    exempt: true,
  }),
  postgres('tx-retry', {
    level: 'debug',
    message: 'a transaction of pool {pool} runs again',
    attributes: ['label', 'sqlState', 'attempt', 'delayMs'],
  }),
  postgres('leak', {
    level: 'warn',
    message: 'a lease of pool {pool} is held suspiciously long',
    attributes: ['label', 'heldMs'],
  }),
  postgres('dirty-release', {
    level: 'warn',
    message: 'a lease of pool {pool} came back with an open transaction',
    attributes: ['label'],
  }),
  postgres('lease-lost', {
    level: 'warn',
    message: 'a leased connection of pool {pool} was lost',
    attributes: ['label', 'sqlState', 'reason'],
  }),
  postgres('cancel', {
    level: 'info',
    message: 'pool {pool} asked the server to cancel a statement: {result}',
    attributes: ['reason', 'ms', 'result'],
  }),
  postgres('generation', {
    level: 'info',
    message: 'pool {pool} renews its connections',
    attributes: ['from', 'to', 'reason'],
  }),
  postgres('guard', { level: 'warn', message: 'the query guard of pool {pool}: {action}', attributes: ['action'] }),
  postgres('health', {
    level: 'info',
    message: 'pool {pool} went from {from} to {to}',
    attributes: ['from', 'to'],
    exempt: true,
  }),
  postgres('query-slow', {
    level: 'warn',
    message: 'a slow statement in pool {pool}',
    attributes: ['label', 'durationMs', 'rows'],
  }),
  postgres('listen-gap', {
    level: 'warn',
    message: 'a listener of pool {pool} may have missed notifications',
    attributes: ['channel'],
  }),
  postgres('listener-error', { level: 'warn', message: 'a listener of pool {pool} failed', attributes: ['channel'] }),
  postgres('hook-error', {
    level: 'warn',
    message: 'a hook of a transaction of pool {pool} threw',
    attributes: ['hook'],
  }),

  outbox('parked', {
    level: 'error',
    message: 'an event for {topic} was parked: {code}',
    attributes: EVENT_FIELDS,
    exempt: true,
  }),
  outbox('halted', {
    level: 'error',
    message: 'a key of {topic} was halted: {code}',
    attributes: EVENT_FIELDS,
    exempt: true,
  }),
  outbox('replay', { level: 'info', message: 'dead letters are replayed', attributes: EVENT_FIELDS }),
  outbox('fault', {
    level: 'warn',
    message: 'an event for {topic} was not published: {code}',
    attributes: ['class', 'topic', 'code', 'outcome', 'attempts'],
  }),
  outbox('lease', { level: 'info', message: 'shards were {change}', attributes: ['change', 'unclean'] }),
  outbox('suspect', {
    level: 'warn',
    message: 'an event may be published twice',
    attributes: ['shard', 'seq', 'unclean'],
  }),
  outbox('broker', {
    level: 'info',
    message: 'the relay of {name} went from {from} to {to}',
    attributes: ['from', 'to', 'reason', 'sinceMs'],
    exempt: true,
  }),
  outbox('topic-blocked', {
    level: 'warn',
    message: 'topic {topic} is blocked: {code}',
    attributes: ['topic', 'code', 'retryInMs'],
  }),
  outbox('spill', {
    level: 'info',
    message: 'direct publishes went to the outbox: {cause}',
    attributes: ['phase', 'cause', 'count'],
  }),
  outbox('backlog', {
    level: 'warn',
    message: 'limit {limit} of the backlog: {phase}',
    attributes: ['phase', 'limit', 'value'],
  }),
  outbox('db-error', {
    level: 'warn',
    message: 'the outbox {name} cannot use its database',
    attributes: ['purpose', 'retryInMs'],
  }),
  outbox('cycle', {
    level: 'debug',
    message: 'a relay cycle of {name}',
    attributes: [
      'durationMs',
      'claimed',
      'dropped',
      'published',
      'failed',
      'parked',
      'trigger',
      'oldestAgeMs',
      'claimMs',
      'sendMs',
      'ackMs',
    ],
  }),

  {
    component: 'envelope',
    event: 'invalid',
    level: 'warn',
    message: 'an event {name} is not valid: {code}',
    attributes: ['stage', 'code'],
  },
  {
    component: 'envelope',
    event: 'oversize',
    level: 'warn',
    message: 'an event {name} is large',
    attributes: ['bytes', 'warnBytes'],
  },
  {
    component: 'retry',
    event: 'exhausted',
    level: 'warn',
    message: 'retry {name} gave up: {reason}',
    attributes: ['reason', 'attempts', 'elapsedMs', 'code'],
  },
  {
    component: 'config',
    event: 'secret-rotated',
    level: 'info',
    message: 'secret {path} was read again',
    attributes: ['path'],
  },
  {
    component: 'config',
    event: 'secret-error',
    level: 'warn',
    message: 'secret {path} could not be read again',
    attributes: ['path'],
  },
];

const ORDER: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** Whether a record of `level` is written where `least` is the least level. */
export const isLogged = (level: LogLevel, least: LogLevel | 'off'): boolean =>
  least !== 'off' && ORDER.indexOf(level) >= ORDER.indexOf(least);
