import { Setting } from '@busbar/config';
import { PRODUCER_POOL_DEFAULTS as DEFAULTS, PRODUCER_POOL_LIMITS as LIMITS } from '@busbar/producer-pool';

import { count, duration, size } from './limits.ts';

const { boolean, durationMs, group, hostPort, int, list, oneOf, optional, ratio, secret, sizeBytes, string } = Setting;

const buffer = group({
  maxBytes: sizeBytes(size(LIMITS['buffer.maxBytes'], DEFAULTS.buffer.maxBytes, 'bytes that wait or are on their way')),
  maxRecords: int(
    count(LIMITS['buffer.maxRecords'], DEFAULTS.buffer.maxRecords, 'records that wait or are on their way'),
  ),
  maxLaneBytes: sizeBytes(size(LIMITS['buffer.maxLaneBytes'], DEFAULTS.buffer.maxLaneBytes, 'share of one partition')),
  maxLaneRecords: int(count(LIMITS['buffer.maxLaneRecords'], DEFAULTS.buffer.maxLaneRecords, 'share of one partition')),
  maxBlockMs: durationMs(
    duration(LIMITS['buffer.maxBlockMs'], DEFAULTS.buffer.maxBlockMs, 'how long a caller waits for room'),
  ),
});

type PoolOption = keyof typeof DEFAULTS.pool;

const poolCount = (name: PoolOption, doc: string) => int(count(LIMITS[`pool.${name}`], DEFAULTS.pool[name], doc));
const poolMs = (name: PoolOption, doc: string) =>
  durationMs(duration(LIMITS[`pool.${name}`], DEFAULTS.pool[name], doc));
const poolRatio = (name: PoolOption, doc: string) => {
  const [min, max] = LIMITS[`pool.${name}`];
  return ratio({ min, max, default: DEFAULTS.pool[name], doc });
};

const pool = group({
  min: poolCount('min', 'producers kept open'),
  max: poolCount('max', 'most producers that the load may open'),
  spares: poolCount('spares', 'connected producers without partitions, which shorten a replacement'),
  maxConnections: poolCount('maxConnections', 'producers × brokers at which scaling stops'),
  slotsPerProducer: poolCount('slotsPerProducer', 'calls at a time towards one broker'),
  maxSlotsPerProducer: poolCount('maxSlotsPerProducer', 'what they may grow to without idempotence'),
  scaleUpWaitMs: poolMs('scaleUpWaitMs', 'more producers only if batches wait longer than this'),
  scaleUpBusyRatio: poolRatio('scaleUpBusyRatio', 'and only if a larger share of the slots is busy'),
  targetBusyRatio: poolRatio('targetBusyRatio', 'share of the slots that shall be busy then'),
  scaleWindowMs: poolMs('scaleWindowMs', 'how often the load is looked at'),
  scaleUpWindows: poolCount('scaleUpWindows', 'busy windows in a row before scaling up'),
  forecastMs: poolMs('forecastMs', 'how far ahead the load is estimated'),
  scaleUpCooldownMs: poolMs('scaleUpCooldownMs', 'not scaled up again before'),
  scaleDownBusyRatio: poolRatio('scaleDownBusyRatio', 'one producer fewer if a smaller share of the slots is busy'),
  scaleDownAfterMs: poolMs('scaleDownAfterMs', 'for how long it must be smaller'),
  scaleDownCooldownMs: poolMs('scaleDownCooldownMs', 'not scaled down again before'),
  idleReapMs: poolMs('idleReapMs', 'producers above min without a call for this time are closed; 0 = never'),
  replaceBaseMs: poolMs('replaceBaseMs', 'delay before a producer is replaced; doubled, full jitter'),
  replaceMaxMs: poolMs('replaceMaxMs', 'bound of that delay'),
  retireGraceMs: poolMs('retireGraceMs', 'what a retired producer gets to end its calls'),
  killTimeoutMs: poolMs('killTimeoutMs', 'what a kill may take'),
});

