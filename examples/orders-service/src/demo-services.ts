import { readFileSync } from 'node:fs';

import { startServices, type KafkaService, type Services } from '@busbar-tooling/dev-services';
import { Client, Pool } from 'pg';

import { ORDERS_TOPIC } from './events.ts';

/** What the demo runs on: a database of its own, and a broker or the memory driver. */
export interface DemoServices extends AsyncDisposable {
  readonly databaseUrl: string;
  /** Undefined: there is no Kafka here, and the memory driver stands in. */
  readonly kafka: KafkaService | undefined;
  readonly whyNoKafka: string | undefined;
  readonly postgresVersion: string;
  /** `BUSBAR_…` settings for the service. */
  readonly env: Readonly<Record<string, string>>;
  /** Rows in `busbar.outbox`: what is committed and not yet acknowledged. */
  backlog(): Promise<number>;
  /** Rows in `orders`. */
  committed(): Promise<number>;
}

/** The demo cannot run here; the message says why and what to do. */
export class DemoImpossible extends Error {}

const PARTITIONS = 6;

const withClient = async <T>(url: string, use: (client: Client) => Promise<T>): Promise<T> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
};

const createDatabase = async (adminUrl: string): Promise<string> => {
  const name = `orders_demo_${process.pid}_${Math.round(performance.timeOrigin)}`;
  await withClient(adminUrl, (admin) => admin.query(`create database ${name}`));
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  const schema = readFileSync(new URL('schema.sql', import.meta.url), 'utf8');
  await withClient(url.href, (client) => client.query(schema));
  return url.href;
};

const dropDatabase = async (adminUrl: string, databaseUrl: string): Promise<void> => {
  await withClient(adminUrl, (admin) =>
    admin.query(`drop database if exists ${new URL(databaseUrl).pathname.slice(1)} with (force)`),
  );
};

const serviceEnv = (databaseUrl: string, kafka: KafkaService | undefined): Record<string, string> => {
  const { hostname, port, username, password, pathname } = new URL(databaseUrl);
  return {
    BUSBAR_ENV: 'development',
    BUSBAR_SERVICE_NAME: 'orders',
    BUSBAR_POSTGRES_HOST: hostname,
    BUSBAR_POSTGRES_PORT: port,
    BUSBAR_POSTGRES_DATABASE: pathname.slice(1),
    BUSBAR_POSTGRES_USER: decodeURIComponent(username),
    BUSBAR_POSTGRES_PASSWORD: decodeURIComponent(password),
    BUSBAR_KAFKA_TLS_ENABLED: 'false',
    ...(kafka === undefined ? {} : { BUSBAR_KAFKA_BROKERS: kafka.brokers.join(',') }),
  };
};

const assemble = async (services: Services, keep: boolean): Promise<DemoServices> => {
  const { postgres } = services;
  if (!postgres.available) throw new DemoImpossible(`${postgres.reason}. ${postgres.help}`);
  const kafka = services.kafka.available ? services.kafka : undefined;
  const whyNoKafka = services.kafka.available ? undefined : `${services.kafka.reason}. ${services.kafka.help}`;
  await kafka?.createTopic(ORDERS_TOPIC, { partitions: PARTITIONS });
  const databaseUrl = await createDatabase(postgres.adminUrl);
  // The view and the director count at the same time; a client of its own for each, since one does one thing at a time.
  const reader = new Pool({ connectionString: databaseUrl, max: 2 });
  const count = async (table: 'orders' | 'busbar.outbox'): Promise<number> => {
    const { rows } = await reader.query<{ count: number }>(`select count(*)::int as count from ${table}`);
    return rows[0]?.count ?? 0;
  };
  return {
    databaseUrl,
    kafka,
    whyNoKafka,
    postgresVersion: postgres.version,
    env: serviceEnv(databaseUrl, kafka),
    backlog: () => count('busbar.outbox'),
    committed: () => count('orders'),
    [Symbol.asyncDispose]: async () => {
      await reader.end();
      if (!keep) await dropDatabase(postgres.adminUrl, databaseUrl);
      await services[Symbol.asyncDispose]();
    },
  };
};

/** Starts what the demo needs, in parallel, or takes what is configured; nothing is left if it fails. */
export const startDemoServices = async (o: { keep: boolean }): Promise<DemoServices> => {
  const services = await startServices({});
  try {
    return await assemble(services, o.keep);
  } catch (error) {
    await services[Symbol.asyncDispose]();
    throw error;
  }
};
