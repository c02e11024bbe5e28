import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { startPostgres, type PostgresService } from '@busbar-tooling/dev-services';
import { useService } from '@busbar-tooling/test-kit/require-service';
import { startTcpProxy } from '@busbar-tooling/test-kit/tcp-proxy';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createPostgres } from '../src/connection-manager.ts';
import { Connector } from '../src/connector.ts';
import { PhaseClock } from '../src/lifecycle.ts';
import type { OpenedClient } from '../src/opener.ts';
import type { PostgresOptions } from '../src/options.ts';
import { resolvePostgresOptions } from '../src/resolve-options.ts';
import type { TargetSessionAttrs } from '../src/targets.ts';
import { eventually, rejection } from './eventually.ts';
import { hurriedTime } from './hurried-time.ts';
import { listenTo } from './listen-to.ts';
import { allOf, aNumber, containing, like } from './matchers.ts';
import { timeLapse } from './time-lapse.ts';

const NOBODY = '127.0.0.2'; // the servers listen on 127.0.0.1 alone

describe('F1 several servers', () => {
  const primary = useService('postgres');
  let standby: PostgresService;
  beforeAll(async () => {
    standby = await startPostgres();
    const admin = createPostgres({ url: `${standby.adminUrl}?sslmode=disable` });
    const folder = await admin.value<string>('show data_directory');
    await admin.close();
    await standby.stop();
    await writeFile(join(folder, 'standby.signal'), '');
    await standby.start();
  });
  afterAll(async () => {
    await standby?.[Symbol.asyncDispose]();
  });

  const at = ({ host, port }: { readonly host: string; readonly port: number }): string => `${host}:${port}`;
  const options = (targets: readonly string[], own: PostgresOptions = {}): PostgresOptions => ({
    targets,
    database: 'postgres',
    user: primary().user,
    credentials: ({ port }) =>
      Promise.resolve({ password: port === standby.port ? standby.password : primary().password }),
    tls: { mode: 'disable' },
    ...own,
  });
  const open = (targets: readonly string[], own: PostgresOptions = {}) => createPostgres(options(targets, own));
  const portOf = async (targets: readonly string[], targetSessionAttrs: TargetSessionAttrs): Promise<number> => {
    await using pg = open(targets, { targetSessionAttrs });
    return await pg.value<number>("select current_setting('port')::int");
  };

  test('R-PG-10 the first one that is what is asked for is taken, as in libpq', async () => {
    const both = [at(primary()), at(standby)];
    const swapped = both.toReversed();
    const found = async (attrs: TargetSessionAttrs) => [await portOf(both, attrs), await portOf(swapped, attrs)];
    const [first, second] = [primary().port, standby.port];
    expect(await found('any')).toEqual([first, second]);
    expect(await found('read-write')).toEqual([first, first]);
    expect(await found('primary')).toEqual([first, first]);
    expect(await found('standby')).toEqual([second, second]);
    expect(await found('read-only')).toEqual([second, second]);
    expect(await found('prefer-standby')).toEqual([second, second]);
    expect(await portOf([at(primary())], 'prefer-standby')).toBe(first);
  });

  test('none of them fits: the error has each of the failures', async () => {
    const { hurry, ...time } = hurriedTime();
    await using pg = open([`${NOBODY}:${primary().port}`, at(standby)], time);
    const refused = rejection(pg.query('select 1'));
    await eventually(() => pg.stats().createFailures > 0, 'both were tried');
    hurry(50);
    expect(await refused).toMatchObject({
      code: 'BUSBAR_POSTGRES_NO_TARGET',
      retryable: true,
      message: containing('none of 2 servers answers and is read-write'),
      details: { host: NOBODY, port: primary().port, wanted: 'read-write', servers: 2, elapsedMs: aNumber },
      cause: like({
        errors: allOf(
          like({ code: 'BUSBAR_POSTGRES_CONNECT', details: like({ host: NOBODY, reason: 'ECONNREFUSED' }) }),
          like({ code: 'BUSBAR_POSTGRES_NO_TARGET', details: like({ port: standby.port }) }),
        ),
      }),
    });
    hurry(1);
    const [tcp] = (await pg.start()).checks;
    expect(tcp).toMatchObject({ id: 'pg.tcp', status: 'warn', message: containing('ECONNREFUSED') });
    expect(pg.stats().host).toBe(NOBODY);
    await eventually(() => pg.stats().open === 0, 'nothing is left open');
  });

  test('what another server would refuse as well ends the search', async () => {
    await using second = await startTcpProxy({ target: primary() });
    await using pg = open([at(primary()), at(second)], { credentials: () => Promise.resolve({ password: 'wrong' }) });
    expect(await rejection(pg.query('select 1'))).toMatchObject({
      code: 'BUSBAR_POSTGRES_AUTH',
      details: { port: primary().port },
    });
    expect(second.counters.connections).toBe(0);
  });

  test('H11 one that does not answer costs its part of the time, and the next connections nothing', async () => {
    await using silent = await startTcpProxy({ target: primary() });
    silent.freeze();
    const pool = { connectTimeoutMs: 2_000, acquireTimeoutMs: 5_000, max: 2 };
    const pg = open([at(silent), at(primary())], { pool });
    const startedAtMs = performance.now();
    await using first = await pg.lease();
    const waitedMs = performance.now() - startedAtMs;
    expect(waitedMs).toBeGreaterThan(990);
    expect(waitedMs).toBeLessThan(2_000);
    const tried = silent.counters.connections;
    await using second = await pg.lease();
    expect(silent.counters.connections).toBe(tried); // it is tried last now
    expect([first.host, second.pid]).toEqual([primary().host, aNumber]);
    await Promise.all([first[Symbol.asyncDispose](), second[Symbol.asyncDispose]()]);
    await pg.close();
  });

  test('R-PG-7 a statement is cancelled where it runs, and what is told of it names its server', async () => {
    const heard = listenTo('query');
    await using pg = open([at(standby), at(primary())], { name: 'second-one', pool: { max: 1 }, ...timeLapse(0.05) });
    await pg.warmup(1);
    const sleep = rejection(pg.query('select pg_sleep(20)', [], { deadlineMs: 20 }));
    expect(await sleep).toMatchObject({ code: 'BUSBAR_POSTGRES_DEADLINE', outcome: 'rejected' });
    expect(heard).toMatchObject([{ pool: 'second-one', host: primary().host, port: primary().port }]);
    expect(await pg.value('select 1')).toBe(1);
    expect(pg.lifecycle()).toMatchObject([{ host: primary().host, uses: 3 }]);
  });

  test('H14 a server that goes down is left for the next one', async () => {
    await using first = await startTcpProxy({ target: primary() });
    await using pg = open([at(first), at(primary())], { pool: { max: 1 } });
    expect(await pg.value('select 1')).toBe(1);
    await first.refuse();
    first.reset();
    await eventually(async () => (await pg.value('select 1').catch(() => 0)) === 1, 'the other one serves');
    expect(first.counters.openConnections).toBe(0);
  });

  test('all addresses of a name are tried in order, and a name without one is skipped', async () => {
    const { port } = primary();
    const addresses: Readonly<Record<string, readonly string[]>> = { twofold: [NOBODY, '127.0.0.1'], empty: [] };
    const resolve = (host: string): Promise<readonly string[]> => {
      const known = addresses[host];
      return known === undefined
        ? Promise.reject(Object.assign(new Error('?'), { code: 'ENOTFOUND' }))
        : Promise.resolve(known);
    };
    const connect = async (...targets: string[]): Promise<OpenedClient> => {
      const settings = resolvePostgresOptions(options(targets.map((host) => `${host}:${port}`)));
      const { promise, resolve: found, reject } = Promise.withResolvers<OpenedClient>();
      const connector = new Connector(settings, resolve);
      connector.open(new PhaseClock(settings.clock), (error, opened) => {
        if (opened === undefined) reject(error);
        else found(opened);
      });
      return promise;
    };
    const opened = await connect('unknown', 'empty', 'twofold');
    expect(opened.place).toEqual({ host: 'twofold', port, address: '127.0.0.1' });
    opened.end();
    for (const [host, reason] of [
      ['unknown', 'ENOTFOUND'],
      ['empty', 'ENODATA'],
    ] as const)
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await rejection(connect(host))).toMatchObject({
        code: 'BUSBAR_POSTGRES_CONNECT',
        details: { host, reason },
      });
  });

  test('close does not wait for a server that does not answer, wherever the search is', async () => {
    await using silent = await startTcpProxy({ target: primary() });
    silent.freeze();
    const pg = open([at(silent), at(primary())]);
    const waiting = rejection(pg.query('select 1'));
    await eventually(() => silent.counters.connections === 1, 'it is tried');
    expect(pg.lifecycle()).toEqual([]);
    expect((await pg.close()).durationMs).toBeLessThan(5_000);
    expect(await waiting).toMatchObject({ code: 'BUSBAR_POSTGRES_CLOSED' });
    let asked = 0;
    const pending = open([at(primary())], {
      credentials: () => {
        asked += 1;
        return new Promise(() => undefined);
      },
    });
    const alsoWaiting = rejection(pending.query('select 1'));
    await eventually(() => asked === 1, 'the provider is asked');
    expect((await pending.close()).durationMs).toBeLessThan(5_000);
    expect(await alsoWaiting).toMatchObject({ code: 'BUSBAR_POSTGRES_CLOSED' });
  });
});
