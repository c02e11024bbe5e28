import { setTimeout as sleep } from 'node:timers/promises';

import type { Postgres } from '../src/postgres.ts';

export const ON_PURPOSE = 'rolled back on purpose';

const SLOW = 'select pg_sleep(0.005) from generate_series(1, 4)';
const MEGABYTE = "copy (select repeat('x', 1000) from generate_series(1, 1000)) to stdout";

async function* source(line: string): AsyncGenerator<string, void, void> {
  yield `${line}\n`;
  await sleep(5);
}

async function* failing(line: string): AsyncGenerator<string, void, void> {
  yield `${line}\n`;
  await sleep(5);
  throw new Error(ON_PURPOSE);
}

const drain = async (items: AsyncIterable<unknown>, o: { enough?: number; pauseMs?: number } = {}): Promise<void> => {
  let seen = 0;
  for await (const item of items) {
    seen += item === undefined ? 0 : 1;
    if (seen === o.enough) break;
    if (o.pauseMs !== undefined) await sleep(o.pauseMs);
  }
};

/** Users that have their connection for as long as they like: they write to `ledger`, and tell in `committed` what is kept. */
export const streamingUsers = (
  pg: Postgres,
  o: { readonly id: string; readonly committed: string[] },
): readonly (() => Promise<unknown>)[] => [
  () => drain(pg.stream(SLOW, [], { batchSize: 1 })),
  () => drain(pg.stream('select generate_series(1, 1000)', [], { batchSize: 10 }), { enough: 25, pauseMs: 1 }),
  () => drain(pg.stream(SLOW, [], { batchSize: 2, signal: AbortSignal.timeout(15) }), { pauseMs: 10 }),
  () => drain(pg.copyOut(MEGABYTE), { pauseMs: 1 }),
  () => drain(pg.copyOut(MEGABYTE), { enough: 1 }),
  () => pg.copyIn('copy ledger from stdin', failing(o.id)),
  async () => {
    await pg.copyIn('copy ledger from stdin', source(o.id));
    o.committed.push(o.id);
  },
  async () => {
    await pg.tx(async (tx) => {
      await tx.copyIn('copy ledger from stdin', source(o.id));
      await drain(tx.stream(SLOW, [], { batchSize: 3 }));
    });
    o.committed.push(o.id);
  },
];

/** Takes a row, and never comes back: it is ended with the statements that run, shortly before the deadline of `close`. */
export const leakyStream = (pg: Postgres): Promise<unknown> =>
  pg.stream('select generate_series(1, 9)', [], { batchSize: 1, label: 'leaky stream' })[Symbol.asyncIterator]().next();
