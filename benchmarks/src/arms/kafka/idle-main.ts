/**
 * A producer that has sent a record to each broker and then has nothing to do. Tells the CPU milliseconds that its process spent in
 * one second of that. Started by the case of B-KP-8 and by nothing else.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { createProducerPool } from '@busbar/producer-pool';
import { kafkaJsDriver } from '@busbar/producer-pool/kafkajs';

import { connectedProducer } from '../../peers/kafkajs-producer.ts';
import { type IdleReport, parseIdleJob } from './idle-message.ts';
import { VALUE } from './producing-arm.ts';

/** What connecting left to do is done by then. */
const SETTLE_MS = 300;
const IDLE_MS = 1_000;
const MICROS_PER_MS = 1_000;

const { client, bootstrap, topic, partitions } = parseIdleJob(JSON.parse(process.argv[2] ?? ''));

/** Acknowledged records, one in each partition. */
const sendByPool = async (patchIdleTimer: boolean): Promise<number> => {
  const driver = kafkaJsDriver({ brokers: bootstrap, clientId: 'bench', patchIdleTimer });
  const pool = createProducerPool({ driver, topics: [topic], idempotent: false, pool: { min: 1, max: 1 } });
  await pool.start();
  const records = Array.from({ length: partitions }, (_, partition) => ({ topic, partition, value: VALUE }));
  return (await pool.publishBatch(records)).filter(({ ok }) => ok).length;
};

const sendByKafkaJs = async (): Promise<number> => {
  const producer = await connectedProducer({ bootstrap }, false);
  const messages = Array.from({ length: partitions }, (_, partition) => ({ partition, value: VALUE }));
  return (await producer.send({ topic, messages })).length;
};

const sent = await (client === 'kafkajs' ? sendByKafkaJs() : sendByPool(client === 'patched pool'));
if (sent !== partitions) throw new Error(`${sent} of ${partitions} records were acknowledged`);
await sleep(SETTLE_MS);
const from = process.cpuUsage();
await sleep(IDLE_MS);
const { user, system } = process.cpuUsage(from);
const report: IdleReport = { cpuMs: (user + system) / MICROS_PER_MS };
process.send?.(report, () => process.exit());
