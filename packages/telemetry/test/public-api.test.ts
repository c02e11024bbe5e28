import { expect, it } from 'vitest';

import * as api from '../src/index.ts';

it('R-STD-5 @busbar/telemetry exports exactly these names', () => {
  expect(Object.keys(api).toSorted()).toEqual([
    'LOG_CATALOG',
    'METRIC_CATALOG',
    'SPAN_CATALOG',
    'TELEMETRY_DEFAULTS',
    'TELEMETRY_LIMITS',
    'TelemetryOptionsError',
    'correlationFields',
    'createTelemetry',
    'ndjsonSink',
    'pinoSink',
  ]);
});
