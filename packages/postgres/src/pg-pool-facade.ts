import type { EventEmitter } from 'node:events';

import { Pool } from 'pg';

import { prepareCall } from './call.ts';
import type { Connection } from './connection.ts';
import type { PoolContext } from './context.ts';
import { readDriverCall, type DriverCall } from './driver-call.ts';
import { BusbarPgClient, deliver, prepare, refuse, runOnConnection } from './pg-client-facade.ts';
import type {
  PgCallback,
  PgClientPort,
  PgConnectCallback,
  PgPoolFacade,
  PgQueryConfig,
  PgResult,
  PgSubmittable,
} from './pg-port.ts';
import type { Row } from './row-decoder.ts';

/** `pg.Pool`, for `instanceof`: its constructor opens nothing, and all that would is overridden below. */
const DriverPool: new (config: { readonly max: number }) => EventEmitter = Pool;

/**
 * A `pg.Pool` without connections of its own, for what is written against one: those of a `Postgres`, with its queue, its deadlines and its statistics.
 * Transaction control on the pool itself is refused: two statements of a pool may run on two connections (H30).
 */
export class BusbarPgPool extends DriverPool implements PgPoolFacade {
  // Some look at the name of the class, which a minifier would change.
  static override readonly name = 'BusbarPgPool';
  readonly #context: PoolContext;
  readonly #clients = new WeakMap<Connection, BusbarPgClient>();

  constructor(context: PoolContext) {
    super({ max: context.options.pool.max });
    this.#context = context;
  }

  get totalCount(): number {
    const { slots, counts } = this.#context.leases.state;
    return slots.size - counts.closing;
  }

  get idleCount(): number {
    return this.#context.leases.state.counts.idle;
  }

  get waitingCount(): number {
    return this.#context.leases.state.waiters.size;
  }

  get expiredCount(): number {
    return 0;
  }

  connect(): Promise<PgClientPort>;
  connect(callback: PgConnectCallback): void;
  connect(callback?: PgConnectCallback): Promise<PgClientPort> | undefined {
    const lent = this.#lend();
    if (callback === undefined) return lent.then(({ client }) => client);
    lent.then(
      ({ client, release }) => process.nextTick(callback, undefined, client, release),
      (error: unknown) => process.nextTick(callback, error, undefined, () => undefined),
    );
    return undefined;
  }

  query<S extends PgSubmittable>(submittable: S): S;
  query<R = Row>(statement: string | PgQueryConfig, values?: readonly unknown[]): Promise<PgResult<R>>;
  query<R = Row>(statement: string | PgQueryConfig, callback: PgCallback<PgResult<R>>): void;
  query<R = Row>(
    statement: string | PgQueryConfig,
    values: readonly unknown[],
    callback: PgCallback<PgResult<R>>,
  ): void;
  query(statement: unknown, values?: unknown, callback?: unknown): unknown {
    const given = readDriverCall(statement, values, callback);
    return deliver(given, () => this.#run(given));
  }

  end(): Promise<void>;
  end(callback: () => void): void;
  end(callback?: () => void): Promise<void> | undefined {
    if (callback === undefined) return Promise.resolve();
    process.nextTick(callback);
    return undefined;
  }

  async #run(given: DriverCall): Promise<unknown> {
    const { defaults, leases, target } = this.#context;
    const how = { defaults, txControl: 'refused' } as const;
    const call = prepare(given, () => prepareCall({ statement: given.text }, {}, how));
    let connection: Connection;
    try {
      connection = await leases.acquire(call);
    } catch (error) {
      throw refuse(given, error);
    }
    const acquireMs = target.clock.now() - call.startedAtMs;
    try {
      return await runOnConnection(this.#context, connection, { given, call, acquireMs });
    } finally {
      leases.releaseWhenQuiet(connection);
    }
  }

  async #lend(): Promise<{ client: BusbarPgClient; release: (destroy?: Error | boolean) => void }> {
    const { leases, options } = this.#context;
    const { queryDeadlineMs: deadlineMs } = options.timeouts;
    const deadlineAtMs = options.clock.now() + deadlineMs;
    const request = { label: undefined, signal: undefined, deadlineMs, deadlineAtMs, watched: true };
    const connection = await leases.acquire(request);
    const client = this.#clients.get(connection) ?? this.#introduce(connection);
    const release = client.lend();
    this.emit('acquire', client);
    return { client, release };
  }

  #introduce(connection: Connection): BusbarPgClient {
    const client = new BusbarPgClient(this.#context, connection, (released, error) => {
      this.emit('release', error, released);
    });
    this.#clients.set(connection, client);
    client.once('end', () => this.emit('remove', client));
    this.emit('connect', client);
    return client;
  }
}
