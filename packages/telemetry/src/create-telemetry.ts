/**
 * Composition: channels → listeners → instruments, spans and log records; `stats()` of announced instances → one callback
 * per scope. Nothing but `:created` and `:closed` is subscribed while there is neither a provider nor a sink.
 */
import type { Tracer, TracerProvider } from '@opentelemetry/api';

import { AttributeSets } from './attributes.ts';
import { Binding } from './binding.ts';
import type { Component, Scope } from './catalog/metric-entry.ts';
import { flushWithin } from './flush.ts';
import { healthData, type HealthData } from './health.ts';
import { Instances, type Member, type ObservedInstance } from './instances.ts';
import { instrumentationOf, type InstrumentationShape } from './instrumentation.ts';
import { Instruments, type CollectScope } from './instruments.ts';
import { LogWriter } from './logs.ts';
import { METRIC_HANDLERS } from './metric-recorder.ts';
import { resolveTelemetryOptions, type ResolvedOptions, type TelemetryOptions } from './options.ts';
import { fieldOf, textOf } from './read-field.ts';
import { SpanMaker } from './spans.ts';
import { TelemetryCounters, type TelemetryStats } from './stats.ts';
import { Subscriptions } from './subscriptions.ts';
import { suppressed } from './suppress.ts';
import { captureTraceContext, type TraceCarrier } from './trace-carrier.ts';

/** Observes everything of Busbar in this process. */
export interface Telemetry extends AsyncDisposable {
  /** For `NodeSDK({ instrumentations: [telemetry.instrumentation] })`. */
  readonly instrumentation: InstrumentationShape;
  /** Looks for providers now; whether metrics have one. It happens by itself, up to a minute later. */
  bind(): boolean;
  /** Observes an instance that was made before telemetry, or of another make. Disposing ends it. */
  observe(instance: ObservedInstance): Disposable;
  /** The context of the active span as W3C trace context, to be stored with an event; undefined without one. */
  capture(): TraceCarrier | undefined;
  /** Runs a function without instrumentation of the drivers it calls. */
  suppressed<T>(fn: () => T): T;
  /** The health of what is observed, without I/O. */
  health(): HealthData;
  stats(): TelemetryStats;
  /** Lets the providers export what they have, for at most `deadlineMs` (default: 5_000), then lets go of everything. */
  close(o?: { readonly deadlineMs?: number }): Promise<void>;
}

const ANNOUNCING: readonly Component[] = [
  'postgres',
  'circuit-breaker',
  'producer-pool',
  'outbox',
  'envelope',
  'retry',
];
const DEFAULT_CLOSE_MS = 5000;
const NO_INSTANCE: Disposable = { [Symbol.dispose]: () => undefined };

/**
 * Starts to observe. Without an SDK and without a log sink it waits for one and costs nothing.
 * @throws {@link TelemetryOptionsError} with every problem in the options.
 */
export const createTelemetry = (options: TelemetryOptions = {}): Telemetry =>
  new TelemetryRuntime(resolveTelemetryOptions(options));

class TelemetryRuntime implements Telemetry {
  readonly instrumentation: InstrumentationShape;
  readonly #counters = new TelemetryCounters();
  readonly #instances = new Instances(this.#counters);
  readonly #sets: AttributeSets;
  readonly #binding: Binding;
  readonly #announcements: Subscriptions;
  readonly #metricChannels: Subscriptions;
  readonly #spanChannels: Subscriptions;
  readonly #logChannels: Subscriptions | undefined;
  #instruments: Instruments | undefined;
  #tracers: TracerProvider | undefined;
  #lastReport: unknown;
  #closing: Promise<void> | undefined;

