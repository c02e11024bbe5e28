import { startTcpProxy, type TcpProxy } from '@busbar-tooling/test-kit/tcp-proxy';
import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import { beforeAll, describe, expect, test } from 'vitest';

import { createPostgres } from '../src/connection-manager.ts';
import type { PostgresOptions } from '../src/options.ts';
import type { Postgres } from '../src/postgres.ts';
import { collect } from './collect.ts';
import { eventually, rejection } from './eventually.ts';
import { hurriedTime } from './hurried-time.ts';
import { poolOptions } from './pool-options.ts';

const LINE = Buffer.from(`${'x'.repeat(1_023)}\n`);
const MEGABYTE = Buffer.concat(Array.from({ length: 1_024 }, () => LINE));
const CHUNKS = 32;
const SERIES = 'select n from generate_series(1, 1000) n';

describe('streams and COPY over a network that fails', () => {
  const db = useTestDatabase();
  const open = (own: PostgresOptions = {}): Postgres => createPostgres(poolOptions(db(), own));
  const behind = ({ host, port }: TcpProxy, own: PostgresOptions = {}): Postgres =>
    open({ host, port, pool: { max: 1 }, timeouts: { cancelGraceMs: 50 }, ...own });

  beforeAll(async () => {
    await using pg = open();
    await pg.execute('create table lines (t text)');
  });
  const kept = async (): Promise<unknown> => {
    await using pg = open();
    return await pg.value('select count(*)::int from lines');
  };

  /** Chunks of a megabyte; `onChunk` is called before each. */
  async function* megabytes(onChunk: (n: number) => void): AsyncGenerator<Buffer, void, void> {
    for (let n = 1; n <= CHUNKS; n += 1) {
      onChunk(n);
      yield MEGABYTE;
    }
  }

  test('X2 the source is read as fast as the socket takes it, and a socket that takes nothing ends at the deadline', async () => {
    await using proxy = await startTcpProxy({ target: db() });
    const { hurry, ...time } = hurriedTime();
    await using pg = behind(proxy, time);
    await pg.query('select 1');
    let read = 0;
    const source = megabytes((n) => {
      read = n;
      if (n !== 2) return;
      proxy.freeze();
      hurry(25);
    });
    const error = await rejection(pg.copyIn('copy lines from stdin', source, { deadlineMs: 5_000 }));
    hurry(1);
    expect(error).toMatchObject({ code: 'BUSBAR_POSTGRES_DEADLINE', outcome: 'unknown', retryable: false });
    expect(read).toBeLessThan(CHUNKS);
    await eventually(() => pg.stats().open === 0, 'the connection is given up');
    expect(pg.stats().closed).toMatchObject({ 'cancel-timeout': 1 });
    proxy.pass();
    expect(await pg.value('select 1')).toBe(1);
    expect(await kept()).toBe(0);
  });

  test('X2 a slow socket is no failure, either way', async () => {
    await using proxy = await startTcpProxy({ target: db() });
    await using pg = behind(proxy);
    let stalls = 0;
    const source = megabytes((n) => {
      if (n % 8 !== 1) return;
      stalls += 1;
      proxy.freeze();
      setTimeout(() => proxy.thaw(), 20);
    });
    expect(await pg.copyIn('copy lines from stdin', source)).toEqual({ rows: CHUNKS * 1_024 });
    expect(stalls).toBe(4);
    proxy.delay(1);
    let bytes = 0;
    for await (const block of pg.copyOut('copy lines to stdout')) bytes += block.length;
    expect(bytes).toBe(CHUNKS * MEGABYTE.length);
    expect(pg.stats()).toMatchObject({ created: 1, leased: 0, cancelsSent: 0 });
    await pg.execute('truncate lines');
  });

  test('X1 a peer that falls silent: the wait for a batch ends at the deadline, the end of an idle stream after the grace', async () => {
    await using proxy = await startTcpProxy({ target: db() });
    await using pg = behind(proxy);
    const awaited = pg.stream(SERIES, [], { batchSize: 10, deadlineMs: 1_000 });
    await pg.query('select 1');
    let seen = 0;
    const consume = async (): Promise<void> => {
      for await (const row of awaited) {
        seen += Object.keys(row).length;
        proxy.freeze();
      }
    };
    expect(await rejection(consume())).toMatchObject({ code: 'BUSBAR_POSTGRES_DEADLINE', outcome: 'unknown' });
    expect(seen).toBe(10);
    await eventually(() => pg.stats().open === 0, 'the connection is given up');
    proxy.pass();
    const abort = new AbortController();
    const idle = pg.stream(SERIES, [], { batchSize: 10, signal: abort.signal })[Symbol.asyncIterator]();
    await idle.next();
    proxy.freeze();
    abort.abort(new Error('enough'));
    const rest = collect({ [Symbol.asyncIterator]: () => idle });
    expect(await rejection(rest)).toMatchObject({ code: 'BUSBAR_POSTGRES_ABORTED', cause: { message: 'enough' } });
    await eventually(() => pg.stats().open === 0, 'the connection is given up');
    expect(pg.stats().closed).toMatchObject({ 'cancel-timeout': 2 });
  });

  test('X1 X2 a socket that is cut in the middle loses the call, and keeps no row', async () => {
    await using proxy = await startTcpProxy({ target: db() });
    await using pg = behind(proxy);
    const lost = { code: 'BUSBAR_POSTGRES_LEASE_LOST', outcome: 'unknown' };
    const source = megabytes((n) => {
      if (n !== 3) return;
      proxy.freeze();
      setTimeout(() => proxy.reset(), 20); // while the source waits for room
    });
    expect(await rejection(pg.copyIn('copy lines from stdin', source))).toMatchObject(lost);
    proxy.pass();
    const iterator = pg.stream(SERIES, [], { batchSize: 10 })[Symbol.asyncIterator]();
    await iterator.next();
    proxy.reset();
    expect(await rejection(collect({ [Symbol.asyncIterator]: () => iterator }))).toMatchObject(lost);
    expect(await pg.value('select 1')).toBe(1);
    await eventually(async () => (await kept()) === 0, 'no row is kept');
  });

  test('L9 a stream that nobody goes on with is a leak, and is taken back after a while', async () => {
    await using pg = open({ pool: { max: 1 }, leak: { warnAfterMs: 100, reclaimAfterMs: 100 } });
    const dropped = pg.stream(SERIES, [], { batchSize: 10, label: 'dropped' })[Symbol.asyncIterator]();
    await dropped.next();
    await eventually(() => pg.stats().leasesReclaimed === 1, 'it is taken back');
    expect(await pg.value('select 1')).toBe(1);
    expect(await rejection(collect({ [Symbol.asyncIterator]: () => dropped }))).toMatchObject({
      code: 'BUSBAR_POSTGRES_LEASE_LOST',
    });
  });

  test('§14 a stream that is idle when the pool closes is ended, and its consumer learns of it', async () => {
    const pg = open({ pool: { max: 1 }, timeouts: { cancelGraceMs: 500 } });
    const rows = pg.stream(SERIES, [], { batchSize: 10 })[Symbol.asyncIterator]();
    await rows.next();
    const report = await pg.close({ deadlineMs: 550 });
    expect(report).toMatchObject({ destroyed: 0, leasesFinished: 1, leaked: [] });
    expect(await rejection(collect({ [Symbol.asyncIterator]: () => rows }))).toMatchObject({
      code: 'BUSBAR_POSTGRES_LEASE_LOST',
    });
  });
});
