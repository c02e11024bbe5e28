/** A driver at work in one row: producers, calls, records, and everything closed at the end. */
import { fail } from 'node:assert/strict';

import type { KafkaConnectionOptions } from '../../connection.ts';
import type {
  Compression,
  DriverAck,
  DriverFault,
  DriverProducer,
  FrozenRecord,
  ProducerDriver,
} from '../../driver.ts';
import { DUPLICATE_SEQUENCE } from '../../kafka-errors.ts';
import type { ConformanceCluster } from './cluster.ts';

export interface SessionOptions {
  readonly cluster: ConformanceCluster;
  readonly driver: (connection: KafkaConnectionOptions) => ProducerDriver;
  readonly idempotent: boolean;
}

/** The shortest the pool allows, so that rows with timeouts end soon. */
export const REQUEST_TIMEOUT_MS = 1_000;
export const CONNECT_TIMEOUT_MS = 2_000;
const BROKER_TIMEOUT_MS = 800;
/** What one call may take: what the pool's watchdog allows. */
export const CALL_MS = REQUEST_TIMEOUT_MS + CONNECT_TIMEOUT_MS + 1_000;
/** Longer than the leader of a real cluster needs to move. */
const DELIVER_MS = 40_000;
const RETRY_MS = 100;

/** The time of every record that does not care: of today, or a broker deletes it as too old. */
export const TIMESTAMP_MS = Date.now();

export const record = (value: string, o: Partial<FrozenRecord> = {}): FrozenRecord => ({
  key: null,
  value,
  headers: {},
  timestampMs: TIMESTAMP_MS,
  ...o,
});

export interface Call {
  readonly topic: string;
  readonly records: readonly FrozenRecord[];
  /** Default: 0. */
  readonly partition?: number;
  readonly compression?: Compression;
}

/** How a call ended. */
export type Ending =
  | { readonly ack: DriverAck | undefined; readonly fault?: never }
  | { readonly fault: DriverFault; readonly ack?: never };

export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

/** Rejects if something takes longer than it may. */
export const within = async <T>(ms: number, what: string, work: Promise<T>): Promise<T> => {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`${what} takes longer than ${ms} ms`)), ms);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
};

export const isAcknowledged = ({ ack }: Ending): boolean =>
  ack !== undefined && (ack.errorCode === 0 || ack.errorCode === DUPLICATE_SEQUENCE);

export class Session implements AsyncDisposable {
  readonly cluster: ConformanceCluster;
  readonly driver: ProducerDriver;
  readonly idempotent: boolean;
  /** Another driver of the kind under test. */
  readonly driverFor: (connection: KafkaConnectionOptions) => ProducerDriver;
  readonly #producers = new Set<DriverProducer>();
  #opened = 0;

  constructor({ cluster, driver, idempotent }: SessionOptions) {
    this.cluster = cluster;
    this.idempotent = idempotent;
    this.driverFor = driver;
    this.driver = driver({ brokers: cluster.brokers, clientId: 'conformance' });
  }

  /** What of the cluster a row cannot do without. */
  need<K extends keyof ConformanceCluster>(part: K): NonNullable<ConformanceCluster[K]> {
    const found = this.cluster[part];
    if (found === undefined) throw new Error(`this row cannot be tried on this cluster: ${part} is not there`);
    return found;
  }

  async open(signal: AbortSignal = new AbortController().signal, driver = this.driver): Promise<DriverProducer> {
    this.#opened += 1;
    const producer = await driver.open({
      id: `conformance-${this.#opened}`,
      idempotent: this.idempotent,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      signal,
    });
    this.#producers.add(producer);
    return producer;
  }

  /** One attempt, as the pool makes it; to hang is a fault. */
  async attempt(producer: DriverProducer, call: Call): Promise<Ending> {
    const { partition = 0, compression = 'none', topic, records } = call;
    const sending = producer.send({
      topic,
      partition,
      records,
      compression,
      acks: 'all',
      timeoutMs: BROKER_TIMEOUT_MS,
    });
    try {
      return { ack: await within(2 * CALL_MS, 'a call', sending) };
    } catch (error) {
      return { fault: this.driver.classify(error) };
    }
  }

  /** Attempts until the broker has acknowledged; a new producer after a rejection, unless the driver heals by itself. */
  async deliver(call: Call, first?: DriverProducer): Promise<DriverAck> {
    const untilMs = performance.now() + DELIVER_MS;
    let producer = first ?? (await this.open());
    while (performance.now() < untilMs) {
      // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
      const ending = await this.attempt(producer, call);
      if (isAcknowledged(ending) && ending.ack !== undefined) return ending.ack;
      // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
      await pause(RETRY_MS);
      if (this.driver.capabilities.selfHeals && ending.fault !== undefined) continue;
      // oxlint-disable-next-line no-await-in-loop -- one producer after the other
      producer = await this.#replace(producer);
    }
    return fail(`not delivered within ${DELIVER_MS} ms`);
  }

  async metadata(topics: readonly string[]) {
    return this.driver.metadata(topics, {
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      signal: new AbortController().signal,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#producers].map((producer) => producer.kill('the row has ended')));
    await this.driver.close();
  }

  async #replace(producer: DriverProducer): Promise<DriverProducer> {
    await producer.kill('replaced');
    this.#producers.delete(producer);
    const opened = await this.open().catch(() => undefined);
    return opened ?? producer;
  }
}
