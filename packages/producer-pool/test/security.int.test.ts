/** Who is let in, and what is said to who is not: every driver, on a real broker with certificates that are wrong on purpose. */
import { KAFKA_USER, type KafkaCluster, oauthToken, startKafka } from '@busbar-tooling/dev-services';
import { requireService } from '@busbar-tooling/test-kit/require-service';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';

import {
  createProducerPool,
  type KafkaConnectionOptions,
  type ProducerDriver,
  type SaslOptions,
} from '../src/index.ts';
import { kafkaJsDriver } from '../src/kafkajs/index.ts';
import { platformaticDriver } from '../src/platformatic/index.ts';

vi.setConfig({ testTimeout: 60_000 });

/** The broker of this file: its listeners cost nothing, a broker costs seconds. */
let starting: Promise<KafkaCluster> | undefined;
let kafka: KafkaCluster;

beforeEach(async (ctx) => {
  const { source } = await requireService(ctx, 'kafka');
  if (source !== 'maven') {
    ctx.task.meta.skipReason = 'the listeners need a broker of ours';
    ctx.skip(ctx.task.meta.skipReason);
  }
  starting ??= startKafka({ security: ['tls', 'sasl'] }).then(async (started) => {
    await started.createTopic('t', { partitions: 1 });
    return started;
  });
  kafka = await starting;
}, 120_000);
afterAll(async () => {
  await kafka?.[Symbol.asyncDispose]();
});

const CONNECT_TIMEOUT_MS = 4_000;

type Listener = 'plain' | 'tls' | 'mutual-tls' | 'expired' | 'wrong-host' | 'sasl';
type Security = Pick<KafkaConnectionOptions, 'tls' | 'sasl'>;

describe.each<[string, (o: KafkaConnectionOptions) => ProducerDriver]>([
  ['kafkajs', (o) => kafkaJsDriver({ ...o, patchIdleTimer: true })],
  ['platformatic', platformaticDriver],
])('%s', (_, makeDriver) => {
  /** `ok` for a client whose record is acknowledged, else the code and the text of the error, and how long it took. */
  const enter = async (listener: Listener, security: Security): Promise<string> => {
    const driver = makeDriver({ brokers: kafka.listeners[listener], clientId: 'busbar-test', ...security });
    await using pool = createProducerPool({
      driver,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      startTimeoutMs: CONNECT_TIMEOUT_MS,
      topics: ['t'],
    });
    const startedAtMs = performance.now();
    try {
      await pool.start({ mode: 'require' });
      await pool.publish({ topic: 't', key: 'k', value: 'v' });
      return 'ok';
    } catch (error) {
      expect(performance.now() - startedAtMs).toBeLessThan(CONNECT_TIMEOUT_MS + 1_000);
      expect(JSON.stringify(error)).not.toContain('not-the-password');
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      return `${code} ${String(error)}`;
    }
  };
  const trust = () => ({ ca: kafka.certificates?.ca ?? '' });

  test('R-KP-6 TLS with an authority that is trusted, and a certificate where one is asked for', async () => {
    expect(await enter('tls', { tls: trust() })).toBe('ok');
    expect(await enter('mutual-tls', { tls: { ...trust(), ...kafka.certificates?.client } })).toBe('ok');
  });

  test.each<[string, { readonly at: Listener; readonly by: () => Security; readonly told: RegExp }]>([
    [
      'an unknown authority',
      { at: 'tls', by: () => ({ tls: true }), told: /AUTH .*signed by nobody whom this process trusts: set tls\.ca/ },
    ],
    ['an expired certificate', { at: 'expired', by: () => ({ tls: trust() }), told: /AUTH .*has expired: renew it/ }],
    [
      'another host',
      { at: 'wrong-host', by: () => ({ tls: trust() }), told: /AUTH .*is for another host: use a name that it lists/ },
    ],
    [
      'no certificate',
      { at: 'mutual-tls', by: () => ({ tls: trust() }), told: /AUTH .*takes no client without a certificate/ },
    ],
    [
      'a certificate by somebody else',
      {
        at: 'mutual-tls',
        by: () => ({ tls: { ...trust(), ...kafka.certificates?.stranger } }),
        told: /AUTH .*takes no client without a certificate that it trusts: set tls\.cert/,
      },
    ],
    ['plain text to TLS', { at: 'tls', by: () => ({}), told: /AUTH .*the broker speaks TLS only: set tls/ }],
    [
      'TLS to plain text',
      { at: 'plain', by: () => ({ tls: trust() }), told: /AUTH .*does not speak TLS on this port/ },
    ],
  ])('R-KP-5 %s is named, with what to do, within the connect timeout', async (__, { at, by, told }) => {
    expect(await enter(at, by())).toMatch(told);
  });

  const login = (sasl: SaslOptions) => enter('sasl', { tls: trust(), sasl });

  test.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)(
    'R-KP-6 SASL %s: the right password is taken, a wrong one is named and not shown',
    async (mechanism) => {
      expect(await login({ mechanism, ...KAFKA_USER })).toBe('ok');
      expect(await login({ mechanism, username: KAFKA_USER.username, password: 'not-the-password' })).toMatch(
        /AUTH .*knows no user with this name, password or token: correct sasl/,
      );
    },
  );

  test('R-KP-6 SASL OAUTHBEARER: a valid token is taken, an old one is named', async () => {
    expect(await login({ mechanism: 'oauthbearer', token: () => oauthToken() })).toBe('ok');
    expect(await login({ mechanism: 'oauthbearer', token: async () => oauthToken({ lifeMs: -3_600_000 }) })).toMatch(
      /AUTH .*knows no user with this name, password or token: correct sasl/,
    );
  });
});
