import { context, createContextKey } from '@opentelemetry/api';

/** The key that the SDK and its instrumentations look at. Keys are made with `Symbol.for`, so naming it again is enough. */
const SUPPRESS_TRACING = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

export const isSuppressed = (): boolean => context.active().getValue(SUPPRESS_TRACING) === true;

/**
 * Runs a function so that instrumentations of drivers make no spans and leave headers alone. Contrib kafkajs would
 * otherwise overwrite the trace context of the event with its own.
 */
export const suppressed = <T>(fn: () => T): T => context.with(context.active().setValue(SUPPRESS_TRACING, true), fn);
