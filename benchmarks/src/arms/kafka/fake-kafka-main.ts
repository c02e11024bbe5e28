/**
 * A fake cluster in a process of its own, so that what a client costs is measured without what the brokers cost (BM-17). Started
 * by `fake-kafka.ts` and by nothing else; ends with its parent.
 */
import { startFakeCluster } from '@busbar/producer-pool/testing';

import { type FakeKafkaAnswer, type FakeKafkaReady, parseCommand, parseOptions } from './fake-kafka-message.ts';

/** Of a partition: nobody reads the records, and gigabytes of them would have the collector work against the broker. */
const KEPT_BYTES = 1_048_576;

const { brokers, roundTripMs } = parseOptions(JSON.parse(process.argv[2] ?? ''));
const cluster = await startFakeCluster({ brokers });
if (roundTripMs > 0)
  cluster.script(({ api }) => (api === 'Produce' ? { hold: 'before', holdMs: roundTripMs } : undefined));

const carryOut = (message: unknown): FakeKafkaAnswer => {
  const { what, topic, partitions } = parseCommand(message);
  switch (what) {
    case 'create':
      cluster.createTopic(topic, { partitions, retentionBytes: KEPT_BYTES });
      return { count: 0 };
    case 'count':
      return { count: Number(cluster.endOffsets(topic).reduce((sum, end) => sum + end, 0n)) };
    case 'delete':
      cluster.deleteTopic(topic);
      return { count: 0 };
    default:
      return what satisfies never;
  }
};

process.on('message', (message) => {
  process.send?.(carryOut(message));
});
// An interrupt is the parent's to handle; a parent that is gone leaves no child behind.
process.on('SIGINT', () => undefined);
process.once('disconnect', () => process.exit());
process.send?.({ bootstrap: [...cluster.bootstrap] } satisfies FakeKafkaReady);
