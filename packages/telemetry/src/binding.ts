/**
 * Finds the providers of the application, however late they are registered.
 *
 * There is no proxy meter: an instrument that was made before the SDK is registered stays a no-op. So the binding is tried
 * again at every occasion (creation, a new instance, `bind()`, the instrumentation hook) and on a timer of 1 s to 60 s, until
 * both a real meter and a real tracer provider are there. Binding twice to the same provider changes nothing.
 */
import {
  createNoopMeter,
  metrics,
  ProxyTracerProvider,
  trace,
  type MeterProvider,
  type TracerProvider,
} from '@opentelemetry/api';

import type { ResolvedOptions } from './options.ts';

const SCOPE = '@busbar/telemetry';
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 60_000;
const API_GLOBAL = Symbol.for('opentelemetry.js.api.1');

/** Told when a provider is found, replaced or gone. */
export interface BindingListener {
  onMeterProvider(provider: MeterProvider | undefined): void;
  onTracerProvider(provider: TracerProvider | undefined): void;
}

/** Instruments of a no-op meter record nothing, whichever copy of the API made it. */
const isRealMeterProvider = (provider: MeterProvider): boolean => {
  const meter = provider.getMeter(SCOPE);
  return meter !== createNoopMeter() && meter.constructor.name !== 'NoopMeter';
};

const noopDelegate = new ProxyTracerProvider().getDelegate();

/** The provider behind the proxy, or undefined if there is none yet. */
const realTracerProvider = (provider: TracerProvider): TracerProvider | undefined => {
  const behind =
    'getDelegate' in provider && provider instanceof ProxyTracerProvider ? provider.getDelegate() : provider;
  return behind === noopDelegate || behind.constructor.name === 'NoopTracerProvider' ? undefined : behind;
};

export class Binding {
  readonly #options: ResolvedOptions;
  readonly #listener: BindingListener;
  #given: { meter: MeterProvider | undefined; tracer: TracerProvider | undefined };
  #enabled = true;
  #meter: MeterProvider | undefined;
  #tracer: TracerProvider | undefined;
  #timer: unknown;
  #delayMs = FIRST_RETRY_MS;
  #warned = false;

  constructor(options: ResolvedOptions, listener: BindingListener) {
    this.#options = options;
    this.#listener = listener;
    this.#given = { meter: options.meterProvider, tracer: options.tracerProvider };
  }

  get meter(): boolean {
    return this.#meter !== undefined;
  }

  get tracer(): boolean {
    return this.#tracer !== undefined;
  }

  get enabled(): boolean {
    return this.#enabled;
  }

  /** What signals go to now. */
  providers(): readonly unknown[] {
    return [this.#meter, this.#tracer];
  }

  /** Looks for providers now; whether a real meter provider is bound. */
  bind(): boolean {
    if (!this.#enabled) return false;
    const meter = this.#given.meter ?? metrics.getMeterProvider();
    this.#useMeter(isRealMeterProvider(meter) ? meter : undefined);
    this.#useTracer(realTracerProvider(this.#given.tracer ?? trace.getTracerProvider()));
    if (!this.meter && this.#given.meter === undefined) this.#warnOfOlderApi();
    if (this.meter && this.tracer) this.#stopTimer();
    else this.#startTimer();
    return this.meter;
  }

  /** Providers handed over by an SDK; those given as options win. */
  setMeterProvider(provider: MeterProvider): void {
    this.#given = { ...this.#given, meter: this.#options.meterProvider ?? provider };
    this.bind();
  }

  setTracerProvider(provider: TracerProvider): void {
    this.#given = { ...this.#given, tracer: this.#options.tracerProvider ?? provider };
    this.bind();
  }

  enable(): void {
    this.#enabled = true;
    this.bind();
  }

  /** Lets go of both providers and looks for none until enabled again. */
  disable(): void {
    this.#enabled = false;
    this.#stopTimer();
    this.#useMeter(undefined);
    this.#useTracer(undefined);
  }

  #useMeter(provider: MeterProvider | undefined): void {
    if (provider === this.#meter) return;
    this.#meter = provider;
    this.#listener.onMeterProvider(provider);
  }

  #useTracer(provider: TracerProvider | undefined): void {
    if (provider === this.#tracer) return;
    this.#tracer = provider;
    this.#listener.onTracerProvider(provider);
  }

  #startTimer(): void {
    if (this.#timer !== undefined) return;
    this.#timer = this.#options.timers.set(() => {
      this.#timer = undefined;
      this.#delayMs = Math.min(LAST_RETRY_MS, this.#delayMs * 2);
      this.bind();
    }, this.#delayMs);
  }

  #stopTimer(): void {
    if (this.#timer !== undefined) this.#options.timers.clear(this.#timer);
    this.#timer = undefined;
    this.#delayMs = FIRST_RETRY_MS;
  }

  /** A registered meter provider that our copy of the API does not see: the application's copy is older than ours. */
  #warnOfOlderApi(): void {
    const registered: unknown = Reflect.get(globalThis, API_GLOBAL);
    const hasMetrics = typeof registered === 'object' && registered !== null && Reflect.has(registered, 'metrics');
    if (this.#warned || !hasMetrics || metrics.getMeterProvider() === Reflect.get(registered, 'metrics')) return;
    this.#warned = true;
    const message =
      'an OpenTelemetry SDK is registered through an older @opentelemetry/api than the one @busbar/telemetry uses; install one version of it';
    process.emitWarning(message, { code: 'BUSBAR_TELEMETRY_API_MISMATCH' });
  }
}
