import Pool from 'pg-pool';

import { clientConfig, SessionClient, type ClientSettings } from './client.ts';
import { isFixed, type Credentials, type CredentialsProvider } from './credentials.ts';
import type { PhaseClock } from './lifecycle.ts';
import { sqlStateOf } from './sqlstate.ts';

export interface OpenAttempt {
  /** Gives up: the socket is destroyed and the attempt fails. */
  abort(): void;
}

/** A client that is logged in, and how to hand its socket back: a goodbye where the server still listens. */
export interface OpenedClient {
  readonly client: SessionClient;
  end(): void;
}

/** Called once; an attempt that failed is over, and its socket closed. */
export type OnOpened = (error: unknown, opened?: OpenedClient) => void;

export interface ConnectorSettings extends ClientSettings {
  readonly credentials: CredentialsProvider;
}

const NOBODY: Credentials = Object.freeze({ password: '' });
const REFUSED_LOGIN: ReadonlySet<string> = new Set(['28P01', '28000']);

/** One attempt to open a socket, up to its only end. */
class Attempt implements OpenAttempt {
  isAborted = false;
  /** Whose socket is open, if one is. */
  client: SessionClient | undefined;
  readonly end: OnOpened;
  #giveUp: (() => void) | undefined;

  constructor(done: OnOpened) {
    this.end = done;
  }

  abort(): void {
    this.isAborted = true;
    this.client?.destroySocket();
    this.#giveUp?.();
  }

  /** For the answer, or for the end of the attempt. */
  wait<T>(answer: Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    answer.then(resolve, reject);
    this.#giveUp = () => reject(new Error('the attempt was given up'));
    return promise;
  }
}

/**
 * Opens sockets through `pg-pool`, which opens and ends them and never leases: a client stays checked out of it for life.
 * A failed attempt is reported only when its socket is closed, so that what is counted is what is open. (After a refused login pg-pool
 * drops the client and leaves it to the server to close.)
 */
export class Connector {
  readonly #settings: ConnectorSettings;
  readonly #pool: Pool<SessionClient>;
  /** For the client that pg-pool makes while `connect` runs, and for no longer. */
  #login = NOBODY;
  #created: SessionClient | undefined;

  constructor(settings: ConnectorSettings) {
    this.#settings = settings;
    const announce = (client: SessionClient): void => {
      this.#created = client;
    };
    const config = () => clientConfig(settings, this.#login);
    class AnnouncedClient extends SessionClient {
      constructor() {
        super(config()); // not pg-pool's options: those would be printed with the pool
        announce(this);
      }
    }
    // Our slots bound the sockets; pg-pool must never queue or retire anything by itself.
    this.#pool = new Pool<SessionClient>({
      Client: AnnouncedClient,
      max: Number.MAX_SAFE_INTEGER,
      idleTimeoutMillis: 0,
    });
    // Each connection reports its own end; this listener only keeps pg-pool's copy of the report from being thrown.
    this.#pool.on('error', () => undefined);
  }

  /**
   * The end of each step is told to `clock`. A login that is refused is tried once more with what the provider says then: the password may have
   * been changed a moment ago.
   */
  open(clock: PhaseClock, done: OnOpened): OpenAttempt {
    const attempt = new Attempt(done);
    void this.#tryTwice(clock, attempt);
    return attempt;
  }

  async #tryTwice(clock: PhaseClock, attempt: Attempt): Promise<void> {
    const { host, port, user, credentials } = this.#settings;
    try {
      for (const n of [1, 2] as const) {
        // oxlint-disable-next-line no-await-in-loop -- the second follows the refusal of the first
        const login = await attempt.wait(credentials({ host, port, user, attempt: n }));
        clock.end('authMs');
        // oxlint-disable-next-line no-await-in-loop -- as above
        const outcome = await this.#connect(clock, attempt, login);
        const isRefused = REFUSED_LOGIN.has(sqlStateOf(outcome.error) ?? '');
        if (outcome.opened !== undefined) attempt.end(undefined, outcome.opened);
        else if (n === 2 || !isRefused || attempt.isAborted || isFixed(credentials)) attempt.end(outcome.error);
        else continue;
        return;
      }
    } catch (error) {
      attempt.end(error);
    }
  }

  #connect(
    clock: PhaseClock,
    attempt: Attempt,
    login: Credentials,
  ): Promise<{ readonly error?: unknown; readonly opened?: OpenedClient }> {
    const { promise, resolve } = Promise.withResolvers<{ error?: unknown; opened?: OpenedClient }>();
    this.#login = login;
    this.#pool.connect((error, client, release) => {
      if (client !== undefined) {
        client.forgetPassword();
        resolve({ opened: { client, end: () => release?.(true) } });
        return;
      }
      if (created === undefined) {
        resolve({ error });
        return;
      }
      created.destroySocket();
      created.whenSocketClosed(() => resolve({ error }));
    });
    const created = this.#created; // pg-pool makes the client before `connect` returns
    this.#login = NOBODY;
    this.#created = undefined;
    created?.watchSteps(clock);
    attempt.client = created;
    return promise;
  }
}
