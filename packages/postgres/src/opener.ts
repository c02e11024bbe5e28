import Pool from 'pg-pool';

import { clientConfig, SessionClient, type ClientSettings } from './client.ts';
import type { Credentials } from './credentials.ts';
import type { PhaseClock } from './lifecycle.ts';
import type { Place } from './targets.ts';

/** A client that is logged in, and how to hand its socket back: a goodbye where the server still listens. */
export interface OpenedClient {
  readonly client: SessionClient;
  readonly place: Place;
  end(): void;
}

interface Request {
  readonly place: Place;
  readonly login: Credentials;
}

const NOTHING: Request = Object.freeze({ place: { host: '', port: 0, address: '' }, login: { password: '' } });

/** One socket that is being opened. */
export interface Opening {
  /** To be destroyed by whoever gives up. */
  readonly client: SessionClient | undefined;
  /** Rejects once the socket is closed. */
  readonly outcome: Promise<OpenedClient>;
}

/**
 * Opens sockets through `pg-pool`, which opens and ends them and never leases: a client stays checked out of it for life.
 * A failed attempt is reported only when its socket is closed, so that what is counted is what is open. (After a refused login pg-pool
 * drops the client and leaves it to the server to close.)
 */
export class Opener {
  readonly #pool: Pool<SessionClient>;
  /** For the client that pg-pool makes while `connect` runs, and for no longer. */
  #request: Request = NOTHING;
  #created: SessionClient | undefined;

  constructor(settings: ClientSettings) {
    const create = (client: SessionClient): void => {
      this.#created = client;
    };
    const config = () => clientConfig(settings, this.#request.place, this.#request.login);
    class AnnouncedClient extends SessionClient {
      constructor() {
        super(config()); // not pg-pool's options: those would be printed with the pool
        create(this);
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

  /** The end of each step is told to `clock`. */
  open(place: Place, login: Credentials, clock: PhaseClock): Opening {
    const { promise: outcome, resolve, reject } = Promise.withResolvers<OpenedClient>();
    this.#request = { place, login };
    let isRefused = false;
    this.#pool.connect((error, client, release) => {
      if (client !== undefined) {
        if (isRefused) return; // the driver calls twice where the answer to a refused login was under way already
        client.forgetPassword();
        resolve({ client, place, end: () => release?.(true) });
        return;
      }
      isRefused = true;
      created?.destroySocket();
      created?.whenSocketClosed(() => reject(error));
    });
    const created = this.#created; // pg-pool makes the client before `connect` returns
    this.#request = NOTHING;
    this.#created = undefined;
    created?.watchSteps(clock);
    return { client: created, outcome };
  }
}
