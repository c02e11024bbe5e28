import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import { describe, expect, test } from 'vitest';

import { createPostgres } from '../src/connection-manager.ts';
import type { TlsOptions } from '../src/options.ts';
import { rejection } from './eventually.ts';
import { like, oneOf } from './matchers.ts';
import { poolOptions } from './pool-options.ts';
import { tlsCertificates } from './tls-certificates.ts';
import { startTlsTerminator } from './tls-terminator.ts';

const { ca, cert, key } = tlsCertificates;

describe('TLS', () => {
  const db = useTestDatabase();

  test.for<[name: string, tls: TlsOptions, ok: boolean]>([
    ['verify-full with authority and name', { mode: 'verify-full', ca, serverName: 'db.test' }, true],
    ['verify-full is the default', { ca, serverName: 'db.test' }, true],
    ['verify-full refuses a certificate for another name', { mode: 'verify-full', ca }, false],
    ['verify-full refuses a wrong expectation', { mode: 'verify-full', ca, serverName: 'other.test' }, false],
    ['verify-full refuses an unknown authority', { mode: 'verify-full', serverName: 'db.test' }, false],
    ['verify-ca checks the chain and not the name', { mode: 'verify-ca', ca }, true],
    ['verify-ca refuses an unknown authority', { mode: 'verify-ca' }, false],
    ['require encrypts and checks nothing', { mode: 'require' }, true],
    ['a client certificate is sent along', { mode: 'verify-ca', ca, cert, key }, true],
  ])('R-PG-1 %s', async ([, tls, ok]) => {
    await using terminator = await startTlsTerminator(db());
    await using pg = createPostgres(poolOptions(db(), { host: terminator.host, port: terminator.port, tls }));
    const [result] = await Promise.allSettled([pg.value('select 1')]);
    const refused = {
      status: 'rejected',
      reason: like({ code: 'BUSBAR_POSTGRES_TLS', retryable: false, outcome: 'not-sent' }),
    };
    expect(result).toEqual(ok ? { status: 'fulfilled', value: 1 } : refused);
    expect(terminator.upgrades()).toBe(1);
  });

  test('a server without TLS is refused, never used in the clear', async () => {
    await using pg = createPostgres(poolOptions(db(), { tls: { mode: 'require' } }));
    expect(await rejection(pg.value('select 1'))).toMatchObject({ code: 'BUSBAR_POSTGRES_TLS' });
  });

  test('a cancel that cannot be delivered retires the connection', async () => {
    const terminator = await startTlsTerminator(db());
    await using pg = createPostgres(
      poolOptions(db(), {
        host: terminator.host,
        port: terminator.port,
        pool: { max: 1 },
        tls: { ca, serverName: 'db.test' },
        timeouts: { cancelGraceMs: 50 },
      }),
    );
    await pg.query('select 1');
    const pending = rejection(pg.query('select pg_sleep(10)', [], { deadlineMs: 200 }));
    await terminator[Symbol.asyncDispose]();
    expect(await pending).toMatchObject({
      code: oneOf('BUSBAR_POSTGRES_LEASE_LOST', 'BUSBAR_POSTGRES_DEADLINE'),
      outcome: 'unknown',
    });
  });
});
