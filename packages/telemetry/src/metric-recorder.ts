import type { AttributeValues } from './attributes.ts';
import type { RecordedName } from './catalog/metrics.ts';
import { errorTypeOf } from './error-type.ts';
import { readCycle, readSend } from './messages.ts';
import { fieldOf, numberOf, secondsOf, textOf } from './read-field.ts';
import {
  DB_NAMESPACE,
  DB_POOL_NAME,
  DB_QUERY_SUMMARY,
  DB_RESPONSE_STATUS_CODE,
  DB_SYSTEM_NAME,
  ERROR_TYPE,
  MESSAGING_CONSUMER_GROUP,
  MESSAGING_DESTINATION_NAME,
  MESSAGING_OPERATION_NAME,
  MESSAGING_OPERATION_TYPE,
  MESSAGING_SYSTEM_NAME,
} from './semconv.ts';

/** Records a value of a metric; an undefined value records nothing. */
export type Record = (metric: RecordedName, value: number | undefined, attributes: AttributeValues) => void;

type Handler = (message: unknown, record: Record) => void;

const MAX_SUMMARY = 255;

const messaging = (operation: 'send' | 'process', topic: string | undefined) => ({
  [MESSAGING_SYSTEM_NAME]: 'kafka',
  [MESSAGING_OPERATION_NAME]: operation,
  [MESSAGING_OPERATION_TYPE]: operation,
  [MESSAGING_DESTINATION_NAME]: topic,
});

const onSend: Handler = (message, record) => {
  const send = readSend(message);
  if (send === undefined) return;
  const call = { ...messaging('send', send.topic), [ERROR_TYPE]: send.failed ? errorTypeOf(send.error) : undefined };
  record('messaging.client.operation.duration', send.durationMs / 1000, call);
  record('messaging.client.sent.messages', send.recordCount, call);
  const pool = { 'busbar.producer.pool.name': send.name };
  record('busbar.producer.wait_time', send.waitMs === undefined ? undefined : send.waitMs / 1000, pool);
  record('busbar.producer.batch.size', send.recordCount, pool);
  record('busbar.producer.batch.bytes', send.bytes, pool);
};

/** Classes 00 and 01 of SQLSTATE are success and warning. */
const failedState = (sqlState: string | undefined): string | undefined =>
  sqlState === undefined || sqlState.startsWith('00') || sqlState.startsWith('01') ? undefined : sqlState;

const pooled = (message: unknown) => ({ [DB_POOL_NAME]: textOf(message, 'pool') });

/** Of a statement whose steps were told apart. */
const PHASES = { parse: 'parseMs', plan: 'planMs', execute: 'executeMs' } as const;

const onQuery: Handler = (message, record) => {
  const sqlState = failedState(textOf(message, 'sqlState'));
  const code = textOf(message, 'code');
  record('db.client.operation.duration', secondsOf(message, 'durationMs'), {
    [DB_SYSTEM_NAME]: 'postgresql',
    [DB_NAMESPACE]: textOf(message, 'database'),
    [DB_QUERY_SUMMARY]: textOf(message, 'verdict', 'summary')?.slice(0, MAX_SUMMARY),
    [ERROR_TYPE]: sqlState ?? (code === undefined ? undefined : errorTypeOf({ code })),
    [DB_RESPONSE_STATUS_CODE]: sqlState,
  });
  for (const [phase, field] of Object.entries(PHASES))
    record('busbar.postgres.operation.phase.duration', secondsOf(message, 'split', field), {
      ...pooled(message),
      'busbar.phase': phase,
    });
};

const onTransaction: Handler = (message, record) =>
  record('busbar.postgres.transaction.duration', secondsOf(message, 'durationMs'), {
    ...pooled(message),
    'busbar.outcome': textOf(message, 'outcome'),
  });

