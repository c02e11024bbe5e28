import { isSpanContextValid, trace } from '@opentelemetry/api';

/** What ties the records of one business operation together. */
export interface Correlation {
  readonly correlation_id?: string;
  readonly causation_id?: string;
}

export interface TraceFields {
  readonly trace_id?: string;
  readonly span_id?: string;
  readonly trace_flags?: string;
}

/** The ids of the active span, as log records carry them; empty without one. For the application's own logger as well. */
export const correlationFields = (): TraceFields => {
  const spanContext = trace.getActiveSpan()?.spanContext();
  if (spanContext === undefined || !isSpanContextValid(spanContext)) return {};
  const { traceId, spanId, traceFlags } = spanContext;
  return { trace_id: traceId, span_id: spanId, trace_flags: traceFlags.toString(16).padStart(2, '0') };
};
