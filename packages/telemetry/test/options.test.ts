import { describe, expect, it } from 'vitest';

import { createTelemetry, TELEMETRY_DEFAULTS, TelemetryOptionsError, type TelemetryOptions } from '../src/index.ts';
import { resolveTelemetryOptions } from '../src/options.ts';
import { errorExamples } from './error-examples.ts';

describe('options', () => {
  it('R-STD-3 have defaults and stay as they were', () => {
    expect(resolveTelemetryOptions({})).toMatchObject(TELEMETRY_DEFAULTS);
    expect(resolveTelemetryOptions({}).correlation()).toBeUndefined();
    expect(Object.isFrozen(resolveTelemetryOptions({}))).toBe(true);
  });

  it('R-STD-3 are refused with all problems at once', () => {
    const wrong: TelemetryOptions = { perMessageLinks: 129, maxAttributeSets: 15.5 };
    Object.assign(wrong, { semconv: 'new', logLevel: 'loud', logSink: {} });
    expect(() => createTelemetry(wrong)).toThrow(TelemetryOptionsError);
    expect(() => createTelemetry(wrong)).toThrow(
      /perMessageLinks must be an integer in 0\.\.128; maxAttributeSets must be an integer in 16\.\.2000; semconv must be dup or latest; logLevel must be .*; logSink must have a function write/u,
    );
  });
});

it('R-STD-4 the error belongs to the family by its brand, and serialises', () => {
  const error = errorExamples.BUSBAR_TELEMETRY_OPTIONS;
  expect(Reflect.get(error, Symbol.for('@busbar/errors/brand'))).toEqual(['TelemetryOptionsError', 'BusbarError']);
  expect(error).toMatchObject({ name: 'TelemetryOptionsError', code: 'BUSBAR_TELEMETRY_OPTIONS', retryable: false });
  expect(Object.keys(error).toSorted()).toEqual(['code', 'details', 'retryable']);
  expect(JSON.parse(JSON.stringify(error))).toMatchObject({
    v: 1,
    code: 'BUSBAR_TELEMETRY_OPTIONS',
    details: { issues: ['perMessageLinks is wrong'] },
  });
});
