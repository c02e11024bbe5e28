import { kafkaJsDriver } from '../../src/kafkajs/index.ts';
import { platformaticDriver } from '../../src/platformatic/index.ts';
import type { PoolChaosOptions } from './chaos-run.ts';

export const CLIENT_ID = 'chaos';

export const CHAOS_DRIVERS = {
  kafkajs: (brokers: readonly string[]) => kafkaJsDriver({ brokers, clientId: CLIENT_ID }),
  platformatic: (brokers: readonly string[]) => platformaticDriver({ brokers, clientId: CLIENT_ID }),
} as const satisfies Readonly<Record<string, PoolChaosOptions['driver']>>;

export type ChaosDriver = keyof typeof CHAOS_DRIVERS;

/** One, several, and as many producers as scaling thinks fit. */
const PRODUCERS = [
  { min: 1, max: 1 },
  { min: 4, max: 4 },
  { min: 1, max: 4 },
];

/** Every kind of pool that has to stand the chaos. */
export const CHAOS_POOLS: readonly (Omit<PoolChaosOptions, 'seed'> & { readonly name: string })[] = Object.entries(
  CHAOS_DRIVERS,
).flatMap(([driverName, driver]) =>
  [false, true].flatMap((idempotent) =>
    PRODUCERS.map((producers) => ({
      name: `pool on ${driverName}, ${idempotent ? 'idempotent' : 'plain'}, ${producers.min} to ${producers.max} producers`,
      driver,
      idempotent,
      producers,
    })),
  ),
);
