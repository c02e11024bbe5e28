import { describe, expect, test } from 'vitest';

import { type KafkaConnectionOptions, ProducerOptionsError } from '../../src/index.ts';
import { connectionConfig, parseBroker } from '../../src/kafkajs/connection-options.ts';
import { kafkaJsDriver } from '../../src/kafkajs/index.ts';

const BROKERS = ['kafka:9092'];
const PLAIN = { mechanism: 'plain', username: 'u', password: 'secret-password' } as const;

const issuesOf = (o: Partial<KafkaConnectionOptions>): readonly string[] => {
  try {
    kafkaJsDriver({ brokers: BROKERS, clientId: 'x', ...o });
    return [];
  } catch (error) {
    return error instanceof ProducerOptionsError ? (error.details.issues ?? []) : [String(error)];
  }
};

describe('connection options', () => {
  test('R-KP-6 a password is not sent readable unless that is meant', () => {
    expect(issuesOf({ sasl: PLAIN })).toEqual(['sasl plain sends the password readable: set tls, or allowInsecure']);
    expect(issuesOf({ sasl: PLAIN, tls: false })).toHaveLength(1);
    expect(issuesOf({ sasl: PLAIN, tls: true })).toEqual([]);
    expect(issuesOf({ sasl: PLAIN, allowInsecure: true })).toEqual([]);
    expect(issuesOf({ sasl: { ...PLAIN, mechanism: 'scram-sha-256' } })).toEqual([]);
  });

  test('R-KP-6 certificates are verified unless that is meant', () => {
    expect(issuesOf({ tls: { rejectUnauthorized: false } })[0]).toContain('trusts anybody');
    expect(issuesOf({ tls: { rejectUnauthorized: false }, allowInsecure: true })).toEqual([]);
  });

  test('R-KP-5 brokers and client id are checked, all problems at once, no secret in them', () => {
    const issues = issuesOf({ brokers: ['kafka', 'kafka:0', 'kafka:99999'], clientId: '', sasl: PLAIN });
    expect(issues).toEqual([
      'brokers: "kafka" is not host:port',
      'brokers: "kafka:0" is not host:port',
      'brokers: "kafka:99999" is not host:port',
      'clientId must not be empty',
      'sasl plain sends the password readable: set tls, or allowInsecure',
    ]);
    expect(issues.join('')).not.toContain('secret');
    expect(issuesOf({ brokers: [] })).toEqual(['brokers must name at least one host:port']);
    expect(issuesOf({ brokers: () => Promise.resolve([]) })).toEqual([]);
  });

  test('R-KP-6 they reach kafkajs as it wants them', async () => {
    expect(connectionConfig({ brokers: BROKERS, clientId: 'x' })).toEqual({
      brokers: BROKERS,
      clientId: 'x',
      ssl: false,
    });
    for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512'] as const) {
      const sasl = { mechanism, username: 'u', password: 'p' };
      expect(connectionConfig({ brokers: BROKERS, clientId: 'x', tls: { ca: 'pem' }, sasl })).toMatchObject({
        ssl: { ca: 'pem' },
        sasl,
      });
    }
    const { brokers } = connectionConfig({ brokers: () => Promise.resolve(BROKERS), clientId: 'x' });
    expect(typeof brokers === 'function' ? await brokers() : brokers).toEqual(BROKERS);
  });
});

test('R-KP-5 a broker is host and port, also an IPv6 address', () => {
  expect(parseBroker('kafka.example:9092')).toEqual({ host: 'kafka.example', port: 9092 });
  expect(parseBroker('[::1]:9092')).toEqual({ host: '::1', port: 9092 });
  for (const wrong of ['', 'kafka', ':9092', 'kafka:', 'kafka:x', 'kafka:1.5'])
    expect(parseBroker(wrong)).toBeUndefined();
});
