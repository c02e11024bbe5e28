/** The connection behind `listener-state.ts`: opened, told what to hear and ended as the core says; it hears of each outcome. */
import type { SessionClient } from './client.ts';
import { ConnectTimeoutError } from './connect-errors.ts';
import { connectFailure } from './connect-failure.ts';
import { Connector, type OpenAttempt, type OpenedClient } from './connector.ts';
import { publish } from './diagnostics.ts';
import type { PostgresError } from './errors.ts';
import { PhaseClock } from './lifecycle.ts';
import type { ListenCommand, ListenerEvent } from './listener-model.ts';
import { serverError } from './outcome.ts';
import type { ResolvedPostgresOptions } from './resolve-options.ts';
import { quoteIdentifier } from './session.ts';
import { isConnectionFatal, sqlStateOf } from './sqlstate.ts';
import { admits } from './targets.ts';

/** A message that some session sent with NOTIFY. */
export interface Notification {
  readonly channel: string;
  /** Empty if there is none. At most 8_000 bytes. */
  readonly payload: string;
  /** The server process of the session that sent it. */
  readonly pid: number;
}

/** Both empty = the empty statement, which only asks whether somebody is there. */
const textOf = ({ unlisten, listen }: ListenCommand): string =>
  [
    ...unlisten.map((channel) => `unlisten ${quoteIdentifier(channel)}`),
    ...listen.map((channel) => `listen ${quoteIdentifier(channel)}`),
    '',
  ].join(';');

export interface ListenLinkContext {
  readonly options: ResolvedPostgresOptions;
  readonly emit: (event: ListenerEvent) => void;
  readonly onNotification: (notification: Notification) => void;
}

export class ListenLink {
  readonly #context: ListenLinkContext;
  readonly #connector: Connector;
  #attempt: OpenAttempt | undefined;
  #client: SessionClient | undefined;
  /** Hands the client back; once. */
  #farewell: (() => void) | undefined;
  #isGivenUp = false;
  #startedAtMs = 0;
  /** Why the last connect, or the last LISTEN, failed. */
  lastFailure: PostgresError | undefined;

  constructor(context: ListenLinkContext) {
    this.#context = context;
    this.#connector = new Connector(context.options);
  }

  connect(connection: number): void {
    const { clock } = this.#context.options;
    const phases = new PhaseClock(clock);
    this.#startedAtMs = phases.startedAtMs;
    this.#isGivenUp = false;
    this.#attempt = this.#connector.open(phases, (error, opened) => {
      phases.end('authMs');
      if (opened === undefined) this.#onConnectFailed(connection, error, phases);
      else this.#onOpened(connection, opened, phases);
      this.#attempt = undefined;
    });
  }

  send(connection: number, command: ListenCommand): void {
    this.#client?.query(textOf(command), (error) => {
      const isRefused = sqlStateOf(error) !== undefined && !isConnectionFatal(error);
      if (isRefused) this.lastFailure = serverError(error);
      if (isRefused) this.#context.emit({ type: 'refused', connection });
      else if (error instanceof Error) this.#context.emit({ type: 'broken', connection, reason: 'lost' });
      else this.#context.emit({ type: 'answered', connection });
    });
  }

  /** Says goodbye; the server closes the socket. */
  terminate(): void {
    this.#farewell?.();
    this.#farewell = undefined;
  }

  /** Ends it at once, also behind a goodbye that was not answered. `timedOut`: the server did not complete the connection in time. */
  destroy(o: { readonly timedOut: boolean }): void {
    if (o.timedOut) this.lastFailure = new ConnectTimeoutError(this.#where());
    this.#isGivenUp = true;
    this.#attempt?.abort(true);
    this.#client?.destroySocket();
    this.terminate();
  }

  #where(): { host: string; port: number; elapsedMs: number } {
    const { targets, clock } = this.#context.options;
    const { host, port } = this.#attempt?.place ?? targets[0];
    return { host, port, elapsedMs: clock.now() - this.#startedAtMs };
  }

  #onConnectFailed(connection: number, error: unknown, clock: PhaseClock): void {
    // Who gave the attempt up knows why.
    const failure = this.#isGivenUp ? this.lastFailure : connectFailure(error, this.#where());
    this.lastFailure = failure;
    this.#publish(clock, false);
    this.#context.emit({ type: 'connect-failed', connection, permanent: failure?.retryable === false });
  }

  #onOpened(connection: number, opened: OpenedClient, clock: PhaseClock): void {
    const { client } = opened;
    const { emit, onNotification, options } = this.#context;
    this.#client = client;
    this.#farewell = () => opened.end();
    client.on('error', () => emit({ type: 'broken', connection, reason: 'lost' }));
    client.on('notification', ({ channel, payload = '', processId: pid }) => onNotification({ channel, payload, pid }));
    client.once('end', () => {
      this.terminate();
      this.#client = undefined;
      emit({ type: 'gone', connection });
    });
    client.connection.on('parameterStatus', () => {
      const isAdmitted = admits(options.targetSessionAttrs, client.role);
      if (!isAdmitted) emit({ type: 'broken', connection, reason: 'demoted' });
    });
    this.#publish(clock, true);
    emit({ type: 'connected', connection });
  }

  #publish({ phases }: PhaseClock, ok: boolean): void {
    const { name: pool } = this.#context.options;
    const { host } = this.#where();
    const { lastFailure: error } = this;
    publish('connect', () => ({ pool, host, phases, ok, ...(ok || error === undefined ? {} : { error }) }));
  }
}
