/** Metrics of the way of an event: outbox, producers, inbox. */
import {
  ERROR_TYPE,
  MESSAGING_CONSUMER_GROUP,
  MESSAGING_DESTINATION_NAME,
  MESSAGING_OPERATION_NAME,
  MESSAGING_OPERATION_TYPE,
  MESSAGING_SYSTEM_NAME,
} from '../semconv.ts';
import {
  BATCH_BYTES,
  BATCH_MESSAGES,
  DB_SECONDS,
  DELIVERY_SECONDS,
  MESSAGING_SECONDS,
  counter,
  gauge,
  histogram,
  recordedCounter,
  upDown,
} from './metric-row.ts';

const PP = 'busbar.producer.pool.name';

const OB = 'busbar.outbox.name';

const MESSAGING = [
  MESSAGING_SYSTEM_NAME,
  MESSAGING_OPERATION_NAME,
  MESSAGING_OPERATION_TYPE,
  MESSAGING_DESTINATION_NAME,
] as const;

export const PRODUCER_POOL_METRICS = [
  histogram('messaging.client.operation.duration', {
    scope: 'producer-pool',
    unit: 's',
    bounds: MESSAGING_SECONDS,
    attributes: [...MESSAGING, ERROR_TYPE],
    description: 'Time from a call to the broker to its verified answer.',
  }),
  recordedCounter('messaging.client.sent.messages', {
    scope: 'producer-pool',
    unit: '{message}',
    attributes: [...MESSAGING, ERROR_TYPE],
    description: 'Messages that a call attempted to send.',
  }),
  upDown('busbar.producer.connection.count', {
    scope: 'producer-pool',
    unit: '{producer}',
    attributes: [PP, 'busbar.state'],
    description: 'Producers by state.',
  }),
  counter('busbar.producer.created', {
    scope: 'producer-pool',
    unit: '{producer}',
    attributes: [PP],
    description: 'Producers opened.',
  }),
  counter('busbar.producer.retired', {
    scope: 'producer-pool',
    unit: '{producer}',
    attributes: [PP, 'busbar.reason'],
    description: 'Producers retired, by reason.',
  }),
  counter('busbar.producer.scaling', {
    scope: 'producer-pool',
    unit: '{decision}',
    attributes: [PP, 'busbar.direction'],
    description: 'Scaling decisions.',
  }),
  gauge('busbar.producer.utilization', {
    scope: 'producer-pool',
    unit: '1',
    attributes: [PP],
    description: 'Busy share of the slots.',
  }),
  gauge('busbar.producer.efficiency', {
    scope: 'producer-pool',
    unit: '1',
    attributes: [PP],
    description: 'Records acknowledged per record sent.',
  }),
  upDown('busbar.producer.buffer.size', {
    scope: 'producer-pool',
    unit: '{message}',
    attributes: [PP],
    description: 'Records waiting.',
  }),
  upDown('busbar.producer.buffer.usage', {
    scope: 'producer-pool',
    unit: 'By',
    attributes: [PP],
    description: 'Bytes waiting.',
  }),
  upDown('busbar.producer.buffer.limit', {
    scope: 'producer-pool',
    unit: 'By',
    attributes: [PP],
    description: 'Bytes that may wait.',
  }),
  histogram('busbar.producer.wait_time', {
    scope: 'producer-pool',
    unit: 's',
    bounds: MESSAGING_SECONDS,
    attributes: [PP],
    description: 'Time of the first record of a batch in its lane.',
  }),
  histogram('busbar.producer.batch.size', {
    scope: 'producer-pool',
    unit: '{message}',
    bounds: BATCH_MESSAGES,
    attributes: [PP],
    description: 'Records in one call.',
  }),
  histogram('busbar.producer.batch.bytes', {
    scope: 'producer-pool',
    unit: 'By',
    bounds: BATCH_BYTES,
    attributes: [PP],
    description: 'Bytes in one call.',
  }),
  counter('busbar.producer.retries', {
    scope: 'producer-pool',
    unit: '{retry}',
    attributes: [PP],
    description: 'Calls repeated.',
  }),
  counter('busbar.producer.rejected', {
    scope: 'producer-pool',
    unit: '{message}',
    attributes: [PP, 'busbar.reason'],
    description: 'Records refused or given up, by reason.',
  }),
  upDown('busbar.producer.lane.count', {
    scope: 'producer-pool',
    unit: '{lane}',
    attributes: [PP, 'busbar.state'],
    description: 'Partitions with work, by state.',
  }),
] as const;

