import { TimeoutError } from '@busbar/errors';
import type { Timers } from '@busbar/retry';

import { prepareSession } from './claim.ts';
import type { ConnectionSource, Queryable } from './ports.ts';

type Connection = Awaited<ReturnType<ConnectionSource['acquire']>>;

interface DedicatedContext {
  readonly source: ConnectionSource;
  readonly purpose: 'work' | 'lease';
  /** Longest a statement may take for the client, beyond what the server allows it. */
  readonly limitMs: number;
  readonly timers: Timers;
  /** A connection could not be given back; it is gone either way. */
  readonly onError: (error: unknown) => void;
}

/** One connection for one purpose: acquired when it is needed, dropped after any failure, never shared by two statements. */
export class DedicatedConnection {
  #connection: Connection | undefined;
  readonly #closed = new AbortController();
  readonly #o: DedicatedContext;

  constructor(o: DedicatedContext) {
    this.#o = o;
  }

  /** Runs statements on the connection; after a failure the next call gets another one. */
  async run<T>(statements: (q: Queryable) => Promise<T>): Promise<T> {
    try {
      const connection = (this.#connection ??= await this.#acquire());
      return await this.#limited(statements(connection));
    } catch (error) {
      await this.drop();
      throw error;
    }
  }

  async drop(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    try {
      await connection?.[Symbol.asyncDispose]();
    } catch (error) {
      this.#o.onError(error);
    }
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.drop();
  }

  async #acquire(): Promise<Connection> {
    const { source, purpose } = this.#o;
    const connection = await source.acquire({ purpose, signal: this.#closed.signal });
    this.#connection = connection;
    await this.#limited(prepareSession(connection));
    return connection;
  }

  async #limited<T>(work: Promise<T>): Promise<T> {
    const { timers, limitMs, purpose } = this.#o;
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = timers.set(
      () => reject(new TimeoutError({ what: `a statement on the ${purpose} connection`, limitMs })),
      limitMs,
    );
    try {
      return await Promise.race([work, promise]);
    } finally {
      timers.clear(timer);
    }
  }
}
