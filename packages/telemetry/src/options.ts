import type { MeterProvider, TracerProvider } from '@opentelemetry/api';

import type { LogLevel } from './catalog/logs.ts';
import type { Correlation } from './correlation.ts';
import { TelemetryOptionsError } from './errors.ts';
import type { LogSink } from './log-sinks.ts';

/** Monotonic milliseconds. */
export interface Clock {
  now(): number;
}

/** One-shot timers; `clear` takes what `set` returned. */
export interface Timers {
  set(callback: () => void, delayMs: number): unknown;
  clear(handle: unknown): void;
}

export interface TelemetryOptions {
  /** Default: the global one, looked for again until there is a real one. */
  readonly meterProvider?: MeterProvider;
  readonly tracerProvider?: TracerProvider;
  /** `dup`: spans carry `messaging.system` beside `messaging.system.name`, its name since 1.45. Default: dup. */
  readonly semconv?: 'dup' | 'latest';
  /** Links of a send span at most. Default: 128, range 0..128: the SDK keeps the last 128. */
  readonly perMessageLinks?: number;
  /** Attribute sets per recorded metric; further ones share `_OTHER`. Default: 200, range 16..2_000. */
  readonly maxAttributeSets?: number;
  /** Where log records go. Default: nowhere, and no channel is subscribed for them. */
  readonly logSink?: LogSink;
  /** The least level that is logged. Default: info. */
  readonly logLevel?: LogLevel | 'off';
  /** Correlation of what goes on now, for log records. Default: none. */
  readonly correlation?: () => Correlation | undefined;
  /** Default: `performance.now`. */
  readonly clock?: Clock;
  /** Epoch milliseconds. Default: `Date.now`. */
  readonly wallClock?: () => number;
  /** Default: unreferenced timers of the event loop. */
  readonly timers?: Timers;
}

/** Defaults of {@link TelemetryOptions}. */
export const TELEMETRY_DEFAULTS = {
  semconv: 'dup',
  perMessageLinks: 128,
  maxAttributeSets: 200,
  logLevel: 'info',
} as const;

/** Inclusive bounds of {@link TelemetryOptions}. */
export const TELEMETRY_LIMITS = {
  perMessageLinks: { min: 0, max: 128 },
  maxAttributeSets: { min: 16, max: 2000 },
} as const;

export interface ResolvedOptions {
  readonly meterProvider: MeterProvider | undefined;
  readonly tracerProvider: TracerProvider | undefined;
  readonly semconv: 'dup' | 'latest';
  readonly perMessageLinks: number;
  readonly maxAttributeSets: number;
  readonly logSink: LogSink | undefined;
  readonly logLevel: LogLevel | 'off';
  readonly correlation: () => Correlation | undefined;
  readonly clock: Clock;
  readonly wallClock: () => number;
  readonly timers: Timers;
}

const LEVELS: ReadonlySet<string> = new Set(['debug', 'info', 'warn', 'error', 'off']);

const isTimeout = (handle: unknown): handle is NodeJS.Timeout =>
  typeof handle === 'object' && handle !== null && 'hasRef' in handle;

/** Nothing here may keep a process alive. */
const unreferencedTimers: Timers = {
  set: (callback, delayMs) => setTimeout(callback, delayMs).unref(),
  clear: (handle) => {
    if (isTimeout(handle)) clearTimeout(handle);
  },
};

const rangeProblem = (name: keyof typeof TELEMETRY_LIMITS, value: number): readonly string[] => {
  const { min, max } = TELEMETRY_LIMITS[name];
  return Number.isInteger(value) && value >= min && value <= max
    ? []
    : [`${name} must be an integer in ${min}..${max}`];
};

const ports = (o: TelemetryOptions) => ({
  correlation: o.correlation ?? (() => undefined),
  clock: o.clock ?? performance,
  wallClock: o.wallClock ?? Date.now,
  timers: o.timers ?? unreferencedTimers,
});

/**
 * Options with their defaults, checked and frozen.
 * @throws {@link TelemetryOptionsError} with every problem.
 */
export const resolveTelemetryOptions = (o: TelemetryOptions): ResolvedOptions => {
  const resolved: ResolvedOptions = {
    ...ports(o),
    meterProvider: o.meterProvider,
    tracerProvider: o.tracerProvider,
    semconv: o.semconv ?? TELEMETRY_DEFAULTS.semconv,
    perMessageLinks: o.perMessageLinks ?? TELEMETRY_DEFAULTS.perMessageLinks,
    maxAttributeSets: o.maxAttributeSets ?? TELEMETRY_DEFAULTS.maxAttributeSets,
    logSink: o.logSink,
    logLevel: o.logLevel ?? TELEMETRY_DEFAULTS.logLevel,
  };
  const issues = [
    ...rangeProblem('perMessageLinks', resolved.perMessageLinks),
    ...rangeProblem('maxAttributeSets', resolved.maxAttributeSets),
    ...(resolved.semconv === 'dup' || resolved.semconv === 'latest' ? [] : ['semconv must be dup or latest']),
    ...(LEVELS.has(resolved.logLevel) ? [] : ['logLevel must be debug, info, warn, error or off']),
    ...(o.logSink === undefined || typeof o.logSink.write === 'function' ? [] : ['logSink must have a function write']),
  ];
  if (issues.length > 0) throw new TelemetryOptionsError(issues);
  return Object.freeze(resolved);
};
