import { describe, expect, test } from 'vitest';

import { clientConfig } from '../src/client.ts';
import type { PostgresOptions } from '../src/options.ts';
import { resolvePostgresOptions } from '../src/resolve-options.ts';
import { like } from './matchers.ts';

const target = { host: 'db', database: 'd', user: 'u' } as const;
const configOf = (own: PostgresOptions) =>
  clientConfig(
    resolvePostgresOptions({ ...target, ...own }),
    { host: 'db', port: 1, address: '::1' },
    { password: '' },
  );
const issuesOf = (own: object): unknown => {
  try {
    Reflect.apply(resolvePostgresOptions, undefined, [{ ...target, ...own }]);
  } catch (error) {
    return error;
  }
  throw new Error('it was expected to throw');
};

describe('R-PG-2 the options of the socket', () => {
  test('H11 keep-alive is on, its first probe after 10 s, and both can be set', () => {
    expect(configOf({})).toMatchObject({ keepAlive: true, keepAliveInitialDelayMillis: 10_000 });
    expect(configOf({ keepAlive: { enabled: false, initialDelayMs: 1_000 } })).toMatchObject({
      keepAlive: false,
      keepAliveInitialDelayMillis: 1_000,
    });
    expect(resolvePostgresOptions(target).keepAlive).toEqual({ enabled: true, initialDelayMs: 10_000 });
  });

  test('C3 direct and channelBinding are off unless asked for, and go with TLS alone', () => {
    expect(configOf({})).toMatchObject({ sslnegotiation: 'postgres', enableChannelBinding: false });
    expect(configOf({ tls: { direct: true, channelBinding: true } })).toMatchObject({
      sslnegotiation: 'direct',
      enableChannelBinding: true,
    });
    expect(issuesOf({ tls: { mode: 'disable', direct: true, channelBinding: true } })).toMatchObject({
      details: { issues: ['tls.direct: not without TLS', 'tls.channelBinding: not without TLS'] },
    });
  });

  test('R-STD-3 every problem is told', () => {
    const wrong = { tls: { direct: 'yes', verify: true }, keepAlive: { enabled: 1, initialDelayMs: 999, count: 3 } };
    expect(issuesOf(wrong)).toMatchObject({
      details: like({
        issues: [
          'tls.verify: unknown option',
          'tls.direct: expected true or false',
          'keepAlive.count: unknown option',
          'keepAlive.enabled: expected true or false',
          'keepAlive.initialDelayMs: expected an integer from 1000 to 2147483647',
        ],
      }),
    });
  });
});
