import { channel } from 'node:diagnostics_channel';

import fc from 'fast-check';
import { expect, it } from 'vitest';

import { LOG_CATALOG } from '../src/index.ts';
import { METRIC_HANDLERS } from '../src/metric-recorder.ts';
import { FULL_STATS, MESSAGES } from './full-statistics.ts';
import { announce, observed } from './sdk-harness.ts';

const channels = [
  ...METRIC_HANDLERS.keys(),
  'busbar:config:report',
  ...LOG_CATALOG.map(({ component, event }) => `busbar:${component}:${event}`),
];

/** Valid messages with fields missing or replaced, and anything at all. */
const mutated = fc
  .tuple(fc.constantFrom(...MESSAGES), fc.string(), fc.anything({ withBigInt: true, withMap: true }))
  .map(([[, message], field, value]): unknown =>
    Object.assign({}, message, { [field]: value, records: value, verdict: value, report: value }),
  );
const hostile = fc.constantFrom<unknown>(
  new Proxy(
    {},
    {
      get: () => {
        throw new Error('no');
      },
    },
  ),
  Object.freeze(Object.create(null)),
  Symbol('message'),
);

it('R-OB-3 no message, and no statistics, can throw into the caller or end a collection', async () => {
  await using seen = observed({ logSink: { write: () => undefined }, logLevel: 'debug' });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...channels), fc.oneof(mutated, fc.anything(), hostile), async (name, message) => {
      channel(name).publish(message);
      const component = name.split(':')[1] ?? '';
      if (component in FULL_STATS) announce(component, 'main', message).close();
      await seen.collect();
    }),
    { numRuns: 300 },
  );
  // Unguarded, each of these would surface as an uncaught exception of the process.
  expect(seen.telemetry.stats().handlerErrors).toBeGreaterThan(0);
  expect(seen.telemetry.stats().collects).toBeGreaterThan(0);
});
