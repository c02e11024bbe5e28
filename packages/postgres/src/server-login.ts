import type { Clock, Timers } from '@busbar/retry';

import type { ClientSettings, SessionClient } from './client.ts';
import { ConnectTimeoutError, NoTargetError } from './connect-errors.ts';
import { connectFailure } from './connect-failure.ts';
import { isFixed, type CredentialsProvider } from './credentials.ts';
import { rememberLogin } from './known-secrets.ts';
import type { OpenAttempt } from './open-attempt.ts';
import { Opener, type OpenedClient } from './opener.ts';
import { sqlStateOf } from './sqlstate.ts';
import { admits, type Place, type ServerRole, type TargetSessionAttrs } from './targets.ts';

export interface ServerLoginSettings extends ClientSettings {
  readonly credentials: CredentialsProvider;
  readonly clock: Clock;
  readonly timers: Timers;
}

/** One place, what its server has to be, and how long it may take to say so. */
export interface LoginRequest {
  readonly place: Place;
  readonly wanted: TargetSessionAttrs;
  readonly untilMs: number;
}

const REFUSED: ReadonlySet<string> = new Set(['28P01', '28000']);
const ROLE_SQL = `select pg_is_in_recovery() as standby, current_setting('transaction_read_only')::bool as "readOnly"`;

/** From PostgreSQL 14 on a server tells it by itself; a pooler keeps it back. */
const isTold = ({ standby, readOnly }: ServerRole): boolean => standby !== undefined && readOnly !== undefined;

/** Logs in to one server, and stays if it is what is wanted. */
export class ServerLogin {
  readonly #settings: ServerLoginSettings;
  readonly #opener: Opener;

  constructor(settings: ServerLoginSettings) {
    this.#settings = settings;
    this.#opener = new Opener(settings);
  }

  /**
   * A login that is refused is tried once more with what the provider says then: the password may have been changed a moment ago.
   * Rejects with a `PostgresError` once no socket is open any more.
   */
  async at(attempt: OpenAttempt, request: LoginRequest): Promise<OpenedClient> {
    try {
      return await this.#once(attempt, request, 1);
    } catch (error) {
      const isRefused = REFUSED.has(sqlStateOf(error) ?? '');
      if (!isRefused || attempt.isAborted || isFixed(this.#settings.credentials)) throw this.#failure(error, attempt);
    }
    try {
      return await this.#once(attempt, request, 2);
    } catch (error) {
      throw this.#failure(error, attempt);
    }
  }

  async #once(attempt: OpenAttempt, request: LoginRequest, n: 1 | 2): Promise<OpenedClient> {
    const { credentials, user, clock, timers } = this.#settings;
    const { place, untilMs } = request;
    const login = await attempt.wait(credentials({ host: place.host, port: place.port, user, attempt: n }));
    rememberLogin(login.password);
    attempt.steps.end('authMs');
    const opening = this.#opener.open(place, login, attempt.steps);
    attempt.holds(opening.client);
    let isOver = false;
    const limit = timers.set(
      () => {
        isOver = true;
        opening.client?.destroySocket();
      },
      Math.max(0, untilMs - clock.now()),
    );
    try {
      return await this.#checked(await opening.outcome, request, attempt);
    } catch (error) {
      throw isOver ? new ConnectTimeoutError(this.#where(attempt)) : error;
    } finally {
      timers.clear(limit);
    }
  }

  /** The client, if its server is what is wanted; it is sent away otherwise. */
  async #checked(opened: OpenedClient, { wanted }: LoginRequest, attempt: OpenAttempt): Promise<OpenedClient> {
    if (wanted === 'any' || admits(wanted, await this.#roleOf(opened))) return opened;
    await leave(opened);
    throw new NoTargetError({ ...this.#where(attempt), wanted });
  }

  async #roleOf(opened: OpenedClient): Promise<ServerRole> {
    const { client } = opened;
    if (isTold(client.role)) return client.role;
    try {
      return await this.#ask(client);
    } catch (error) {
      await leave(opened);
      throw error;
    }
  }

  async #ask(client: SessionClient): Promise<ServerRole> {
    const { rows } = await client.query<ServerRole>(ROLE_SQL);
    return { ...client.role, ...rows[0] };
  }

  #where({ place: { host, port }, steps }: OpenAttempt): { host: string; port: number; elapsedMs: number } {
    return { host, port, elapsedMs: this.#settings.clock.now() - steps.startedAtMs };
  }

  #failure(error: unknown, attempt: OpenAttempt): Error {
    return connectFailure(error, this.#where(attempt));
  }
}

/** Says goodbye, and waits for the end of the socket. */
const leave = (opened: OpenedClient): Promise<void> =>
  new Promise((resolve) => {
    opened.client.whenSocketClosed(resolve);
    opened.end();
  });
