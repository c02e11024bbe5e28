import type { MemoryRecord } from '@busbar/producer-pool/testing';

import { ORDERS_TOPIC } from './events.ts';
import type { RawRecord } from './log-reader.ts';
import { isOrdersDriver, namedDriver, ordersInMemory } from './orders-driver.ts';
import type { ServiceMessage } from './service-messages.ts';
import { startOrdersService } from './service.ts';

/**
 * The service as a process: settings from the environment, commands over the IPC channel, an end when its parent goes.
 * `ORDERS_DRIVER` names the driver. `memory` publishes into memory instead of to Kafka, and hands the log out on request.
 */
const { ORDERS_DRIVER = 'kafkajs' } = process.env;
if (!isOrdersDriver(ORDERS_DRIVER)) throw new TypeError(`ORDERS_DRIVER=${ORDERS_DRIVER} is no driver`);
const memory = ORDERS_DRIVER === 'memory' ? ordersInMemory() : undefined;

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
  const driver = memory ?? namedDriver(ORDERS_DRIVER, process.env);
  const { port } = await startOrdersService(driver === undefined ? {} : { driver });
  tell({ kind: 'listening', port });
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  tell({ kind: 'failed', problem: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
  process.disconnect();
}
