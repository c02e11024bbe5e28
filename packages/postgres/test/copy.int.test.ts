import { createHash, type Hash } from 'node:crypto';

import { seededRandom } from '@busbar-tooling/test-kit/seeded-random';
import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { createPostgres } from '../src/connection-manager.ts';
import type { PostgresOptions } from '../src/options.ts';
import { collect } from './collect.ts';
import { eventually, rejection } from './eventually.ts';
import { poolOptions } from './pool-options.ts';

// oxlint-disable-next-line typescript/require-await -- an async source
async function* chunks<T>(...items: readonly T[]): AsyncGenerator<T, void, void> {
  yield* items;
}

/** The same chunk for ever, with a turn of the event loop between two. */
async function* endless(chunk: () => string): AsyncGenerator<string, void, void> {
  for (;;) {
    yield chunk();
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await new Promise(setImmediate);
  }
}

const IN = 'copy notes from stdin';
const OUT = 'copy notes to stdout';
const HEADER = Buffer.from('5047434f50590aff0d0a000000000000000000', 'hex');

/** One tuple of the binary format with one bytea. */
const tuple = (bytes: Buffer): Buffer => {
  const head = Buffer.alloc(6);
  head.writeInt16BE(1, 0);
  head.writeInt32BE(bytes.length, 2);
  return Buffer.concat([head, bytes]);
};

