import type { CheckReport, LoadedConfig } from '@busbar/config';
import { createEventCodec, type DataOf, type EventCodec, type EventMap } from '@busbar/envelope';
import type { TxOptions } from '@busbar/postgres';
import { systemClock, systemTimers } from '@busbar/retry';
import type { Telemetry } from '@busbar/telemetry';

import type { BusTx } from './bus-transaction.ts';
import type { Busbar, BusbarOptions, BusStats } from './busbar.ts';
import { closeOnSignals } from './close-on-signal.ts';
import { publishEvent, runTransaction, type Published, type PublishOptions } from './event-bus.ts';
import { busHealth, type BusHealth } from './health.ts';
import { stopInOrder, type BusCloseReport, type StoppablePart } from './lifecycle.ts';
import { loadSettings } from './load-settings.ts';
import { loadTelemetry } from './load-telemetry.ts';
import { buildParts, type Parts, type PartsInput } from './parts.ts';
import type { BusbarSettingsSchema } from './settings/schema.ts';
import { codecOptions } from './settings/to-options.ts';
import { startParts, type StartupOptions } from './startup.ts';

interface Composition<R extends EventMap> {
  readonly config: LoadedConfig<BusbarSettingsSchema>;
  readonly codec: EventCodec<R>;
  readonly input: PartsInput;
  /** Telemetry that the bus made itself, and therefore closes. */
  readonly ownTelemetry: Telemetry | undefined;
}

/**
 * created → starting → started → closed; a failed start goes back to created, with new parts in place of those it had to close.
 */
class Bus<R extends EventMap> implements Busbar<R> {
  readonly config: LoadedConfig<BusbarSettingsSchema>;
  readonly #composition: Composition<R>;
  #parts: Parts;
  #starting: Promise<CheckReport> | undefined;
  #closing: Promise<BusCloseReport> | undefined;
  #started = false;
  #lastStart: CheckReport | undefined;

  constructor(composition: Composition<R>) {
    this.#composition = composition;
    this.config = composition.config;
    this.#parts = buildParts(composition.input);
  }

  get postgres(): Parts['postgres'] {
    return this.#parts.postgres;
  }
  get outbox(): Parts['outbox'] {
    return this.#parts.outbox;
  }
  get producers(): Parts['producers'] {
    return this.#parts.producers;
  }
  get breaker(): Parts['breaker'] {
    return this.#parts.breaker;
  }

  start(o: { readonly signal?: AbortSignal } = {}): Promise<CheckReport> {
    this.#starting ??= this.#start(o.signal).catch((error: unknown) => {
      this.#starting = undefined;
      throw error;
    });
    return this.#starting;
  }

  async #start(signal: AbortSignal | undefined): Promise<CheckReport> {
    const { input, config } = this.#composition;
    const options: StartupOptions = {
      settings: config.value,
      config: { profile: config.profile, fingerprint: config.fingerprint },
      topics: input.topics,
      clock: input.clock,
      timers: input.timers,
      random: input.random,
      ...(signal === undefined ? {} : { signal }),
    };
    const parts = this.#parts;
    try {
      this.#lastStart = await startParts(parts, options);
      this.#started = this.#closing === undefined;
      return this.#lastStart;
    } catch (error) {
      await this.#stop(parts.ours, config.value.shutdown.deadlineMs);
      if (this.#closing === undefined) this.#parts = buildParts(input);
      throw error;
    }
  }

  transaction<T>(fn: (tx: BusTx<R>) => Promise<T>): Promise<T>;
  transaction<T>(o: TxOptions, fn: (tx: BusTx<R>) => Promise<T>): Promise<T>;
  transaction<T>(first: TxOptions | ((tx: BusTx<R>) => Promise<T>), second?: (tx: BusTx<R>) => Promise<T>): Promise<T> {
    const parts = { codec: this.#composition.codec, outbox: this.outbox, postgres: this.postgres };
    if (typeof first === 'function') return runTransaction(parts, {}, first);
    if (second === undefined) throw new TypeError('transaction(options, fn) needs a function');
    return runTransaction(parts, first, second);
  }

  publish<N extends keyof R & string>(name: N, data: DataOf<R[N]['schema']>, o?: PublishOptions): Promise<Published> {
    return publishEvent({ codec: this.#composition.codec, outbox: this.outbox }, { name, data }, o);
  }

  closeOn(signals: readonly NodeJS.Signals[], o?: { readonly deadlineMs?: number }): Disposable {
    return closeOnSignals(process, signals, () => this.close(o));
  }

  health(): BusHealth {
    return busHealth({ ...this.#parts, backlog: this.config.value.outbox.backlog });
  }

  ready(): boolean {
    return this.#started && this.#closing === undefined && this.postgres.health().status !== 'unhealthy';
  }

  stats(): BusStats {
    return {
      postgres: this.postgres.stats(),
      outbox: this.outbox.stats(),
      producers: this.producers.stats(),
      breaker: this.breaker.stats(),
      envelope: this.#composition.codec.stats(),
      lastStart: this.#lastStart,
    };
  }

  close(o: { readonly deadlineMs?: number } = {}): Promise<BusCloseReport> {
    const { ownTelemetry } = this.#composition;
    const telemetry: readonly StoppablePart[] =
      ownTelemetry === undefined
        ? []
        : [{ name: 'telemetry', close: (deadlineMs) => ownTelemetry.close({ deadlineMs }).then(() => undefined) }];
    this.#closing ??= this.#stop(
      [...this.#parts.ours, ...telemetry],
      o.deadlineMs ?? this.config.value.shutdown.deadlineMs,
    );
    return this.#closing;
  }

  #stop(parts: readonly StoppablePart[], deadlineMs: number): Promise<BusCloseReport> {
    const { clock, timers } = this.#composition.input;
    return stopInOrder(parts, { deadlineMs, now: () => clock.now(), timers });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

const topicsOf = (definitions: EventMap): readonly string[] => [
  ...new Set(Object.values(definitions).map(({ topic }) => topic)),
];

/**
 * Reads the configuration and builds the bus; no socket is opened before `start()`.
 * @throws {@link ConfigError} with all problems of the configuration at once
 */
export const createBusbar = async <R extends EventMap>(options: BusbarOptions<R>): Promise<Busbar<R>> => {
  const config = loadSettings(options);
  const ownTelemetry =
    options.telemetry === undefined && config.value.telemetry.enabled ? await loadTelemetry() : undefined;
  const telemetry = options.telemetry === false ? undefined : (options.telemetry ?? ownTelemetry);
  const codec = createEventCodec(options.events, {
    ...codecOptions(config.value, config.profile),
    ...(telemetry === undefined ? {} : { context: () => telemetry.capture() }),
  });
  return new Bus({
    config,
    codec,
    ownTelemetry,
    input: {
      settings: config.value,
      profile: config.profile,
      topics: topicsOf(options.events.definitions),
      migrate: options.outbox?.migrate ?? 'check',
      telemetry,
      driver: options.driver,
      postgres: options.postgres,
      producers: options.producers,
      breaker: options.breaker,
      clock: options.clock ?? systemClock,
      timers: options.timers ?? systemTimers,
      random: options.random ?? Math.random,
    },
  });
};
