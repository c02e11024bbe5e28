import type { MeterProvider, TracerProvider } from '@opentelemetry/api';

import type { Binding } from './binding.ts';

/** The shape of an OpenTelemetry `Instrumentation`, so that `NodeSDK({ instrumentations: [...] })` hands its providers over. */
export interface InstrumentationShape {
  readonly instrumentationName: string;
  readonly instrumentationVersion: string;
  enable(): void;
  disable(): void;
  setMeterProvider(provider: MeterProvider): void;
  setTracerProvider(provider: TracerProvider): void;
  getConfig(): { readonly enabled: boolean };
  setConfig(config: { readonly enabled?: boolean }): void;
}

/** The binding as an SDK sees it. NodeSDK sets the meter provider twice, first a no-op and then the real one: both are fine. */
export const instrumentationOf = (binding: Binding): InstrumentationShape => ({
  instrumentationName: '@busbar/telemetry',
  instrumentationVersion: '0.1.0',
  enable: () => binding.enable(),
  disable: () => binding.disable(),
  setMeterProvider: (provider) => binding.setMeterProvider(provider),
  setTracerProvider: (provider) => binding.setTracerProvider(provider),
  getConfig: () => ({ enabled: binding.enabled }),
  setConfig: ({ enabled = true }) => {
    if (enabled !== binding.enabled) binding[enabled ? 'enable' : 'disable']();
  },
});