describe('copy', () => {
  const db = useTestDatabase();
  const open = (own: PostgresOptions = {}) => createPostgres(poolOptions(db(), { pool: { max: 1 }, ...own }));

  beforeAll(async () => {
    await using pg = open();
    await pg.execute('create table notes (n int unique, t text)');
    await pg.execute('create table blobs (b bytea)');
  });
  beforeEach(async () => {
    await using pg = open();
    await pg.execute('truncate notes, blobs');
  });

  const assertReusable = async (pg: ReturnType<typeof open>, created = 1): Promise<void> => {
    expect(await pg.value('select 1')).toBe(1);
    expect(pg.stats()).toMatchObject({ created, leased: 0, dirtyReleases: 0 });
  };
  const count = (pg: ReturnType<typeof open>): Promise<unknown> => pg.value('select count(*)::int from notes');

  test('X2 text of any chunking goes in and comes out; rows and statistics count', async () => {
    await using pg = open();
    const source = chunks<string | Uint8Array>(
      '1\ton',
      Buffer.from('e\n2\tzw'),
      '',
      'ölf',
      new Uint8Array([10]),
      '3\t\\N\n',
    );
    expect(await pg.copyIn(IN, source, { label: 'import' })).toEqual({ rows: 3 });
    expect(Buffer.concat(await collect(pg.copyOut(OUT))).toString()).toBe('1\tone\n2\tzwölf\n3\t\\N\n');
    expect(await pg.copyIn(IN, chunks())).toEqual({ rows: 0 });
    expect(await collect(pg.copyOut('copy blobs to stdout'))).toEqual([]);
    expect(pg.topQueries().map(({ summary, rows, errors }) => ({ summary, rows, errors }))).toEqual(
      expect.arrayContaining([expect.objectContaining({ rows: 3, errors: 0 })]),
    );
    await assertReusable(pg);
  });

  test('X2 8 MB of binary bytes make the round trip, at the pace of the slower side', async () => {
    await using pg = open();
    const random = seededRandom(7);
    const blobs = Array.from({ length: 40 }, () =>
      Buffer.from(Array.from({ length: 1_000 }, () => Math.floor(random() * 256))),
    );
    const sent = createHash('sha256');
    const hashed = (hash: Hash, bytes: Uint8Array): Uint8Array => {
      hash.update(bytes);
      return bytes;
    };
    async function* source(): AsyncGenerator<Uint8Array, void, void> {
      yield hashed(sent, HEADER);
      for (const blob of blobs) yield hashed(sent, tuple(Buffer.concat(Array.from({ length: 200 }, () => blob)))); // 200 kB each
      yield hashed(sent, Buffer.from([0xff, 0xff]));
    }
    expect(await pg.copyIn('copy blobs from stdin (format binary)', source())).toEqual({ rows: 40 });
    const got = createHash('sha256');
    for await (const block of pg.copyOut('copy blobs to stdout (format binary)')) {
      await new Promise(setImmediate); // behind the socket
      hashed(got, block);
    }
    expect(got.digest('hex')).toBe(sent.digest('hex'));
    await assertReusable(pg);
  });

  test('X2 a source that fails keeps no row, and its own error comes out', async () => {
    await using pg = open();
    let closed = false;
    async function* failing(): AsyncGenerator<string, void, void> {
      try {
        yield '1\tx\n';
        throw new Error('the file is gone');
      } finally {
        closed = true;
      }
    }
    await expect(pg.copyIn(IN, failing())).rejects.toThrow('the file is gone');
    expect(closed).toBe(true);
    expect(await count(pg)).toBe(0);
    expect(pg.stats().cancelsSent).toBe(0);
    expect(pg.topQueries().reduce((sum, { errors }) => sum + errors, 0)).toBe(1);
    await assertReusable(pg);
  });

  test('X2 a source that gives neither bytes nor text is refused, and no row is kept', async () => {
    await using pg = open();
    let returned = 0;
    // As it comes from code that is not checked.
    const odd = (chunk: unknown): AsyncIterable<string> => {
      const items = ['1\tx\n', chunk];
      return Object.assign(chunks<string>(), {
        next: () => Promise.resolve({ done: items.length === 0, value: items.shift() }),
        return: () => {
          returned += 1;
          return Promise.reject(new Error('of no interest'));
        },
      });
    };
    const refused = { code: 'BUSBAR_POSTGRES_ARGUMENT_INVALID', outcome: 'rejected', details: { argument: 'source' } };
    for (const chunk of [42, null, { length: 3 }, 'half of a pair: \ud83d'])
      // oxlint-disable-next-line no-await-in-loop -- one connection
      expect(await rejection(pg.copyIn(IN, odd(chunk)))).toMatchObject(refused);
    expect(returned).toBe(4);
    const notIterable: AsyncIterable<string> = Object.assign(chunks<string>(), { [Symbol.asyncIterator]: undefined });
    expect(await rejection(pg.copyIn(IN, notIterable))).toMatchObject({ ...refused, outcome: 'not-sent' });
    expect(await count(pg)).toBe(0);
    await assertReusable(pg);
  });

  test('X2 the server refuses: before it takes data, in the middle, and at the end', async () => {
    await using pg = open();
    let read = 0;
    const same = (): string => {
      read += 1;
      return '1\tx\n'.repeat(100);
    };
    const unread = await rejection(pg.copyIn('copy nothing from stdin', endless(same)));
    expect(unread).toMatchObject({ code: 'BUSBAR_POSTGRES_SCHEMA', outcome: 'rejected' });
    expect(read).toBe(0);
    // The source would never end.
    expect(await rejection(pg.copyIn(IN, endless(same)))).toMatchObject({ code: 'BUSBAR_POSTGRES_CONSTRAINT' });
    expect(read).toBeGreaterThan(0);
    expect(await rejection(pg.copyIn(IN, chunks('1\tx\n', 'one\tx\n')))).toMatchObject({
      code: 'BUSBAR_POSTGRES_DATA',
    });
    expect(await count(pg)).toBe(0);
    await assertReusable(pg);
  });

  test('X2 an abort and a deadline: the source may be at work, the server may be', async () => {
    await using pg = open();
    const abort = new AbortController();
    async function* stuck(): AsyncGenerator<string, void, void> {
      yield '1\tx\n';
      abort.abort(new Error('enough'));
      await new Promise(() => undefined);
    }
    expect(await rejection(pg.copyIn(IN, stuck(), { signal: abort.signal }))).toMatchObject({
      code: 'BUSBAR_POSTGRES_ABORTED',
      cause: { message: 'enough' },
    });
    await pg.execute(`create function slow() returns trigger language plpgsql as
      $$ begin perform pg_sleep(5); return new; end $$`);
    await pg.execute('create trigger slow before insert on notes for each row execute function slow()');
    const late = await rejection(pg.copyIn(IN, chunks('1\tx\n'), { deadlineMs: 60 }));
    expect(late).toMatchObject({ code: 'BUSBAR_POSTGRES_DEADLINE' });
    await pg.execute('drop function slow cascade');
    expect(await count(pg)).toBe(0);
    const unsent = { code: 'BUSBAR_POSTGRES_ABORTED', outcome: 'not-sent' };
    const signal = AbortSignal.abort();
    expect(await rejection(pg.copyIn(IN, chunks('1\tx\n'), { signal }))).toMatchObject(unsent);
    await using lease = await pg.lease(); // has its connection already
    expect(await rejection(lease.copyIn(IN, chunks('1\tx\n'), { signal }))).toMatchObject(unsent);
    expect(await rejection(collect(lease.copyOut(OUT, { signal })))).toMatchObject(unsent);
    const linked = new AbortController();
    const source = {
      async *[Symbol.asyncIterator]() {
        yield '1\tx\n';
        linked.abort(new Error('both'));
        throw linked.signal.reason;
      },
    };
    expect(await rejection(lease.copyIn(IN, source, { signal: linked.signal }))).toMatchObject({
      code: 'BUSBAR_POSTGRES_ABORTED',
      cause: { message: 'both' },
    });
    lease.release();
    expect(await count(pg)).toBe(0);
    expect(pg.stats()).toMatchObject({ leased: 0, dirtyReleases: 0 });
  });

  test('X2 a statement that is no COPY, or one the other way', async () => {
    await using pg = open();
    const invalid = { code: 'BUSBAR_POSTGRES_ARGUMENT_INVALID', details: { argument: 'sql' } };
    expect(await rejection(pg.copyIn('select 1', chunks('1')))).toMatchObject({ ...invalid, outcome: 'not-sent' });
    expect(() => pg.copyOut('select 1')).toThrow('sql: expected a COPY statement');
    await pg.copyIn(IN, chunks('1\tx\n'));
    expect(await rejection(pg.copyIn(OUT, chunks('1')))).toMatchObject(invalid);
    expect(await rejection(collect(pg.copyOut(IN)))).toMatchObject(invalid);
    expect(await count(pg)).toBe(1);
    await assertReusable(pg);
  });

  test('X2 who has enough of a COPY cancels it: the connection is fit for others, or gone', async () => {
    await using pg = open();
    await using observer = open();
    const big = "copy (select n, repeat('x', 1000) from generate_series(1, 200000) n) to stdout"; // 200 MB
    for await (const block of pg.copyOut(big)) {
      expect(block.length).toBeGreaterThan(0);
      await eventually(
        async () =>
          (await observer.value(
            "select wait_event from pg_stat_activity where datname = current_database() and query like 'copy (sel%'",
          )) === 'ClientWrite',
        'the server waits for its reader',
      );
      break;
    }
    expect(
      pg.stats().operations.read.bytesRead +
        pg.stats().operations.write.bytesRead +
        pg.stats().operations.admin.bytesRead,
    ).toBeLessThan(20_000_000);
    expect(await pg.value('select 1')).toBe(1);
    expect(pg.stats()).toMatchObject({ leased: 0, dirtyReleases: 0 });
    expect(pg.topQueries().reduce((sum, { errors }) => sum + errors, 0)).toBe(0);
    expect(pg.stats().closed).not.toHaveProperty('cancel-timeout'); // it heard of the cancel, although nobody read
    const abort = new AbortController();
    const consume = async (): Promise<void> => {
      for await (const block of pg.copyOut(big, { signal: abort.signal }))
        abort.abort(new Error(`${block.length > 0}`));
    };
    expect(await rejection(consume())).toMatchObject({ code: 'BUSBAR_POSTGRES_ABORTED' });
    for await (const block of pg.copyOut("copy (select 'all of it') to stdout")) {
      expect(Buffer.from(block).toString()).toBe('all of it\n');
      break;
    }
    expect(await pg.value('select 1')).toBe(1);
  });

  test('X2 both ways in a transaction that then goes on; a failed one fails it', async () => {
    await using pg = open();
    await pg.tx(async (tx) => {
      await tx.copyIn(IN, chunks('1\tx\n'));
      const source = tx.copyOut(OUT);
      await tx.execute("insert into notes values (2, 'y')");
      expect(Buffer.concat(await collect(source)).toString()).toBe('1\tx\n2\ty\n');
      await tx.execute("insert into notes values (3, 'z')");
      const failed = tx.savepoint(async (inner) => {
        await inner.copyIn(IN, chunks('4\tx\n', '1\tx\n'));
      });
      expect(await rejection(failed)).toMatchObject({ code: 'BUSBAR_POSTGRES_CONSTRAINT' });
      const other = tx.copyIn(IN, {
        async *[Symbol.asyncIterator]() {
          expect(await rejection(tx.query('select 1'))).toMatchObject({ code: 'BUSBAR_POSTGRES_LEASE_BUSY' });
          yield '5\tx\n';
        },
      });
      expect(await other).toEqual({ rows: 1 });
    });
    expect(await pg.value('select array_agg(n order by n) from notes')).toEqual([1, 2, 3, 5]);
    const swallowed = pg.tx(async (tx) => {
      await rejection(tx.copyIn(IN, chunks('6\tx\n', '6\tx\n')));
    });
    expect(await rejection(swallowed)).toMatchObject({ code: 'BUSBAR_POSTGRES_COMMIT_ROLLED_BACK' });
    let sourceEnded = false;
    const forgotten = pg.tx(async (tx) => {
      async function* waits(): AsyncGenerator<string, void, void> {
        yield '7\tx\n';
        await new Promise(() => undefined);
      }
      void rejection(tx.copyIn(IN, waits())).then((error) => {
        sourceEnded = JSON.stringify(error).includes('TX_ENDED');
        return sourceEnded;
      });
      await new Promise(setImmediate);
    });
    expect(await rejection(forgotten)).toMatchObject({ code: 'BUSBAR_POSTGRES_LEASE_BUSY' });
    expect(sourceEnded).toBe(true);
    expect(await count(pg)).toBe(4);
    await assertReusable(pg);
  });

  test('L8 a backend that is killed in the middle of a COPY, either way', async () => {
    await using pg = open();
    await using observer = open();
    const kill = async (): Promise<void> => {
      await observer.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like 'copy %'",
      );
    };
    async function* killing(): AsyncGenerator<string, void, void> {
      yield '1\tx\n';
      await kill();
      yield* endless(() => '2\tx\n');
    }
    const lost = { code: 'BUSBAR_POSTGRES_LEASE_LOST', outcome: 'unknown', retryable: false };
    expect(await rejection(pg.copyIn(IN, killing()))).toMatchObject(lost);
    expect(await count(pg)).toBe(0);
    const consume = async (): Promise<void> => {
      const big = pg.copyOut("copy (select repeat('x', 1000) from generate_series(1, 200000)) to stdout");
      for await (const block of big) if (block.length > 0) await kill();
    };
    expect(await rejection(consume())).toMatchObject(lost);
    await assertReusable(pg, 3);
  });
});
