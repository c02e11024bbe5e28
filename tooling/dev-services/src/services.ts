/** Everything a run needs by one call: both servers at the same time, found or started, and a file by which other processes attach. */
import { join } from 'node:path';

import type { KafkaService } from './kafka/brokers.ts';
import type { KafkaOptions } from './kafka/cluster.ts';
import { findKafkaService } from './kafka/find-kafka.ts';
import { kafkaRecord } from './kafka/shared.ts';
import { findPostgres } from './postgres/find-postgres.ts';
import type { PostgresOptions, PostgresService } from './postgres/server.ts';
import { addressRecord } from './postgres/shared.ts';
import { openRun } from './reaper.ts';
import type { JsonRecord } from './record.ts';
import type { Run } from './run-folder.ts';
import { type Unavailable, unavailableFrom, writeRecord } from './shared-services.ts';

export interface ServicesOptions {
  /** `false`: not needed. */
  readonly postgres?: PostgresOptions | false;
  /** `false`: not needed. */
  readonly kafka?: KafkaOptions | false;
  /** Told what is found or started, a line at a time. */
  readonly log?: (line: string) => void;
}

export interface Services extends AsyncDisposable {
  readonly postgres: PostgresService | Unavailable;
  readonly kafka: KafkaService | Unavailable;
  /** For `DEV_SERVICES_STATE` of other processes: `requireService` there attaches to these services. */
  readonly stateFile: string;
}

interface Found<T> {
  readonly service: T | Unavailable;
  /** The same for other processes; `undefined` when it was not asked for, so that they may start it. */
  readonly record: JsonRecord | undefined;
}

const search = async <T>(
  asked: boolean,
  start: () => Promise<T>,
  recordOf: (service: T) => JsonRecord,
): Promise<Found<T>> => {
  if (!asked) return { service: { available: false, reason: 'it was not asked for', help: '' }, record: undefined };
  try {
    const service = await start();
    return { service, record: recordOf(service) };
  } catch (error) {
    const service = unavailableFrom(error);
    return { service, record: { ...service } };
  }
};

const described = (name: string, service: PostgresService | KafkaService | Unavailable): string =>
  service.available ? `${name} ${service.version} (${service.source})` : `no ${name}: ${service.reason}`;

const publish = (run: Run, records: Readonly<Record<'postgres' | 'kafka', JsonRecord | undefined>>): string => {
  for (const [name, record] of Object.entries(records)) if (record !== undefined) writeRecord(run, name, record);
  writeRecord(run, 'state', { owner: run.owner, ...records });
  return join(run.folder, 'state.json');
};

const startBoth = async (run: Run, o: ServicesOptions): Promise<Services> => {
  const started: AsyncDisposable[] = [];
  const dispose = async (): Promise<void> => {
    await Promise.all(started.map((service) => service[Symbol.asyncDispose]()));
  };
  const logged = <T extends PostgresService | KafkaService>(name: string, found: Found<T>): Found<T> => {
    const { service } = found;
    o.log?.(described(name, service));
    if (service.available) started.push(service);
    return found;
  };
  const [postgres, kafka] = await Promise.allSettled([
    search(o.postgres !== false, () => findPostgres(run, o.postgres || {}), addressRecord).then((found) =>
      logged('PostgreSQL', found),
    ),
    search(o.kafka !== false, () => findKafkaService(run, o.kafka || {}), kafkaRecord).then((found) =>
      logged('Kafka', found),
    ),
  ]);
  if (postgres.status === 'fulfilled' && kafka.status === 'fulfilled') {
    const stateFile = publish(run, { postgres: postgres.value.record, kafka: kafka.value.record });
    return { postgres: postgres.value.service, kafka: kafka.value.service, stateFile, [Symbol.asyncDispose]: dispose };
  }
  await dispose();
  throw [postgres, kafka].find((result) => result.status === 'rejected')?.reason;
};

/**
 * Finds or starts both services at the same time. What is missing is an answer with its reason, not an error.
 * @throws {DevServiceError} when a service is there and does not start; then nothing is left running.
 */
export const startServices = async (o: ServicesOptions = {}): Promise<Services> => startBoth(await openRun(), o);
