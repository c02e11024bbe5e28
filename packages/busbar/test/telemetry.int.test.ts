import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import { isBusbarError } from '@busbar/errors';
import { memoryDriver } from '@busbar/producer-pool/testing';
import { createTelemetry, TelemetryOptionsError } from '@busbar/telemetry';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';

import { createBusbar, defineEvent, defineEvents } from '../src/index.ts';
import { busVariables } from './bus-environment.ts';

const events = defineEvents({
  'note.written': defineEvent({
    version: 1,
    topic: 'notes',
    key: (note) => note.author,
    schema: Type.Object({ author: Type.String() }),
  }),
});

const db = useTestDatabase();

describe('telemetry of a bus', () => {
  it('R-OB-1 R-OB-2 the statistics of every part reach a real OpenTelemetry reader under their documented names', async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const meterProvider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] });
    await using telemetry = createTelemetry({ meterProvider });
    await using bus = await createBusbar({
      events,
      telemetry,
      driver: memoryDriver({ topics: { notes: 1 } }),
      load: { env: busVariables(db(), ['unused:9092']), files: [] },
      outbox: { migrate: 'auto' },
    });
    await bus.start();
    await bus.transaction((tx) => tx.publish('note.written', { author: 'a' }));
    await bus.publish('note.written', { author: 'b' });
    expect(await bus.outbox.drain()).toBe(true);
    await meterProvider.forceFlush();

    const sums = new Map<string, number>();
    for (const { scopeMetrics } of exporter.getMetrics())
      for (const { metrics } of scopeMetrics)
        for (const { descriptor, dataPoints } of metrics)
          for (const { value } of dataPoints)
            if (typeof value === 'number') sums.set(descriptor.name, (sums.get(descriptor.name) ?? 0) + value);
    expect(sums.get('busbar.outbox.appended.messages')).toBe(1);
    expect(sums.get('busbar.outbox.published.messages')).toBe(1);
    expect(sums.get('messaging.client.sent.messages')).toBe(2);
    expect([...sums.keys()]).toEqual(
      expect.arrayContaining([
        'busbar.circuit_breaker.calls',
        'busbar.circuit_breaker.state',
        'busbar.producer.connection.count',
        'db.client.connection.count',
      ]),
    );
    await meterProvider.shutdown();
  });

  it('R-STD-4 an error of telemetry, which imports nothing of ours, is a member of the family', () => {
    let thrown: unknown;
    try {
      createTelemetry({ maxAttributeSets: 1 });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(TelemetryOptionsError);
    expect(isBusbarError(thrown)).toBe(true);
  });
});
