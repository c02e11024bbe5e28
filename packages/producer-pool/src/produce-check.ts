import { refusedBy } from './check-outcomes.ts';
import type { CheckOutcome } from './connectivity-check.ts';
import type { DriverAck, DriverCall, DriverProducer } from './driver.ts';
import type { ResolvedProducerPoolOptions } from './options.ts';
import { unlessAborted } from './within.ts';

const PROBE_ID = 'probe';
const PROBE_CLOSE_MS = 1_000;

/** One record on a topic made for it: permission, idempotence, and how long it takes. */
export const probeProduce = async (
  options: ResolvedProducerPoolOptions,
  topic: string,
  signal: AbortSignal,
): Promise<CheckOutcome> => {
  const { driver, idempotent, connectTimeoutMs, requestTimeoutMs, clock, runInContext } = options;
  const timeouts = { connectTimeoutMs, requestTimeoutMs, signal };
  const beganAtMs = clock.now();
  let producer: DriverProducer | undefined;
  try {
    const metadata = await unlessAborted(signal, () => runInContext(() => driver.metadata([topic], timeouts)));
    const partition = metadata.topics.get(topic)?.partitions.findIndex(({ leader }) => leader !== undefined) ?? -1;
    if (partition < 0)
      return refused(`the probe topic ${topic} is not there, or has no leader`, 'create the probe topic');
    producer = await runInContext(() => driver.open({ id: `${options.name}-${PROBE_ID}`, idempotent, ...timeouts }));
    const opened = producer;
    const openMs = Math.round(clock.now() - beganAtMs);
    const call = probeCall(options, topic, partition);
    const ack = await unlessAborted(signal, () => runInContext(() => opened.send(call)));
    if (!isAcknowledged(call, ack)) return refused(`the record on ${topic} was not acknowledged`, 'look at the broker');
    const latencyMs = Math.round(clock.now() - beganAtMs) - openMs;
    return { status: 'pass', message: `a record was written to ${topic}`, data: { openMs, latencyMs } };
  } catch (error) {
    const fault = driver.classify(error);
    return fault.kind === 'topic'
      ? { ...refused(`the topic ${topic} is denied: ${fault.kafkaError}`, 'grant WRITE on it'), category: 'auth' }
      : refusedBy(driver, error);
  } finally {
    await producer?.close({ deadlineMs: PROBE_CLOSE_MS });
  }
};

const refused = (message: string, help: string): CheckOutcome => ({
  status: 'fail',
  message,
  help,
  category: 'incompatible',
});

const probeCall = (o: ResolvedProducerPoolOptions, topic: string, partition: number): DriverCall => ({
  topic,
  partition,
  records: [{ key: null, value: 'busbar connectivity probe', headers: {}, timestampMs: Date.now() }],
  acks: o.acks,
  compression: o.compression,
  timeoutMs: o.requestTimeoutMs,
});

const isAcknowledged = (call: DriverCall, ack: DriverAck | undefined): boolean =>
  ack?.topic === call.topic && ack.partition === call.partition && ack.errorCode === 0;
