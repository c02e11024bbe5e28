import { memoryDriver, type MemoryRecord } from '@busbar/producer-pool/testing';

import { ORDERS_TOPIC } from './events.ts';
import type { RawRecord } from './log-reader.ts';
import type { ServiceMessage } from './service-messages.ts';
import { startOrdersService } from './service.ts';

/**
 * The service as a process: settings from the environment, commands over the IPC channel, an end when its parent goes.
 * With `ORDERS_DRIVER=memory` it publishes into memory instead of to Kafka, and hands the log out on request.
 */
const PARTITIONS = 6;
const memory =
  process.env['ORDERS_DRIVER'] === 'memory' ? memoryDriver({ topics: { [ORDERS_TOPIC]: PARTITIONS } }) : undefined;

const textOf = (bytes: string | Uint8Array | null): string => (bytes === null ? '' : Buffer.from(bytes).toString());

const toRaw = ({ partition, offset, key, value, headers }: MemoryRecord): RawRecord => ({
  partition,
  offset: Number(offset),
  key: textOf(key),
  value: textOf(value),
  headers: Object.fromEntries(Object.entries(headers).map(([name, header]) => [name, textOf(header)])),
});

const tell = (message: ServiceMessage): void => {
  process.send?.(message);
};

process.on('message', (command) => {
  if (command === 'memory-down') memory?.down();
  else if (command === 'memory-up') memory?.up();
  else if (command === 'memory-log')
    tell({ kind: 'memory-log', records: (memory?.log(ORDERS_TOPIC) ?? []).map(toRaw) });
});
process.once('disconnect', () => process.exit(1));

try {
  const { port } = await startOrdersService(memory === undefined ? {} : { driver: memory });
  tell({ kind: 'listening', port });
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  tell({ kind: 'failed', problem: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
  process.disconnect();
}
