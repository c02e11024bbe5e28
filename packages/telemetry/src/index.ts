// Observing
export { createTelemetry } from './create-telemetry.ts';
export type { Telemetry } from './create-telemetry.ts';
export { TELEMETRY_DEFAULTS, TELEMETRY_LIMITS } from './options.ts';
export type { Clock, TelemetryOptions, Timers } from './options.ts';
export type { ObservedInstance } from './instances.ts';
export type { InstrumentationShape } from './instrumentation.ts';
export type { TraceCarrier } from './trace-carrier.ts';
export type { ComponentHealth, HealthData, HealthReason, HealthStatus } from './health.ts';
export type { TelemetryStats } from './stats.ts';

// Logs
export { ndjsonSink, pinoSink } from './log-sinks.ts';
export type { LogSink, NdjsonSinkOptions, PinoLike } from './log-sinks.ts';
export type { LoggedError, LogRecord } from './log-record.ts';
export { correlationFields } from './correlation.ts';
export type { Correlation, TraceFields } from './correlation.ts';

// The names, as data
export { METRIC_CATALOG } from './catalog/metrics.ts';
export type { MetricName } from './catalog/metrics.ts';
export type { Component, MetricEntry, MetricKind, Scope } from './catalog/metric-entry.ts';
export { SPAN_CATALOG } from './catalog/spans.ts';
export type { SpanEntry } from './catalog/spans.ts';
export { LOG_CATALOG } from './catalog/logs.ts';
export type { LogEntry, LogLevel } from './catalog/logs.ts';

// Errors
export { TelemetryOptionsError } from './errors.ts';
export type { TelemetryErrorCode } from './errors.ts';
