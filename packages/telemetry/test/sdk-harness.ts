import { AsyncLocalStorage } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';

import { context, metrics, ROOT_CONTEXT, trace, type Context, type ContextManager } from '@opentelemetry/api';
import { DataPointType, MeterProvider, MetricReader, type MetricData } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';

import { createTelemetry, type Telemetry, type TelemetryOptions } from '../src/index.ts';

/** A reader of the real SDK that collects when it is told to. */
class ManualReader extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }

  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

export interface CollectedPoint {
  readonly attributes: Readonly<Record<string, unknown>>;
  /** The number, or count and sum of a histogram. */
  readonly value: unknown;
}

export interface CollectedMetric {
  readonly scope: string;
  readonly data: MetricData;
  readonly points: readonly CollectedPoint[];
}

const pointsOf = (data: MetricData): readonly CollectedPoint[] =>
  data.dataPointType === DataPointType.HISTOGRAM
    ? data.dataPoints.map(({ attributes, value }) => ({ attributes, value: { count: value.count, sum: value.sum } }))
    : data.dataPoints.map(({ attributes, value }) => ({ attributes, value }));

export const sdk = () => {
  const reader = new ManualReader();
  const meterProvider = new MeterProvider({ readers: [reader] });
  const exporter = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const collect = async (): Promise<ReadonlyMap<string, CollectedMetric>> => {
    const { resourceMetrics, errors } = await reader.collect();
    if (errors.length > 0) throw new AggregateError(errors, 'a reader could not collect');
    const all = resourceMetrics.scopeMetrics.flatMap(({ scope, metrics: data }) =>
      data.map((each) => ({ scope: scope.name, data: each })),
    );
    return new Map(all.map(({ scope, data }) => [data.descriptor.name, { scope, data, points: pointsOf(data) }]));
  };
  /** The values of a metric by attributes, in their order. */
  const values = async (name: string): Promise<readonly (readonly [Readonly<Record<string, unknown>>, unknown])[]> =>
    ((await collect()).get(name)?.points ?? []).map(({ attributes, value }) => [attributes, value] as const);
  return { meterProvider, tracerProvider, collect, values, spans: () => exporter.getFinishedSpans() };
};

/** Telemetry on a real SDK of its own, closed at the end of the scope. */
export const observed = (
  options: TelemetryOptions = {},
): ReturnType<typeof sdk> & { readonly telemetry: Telemetry } & AsyncDisposable => {
  const own = sdk();
  const telemetry = createTelemetry({
    meterProvider: own.meterProvider,
    tracerProvider: own.tracerProvider,
    ...options,
  });
  return { ...own, telemetry, [Symbol.asyncDispose]: () => telemetry.close() };
};

export const publish = (name: string, message: unknown): void => channel(`busbar:${name}`).publish(message);

/** Announces an instance as a package does. */
export const announce = (
  component: string,
  name: string,
  stats: unknown,
): { set(next: unknown): void; close(): void } => {
  let current = stats;
  publish(`${component}:created`, { name, instance: { stats: () => current } });
  return {
    set: (next) => {
      current = next;
    },
    close: () => publish(`${component}:closed`, { name }),
  };
};

/** The context manager of a Node.js SDK, in short. */
export class LocalContext implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();
  active(): Context {
    return this.#storage.getStore() ?? ROOT_CONTEXT;
  }
  // oxlint-disable-next-line max-params -- the interface of OpenTelemetry
  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    active: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.#storage.run(active, () => Reflect.apply(fn, thisArg, args));
  }
  bind<T>(_active: Context, target: T): T {
    return target;
  }
  enable(): this {
    return this;
  }
  disable(): this {
    return this;
  }
}

/** Undoes every global registration of a test. */
export const forgetGlobals = (): void => {
  metrics.disable();
  trace.disable();
  context.disable();
};
