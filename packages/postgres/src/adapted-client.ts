/**
 * A client of the user's pool for the time of one lease. All that is registered on it, and set on it, is undone when it goes back; else it would
 * pile up there, lease by lease.
 *
 * A sound one goes back as it is. A broken one is reported to its pool only when its socket is closed: the driver tells of a lost connection twice,
 * and a pool that hears of the second one emits it as its own `error`, which ends the process where nobody listens (H2).
 */
import { EventEmitter } from 'node:events';
import type { ConnectionOptions } from 'node:tls';

import type { Submittable, TransactionStatus } from './pool-port.ts';
import type { Session } from './session-port.ts';
import type { ServerRole } from './targets.ts';

/** `pg.Client` as far as it is used here, beyond its documented API included. */
export interface LentClient {
  readonly processID: number | null;
  readonly secretKey: number | null;
  readonly host: string;
  readonly port: number;
  readonly ssl: boolean | ConnectionOptions;
  readonly connection: Session['connection'] & {
    readonly sslNegotiation?: string;
    readonly stream: { readonly remoteAddress?: string };
  };
  readonly connectionParameters: { query_timeout?: unknown };
  /** Not while the server has something to answer. */
  readonly readyForQuery?: boolean;
  pipeline?: boolean;
  getTransactionStatus(): TransactionStatus | null;
  query(group: Submittable): unknown;
  on(event: string, listener: (told: Error) => void): unknown;
  off(event: string, listener: (told: Error) => void): unknown;
}

/** False for a client of `pg-native`, which has no wire. */
export const isLentClient = (client: object): client is LentClient =>
  'connection' in client && 'getTransactionStatus' in client && 'connectionParameters' in client;

const UNKNOWN_ROLE: ServerRole = Object.freeze({ standby: undefined, readOnly: undefined });

export class AdaptedClient extends EventEmitter implements Session {
  readonly processID: number | null;
  readonly secretKey: number | null;
  readonly connection: LentClient['connection'];
  // The user's pool keeps to itself what the server says at the login.
  readonly role = UNKNOWN_ROLE;
  readonly serverMajorVersion = 0;
  readonly #raw: LentClient;
  readonly #release: (destroy?: boolean) => void;
  readonly #own: { readonly queryTimeout: unknown; readonly pipeline: boolean | undefined };
  #isBroken = false;
  #isBack = false;
  #isAnswered = false;
  readonly #onError = (error: Error): void => {
    this.#isBroken = true;
    this.emit('error', error);
  };
  readonly #onEnd = (): void => {
    this.#isBroken = true;
    this.#giveBack();
    this.emit('end');
  };
  readonly #onNotice = (notice: Error): void => void this.emit('notice', notice);
  readonly #onNotification = (message: Error): void => void this.emit('notification', message);
  readonly #onParameter = (): void => void this.emit('parameter');
  readonly #onReady = (): void => {
    if (!this.#isAnswered) return; // the answer to a statement of somebody who had it before
    this.#isAnswered = false;
    this.emit('ready');
  };

  constructor(raw: LentClient, release: (destroy?: boolean) => void) {
    super();
    this.#raw = raw;
    this.#release = release;
    this.processID = raw.processID;
    this.secretKey = raw.secretKey;
    this.connection = raw.connection;
    this.on('error', () => undefined);
    raw.on('error', this.#onError);
    raw.on('end', this.#onEnd);
    raw.on('notice', this.#onNotice);
    raw.on('notification', this.#onNotification);
    raw.connection.on('parameterStatus', this.#onParameter);
    raw.connection.on('readyForQuery', this.#onReady);
    this.#own = { queryTimeout: raw.connectionParameters.query_timeout, pipeline: raw.pipeline };
    // The driver's time limit gives up on a statement and leaves it running (H5); in pipeline mode it takes its own query objects only.
    raw.connectionParameters.query_timeout = 0;
    if (raw.pipeline === true) raw.pipeline = false;
  }

  get status(): TransactionStatus | null {
    return this.#raw.getTransactionStatus();
  }

  /** It may be lent: it lives, and no transaction is open. */
  get isFit(): boolean {
    return !this.#isBroken && this.status === 'I';
  }

  /** Resolves when the server has answered what was asked before, for example by a `connect` handler of the pool; or when the client is lost. */
  async whenQuiet(): Promise<void> {
    await Promise.resolve(); // the driver hands a new client out before it counts it as ready
    while (this.#raw.readyForQuery === false && !this.#isBack) {
      const answered = Promise.withResolvers<void>();
      const goOn = (): void => answered.resolve();
      this.#raw.on('drain', goOn);
      this.once('end', goOn);
      // oxlint-disable-next-line no-await-in-loop -- one answer after the other
      await answered.promise;
      this.#raw.off('drain', goOn);
      this.off('end', goOn);
      // oxlint-disable-next-line no-await-in-loop -- who began it may go on with the answer
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
  }

  onReady(listener: () => void): void {
    this.on('ready', listener);
  }

  onParameter(listener: () => void): void {
    this.on('parameter', listener);
  }

  query(group: Submittable): unknown {
    const ready = group.handleReadyForQuery.bind(group);
    const fail = group.handleError.bind(group);
    group.handleReadyForQuery = () => {
      this.#isAnswered = true;
      ready();
    };
    // After an error the driver tells a query nothing more: the next word of the server is the end of this one.
    group.handleError = (error) => {
      this.#isAnswered = true;
      fail(error);
    };
    return this.#raw.query(group);
  }

  destroySocket(): void {
    if (this.#isBack) return; // it is somebody else's
    this.#isBroken = true;
    this.#raw.connection.stream.destroy();
  }

  /** Gives it back; a broken one with its socket's end. `end` follows in either case, never before this returns. */
  end(): void {
    if (this.#isBack) return;
    if (this.#isBroken) {
      this.destroySocket();
      return;
    }
    this.#giveBack();
    queueMicrotask(() => this.emit('end'));
  }

  #giveBack(): void {
    this.#isBack = true;
    const raw = this.#raw;
    raw.connectionParameters.query_timeout = this.#own.queryTimeout;
    if (this.#own.pipeline === true) raw.pipeline = true;
    raw.off('end', this.#onEnd);
    raw.off('notice', this.#onNotice);
    raw.off('notification', this.#onNotification);
    raw.connection.off('parameterStatus', this.#onParameter);
    raw.connection.off('readyForQuery', this.#onReady);
    this.#release(this.#isBroken ? true : undefined);
    raw.off('error', this.#onError); // its pool listens again by now
  }
}
