import { requireService, type ServiceUser } from '@busbar-tooling/test-kit/require-service';
import { testDatabase, type TestDatabase } from '@busbar-tooling/test-kit/test-database';
import { Client } from 'pg';

/** `BUSBAR_…` settings of a development service on a test's own database and these brokers. */
export const busVariables = (db: TestDatabase, brokers: readonly string[]): Record<string, string> => ({
  BUSBAR_ENV: 'development',
  BUSBAR_SERVICE_NAME: 'orders',
  BUSBAR_POSTGRES_HOST: db.host,
  BUSBAR_POSTGRES_PORT: String(db.port),
  BUSBAR_POSTGRES_DATABASE: db.database,
  BUSBAR_POSTGRES_USER: db.user,
  BUSBAR_POSTGRES_PASSWORD: db.password,
  BUSBAR_KAFKA_BROKERS: brokers.join(','),
});

export interface BusEnvironment extends AsyncDisposable {
  readonly variables: Record<string, string>;
  /** Plain SQL on the test's database, by a connection that is not ours. */
  query<Shape extends Record<string, unknown>>(text: string): Promise<readonly Shape[]>;
}

/** A database of the test's own and a topic of that name on the shared broker. */
export const busEnvironment = async (
  ctx: ServiceUser,
  o: { topic: string; partitions?: number },
): Promise<BusEnvironment> => {
  const kafka = await requireService(ctx, 'kafka');
  const db = await testDatabase(ctx);
  await kafka.createTopic(o.topic, { partitions: o.partitions ?? 1 });
  const client = new Client({ connectionString: db.url });
  await client.connect();
  return {
    variables: busVariables(db, kafka.brokers),
    query: async <Shape extends Record<string, unknown>>(text: string) => (await client.query<Shape>(text)).rows,
    [Symbol.asyncDispose]: async () => {
      await client.end();
      await db[Symbol.asyncDispose]();
    },
  };
};