  constructor(options: ResolvedOptions) {
    this.#sets = new AttributeSets(options.maxAttributeSets, this.#counters);
    this.#binding = new Binding(options, {
      onMeterProvider: (provider) =>
        this.#useMeters(provider === undefined ? undefined : new Instruments(provider, this.#sets, this.#collect)),
      onTracerProvider: (provider) => this.#useTracers(provider),
    });
    this.instrumentation = instrumentationOf(this.#binding);
    this.#announcements = new Subscriptions(
      this.#counters,
      ANNOUNCING.flatMap((component) => this.#announcementsOf(component)),
    );
    this.#metricChannels = new Subscriptions(this.#counters, this.#metricListeners());
    this.#spanChannels = new Subscriptions(this.#counters, this.#spanListeners(new SpanMaker(options, this.#counters)));
    const { logSink } = options;
    this.#logChannels =
      logSink === undefined
        ? undefined
        : new Subscriptions(this.#counters, new LogWriter(options, logSink, this.#counters).listeners());
    this.#instances.add({ component: 'telemetry', name: '', stats: () => this.#counters });
    this.#announcements.on();
    this.#logChannels?.on();
    this.#binding.bind();
  }

  bind(): boolean {
    return this.#closing === undefined && this.#binding.bind();
  }

  observe(instance: ObservedInstance): Disposable {
    if (this.#closing !== undefined) return NO_INSTANCE;
    const member: Member = instance;
    this.#instances.add(member);
    this.#instruments?.observe(member.component);
    this.#binding.bind();
    return { [Symbol.dispose]: () => this.#instances.remove(member) };
  }

  capture(): TraceCarrier | undefined {
    return captureTraceContext();
  }

  suppressed<T>(fn: () => T): T {
    return suppressed(fn);
  }

  health(): HealthData {
    return healthData(this.#instances.members(), {
      live: this.#closing === undefined,
      onError: () => {
        this.#counters.sourceErrors += 1;
      },
    });
  }

  stats(): TelemetryStats {
    const { dropped, ...counted } = this.#counters;
    return {
      bound: { meter: this.#binding.meter, tracer: this.#binding.tracer, logs: this.#logChannels !== undefined },
      // Without the one that stands for this package.
      instances: this.#instances.size - 1,
      attributeSets: this.#sets.size,
      dropped: { ...dropped },
      ...counted,
    };
  }

  close(o: { readonly deadlineMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(o.deadlineMs ?? DEFAULT_CLOSE_MS);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(deadlineMs: number): Promise<void> {
    await flushWithin(this.#binding.providers(), deadlineMs);
    this.#announcements.off();
    this.#logChannels?.off();
    this.#binding.disable();
  }

  #useMeters(instruments: Instruments | undefined): void {
    this.#instruments?.release();
    this.#instruments = instruments;
    if (instruments === undefined) {
      this.#metricChannels.off();
      return;
    }
    for (const scope of this.#instances.scopes()) instruments.observe(scope);
    this.#metricChannels.on();
  }

  #useTracers(provider: TracerProvider | undefined): void {
    this.#tracers = provider;
    if (provider === undefined) this.#spanChannels.off();
    else this.#spanChannels.on();
  }

  readonly #collect: CollectScope = (scope, observe) => {
    const startedMs = performance.now();
    for (const series of this.#instances.seriesOf(scope)) series.collect(observe);
    this.#counters.collects += 1;
    this.#counters.lastCollectMs = performance.now() - startedMs;
  };

  #announcementsOf(component: Component): readonly (readonly [string, (message: unknown) => void])[] {
    return [
      [`busbar:${component}:created`, (message) => this.#onCreated(component, message)],
      [`busbar:${component}:closed`, (message) => this.#onClosed(component, message)],
    ];
  }

  #onCreated(component: Component, message: unknown): void {
    const name = textOf(message, 'name');
    const instance = fieldOf(message, 'instance');
    if (name === undefined || !isObservable(instance)) {
      this.#counters.drop('instances');
      return;
    }
    const health = 'health' in instance && typeof instance.health === 'function' ? instance.health : undefined;
    this.observe({
      component,
      name,
      stats: () => instance.stats(),
      ...(health === undefined ? {} : { health: (): unknown => Reflect.apply(health, instance, []) }),
    });
  }

  #onClosed(component: Component, message: unknown): void {
    const member = this.#instances.oldest(component, textOf(message, 'name') ?? '');
    if (member !== undefined) this.#instances.remove(member);
  }

  *#metricListeners(): Iterable<readonly [string, (message: unknown) => void]> {
    for (const [channel, handle] of METRIC_HANDLERS)
      yield [
        channel,
        (message) =>
          handle(message, (metric, value, attributes) => this.#instruments?.record(metric, value, attributes)),
      ];
    yield ['busbar:config:report', (message) => this.#onReport(message)];
  }

  *#spanListeners(spans: SpanMaker): Iterable<readonly [string, (message: unknown) => void]> {
    yield [
      'busbar:producer-pool:send',
      (message) => this.#withTracer('producer-pool', (tracer) => spans.onSend(tracer, message)),
    ];
    yield ['busbar:outbox:cycle', (message) => this.#withTracer('outbox', (tracer) => spans.onCycle(tracer, message))];
  }

  #withTracer(scope: Scope, use: (tracer: Tracer) => void): void {
    const tracer = this.#tracers?.getTracer(`@busbar/${scope}`);
    if (tracer !== undefined) use(tracer);
  }

  /** The last report stands for the start-up; the first one begins its series. */
  #onReport(message: unknown): void {
    const isFirst = this.#lastReport === undefined;
    this.#lastReport = fieldOf(message, 'report');
    if (isFirst) this.observe({ component: 'config', name: '', stats: () => this.#lastReport });
  }
}

const isObservable = (value: unknown): value is { stats(): unknown } =>
  typeof value === 'object' && value !== null && 'stats' in value && typeof value.stats === 'function';
