import type { Breaker, BreakerStats } from '@busbar/circuit-breaker';
import type { CheckReport, DeepPartialInput, LoadedConfig, LoadOptions } from '@busbar/config';
import type { DataOf, EnvelopeStats, EventMap, EventRegistry } from '@busbar/envelope';
import type { Outbox, OutboxStats } from '@busbar/outbox';
import type { Postgres, PostgresStats, TxOptions } from '@busbar/postgres';
import type { ProducerDriver, ProducerPool, ProducerPoolStats } from '@busbar/producer-pool';
import type { Clock, Timers } from '@busbar/retry';
import type { Telemetry } from '@busbar/telemetry';

import type { BusTx } from './bus-transaction.ts';
import type { Published, PublishOptions } from './event-bus.ts';
import type { BusHealth } from './health.ts';
import type { BusCloseReport } from './lifecycle.ts';
import type { BusbarSettingsSchema } from './settings/schema.ts';

export interface BusbarOptions<R extends EventMap> {
  /** The events of the service: `defineEvents({ … })`. */
  readonly events: EventRegistry<R>;
  /** Settings given by code; they win over files and environment. */
  readonly config?: DeepPartialInput<BusbarSettingsSchema>;
  /**
   * Where the other settings come from. Default: the environment of the process, and the files that `BUSBAR_CONFIG_FILE` names
   * (comma list, later ones win), else `busbar.json` in the working directory if it is there.
   */
  readonly load?: Pick<LoadOptions<BusbarSettingsSchema>, 'env' | 'files' | 'envFiles' | 'profile'>;
  /** Default: kafkajs, by the `kafka.*` settings. */
  readonly driver?: ProducerDriver;
  /** A part of your own; what you pass in, you close. The relay then takes its two connections from this `postgres`, too. */
  readonly postgres?: Postgres;
  readonly producers?: ProducerPool;
  readonly breaker?: Breaker;
  /** `false`: none. Default: loaded where `@opentelemetry/api` is installed and `telemetry.enabled` is true. */
  readonly telemetry?: Telemetry | false;
  readonly outbox?: {
    /** `auto`: `start()` creates and migrates the tables. Default: `check`, it refuses to start without them. */
    readonly migrate?: 'check' | 'auto';
  };
  /** Monotonic. Default: the system's. */
  readonly clock?: Clock;
  readonly timers?: Timers;
  /** In [0, 1). Default: `Math.random`. */
  readonly random?: () => number;
}

/** The statistics of every part: plain numbers, no I/O. */
export interface BusStats {
  readonly postgres: PostgresStats;
  readonly outbox: OutboxStats;
  readonly producers: ProducerPoolStats;
  readonly breaker: BreakerStats;
  readonly envelope: EnvelopeStats;
  /** The report of the last start that got so far. */
  readonly lastStart: CheckReport | undefined;
}

/** A running bus. Everything may be called concurrently. */
export interface Busbar<R extends EventMap> extends AsyncDisposable {
  /**
   * Validates PostgreSQL and Kafka in parallel, migrates if told to, and starts the relay. Idempotent; concurrent callers share one attempt.
   * A failed start leaves nothing open and may be repeated. With Kafka away it starts degraded: events wait in the outbox.
   * @throws {@link StartupCheckError} with the report, when a dependency that is required is not usable
   */
  start(o?: { readonly signal?: AbortSignal }): Promise<CheckReport>;
  /** Runs `fn` in a transaction; what it publishes is delivered exactly when it commits. Serialization failures are retried as a whole. */
  transaction<T>(fn: (tx: BusTx<R>) => Promise<T>): Promise<T>;
  transaction<T>(o: TxOptions, fn: (tx: BusTx<R>) => Promise<T>): Promise<T>;
  /**
   * Publishes without a transaction. When the promise resolves the event is acknowledged by the broker, or in `busbar.outbox`; with `tx`
   * it is in that transaction. Await each publish of a key to keep its order.
   */
  publish<N extends keyof R & string>(name: N, data: DataOf<R[N]['schema']>, o?: PublishOptions): Promise<Published>;
  /** Closes at the first of the signals and exits with 0, or with 1 when the deadline passed; a second signal exits at once. */
  closeOn(signals: readonly NodeJS.Signals[], o?: { readonly deadlineMs?: number }): Disposable;
  /** No I/O. Unhealthy: nothing can be accepted. Degraded: accepted, and something needs attention. */
  health(): BusHealth;
  /** Started, and PostgreSQL usable. A dead broker does not make a service unready. */
  ready(): boolean;
  stats(): BusStats;
  /**
   * No new work; then relay, producers, breaker, connections, in this order, each with its share of the deadline. Default:
   * `shutdown.deadlineMs`. Before `start()`, during it and twice are legal. Never rejects.
   */
  close(o?: { readonly deadlineMs?: number }): Promise<BusCloseReport>;
  readonly postgres: Postgres;
  readonly outbox: Outbox;
  readonly producers: ProducerPool;
  readonly breaker: Breaker;
  readonly config: LoadedConfig<BusbarSettingsSchema>;
}
