import { getEventListeners } from 'node:events';

import { seededRandom } from '@busbar-tooling/test-kit/seeded-random';
import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import { systemTimers, type Timers } from '@busbar/retry';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createPostgres } from '../src/connection-manager.ts';
import { isPostgresError } from '../src/errors.ts';
import type { Postgres } from '../src/postgres.ts';
import { eventually, rejection } from './eventually.ts';
import { poolOptions } from './pool-options.ts';
import { leakyStream, ON_PURPOSE, streamingUsers } from './streaming-users.ts';

const USERS = 200;
const SEEDS = Array.from({ length: 50 }, (_, n) => n + 1);

/** The system's timers; `armed` has those that are to fire. */
const countingTimers = (armed: Set<unknown>): Timers => ({
  set: (callback, delayMs) => {
    const handle = systemTimers.set(() => {
      armed.delete(handle);
      callback();
    }, delayMs);
    armed.add(handle);
    return handle;
  },
  clear: (handle) => {
    armed.delete(handle);
    systemTimers.clear(handle);
  },
});
const openSockets = (): number =>
  process.getActiveResourcesInfo().filter((resource) => resource === 'TCPSocketWrap').length;

/** What the users of one run know in the end. */
interface Ledger {
  readonly committed: string[];
  readonly unknown: string[];
  readonly foreign: unknown[];
  /** What calls listened to that is never aborted. */
  readonly signals: AbortSignal[];
}

describe('concurrent connection cleanup', () => {
  const db = useTestDatabase();
  let sockets = 0;
  let observer: Postgres;
  const open = (applicationName: string, timers: Timers = systemTimers): Postgres =>
    createPostgres(
      poolOptions(db(), {
        timers,
        session: { applicationName },
        pool: { max: 10, maxQueue: USERS, acquireTimeoutMs: 20_000 },
        timeouts: { cancelGraceMs: 100, commitGraceMs: 100 },
      }),
    );

  beforeAll(async () => {
    await using pg = open('setup');
    await pg.execute('create table ledger (id text primary key)');
    await pg.close();
    sockets = openSockets();
    observer = open('observer');
  });

  afterAll(async () => {
    await observer?.close();
    await eventually(() => openSockets() === sockets, 'no socket is left', 1_000);
  });

  /** One user: holds, waits, works in a transaction, fails, leaks, aborts, streams or copies. */
  const user = async (
    pg: Postgres,
    o: { id: string; n: number; leaky: boolean; random: number; ledger: Ledger },
  ): Promise<void> => {
    const { id, ledger } = o;
    const insert = 'insert into ledger values ($1)';
    const kinds: (() => Promise<unknown>)[] = [
      () => pg.query('select pg_sleep(0.02)'),
      () => pg.query('select 1/0'),
      () => pg.query('select pg_sleep(5)', [], { deadlineMs: 60 }),
      () => pg.query('select pg_sleep(0.05)', [], { signal: AbortSignal.timeout(30) }),
      () => {
        const { signal } = new AbortController(); // never aborted
        ledger.signals.push(signal);
        return pg.query('select pg_sleep(0.005)', [], { signal });
      },
      async () => {
        await pg.tx(async (tx) => {
          await tx.query(insert, [id]);
          await tx.query('select pg_sleep(0.02)');
        });
        ledger.committed.push(id);
      },
      async () => {
        await pg.tx(async (tx) => tx.commitWith({ text: insert, values: [id] }));
        ledger.committed.push(id);
      },
      () =>
        pg.tx(async (tx) => {
          await tx.query(insert, [id]);
          throw new Error(ON_PURPOSE);
        }),
      async () => {
        await using lease = await pg.lease({ label: 'holder' });
        await lease.query('begin');
        await lease.query('select pg_sleep(0.03)');
      },
      ...streamingUsers(pg, { id, committed: ledger.committed }),
    ];
    const leaks = [() => pg.lease({ label: 'leaky' }), () => leakyStream(pg)]; // never released
    try {
      await (o.leaky ? leaks[o.n % leaks.length] : kinds[Math.floor(o.random * kinds.length)])?.();
    } catch (error) {
      if (isPostgresError(error) && error.outcome === 'unknown') ledger.unknown.push(id);
      else if (!isPostgresError(error) && !(error instanceof Error && error.message === ON_PURPOSE))
        ledger.foreign.push(error);
    }
  };

  test.concurrent.for(SEEDS)(
    'R-PG-9 200 users while the pool closes, seed %i: nothing leaks, and the ledger is true',
    async (seed) => {
      const random = seededRandom(seed);
      const applicationName = `cleanup-${seed}`;
      const armed = new Set<unknown>();
      const pg = open(applicationName, countingTimers(armed));
      const ledger: Ledger = { committed: [], unknown: [], foreign: [], signals: [] };
      const users = Array.from({ length: USERS }, (_, n) =>
        user(pg, { id: `${seed}-${n}`, n, leaky: n < 4, random: random(), ledger }),
      );
      const enough = 20 + 40 * random();
      const isBusy = (): boolean => {
        const { open: opened, acquired } = pg.stats();
        expect(opened).toBeLessThanOrEqual(10);
        return acquired > enough;
      };
      await eventually(isBusy, 'the pool is busy', 15_000);
      const report = await pg.close({ deadlineMs: 160 });
      await Promise.all(users); // each settles with a value or an error

      expect(ledger.foreign).toEqual([]);
      expect(report.waitersRejected).toBeGreaterThan(0);
      expect(report.leaked.map(({ label }) => label)).toContain('leaky');
      expect(report.durationMs).toBeLessThan(2_000);
      expect(await pg.close()).toBe(report);
      expect(armed.size).toBe(0); // no timer
      expect(pg.stats()).toMatchObject({ open: 0, idle: 0, leased: 0, waiting: 0, connecting: 0, closing: 0 });
      const { acquired, useMs } = pg.stats();
      expect(useMs.count).toBe(acquired); // I6: each lease has ended once
      expect(ledger.signals.flatMap((signal) => getEventListeners(signal, 'abort'))).toEqual([]);
      expect(await rejection(pg.query('select 1'))).toMatchObject({ code: 'BUSBAR_POSTGRES_CLOSED' });

      const left = () =>
        observer.value('select count(*)::int from pg_stat_activity where application_name = $1', [applicationName]);
      await eventually(async () => (await left()) === 0, 'no session is left on the server', 1_000);
      const rows = await observer.query('select id from ledger where id like $1', [`${seed}-%`]);
      const found = rows.rows.map((row) => String(row['id']));
      expect(found.filter((id) => !ledger.unknown.includes(id)).toSorted()).toEqual(ledger.committed.toSorted());
    },
  );
});
