import type { ProducerDriver } from '@busbar/producer-pool';
import { platformaticDriver } from '@busbar/producer-pool/platformatic';
import { memoryDriver } from '@busbar/producer-pool/testing';

import { ORDERS_TOPIC } from './events.ts';

/** What carries the events: kafkajs, which is the default of busbar, the faster client, or memory where there is no Kafka. */
export const ORDERS_DRIVERS = ['kafkajs', 'platformatic', 'memory'] as const;
export type OrdersDriver = (typeof ORDERS_DRIVERS)[number];

export const isOrdersDriver = (name: string): name is OrdersDriver => ORDERS_DRIVERS.some((one) => one === name);

const PARTITIONS = 6;

/** As the settings of the environment say; undefined leaves it to busbar. */
export const namedDriver = (name: OrdersDriver, env: NodeJS.ProcessEnv): ProducerDriver | undefined => {
  if (name !== 'platformatic') return undefined;
  return platformaticDriver({ brokers: (env['BUSBAR_KAFKA_BROKERS'] ?? '').split(','), clientId: 'orders' });
};

export const ordersInMemory = () => memoryDriver({ topics: { [ORDERS_TOPIC]: PARTITIONS } });