export const OUTBOX_METRICS = [
  counter('busbar.outbox.appended.messages', {
    scope: 'outbox',
    unit: '{message}',
    attributes: [OB],
    description: 'Messages stored.',
  }),
  counter('busbar.outbox.published.messages', {
    scope: 'outbox',
    unit: '{message}',
    attributes: [OB],
    description: 'Messages acknowledged by the broker.',
  }),
  counter('busbar.outbox.retried.messages', {
    scope: 'outbox',
    unit: '{message}',
    attributes: [OB],
    description: 'Messages tried again.',
  }),
  counter('busbar.outbox.replayed.messages', {
    scope: 'outbox',
    unit: '{message}',
    attributes: [OB],
    description: 'Dead letters sent on their way again.',
  }),
  counter('busbar.outbox.dead_lettered.messages', {
    scope: 'outbox',
    unit: '{message}',
    attributes: [OB, 'busbar.reason'],
    description: 'Messages parked, by reason.',
  }),
  counter('busbar.outbox.spilled.messages', {
    scope: 'outbox',
    unit: '{message}',
    attributes: [OB, 'busbar.reason'],
    description: 'Direct publishes that went to the outbox, by cause.',
  }),
  upDown('busbar.outbox.message.count', {
    scope: 'outbox',
    unit: '{message}',
    attributes: [OB, 'busbar.state'],
    description: 'Messages in the table, sampled; the same from every process.',
  }),
  upDown('busbar.outbox.message.bytes', {
    scope: 'outbox',
    unit: 'By',
    attributes: [OB],
    description: 'Bytes in the table, sampled; the same from every process.',
  }),
  gauge('busbar.outbox.oldest_message.age', {
    scope: 'outbox',
    unit: 's',
    attributes: [OB],
    description: 'Age of the oldest message, sampled; 0 if there is none.',
  }),
  upDown('busbar.outbox.in_flight.messages', {
    scope: 'outbox',
    unit: '{message}',
    attributes: [OB],
    description: 'Messages claimed and not settled by this process.',
  }),
  upDown('busbar.outbox.relay.shards', {
    scope: 'outbox',
    unit: '{shard}',
    attributes: [OB],
    description: 'Shards owned by this process.',
  }),
  counter('busbar.outbox.lease.lost', {
    scope: 'outbox',
    unit: '{lease}',
    attributes: [OB],
    description: 'Shards lost to another process.',
  }),
  histogram('busbar.outbox.delivery.duration', {
    scope: 'outbox',
    unit: 's',
    bounds: DELIVERY_SECONDS,
    attributes: [OB],
    description: 'Time from append to acknowledgement, of the oldest message of a batch.',
  }),
  histogram('busbar.outbox.relay.cycle.duration', {
    scope: 'outbox',
    unit: 's',
    bounds: MESSAGING_SECONDS,
    attributes: [OB, 'busbar.outcome'],
    description: 'Duration of a cycle that claimed messages.',
  }),
  histogram('busbar.outbox.relay.claim.duration', {
    scope: 'outbox',
    unit: 's',
    bounds: DB_SECONDS,
    attributes: [OB],
    description: 'Duration of a claim.',
  }),
  histogram('busbar.outbox.relay.ack.duration', {
    scope: 'outbox',
    unit: 's',
    bounds: DB_SECONDS,
    attributes: [OB],
    description: 'Duration of a settlement.',
  }),
  counter('busbar.outbox.relay.polls', {
    scope: 'outbox',
    unit: '{poll}',
    attributes: [OB, 'busbar.outcome', 'busbar.trigger'],
    description: 'Polls by outcome and trigger.',
  }),
  gauge('busbar.outbox.sample.age', {
    scope: 'outbox',
    unit: 's',
    attributes: [OB],
    description: 'Age of the sampled values.',
  }),
  gauge('busbar.outbox.dead_tuples', {
    scope: 'outbox',
    unit: '{tuple}',
    attributes: [OB],
    description: 'Dead rows that vacuum has not removed.',
  }),
  gauge('busbar.outbox.xmin.age', {
    scope: 'outbox',
    unit: '{transaction}',
    attributes: [OB],
    description: 'Age of the oldest snapshot that holds vacuum back.',
  }),
] as const;

export const INBOX_METRICS = [
  histogram('messaging.process.duration', {
    scope: 'inbox',
    unit: 's',
    bounds: MESSAGING_SECONDS,
    attributes: [...MESSAGING, MESSAGING_CONSUMER_GROUP, ERROR_TYPE],
    description: 'Duration of a handler.',
  }),
  recordedCounter('messaging.client.consumed.messages', {
    scope: 'inbox',
    unit: '{message}',
    attributes: [...MESSAGING, MESSAGING_CONSUMER_GROUP, ERROR_TYPE],
    description: 'Messages given to a handler.',
  }),
  recordedCounter('busbar.inbox.duplicates', {
    scope: 'inbox',
    unit: '{message}',
    attributes: [MESSAGING_CONSUMER_GROUP],
    description: 'Messages that the inbox had seen before.',
  }),
] as const;
