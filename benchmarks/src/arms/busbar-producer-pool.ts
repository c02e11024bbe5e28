/** Our pool as an arm, on both drivers. */
import type { ProducerDriver, ProducerPool } from '@busbar/producer-pool';

import { closedLoop } from './closed-loop.ts';
import { keyAt, type ProducingArm, PUBLISHERS, type SenderPlace, VALUE } from './kafka/producing-arm.ts';

const PACKAGE = '@busbar/producer-pool';
const READY_WITHIN_MS = 10_000;

export type PoolDriver = 'kafkajs' | 'platformatic';

export interface PoolArm extends Pick<ProducingArm, 'target' | 'partitions'> {
  readonly driver: PoolDriver;
  readonly idempotent?: boolean;
  /** As many from the start and for good: nothing is scaled while it is clocked. Default: 1. */
  readonly producers?: number;
  /** Records that wait for their acknowledgement. Default: 1 000. */
  readonly publishers?: number;
  /** Default: the pool's. */
  readonly maxBatchRecords?: number;
  /** KJ-5: without it, each idle connection of kafkajs takes processor time. Default: false. */
  readonly patchIdleTimer?: boolean;
  /** Default: `pool on <driver>`. */
  readonly name?: string;
  readonly role?: ProducingArm['role'];
}

const driverOf = async (
  { driver, patchIdleTimer = false }: Pick<PoolArm, 'driver' | 'patchIdleTimer'>,
  brokers: readonly string[],
): Promise<ProducerDriver> => {
  const connection = { brokers, clientId: 'bench' };
  if (driver === 'kafkajs')
    return (await import('@busbar/producer-pool/kafkajs')).kafkaJsDriver({ ...connection, patchIdleTimer });
  return (await import('@busbar/producer-pool/platformatic')).platformaticDriver(connection);
};

/** Resolves when every producer is there; `start` waits for the first. */
const untilReady = async (pool: ProducerPool, producers: number): Promise<void> => {
  const until = performance.now() + READY_WITHIN_MS;
  while (pool.stats().producersByState.ready < producers) {
    if (performance.now() > until) throw new Error(`no ${producers} producers within ${READY_WITHIN_MS} ms`);
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
};

/** A started pool with so many producers that are connected. */
const startedPool = async (
  { bootstrap, topic }: SenderPlace,
  { idempotent = false, producers = 1, maxBatchRecords, ...o }: Omit<PoolArm, 'target'>,
): Promise<ProducerPool> => {
  const { createProducerPool } = await import('@busbar/producer-pool');
  const pool = createProducerPool({
    driver: await driverOf(o, bootstrap),
    topics: [topic],
    idempotent,
    ...(maxBatchRecords === undefined ? {} : { maxBatchRecords }),
    pool: { min: producers, max: producers },
  });
  await pool.start();
  await untilReady(pool, producers);
  return pool;
};

/** `await pool.publish()` of one record by each of the publishers. */
export const poolArm = (o: PoolArm): ProducingArm => {
  const { driver, idempotent = false, producers = 1, publishers = PUBLISHERS, partitions, maxBatchRecords } = o;
  const words = [
    idempotent ? 'idempotent' : 'idempotent off',
    `${producers} producer${producers === 1 ? '' : 's'}`,
    ...(maxBatchRecords === undefined ? [] : [`maxBatchRecords ${maxBatchRecords}`]),
    ...(o.patchIdleTimer === true ? ['patchIdleTimer'] : []),
  ];
  return {
    name: o.name ?? `pool on ${driver}`,
    role: o.role ?? 'ours',
    package: PACKAGE,
    options: `${words.join(', ')}; else defaults; one record a call, ${publishers} at a time`,
    target: o.target,
    ...(partitions === undefined ? {} : { partitions }),
    open: async (place) => {
      const { topic } = place;
      const pool = await startedPool(place, o);
      return {
        run: (records) =>
          closedLoop(records, publishers, (index) => pool.publish({ topic, key: keyAt(index), value: VALUE })),
        close: async () => {
          await pool.close();
        },
      };
    },
  };
};
