import type { Row } from './row-decoder.ts';

// The shapes of `pg` that this package gives and takes, without its types: what is written against `pg.Pool` fits them.

/** What `pg` answers to one statement. */
export interface PgResult<R = Row> {
  readonly rows: R[];
  readonly rowCount: number | null;
  readonly command: string;
  readonly oid: number;
  readonly fields: { readonly name: string; readonly dataTypeID: number }[];
}

/** A statement in the form of `pg`. */
export interface PgQueryConfig {
  readonly text: string;
  readonly values?: readonly unknown[];
  /** Under which it is prepared. */
  readonly name?: string;
  readonly rowMode?: string;
}

/** An object that runs itself on a connection, such as a `pg-cursor`. */
export interface PgSubmittable {
  submit(connection: never): unknown;
}

export type PgCallback<R> = (error: Error | undefined, result: R) => void;

export interface PgQueryable {
  query<S extends PgSubmittable>(submittable: S): S;
  query<R = Row>(statement: string | PgQueryConfig, values?: readonly unknown[]): Promise<PgResult<R>>;
  query<R = Row>(statement: string | PgQueryConfig, callback: PgCallback<PgResult<R>>): void;
  query<R = Row>(
    statement: string | PgQueryConfig,
    values: readonly unknown[],
    callback: PgCallback<PgResult<R>>,
  ): void;
}

/** What happens on a session beside its statements. */
export type PgClientEvent = 'end' | 'error' | 'notice' | 'notification';
export type PgPoolEvent = 'acquire' | 'connect' | 'error' | 'release' | 'remove';
type Listen<E, Self> = (event: E, listener: (...told: readonly unknown[]) => void) => Self;

/** A connection of a pool, as its borrower sees it. */
export interface PgClientPort extends PgQueryable {
  readonly processID: number | null;
  /** Gives it back; `true`, or an error, ends the connection. */
  release(destroy?: Error | boolean): void;
  readonly on: Listen<PgClientEvent, PgClientPort>;
  readonly once: Listen<PgClientEvent, PgClientPort>;
  readonly off: Listen<PgClientEvent, PgClientPort>;
}

export type PgRelease = (destroy?: Error | boolean) => void;
export type PgConnectCallback = (
  error: Error | undefined,
  client: PgClientPort | undefined,
  release: PgRelease,
) => void;

/** A pool that `adaptPool` may take clients of. */
export interface PgPoolPort {
  readonly options: { readonly max?: number | undefined; readonly stream?: unknown };
  readonly totalCount: number;
  readonly idleCount: number;
  /** Who waits for a client. */
  readonly waitingCount: number;
  connect(
    callback: (
      error: Error | undefined,
      client: object | undefined,
      release: (destroy?: Error | boolean) => void,
    ) => void,
  ): void;
}

/** What `asPgPool()` gives: to whatever takes a `pg.Pool` it is one. */
export interface PgPoolFacade extends PgQueryable {
  connect(): Promise<PgClientPort>;
  connect(callback: PgConnectCallback): void;
  /** Does nothing: the connections are those of the `Postgres`, which is closed by `close()`. */
  end(): Promise<void>;
  end(callback: () => void): void;
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
  readonly expiredCount: number;
  readonly on: Listen<PgPoolEvent, PgPoolFacade>;
  readonly once: Listen<PgPoolEvent, PgPoolFacade>;
  readonly off: Listen<PgPoolEvent, PgPoolFacade>;
}
