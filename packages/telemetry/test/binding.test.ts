import { channel } from 'node:diagnostics_channel';

import { manualClock } from '@busbar-tooling/test-kit/manual-clock';
import { metrics, trace } from '@opentelemetry/api';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { createTelemetry } from '../src/index.ts';
import { METRIC_HANDLERS } from '../src/metric-recorder.ts';
import { SEND } from './full-statistics.ts';
import { announce, forgetGlobals, publish, sdk } from './sdk-harness.ts';

afterEach(forgetGlobals);

const subscribed = (): readonly string[] =>
  [...METRIC_HANDLERS.keys(), 'busbar:outbox:parked', 'busbar:config:report'].filter(
    (name) => channel(name).hasSubscribers,
  );

const breaker = (success: number) => ({ success });
const CALLS = 'busbar.circuit_breaker.calls';
const successes = (name: string, value: number) => [
  [{ 'busbar.circuit_breaker.name': name, 'busbar.outcome': 'success' }, value],
];

describe('binding', () => {
  it('R-OB-3 subscribes nothing but created and closed while there is no provider and no sink', async () => {
    await using telemetry = createTelemetry();
    expect(telemetry.stats().bound).toEqual({ meter: false, tracer: false, logs: false });
    expect(telemetry.bind()).toBe(false);
    expect(subscribed()).toEqual([]);
    expect(channel('busbar:outbox:created').hasSubscribers).toBe(true);
  });

  it('R-OB-1 exports what was created before the SDK was registered', async () => {
    const clock = manualClock();
    await using telemetry = createTelemetry({ timers: clock.timers });
    announce('circuit-breaker', 'kafka', breaker(3));
    const late = sdk();
    metrics.setGlobalMeterProvider(late.meterProvider);
    trace.setGlobalTracerProvider(late.tracerProvider);
    await clock.advance(1000);
    expect(telemetry.stats().bound).toMatchObject({ meter: true, tracer: true });
    expect(await late.values(CALLS)).toEqual(successes('kafka', 3));
    expect(clock.pending()).toBe(0);
  });

  it('tries again after 1, 2, 4 … seconds, at most every minute, and at each new instance', async () => {
    const clock = manualClock();
    await using telemetry = createTelemetry({ timers: clock.timers });
    const found = vi.spyOn(metrics, 'getMeterProvider');
    await clock.advance(1000 + 2000 + 4000 + 8000 + 16_000 + 32_000);
    expect(found).toHaveBeenCalledTimes(6);
    await clock.advance(180_000);
    expect(found).toHaveBeenCalledTimes(9);
    announce('outbox', 'o', {});
    expect(found).toHaveBeenCalledTimes(10);
    found.mockRestore();
    expect(telemetry.stats().instances).toBe(1);
  });

  it('NodeSDK sets the meter provider twice, a no-op first: the second one exports', async () => {
    await using telemetry = createTelemetry();
    const late = sdk();
    announce('circuit-breaker', 'kafka', breaker(1));
    telemetry.instrumentation.setTracerProvider(late.tracerProvider);
    telemetry.instrumentation.setMeterProvider(metrics.getMeterProvider());
    expect(telemetry.stats().bound).toMatchObject({ meter: false, tracer: true });
    telemetry.instrumentation.setMeterProvider(late.meterProvider);
    publish('producer-pool:send', SEND);
    expect(await late.values(CALLS)).toEqual(successes('kafka', 1));
    expect(await late.values('messaging.client.sent.messages')).toHaveLength(1);
    expect(late.spans()).toHaveLength(1);
  });

  it('binding twice to one provider exports once; another provider takes over', async () => {
    const first = sdk();
    const second = sdk();
    await using telemetry = createTelemetry({ timers: manualClock().timers });
    telemetry.instrumentation.setMeterProvider(first.meterProvider);
    telemetry.instrumentation.setMeterProvider(first.meterProvider);
    announce('circuit-breaker', 'kafka', breaker(2));
    publish('producer-pool:send', SEND);
    expect(await first.values('messaging.client.sent.messages')).toMatchObject([[{}, 250]]);
    telemetry.instrumentation.setMeterProvider(second.meterProvider);
    publish('producer-pool:send', SEND);
    expect(await second.values(CALLS)).toEqual(successes('kafka', 2));
    expect(await second.values('messaging.client.sent.messages')).toMatchObject([[{}, 250]]);
    expect(await first.values('messaging.client.sent.messages')).toMatchObject([[{}, 250]]);
  });

  it('providers given as options win over those of an SDK', async () => {
    const own = sdk();
    const other = sdk();
    await using telemetry = createTelemetry({ meterProvider: own.meterProvider, tracerProvider: own.tracerProvider });
    telemetry.instrumentation.setMeterProvider(other.meterProvider);
    telemetry.instrumentation.setTracerProvider(other.tracerProvider);
    publish('producer-pool:send', SEND);
    expect([own.spans().length, other.spans().length]).toEqual([1, 0]);
    expect(await other.values('messaging.client.sent.messages')).toEqual([]);
  });

  it('can be disabled and enabled like any instrumentation', async () => {
    const own = sdk();
    await using telemetry = createTelemetry({ meterProvider: own.meterProvider, tracerProvider: own.tracerProvider });
    const { instrumentation } = telemetry;
    expect(instrumentation).toMatchObject({
      instrumentationName: '@busbar/telemetry',
      instrumentationVersion: '0.1.0',
    });
    instrumentation.setConfig({ enabled: false });
    expect(subscribed()).toEqual([]);
    expect([instrumentation.getConfig().enabled, telemetry.bind()]).toEqual([false, false]);
    instrumentation.setConfig({});
    expect(subscribed()).toEqual([...METRIC_HANDLERS.keys(), 'busbar:config:report']);
    instrumentation.disable();
    instrumentation.enable();
    expect(telemetry.stats().bound.meter).toBe(true);
  });

  it('R-OB-3 after close nothing is left: no subscription, no callback, no timer', async () => {
    const clock = manualClock();
    const own = sdk();
    const telemetry = createTelemetry({
      meterProvider: own.meterProvider,
      timers: clock.timers,
      logSink: { write: () => undefined },
    });
    announce('circuit-breaker', 'kafka', breaker(1));
    expect(clock.pending()).toBe(1);
    await Promise.all([telemetry.close(), telemetry.close({ deadlineMs: 1 })]);
    expect(subscribed()).toEqual([]);
    expect(channel('busbar:outbox:created').hasSubscribers).toBe(false);
    expect(clock.pending()).toBe(0);
    expect(telemetry.bind()).toBe(false);
    telemetry.observe({ component: 'outbox', name: 'late', stats: () => ({}) })[Symbol.dispose]();
    expect(telemetry.health().live).toBe(false);
    const before = telemetry.stats().collects;
    await own.collect();
    expect(telemetry.stats().collects).toBe(before);
  });

  it('closing flushes the providers, and waits for a hanging exporter no longer than its deadline', async () => {
    const own = sdk();
    const flush = vi.spyOn(own.meterProvider, 'forceFlush').mockReturnValue(new Promise(() => undefined));
    const spans = vi.spyOn(own.tracerProvider, 'forceFlush').mockRejectedValue(new Error('away'));
    const telemetry = createTelemetry({ meterProvider: own.meterProvider, tracerProvider: own.tracerProvider });
    await telemetry.close({ deadlineMs: 5 });
    expect([flush.mock.calls.length, spans.mock.calls.length]).toEqual([1, 1]);
  });

  it('warns once of an SDK that is registered through an older API than ours', async () => {
    const key = Symbol.for('opentelemetry.js.api.1');
    const warning = vi.spyOn(process, 'emitWarning').mockReturnValue(undefined);
    const before: unknown = Reflect.get(globalThis, key);
    Reflect.set(globalThis, key, { version: '1.0.0', metrics: sdk().meterProvider });
    await using telemetry = createTelemetry();
    telemetry.bind();
    Reflect.set(globalThis, key, before);
    expect(warning.mock.calls.map((call) => call[1])).toEqual([{ code: 'BUSBAR_TELEMETRY_API_MISMATCH' }]);
    warning.mockRestore();
  });
});
