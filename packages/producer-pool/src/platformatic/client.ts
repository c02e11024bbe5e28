/**
 * A client of @platformatic/kafka that can be stopped for certain. Its own `close()` lets what is written leave first, which a broker that
 * hangs never allows: here every socket is destroyed.
 */
import type { Admin, Connection } from '@platformatic/kafka';

import type { KafkaConnectionOptions } from '../connection.ts';
import { resolveConnection } from '../connection.ts';
import type { MetadataOptions } from '../driver.ts';
import { FAULTS } from '../kafka-errors.ts';
import { killedBy } from '../killed-by.ts';
import { clientOptions } from './client-options.ts';
import { classifyPlatformatic } from './error-map.ts';
import type { TolerantProducer } from './tolerant-producer.ts';

const loadClient = () => import('./tolerant-producer.ts');

const gone = (socket: Connection['socket'] | undefined): Promise<void> =>
  new Promise((resolve) => {
    if (socket === undefined || socket.closed) return resolve();
    socket.once('close', () => {
      resolve();
    });
    socket.destroy();
  });

export class Client<C extends TolerantProducer | Admin = TolerantProducer> {
  readonly inner: C;
  readonly #connections = new Set<Connection>();
  readonly #pending = new Set<Promise<unknown>>();
  #lastRefusal: Error | undefined;

  constructor(inner: C) {
    this.inner = inner;
    inner.connections.on('connecting', ({ connection }: { readonly connection: Connection }) => {
      this.#connections.add(connection);
      // What happens to a connection is told to its requests; without a listener a second error would end the process.
      connection.on('error', (error) => {
        if (classifyPlatformatic(error) === FAULTS.tls) this.#lastRefusal = error;
      });
      connection.once('close', () => this.#connections.delete(connection));
    });
  }

  get connections(): ReadonlySet<Connection> {
    return this.#connections;
  }

  /** Sockets that are open or opening. */
  get openSockets(): number {
    return [...this.#connections].filter(({ socket }) => socket !== undefined && !socket.destroyed).length;
  }

  /**
   * Runs the first thing that is done with the client, which is killed when the signal aborts. A broker that does not like this client's
   * certificate says so after the handshake: the connection has an error, and what was asked meanwhile is told only that it closed.
   */
  async begin<T>(signal: AbortSignal, fn: () => Promise<T>): Promise<T> {
    try {
      return await killedBy(
        signal,
        () => this.kill(),
        () => this.track(fn()),
      );
    } catch (error) {
      throw this.#lastRefusal ?? error;
    }
  }

  /** Runs something with the client and remembers it until it has ended. */
  async track<T>(work: Promise<T>): Promise<T> {
    const settled = work.then(
      () => undefined,
      () => undefined,
    );
    this.#pending.add(settled);
    try {
      return await work;
    } finally {
      this.#pending.delete(settled);
    }
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await Promise.all(this.#pending);
  }

  /** Resolves when every socket is destroyed and what was under way has ended; from the call on there is no new one. */
  async kill(): Promise<void> {
    await Promise.all([this.inner.close(), ...[...this.#connections].map(({ socket }) => gone(socket))]);
    await this.idle();
  }
}

/** A producer that is not connected yet; imports the module at first use. */
export const makeProducer = async (
  connection: KafkaConnectionOptions,
  o: MetadataOptions & { readonly idempotent: boolean },
): Promise<Client> => {
  const [{ TolerantProducer }, resolved] = await Promise.all([loadClient(), resolveConnection(connection)]);
  return new Client(new TolerantProducer({ ...clientOptions(resolved, o), idempotent: o.idempotent }));
};

/** One that asks, and is not connected yet. */
export const makeAdmin = async (connection: KafkaConnectionOptions, o: MetadataOptions): Promise<Client<Admin>> => {
  const [{ Admin: AdminClass }, resolved] = await Promise.all([loadClient(), resolveConnection(connection)]);
  return new Client(new AdminClass(clientOptions(resolved, o)));
};
