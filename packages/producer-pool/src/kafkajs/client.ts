/** A client of kafkajs with its kill switch. Everything is stated that kafkajs would decide by itself, since `NODE_ENV` changes its defaults. */
import { systemTimers } from '@busbar/retry';
import type { Kafka, KafkaConfig } from 'kafkajs';

import { type KafkaConnectionOptions, resolveConnection } from '../connection.ts';
import type { MetadataOptions } from '../driver.ts';
import { within } from '../within.ts';
import { clientConfig } from './client-config.ts';
import { installZstd } from './codecs.ts';
import { patchIdleTimer } from './idle-timer.ts';
import { KillSwitch, type SocketFactoryPort } from './kill-switch.ts';

export interface KafkaJsDriverOptions extends KafkaConnectionOptions {
  /** Makes the sockets, for a proxy or tunnel; the driver keeps the right to destroy them. */
  readonly socketFactory?: SocketFactoryPort;
  /** Stops the timer that kafkajs 2.2.4 runs every millisecond on idle connections, for the whole process. Default: false. */
  readonly patchIdleTimer?: boolean;
}

/** Inner retries are for stale metadata only; the pool owns the loop. */
export const RETRY = { retries: 2, initialRetryTime: 100, maxRetryTime: 500, factor: 0.2, multiplier: 2 };
const loadKafkaJs = () => import('kafkajs');

export interface Client {
  readonly kafka: Kafka;
  readonly killSwitch: KillSwitch;
}

export const makeClient = async (o: KafkaJsDriverOptions, timeouts: MetadataOptions): Promise<Client> => {
  if (o.patchIdleTimer === true) patchIdleTimer();
  const { Kafka: KafkaClass, logLevel, default: all } = await loadKafkaJs();
  installZstd(all.CompressionCodecs);
  const killSwitch = new KillSwitch(o.socketFactory);
  const config: KafkaConfig = {
    ...clientConfig(await resolveConnection(o)),
    connectionTimeout: timeouts.connectTimeoutMs,
    authenticationTimeout: timeouts.connectTimeoutMs,
    requestTimeout: timeouts.requestTimeoutMs,
    enforceRequestTimeout: true,
    retry: { ...RETRY },
    socketFactory: killSwitch.socketFactory,
    // What goes wrong reaches the pool as a fault.
    logLevel: logLevel.NOTHING,
  };
  return { kafka: new KafkaClass(config), killSwitch };
};

/** `disconnect()` alone promises nothing: it may hang, and leaves sockets and retry loops. */
export const disconnect = async (
  part: { disconnect(): Promise<void> },
  { killSwitch }: Client,
  deadlineMs: number,
): Promise<void> => {
  await within(part.disconnect(), deadlineMs, systemTimers);
  await killSwitch.kill('closed');
};
