import { context, createTraceState, ROOT_CONTEXT, trace, TraceFlags, type SpanContext } from '@opentelemetry/api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { correlationFields, createTelemetry } from '../src/index.ts';
import { isSuppressed } from '../src/suppress.ts';
import { parseTraceContext } from '../src/trace-carrier.ts';
import { forgetGlobals, LocalContext } from './sdk-harness.ts';

const telemetry = createTelemetry();
beforeAll(() => {
  context.setGlobalContextManager(new LocalContext());
});
afterAll(async () => {
  forgetGlobals();
  await telemetry.close();
});

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';
const within = <T>(spanContext: SpanContext, fn: () => T): T =>
  context.with(trace.setSpanContext(ROOT_CONTEXT, spanContext), fn);

describe('trace context', () => {
  it('R-OB-1 captures the active span as W3C trace context, sampled or not', () => {
    const traceState = createTraceState('vendor=1');
    expect(within({ traceId, spanId, traceFlags: TraceFlags.SAMPLED, traceState }, () => telemetry.capture())).toEqual({
      traceparent: `00-${traceId}-${spanId}-01`,
      tracestate: 'vendor=1',
    });
    expect(within({ traceId, spanId, traceFlags: TraceFlags.NONE }, () => telemetry.capture())).toEqual({
      traceparent: `00-${traceId}-${spanId}-00`,
    });
  });

  it('captures nothing without a span, with an invalid one, or while suppressed', () => {
    expect(telemetry.capture()).toBeUndefined();
    expect(within({ traceId: '0'.repeat(32), spanId, traceFlags: 1 }, () => telemetry.capture())).toBeUndefined();
    expect(
      within({ traceId, spanId, traceFlags: 1 }, () => telemetry.suppressed(() => telemetry.capture())),
    ).toBeUndefined();
  });

  it('suppresses with the key that instrumentations look at, for the time of the call, async parts included', async () => {
    expect(isSuppressed()).toBe(false);
    const later = await telemetry.suppressed(async () => {
      await Promise.resolve();
      return isSuppressed();
    });
    expect(later).toBe(true);
    expect(isSuppressed()).toBe(false);
    expect(
      telemetry.suppressed(() =>
        context.active().getValue(Symbol.for('OpenTelemetry SDK Context Key SUPPRESS_TRACING')),
      ),
    ).toBe(true);
  });

  it('gives the ids of the active span to a logger of the application', () => {
    expect(within({ traceId, spanId, traceFlags: 1 }, correlationFields)).toEqual({
      trace_id: traceId,
      span_id: spanId,
      trace_flags: '01',
    });
    expect(correlationFields()).toEqual({});
  });

  it.each([
    [`00-${traceId}-${spanId}-01`, true],
    [`cc-${traceId}-${spanId}-01-what-the-future-brings`, true],
    [`00-${traceId}-${spanId}-01-extra`, false],
    [`ff-${traceId}-${spanId}-01`, false],
    [`00-${'0'.repeat(32)}-${spanId}-01`, false],
    [`00-${traceId}-${'0'.repeat(16)}-01`, false],
    [`00-${traceId.toUpperCase()}-${spanId}-01`, false],
    ['', false],
  ])('reads %s: %s', (traceparent, valid) => {
    expect(parseTraceContext(traceparent) !== undefined).toBe(valid);
  });
});