const onConnect: Handler = (message, record) => {
  if (fieldOf(message, 'ok') !== true) return;
  const phases = fieldOf(message, 'phases');
  if (typeof phases !== 'object' || phases === null) return;
  const totalMs = Object.keys(phases).reduce((sum, phase) => sum + (numberOf(phases, phase) ?? 0), 0);
  record('db.client.connection.create_time', totalMs / 1000, pooled(message));
  record('busbar.postgres.connection.auth_time', secondsOf(phases, 'authMs'), pooled(message));
  record('busbar.postgres.connection.setup_time', secondsOf(phases, 'setupMs'), pooled(message));
};

const onConnectionClosed: Handler = (message, record) => {
  record('busbar.postgres.connection.close_time', secondsOf(message, 'record', 'closeMs'), pooled(message));
  record('busbar.postgres.connection.idle_time', secondsOf(message, 'record', 'idleMs'), pooled(message));
  record('busbar.postgres.connection.uses', numberOf(message, 'record', 'uses'), pooled(message));
};

const onCycle: Handler = (message, record) => {
  const cycle = readCycle(message);
  if (cycle === undefined) return;
  const own = { 'busbar.outbox.name': cycle.name };
  const partial = cycle.failed + cycle.parked > 0 ? 'partial' : 'published';
  record('busbar.outbox.relay.cycle.duration', cycle.durationMs / 1000, {
    ...own,
    'busbar.outcome': cycle.error === undefined ? partial : 'error',
  });
  record('busbar.outbox.relay.claim.duration', secondsOf(cycle, 'claimMs'), own);
  record('busbar.outbox.relay.ack.duration', secondsOf(cycle, 'ackMs'), own);
  // The age is that of the oldest message of the batch; without an acknowledgement nothing was delivered.
  if (cycle.published > 0) record('busbar.outbox.delivery.duration', secondsOf(cycle, 'oldestAgeMs'), own);
};

const onProcessed: Handler = (message, record) => {
  const error = fieldOf(message, 'error');
  const attributes = {
    ...messaging('process', textOf(message, 'topic')),
    [MESSAGING_CONSUMER_GROUP]: textOf(message, 'consumer'),
    [ERROR_TYPE]: error === undefined ? undefined : errorTypeOf(error),
  };
  record('messaging.client.consumed.messages', 1, attributes);
  // The handler does not run for what was seen before.
  if (fieldOf(message, 'duplicate') === true)
    record('busbar.inbox.duplicates', 1, { [MESSAGING_CONSUMER_GROUP]: textOf(message, 'consumer') });
  else record('messaging.process.duration', secondsOf(message, 'durationMs'), attributes);
};

const named = (attribute: string, message: unknown) => ({ [attribute]: textOf(message, 'name') });

/** What each channel records; channels of other events cost nothing. */
export const METRIC_HANDLERS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['busbar:producer-pool:send', onSend],
  ['busbar:postgres:query', onQuery],
  ['busbar:postgres:tx', onTransaction],
  ['busbar:postgres:lease', (m, record) => record('db.client.connection.wait_time', secondsOf(m, 'waitMs'), pooled(m))],
  ['busbar:postgres:release', (m, record) => record('db.client.connection.use_time', secondsOf(m, 'useMs'), pooled(m))],
  ['busbar:postgres:connect', onConnect],
  ['busbar:postgres:connection-closed', onConnectionClosed],
  ['busbar:outbox:cycle', onCycle],
  ['busbar:outbox:inbox-processed', onProcessed],
  [
    'busbar:circuit-breaker:probe',
    (m, record) =>
      record(
        'busbar.circuit_breaker.probe.duration',
        secondsOf(m, 'durationMs'),
        named('busbar.circuit_breaker.name', m),
      ),
  ],
  [
    'busbar:circuit-breaker:dequeued',
    (m, record) =>
      record(
        'busbar.circuit_breaker.queue.wait_time',
        secondsOf(m, 'waitedMs'),
        named('busbar.circuit_breaker.name', m),
      ),
  ],
]);
