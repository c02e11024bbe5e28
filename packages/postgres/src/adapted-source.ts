/**
 * Connections out of a pool of the user's: each is one of its clients, taken by `connect()` and given back by `release()`.
 *
 * What was asked of a pool cannot be asked back: an attempt that was given up still takes part in its queue, counts as one of our slots until the
 * pool answers, and gives back at once what comes. Only `close` does not wait for that.
 */
import { AdaptedClient, isLentClient, type LentClient } from './adapted-client.ts';
import { adaptedTls } from './adapted-tls.ts';
import { AcquireTimeoutError, ConnectTimeoutError } from './connect-errors.ts';
import type { PostgresError } from './errors.ts';
import type { PhaseClock } from './lifecycle.ts';
import { OpenAttempt, type ConnectWhere } from './open-attempt.ts';
import type { PgPoolPort } from './pg-port.ts';
import type { ResolvedPostgresOptions } from './resolve-options.ts';
import type { OpenedSession } from './session-port.ts';
import { StatementCache, type StatementCounters } from './statement-cache.ts';
import { ArgumentInvalidError, PostgresClosedError } from './usage-errors.ts';

/** The messages of `pg-pool` that name a cause; they have no code. */
const POOL_IS_FULL = 'timeout exceeded when trying to connect';
const CONNECT_IS_OVERDUE = 'Connection terminated due to connection timeout';
const POOL_HAS_ENDED = 'Cannot use a pool after calling end on the pool';

/** By session, whoever adapts its pool: a name is given once. */
const preparedOn = new WeakMap<LentClient, StatementCache>();

class AdaptedAttempt extends OpenAttempt {
  readonly #overdue: (where: ConnectWhere) => PostgresError;

  constructor(
    o: { readonly steps: PhaseClock; readonly place: { readonly host: string; readonly port: number } },
    overdue: (where: ConnectWhere) => PostgresError,
  ) {
    super(o.steps, o.place);
    this.#overdue = overdue;
  }

  override overdue(where: ConnectWhere): PostgresError {
    return this.#overdue(where);
  }

  override abort(isClosing: boolean): void {
    if (isClosing) super.abort(isClosing);
    else this.cutOff();
  }
}

export class AdaptedSource {
  readonly #pool: PgPoolPort;
  readonly #options: Pick<ResolvedPostgresOptions, 'name' | 'host' | 'port' | 'clock' | 'statements'>;
  readonly #counters: StatementCounters;

  constructor(
    pool: PgPoolPort,
    options: Pick<ResolvedPostgresOptions, 'name' | 'host' | 'port' | 'clock' | 'statements'>,
    counters: StatementCounters,
  ) {
    this.#pool = pool;
    this.#options = options;
    this.#counters = counters;
  }

  open(steps: PhaseClock, done: (error: unknown, opened?: OpenedSession) => void): OpenAttempt {
    const attempt = new AdaptedAttempt({ steps, place: this.#options }, (where) => this.#overdue(where));
    void this.#tell(attempt, done);
    return attempt;
  }

  async #tell(attempt: OpenAttempt, done: (error: unknown, opened?: OpenedSession) => void): Promise<void> {
    let opened: OpenedSession;
    try {
      opened = await this.#take(attempt);
    } catch (error) {
      done(this.#named(error, attempt));
      return;
    }
    done(undefined, opened);
  }

  /** A client that somebody gave back with a transaction open is ended, and the next one taken. */
  async #take(attempt: OpenAttempt): Promise<OpenedSession> {
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const { client, raw } = await attempt.wait(this.#connect(attempt));
      attempt.holds(client);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await client.whenQuiet();
      attempt.holds(undefined);
      if (attempt.isAborted) {
        client.end();
        throw new Error('the attempt was given up');
      }
      if (client.isFit) return this.#opened(client, raw);
      client.destroySocket();
    }
  }

  #connect(attempt: OpenAttempt): Promise<{ readonly client: AdaptedClient; readonly raw: LentClient }> {
    return new Promise((resolve, reject) => {
      this.#pool.connect((error, raw, release) => {
        if (raw === undefined || raw === null) {
          reject(error ?? new Error('the pool gave no client'));
        } else if (attempt.isAborted) {
          release();
          reject(new Error('the attempt was given up'));
        } else if (isLentClient(raw)) {
          resolve({ client: new AdaptedClient(raw, release), raw });
        } else {
          release();
          reject(new ArgumentInvalidError({ argument: 'pool', expected: 'a pool of the JavaScript client of pg' }));
        }
      });
    });
  }

  #opened(client: AdaptedClient, raw: LentClient): OpenedSession {
    const { host, port } = raw;
    const known = preparedOn.get(raw);
    const statements = known ?? new StatementCache(this.#options.statements, this.#counters);
    preparedOn.set(raw, statements);
    const isReused = known !== undefined;
    const address = raw.connection.stream.remoteAddress ?? host;
    const place = { host, port, address };
    return { client, isReused, statements, place, tls: adaptedTls(raw), end: () => client.end() };
  }

  #named(error: unknown, { steps }: OpenAttempt): unknown {
    const { name, host, port, clock } = this.#options;
    const message: unknown = Reflect.get(Object(error), 'message');
    const where = { host, port, elapsedMs: clock.now() - steps.startedAtMs };
    if (message === POOL_IS_FULL) return this.#full(where.elapsedMs, error);
    if (message === CONNECT_IS_OVERDUE) return new ConnectTimeoutError(where, { cause: error });
    if (message === POOL_HAS_ENDED) return new PostgresClosedError({ pool: name }, { cause: error });
    return error;
  }

  /** Who waits in the queue of the pool waits for a client; anybody else waits for the server. */
  #overdue(where: ConnectWhere): PostgresError {
    return this.#pool.waitingCount > 0 ? this.#full(where.elapsedMs) : new ConnectTimeoutError(where);
  }

  #full(waitedMs: number, cause?: unknown): AcquireTimeoutError {
    const { totalCount, idleCount: idle, waitingCount: queued } = this.#pool;
    const details = { pool: this.#options.name, queued, active: totalCount - idle, idle, waitedMs };
    return new AcquireTimeoutError(details, { cause });
  }
}