/** The `kafka.*` settings: `BUSBAR_KAFKA_…`. Meaning and rules are those of `ProducerPoolOptions` and `KafkaConnectionOptions`. */
export const kafkaSettings = group({
  brokers: optional(list(hostPort({ doc: 'bootstrap broker' }), { doc: 'bootstrap brokers, host:port', minItems: 1 })),
  clientId: string({ doc: 'client id towards the brokers; the service name unless set', maxLength: 249 }),
  tls: group({ enabled: boolean({ default: true, doc: 'encrypt and verify; consent to false with allowInsecure' }) }),
  sasl: group({
    mechanism: optional(oneOf(['plain', 'scram-sha-256', 'scram-sha-512'], { doc: 'SASL mechanism' })),
    username: optional(string({ doc: 'SASL user name', maxLength: 255 })),
    password: optional(secret({ doc: 'SASL password' })),
  }),
  allowInsecure: boolean({ default: false, doc: 'consent to plain text, and to SASL PLAIN without TLS' }),
  acks: oneOf(['all', 'leader'], { default: DEFAULTS.acks, doc: 'what counts as written' }),
  idempotent: boolean({ default: DEFAULTS.idempotent, doc: 'the broker drops repeated batches' }),
  compression: oneOf(['none', 'gzip', 'snappy', 'lz4', 'zstd'], {
    default: DEFAULTS.compression,
    doc: 'of a batch; the driver must have it',
  }),
  lingerMs: durationMs(duration(LIMITS.lingerMs, DEFAULTS.lingerMs, 'how long an idle partition collects records')),
  maxBatchRecords: int(count(LIMITS.maxBatchRecords, DEFAULTS.maxBatchRecords, 'records of a batch')),
  maxBatchBytes: sizeBytes(size(LIMITS.maxBatchBytes, DEFAULTS.maxBatchBytes, 'uncompressed bytes of a batch')),
  maxRequestBytes: sizeBytes(
    size(LIMITS.maxRequestBytes, DEFAULTS.maxRequestBytes, 'a larger record is refused unsent'),
  ),
  buffer,
  deliveryTimeoutMs: durationMs(
    duration(LIMITS.deliveryTimeoutMs, DEFAULTS.deliveryTimeoutMs, 'from the call to the answer'),
  ),
  onTimeout: oneOf(['fail-key', 'skip'], {
    default: DEFAULTS.onTimeout,
    doc: 'whether what expires takes its successors along',
  }),
  requestTimeoutMs: durationMs(duration(LIMITS.requestTimeoutMs, DEFAULTS.requestTimeoutMs, 'of one request')),
  connectTimeoutMs: durationMs(duration(LIMITS.connectTimeoutMs, DEFAULTS.connectTimeoutMs, 'of one connection')),
  attemptTimeoutMs: durationMs({ min: LIMITS.attemptTimeoutMs[0], doc: 'the watchdog over one call' }),
  retry: group({
    baseMs: durationMs(
      duration(LIMITS['retry.baseMs'], DEFAULTS.retry.baseMs, 'delay before a retry; doubled, full jitter'),
    ),
    maxMs: durationMs(duration(LIMITS['retry.maxMs'], DEFAULTS.retry.maxMs, 'bound of that delay')),
  }),
  unknownTopicRetries: int(
    count(LIMITS.unknownTopicRetries, DEFAULTS.unknownTopicRetries, 'tries before an unknown topic is an error'),
  ),
  metadataMaxAgeMs: durationMs(
    duration(LIMITS.metadataMaxAgeMs, DEFAULTS.metadataMaxAgeMs, 'age at which metadata is asked again'),
  ),
  onPartitionGrowth: oneOf(['drain', 'switch'], {
    default: DEFAULTS.onPartitionGrowth,
    doc: 'whether a key that moves waits until its old partition is empty',
  }),
  pool,
  probe: group({
    idleMs: durationMs(
      duration(
        LIMITS['probe.idleMs'],
        DEFAULTS.probe.idleMs,
        'without traffic the cluster is asked this often; 0 = never',
      ),
    ),
    timeoutMs: durationMs(duration(LIMITS['probe.timeoutMs'], DEFAULTS.probe.timeoutMs, 'of that question')),
  }),
  laneIdleMs: durationMs(duration(LIMITS.laneIdleMs, DEFAULTS.laneIdleMs, 'an idle partition is forgotten after this')),
  maxKeyBytes: sizeBytes(size(LIMITS.maxKeyBytes, DEFAULTS.maxKeyBytes, 'longest key')),
  maxHeaders: int(count(LIMITS.maxHeaders, DEFAULTS.maxHeaders, 'headers of a record')),
  maxHeaderBytes: sizeBytes(size(LIMITS.maxHeaderBytes, DEFAULTS.maxHeaderBytes, 'names and values together')),
  maxTopicStats: int(count(LIMITS.maxTopicStats, DEFAULTS.maxTopicStats, 'topics with statistics of their own')),
});
