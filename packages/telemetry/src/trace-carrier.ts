import { createTraceState, isSpanContextValid, trace, type SpanContext } from '@opentelemetry/api';

import { isSuppressed } from './suppress.ts';

/** W3C trace context, as an event carries it. */
export interface TraceCarrier {
  readonly traceparent: string;
  readonly tracestate?: string;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/u;

/**
 * The context of the active span, whatever propagator is configured; undefined if there is none or tracing is suppressed.
 * An unsampled context is given as well, so that consumers agree not to sample. Baggage never.
 */
export const captureTraceContext = (): TraceCarrier | undefined => {
  if (isSuppressed()) return undefined;
  const spanContext = trace.getActiveSpan()?.spanContext();
  if (spanContext === undefined || !isSpanContextValid(spanContext)) return undefined;
  const flags = (spanContext.traceFlags & 0xff).toString(16).padStart(2, '0');
  const traceparent = `00-${spanContext.traceId}-${spanContext.spanId}-${flags}`;
  const tracestate = spanContext.traceState?.serialize() ?? '';
  return tracestate === '' ? { traceparent } : { traceparent, tracestate };
};

/** The span context of a `traceparent`, and of its `tracestate` if there is one; undefined if it is not valid. */
export const parseTraceContext = (traceparent: string, tracestate?: string): SpanContext | undefined => {
  const [, version = '', traceId = '', spanId = '', flags = '', rest] = TRACEPARENT.exec(traceparent) ?? [];
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  const spanContext: SpanContext = {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
    ...(tracestate === undefined ? {} : { traceState: createTraceState(tracestate) }),
  };
  return isSpanContextValid(spanContext) ? spanContext : undefined;
};
