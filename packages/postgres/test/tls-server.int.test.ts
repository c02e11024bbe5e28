import type { PostgresService } from '@busbar-tooling/dev-services';
import { useService } from '@busbar-tooling/test-kit/require-service';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createPostgres } from '../src/connection-manager.ts';
import type { PostgresOptions, TlsOptions } from '../src/options.ts';
import type { Postgres } from '../src/postgres.ts';
import { rejection } from './eventually.ts';
import { oneOf } from './matchers.ts';
import { startMeddlingProxy } from './meddling-proxy.ts';
import { timeLapse } from './time-lapse.ts';
import { tlsCertificates } from './tls-certificates.ts';
import { startTlsServer } from './tls-server.ts';
import { startTlsTerminator } from './tls-terminator.ts';

const verified: TlsOptions = { ca: tlsCertificates.ca, serverName: 'db.test' };
const CLIENT_HELLO = 0x16;
const SSL_REQUEST = 0;

describe('a server with TLS', () => {
  useService('postgres'); // else this is skipped
  let server: PostgresService;
  beforeAll(async () => {
    server = await startTlsServer();
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });
  const open = (tls: TlsOptions, own: PostgresOptions = {}) => {
    const { host, port, user, password } = server;
    return createPostgres({ host, port, user, password, database: 'postgres', tls, pool: { max: 1 }, ...own });
  };

  /** What an older server closes, since it is no start-up message. */
  const knowsDirect = (): boolean => Number.parseInt(server.version, 10) >= 17;
  const isRefused = async (pg: Postgres): Promise<void> => {
    const codes = oneOf('BUSBAR_POSTGRES_CONNECT', 'BUSBAR_POSTGRES_TLS');
    expect(await rejection(pg.value('select 1'))).toMatchObject({ code: codes });
  };

  test.for([
    [true, CLIENT_HELLO],
    [false, SSL_REQUEST],
  ] as const)(
    'R-PG-1 H19 with tls.direct %s a connection, its cancel and that of LISTEN begin with TLS alike',
    async ([direct, first]) => {
      await using proxy = await startMeddlingProxy(server);
      const { host, port } = proxy;
      const pool = { max: 1, acquireTimeoutMs: direct && !knowsDirect() ? 100 : 5_000 };
      await using pg = open({ ...verified, direct }, { ...timeLapse(0.05), host, port, pool });
      if (direct && !knowsDirect()) {
        await isRefused(pg);
        return;
      }
      const pid = await pg.value('select pg_backend_pid()');
      expect(await pg.value('select version from pg_stat_ssl where pid = pg_backend_pid()')).toBe('TLSv1.3');
      expect(await rejection(pg.query('select pg_sleep(10)', [], { deadlineMs: 20 }))).toMatchObject({
        code: 'BUSBAR_POSTGRES_DEADLINE',
        outcome: 'rejected',
      });
      expect(await pg.value('select pg_backend_pid()')).toBe(pid); // the cancel arrived, and its socket was closed
      await using heard = await pg.listen('orders', () => undefined);
      expect(heard).toBeDefined();
      expect(proxy.firstBytes).toEqual([first, first, first]);
    },
  );

  test('R-PG-1 tls.direct checks the server as well', async () => {
    await using pg = open({ ca: tlsCertificates.ca, serverName: 'other.test', direct: true });
    expect(await rejection(pg.value('select 1'))).toMatchObject({
      code: knowsDirect() ? 'BUSBAR_POSTGRES_TLS' : 'BUSBAR_POSTGRES_CONNECT',
    });
  });

  test('R-PG-1 tls.channelBinding takes a login that is bound to the certificate, and no other', async () => {
    const bound = { ...verified, channelBinding: true };
    await using pg = open(bound);
    expect(await pg.value('select 1')).toBe(1);
    const refused = {
      code: 'BUSBAR_POSTGRES_AUTH',
      retryable: false,
      details: { reason: 'CHANNEL_BINDING' },
    };
    const loginAs = async (user: string): Promise<void> => {
      await using loose = open(verified, { user, password: 'secret' });
      expect(await loose.value('select current_user::text')).toBe(user);
      await using strict = open(bound, { user, password: 'secret' });
      expect(await rejection(strict.value('select 1'))).toMatchObject(refused);
    };
    await Promise.all(['trusted', 'cleartext', 'hashed'].map(loginAs));
    await using middle = await startTlsTerminator(server); // has the right certificate, and passes the login on
    const { host, port } = middle;
    await using passedOn = open(verified, { host, port });
    expect(await passedOn.value('select 1')).toBe(1);
    await using strict = open(bound, { host, port });
    expect(await rejection(strict.value('select 1'))).toMatchObject(refused);
  });
});
