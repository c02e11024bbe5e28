import Pool from 'pg-pool';

import { clientConfig, SessionClient, type ClientSettings } from './client.ts';
import type { PhaseClock } from './lifecycle.ts';

export interface OpenAttempt {
  /** Gives up: the socket is destroyed and the attempt fails. */
  abort(): void;
}

export interface OpenRequest {
  readonly clock: PhaseClock;
  readonly attempt: 1 | 2;
}

/** A client that is logged in, and how to hand its socket back: a goodbye where the server still listens. */
export interface OpenedClient {
  readonly client: SessionClient;
  end(): void;
}

/**
 * Opens sockets through `pg-pool`, which opens and ends them and never leases: a client stays checked out of it for life.
 * A failed attempt is reported only when its socket is closed, so that what is counted is what is open. (After a refused login pg-pool
 * drops the client and leaves it to the server to close.)
 */
export class Connector {
  readonly #pool: Pool<SessionClient>;
  #created: SessionClient | undefined;
  #attempt: 1 | 2 = 1;

  constructor(settings: ClientSettings) {
    const announce = (client: SessionClient): void => {
      this.#created = client;
    };
    const config = () => clientConfig(settings, this.#attempt);
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

  /** The end of each step is told to `clock`; `attempt` to who is asked for the password. */
  open({ clock, attempt }: OpenRequest, done: (error: unknown, opened?: OpenedClient) => void): OpenAttempt {
    this.#attempt = attempt;
    this.#pool.connect((error, client, release) => {
      if (client !== undefined) {
        client.forgetPassword();
        done(undefined, { client, end: () => release?.(true) });
        return;
      }
      if (created === undefined) {
        done(error);
        return;
      }
      created.destroySocket();
      created.whenSocketClosed(() => done(error));
    });
    const created = this.#takeCreated(); // pg-pool makes the client before `connect` returns
    created?.watchSteps(clock);
    return { abort: () => created?.destroySocket() };
  }
  #takeCreated(): SessionClient | undefined {
    const created = this.#created;
    this.#created = undefined;
    return created;
  }
}
