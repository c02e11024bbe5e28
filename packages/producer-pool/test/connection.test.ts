import { describe, expect, test } from 'vitest';

import { bootstrapOf, parseBroker, resolveConnection } from '../src/connection.ts';
import { type KafkaConnectionOptions, ProducerOptionsError } from '../src/index.ts';
import { clientConfig } from '../src/kafkajs/client-config.ts';
import { kafkaJsDriver } from '../src/kafkajs/index.ts';
import { clientOptions } from '../src/platformatic/client-options.ts';
import { platformaticDriver } from '../src/platformatic/index.ts';

const BROKERS = ['kafka:9092'];
const PLAIN = { mechanism: 'plain', username: 'u', password: 'secret-password' } as const;

const issuesOf = (
  o: Partial<KafkaConnectionOptions>,
  make: typeof platformaticDriver = kafkaJsDriver,
): readonly string[] => {
  try {
    make({ brokers: BROKERS, clientId: 'x', ...o });
    return [];
  } catch (error) {
    return error instanceof ProducerOptionsError ? (error.details.issues ?? []) : [String(error)];
  }
};

describe('connection options', () => {
  test('R-KP-6 a password is not sent readable unless that is meant', () => {
    expect(issuesOf({ sasl: PLAIN })).toEqual([
      'sasl plain sends the password readable: set tls, or allowInsecure if you mean it',
    ]);
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
      'sasl plain sends the password readable: set tls, or allowInsecure if you mean it',
    ]);
    expect(issues.join('')).not.toContain('secret');
    expect(issuesOf({ brokers: [] })).toEqual(['brokers must name at least one host:port']);
    expect(issuesOf({ brokers: () => Promise.resolve([]) })).toEqual([]);
  });

  test('R-KP-6 a token is as secret as a password, and a certificate needs its key, for every driver', () => {
    const sasl = { mechanism: 'oauthbearer', token: () => 't' } as const;
    expect(issuesOf({ sasl }, platformaticDriver)[0]).toContain('sends the token readable');
    expect(issuesOf({ sasl, tls: true }, platformaticDriver)).toEqual([]);
    expect(issuesOf({ tls: { cert: 'pem' } })).toEqual(['tls.cert and tls.key belong together']);
    expect(issuesOf({ tls: { cert: 'pem', key: () => 'pem' } })).toEqual([]);
  });
});

describe('what a client is told', () => {
  const TIMES = { connectTimeoutMs: 1_000, requestTimeoutMs: 2_000, signal: new AbortController().signal };

  test('R-KP-6 secrets and certificates are fetched anew at every connect', async () => {
    let turn = 0;
    const next = (): Promise<string> => Promise.resolve(`secret ${(turn += 1)}`);
    const o: KafkaConnectionOptions = {
      brokers: () => Promise.resolve(['kafka:9092', '[::1]:9093', 'nonsense']),
      clientId: 'x',
      tls: { ca: 'pem', cert: next, key: next, servername: 'kafka.example', rejectUnauthorized: true },
      sasl: { mechanism: 'scram-sha-512', username: 'u', password: next },
    };
    expect(await resolveConnection(o)).toMatchObject({
      brokers: [
        { host: 'kafka', port: 9092 },
        { host: '::1', port: 9093 },
      ],
      tls: { ca: 'pem', cert: 'secret 1', key: 'secret 2', servername: 'kafka.example', rejectUnauthorized: true },
      sasl: { mechanism: 'scram-sha-512', username: 'u', password: 'secret 3' },
    });
    expect(await resolveConnection(o)).toMatchObject({ sasl: { password: 'secret 6' } });
    expect(await bootstrapOf({ brokers: BROKERS, clientId: 'x' })).toEqual([{ host: 'kafka', port: 9092 }]);
  });

  test('R-KP-6 it reaches kafkajs as it wants it', async () => {
    const plain = { brokers: ['kafka:9092', '[::1]:9092'], clientId: 'x' };
    expect(clientConfig(await resolveConnection(plain))).toEqual({ ...plain, ssl: false });
    expect(clientConfig(await resolveConnection({ ...plain, tls: true }))).toEqual({ ...plain, ssl: {} });
    for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512'] as const) {
      const sasl = { mechanism, username: 'u', password: 'p' };
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(clientConfig(await resolveConnection({ ...plain, tls: { ca: 'pem' }, sasl }))).toMatchObject({
        ssl: { ca: 'pem' },
        sasl,
      });
    }
  });

  test('R-KP-6 PL-1 it reaches @platformatic/kafka with nothing left to its defaults', async () => {
    const named = await resolveConnection({ brokers: BROKERS, clientId: 'x', tls: true });
    expect(clientOptions(named, TIMES)).toEqual({
      clientId: 'x',
      bootstrapBrokers: [{ host: 'kafka', port: 9092 }],
      connectTimeout: 1_000,
      requestTimeout: 2_000,
      timeout: 1_600,
      retries: 2,
      retryDelay: 100,
      metadataMaxAge: Number.MAX_SAFE_INTEGER,
      autocreateTopics: false,
      tls: {},
      tlsServerName: true,
    });
    const byAddress = await resolveConnection({ brokers: ['127.0.0.1:1'], clientId: 'x', tls: true, sasl: PLAIN });
    expect(clientOptions(byAddress, TIMES)).toMatchObject({
      tlsServerName: false,
      sasl: { mechanism: 'PLAIN', username: 'u', password: 'secret-password' },
    });
  });
});

test('R-KP-5 a broker is host and port, also an IPv6 address', () => {
  expect(parseBroker('kafka.example:9092')).toEqual({ host: 'kafka.example', port: 9092 });
  expect(parseBroker('[::1]:9092')).toEqual({ host: '::1', port: 9092 });
  for (const wrong of ['', 'kafka', ':9092', 'kafka:', 'kafka:x', 'kafka:1.5'])
    expect(parseBroker(wrong)).toBeUndefined();
});
