import { Client, type ClientConfig, type Connection as DriverConnection } from 'pg';

import { requireChannelBinding } from './channel-binding.ts';
import type { Credentials } from './credentials.ts';
import type { TransactionStatus, WireConnection } from './pool-port.ts';
import { startupOptions, type Pooler, type ResolvedSession, type ServerTimeouts } from './session.ts';
import type { Place, ServerRole } from './targets.ts';
import { tlsOptions, type ResolvedTls } from './tls.ts';

export interface ClientSettings {
  readonly database: string;
  readonly user: string;
  readonly tls: ResolvedTls;
  readonly keepAlive: { readonly enabled: boolean; readonly initialDelayMs: number };
  readonly session: ResolvedSession;
  readonly timeouts: ServerTimeouts;
  readonly pooler: Pooler;
}

/**
 * Every field that `pg` would otherwise take from a PG* variable of the environment is given here.
 * The password is always a function: pgpass is never read, and no object holds the secret.
 */
export const clientConfig = (o: ClientSettings, place: Place, login: Credentials): ClientConfig => ({
  host: place.address,
  port: place.port,
  database: o.database,
  user: login.user ?? o.user,
  password: () => Promise.resolve(login.password),
  ssl: tlsOptions(o.tls, place.host),
  sslnegotiation: o.tls.direct ? 'direct' : 'postgres',
  enableChannelBinding: o.tls.channelBinding,
  ...(o.pooler === 'none' ? { options: startupOptions(o.session, o.timeouts) } : {}),
  application_name: o.session.applicationName,
  client_encoding: 'utf8',
  keepAlive: o.keepAlive.enabled,
  keepAliveInitialDelayMillis: o.keepAlive.initialDelayMs,
});

interface ParameterStatus {
  readonly parameterName: string;
  readonly parameterValue: string;
}

/** `pg.Client` with what a manager needs of it: the wire, the end of the socket, and nothing left of the environment or the password. */
export class SessionClient extends Client {
  /** With the texts that the driver's own objects have prepared, by name. */
  declare readonly connection: DriverConnection &
    WireConnection & { readonly parsedStatements: Record<string, string> };
  declare readonly processID: number | null;
  declare readonly secretKey: number | null;
  declare replication: unknown;
  declare connectionParameters: { password: unknown; replication: unknown; options: unknown };
  #socketClosed = false;
  readonly #parameters = new Map<string, string>();

  constructor(config?: string | ClientConfig) {
    super(config);
    this.replication = undefined; // PGREPLICATION
    this.connectionParameters.replication = undefined;
    if (typeof config === 'object' && config.options === undefined) this.connectionParameters.options = undefined; // PGOPTIONS
    if (typeof config === 'object' && config.enableChannelBinding === true) requireChannelBinding(this.connection);
    // Until a connection listens: what the server says together with the end of the login would end the process (H2).
    this.on('error', () => undefined);
    this.connection.once('end', () => {
      this.#socketClosed = true;
    });
    this.connection.on('parameterStatus', (status: ParameterStatus) => {
      this.#parameters.set(status.parameterName, status.parameterValue);
    });
  }

  get role(): ServerRole {
    return { standby: this.#flag('in_hot_standby'), readOnly: this.#flag('default_transaction_read_only') };
  }

  /** 0 where it is not said. */
  get serverMajorVersion(): number {
    return Number.parseInt(this.#parameters.get('server_version') ?? '0', 10);
  }

  /** Tells the end of TCP and of TLS. */
  watchSteps(steps: { end(step: 'tcpMs' | 'tlsMs'): void }): void {
    this.connection.stream.once('connect', () => steps.end('tcpMs'));
    this.connection.once('sslconnect', () => steps.end('tlsMs'));
  }

  /** Calls back once the socket has emitted `close`; before that it still counts as open. */
  whenSocketClosed(callback: () => void): void {
    if (this.#socketClosed) callback();
    else this.connection.once('end', callback);
  }

  onReady(listener: () => void): void {
    this.connection.on('readyForQuery', listener);
  }

  onParameter(listener: () => void): void {
    this.connection.on('parameterStatus', listener);
  }

  /** After the login the password is of no use any more. */
  forgetPassword(): void {
    delete this.password;
    this.connectionParameters.password = null;
  }

  get status(): TransactionStatus | null {
    return this.getTransactionStatus();
  }

  #flag(name: string): boolean | undefined {
    const value = this.#parameters.get(name);
    return value === undefined ? undefined : value === 'on';
  }

  destroySocket(): void {
    this.connection.stream.destroy();
  }
}
