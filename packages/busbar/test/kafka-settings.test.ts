import { loadConfig } from '@busbar/config';
import { PRODUCER_POOL_DEFAULTS, PRODUCER_POOL_LIMITS } from '@busbar/producer-pool';
import { expect, test } from 'vitest';

import { busbarDefinition } from '../src/settings/definition.ts';

const { value } = loadConfig(busbarDefinition({ postgres: true, kafka: false }), {
  env: { BUSBAR_SERVICE_NAME: 'orders', BUSBAR_KAFKA_BROKERS: 'k1:9092,k2:9092' },
});

/** Settings of the connection, and what follows from others. */
const OWN = new Set(['brokers', 'clientId', 'tls', 'sasl', 'allowInsecure', 'attemptTimeoutMs']);
/** Options that the umbrella gives itself. */
const GIVEN = new Set(['name', 'startTimeoutMs', 'closeTimeoutMs']);

test('R-STD-3 R-CF-1 the settings of Kafka are the options of the pool: same names, same defaults', () => {
  const settings = Object.fromEntries(Object.entries(value.kafka).filter(([name]) => !OWN.has(name)));
  const options = Object.fromEntries(Object.entries(PRODUCER_POOL_DEFAULTS).filter(([name]) => !GIVEN.has(name)));
  expect(settings).toEqual(options);
});

test('R-STD-3 R-CF-1 a number out of the range of the pool is refused where it is configured', () => {
  for (const [path, [min]] of Object.entries(PRODUCER_POOL_LIMITS)) {
    if (GIVEN.has(path)) continue;
    const variable =
      `BUSBAR_KAFKA_${path.replaceAll(/[A-Z]/gu, (letter) => `_${letter}`).replaceAll('.', '_')}`.toUpperCase();
    const load = (): unknown =>
      loadConfig(busbarDefinition({ postgres: true, kafka: false }), {
        env: { BUSBAR_SERVICE_NAME: 'orders', BUSBAR_KAFKA_BROKERS: 'k1:9092,k2:9092', [variable]: String(min - 1) },
      });
    expect(load, `${variable} = ${min - 1}`).toThrow(variable);
  }
});
