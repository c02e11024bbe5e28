import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import { startKafka, type ConsoleRecord } from '@busbar-tooling/dev-services';
import { requireService } from '@busbar-tooling/test-kit/require-service';
import { seededRandom } from '@busbar-tooling/test-kit/seeded-random';
import { testDatabase } from '@busbar-tooling/test-kit/test-database';
import { Client } from 'pg';
import { describe, expect, it } from 'vitest';

import { ORDERS_TOPIC } from '../src/events.ts';
import { createLatencyRecorder } from '../src/latency.ts';
import { placeOrders } from '../src/load.ts';
import { toLoggedOrder } from '../src/log-reader.ts';
import { startServiceProcess, type ServiceProcess } from '../src/service-process.ts';
import { judge, type LoggedOrder } from '../src/verdict.ts';

const SEED = 7;
const ORDERS = 4500;
const KILLS = 3;
const BATCH_RECORDS = 100;
const MAX_IN_FLIGHT_BATCHES = 2;
const WINDOW = BATCH_RECORDS * MAX_IN_FLIGHT_BATCHES;

const relay = {
  BUSBAR_OUTBOX_RELAY_BATCH_RECORDS: String(BATCH_RECORDS),
  BUSBAR_OUTBOX_RELAY_MAX_IN_FLIGHT_BATCHES: String(MAX_IN_FLIGHT_BATCHES),
  // A killed process leaves its leases behind: short ones keep the test short.
  BUSBAR_OUTBOX_LEASE_MS: '3000',
  BUSBAR_OUTBOX_RENEW_MS: '1000',
  BUSBAR_OUTBOX_SAFETY_MS: '500',
};

const text = (bytes: Buffer | null): string => bytes?.toString() ?? '';

const toLogged = ({ partition, offset, key, value, headers }: ConsoleRecord): LoggedOrder =>
  toLoggedOrder({
    partition,
    offset,
    key: text(key),
    value: text(value),
    headers: Object.fromEntries(headers.map((header) => [header.name, text(header.value)])),
  });

const untilTrue = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
  const deadline = performance.now() + 60_000;
  // oxlint-disable-next-line no-await-in-loop -- asks until it holds
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within 60 s: ${what}`);
    // oxlint-disable-next-line no-await-in-loop -- as above
    await delay(20);
  }
};

/** As many moments as kills, one in the first half of each equal part of the run: the rest is for what happens at it. */
const killMoments = (): readonly number[] => {
  const random = seededRandom(SEED);
  const part = ORDERS / KILLS;
  return Array.from({ length: KILLS }, (_, index) => Math.floor((index + random() / 2) * part));
};

describe('kill -9 of the service', () => {
  it(
    'R-PR-1 at three moments with records in flight: nothing lost, order kept, duplicates within the window with the same bytes',
    { timeout: 150_000 },
    async (ctx) => {
      const server = await requireService(ctx, 'postgres');
      await requireService(ctx, 'kafka');
      await using kafka = await startKafka();
      await using db = await testDatabase(server);
      await kafka.createTopic(ORDERS_TOPIC, { partitions: 6 });
      const client = new Client({ connectionString: db.url });
      await client.connect();
      await client.query(readFileSync(new URL('../src/schema.sql', import.meta.url), 'utf8'));
      const env = {
        BUSBAR_ENV: 'development',
        BUSBAR_SERVICE_NAME: 'orders',
        BUSBAR_POSTGRES_HOST: db.host,
        BUSBAR_POSTGRES_PORT: String(db.port),
        BUSBAR_POSTGRES_DATABASE: db.database,
        BUSBAR_POSTGRES_USER: db.user,
        BUSBAR_POSTGRES_PASSWORD: db.password,
        BUSBAR_KAFKA_BROKERS: kafka.brokers.join(','),
        ...relay,
      };
      let service: ServiceProcess = await startServiceProcess({ env });
      const inFlight: number[] = [];

      const waiting = async (): Promise<number> => {
        const { rows } = await client.query<{ count: number }>('select count(*)::int as count from busbar.outbox');
        return rows[0]?.count ?? 0;
      };
      const underWay = async (): Promise<number> => (await service.stats()).outbox.inFlight.records;

      // A backlog is let through, so that full batches are under way, and the broker is stopped before they land: they do so after the kill.
      const killAndRestart = async (): Promise<void> => {
        const node = kafka.node(1);
        node.pause();
        await untilTrue('a backlog of three batches', async () => (await waiting()) >= 3 * BATCH_RECORDS);
        node.resume();
        await untilTrue('a batch is under way', async () => (await underWay()) >= BATCH_RECORDS);
        node.pause();
        inFlight.push(await underWay());
        await service.kill();
        node.resume();
        service = await startServiceProcess({ env });
      };

      try {
        const moments = new Set(killMoments());
        const latency = createLatencyRecorder();
        let killing: Promise<void> = Promise.resolve();
        const { declined } = await placeOrders({
          port: () => service.port,
          orders: ORDERS,
          customers: 100,
          concurrency: 16,
          random: seededRandom(SEED),
          latency: () => latency,
          onOrder: (done) => {
            if (moments.has(done)) killing = killing.then(killAndRestart);
          },
        });
        await killing;
        await untilTrue('the outbox is empty', async () => (await waiting()) === 0);
        expect(await service.stop()).toBe(0);

        const committed = (await client.query<{ id: string }>('select id from orders')).rows.map(({ id }) => id);
        const dead = await client.query<{ count: number }>('select count(*)::int as count from busbar.outbox_dead');
        const log = (await kafka.readWithJava(ORDERS_TOPIC)).map(toLogged);
        const verdict = judge(
          { committed, rolledBack: declined, inOutbox: [], deadLetters: dead.rows[0]?.count ?? -1, log },
          { brokerStayedDead: false },
        );
        // oxlint-disable-next-line no-console -- what the test ran into is part of its result
        console.log(
          `killed at orders ${[...moments].join(', ')} with ${inFlight.join(', ')} records in flight: ${verdict.duplicates} duplicates (seed ${SEED})`,
        );
        expect(verdict.problems).toEqual([]);
        expect(committed).toHaveLength(ORDERS - declined.length);
        expect(inFlight).toHaveLength(KILLS);
        expect(verdict.duplicates).toBeLessThanOrEqual(WINDOW * KILLS);
      } finally {
        await service.kill();
        await client.end();
      }
    },
  );
});
