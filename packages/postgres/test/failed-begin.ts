import { StatementGuard } from '../src/guard/guard.ts';
import { LeasePool } from '../src/lease-pool.ts';
import type { ConnectionSource } from '../src/open-attempt.ts';
import { QueryStatistics } from '../src/query-stats.ts';
import type { ResolvedPostgresOptions } from '../src/resolve-options.ts';
import { SplitSampling } from '../src/split.ts';
import { createCounters, type Counters } from '../src/stats.ts';
import { Transaction } from '../src/transaction.ts';
import { rejection } from './eventually.ts';

/** Runs `insert` twice at once and once more in a transaction whose BEGIN the server refuses, and commits it: how each of the four failed. */
export const failedBegin = async (
  options: ResolvedPostgresOptions,
  o: { readonly insert: string; source(counters: Counters): ConnectionSource },
): Promise<unknown[]> => {
  const counters = createCounters();
  const { clock } = options;
  const defaults = {
    pool: 'default',
    queryDeadlineMs: 5_000,
    maxRows: 10,
    clock,
    guard: new StatementGuard(options.guard),
    autoPrepareAfter: 0,
    sessions: 'own',
  } as const;
  const leases = new LeasePool(options, {
    counters,
    source: o.source(counters),
    setupSession: () => ({ query: () => Promise.reject(new Error('unused')) }),
    onRecycle: () => undefined,
  });
  const target = {
    pool: 'default',
    database: options.database,
    clock,
    operations: counters.operations,
    statements: counters.statements,
    statistics: new QueryStatistics(10),
    slowQueryMs: 1_000,
    sampling: new SplitSampling(() => 0),
    transactionSettings: [],
  };
  const deadlineAtMs = clock.now() + 5_000;
  const connection = await leases.acquire({ label: undefined, deadlineMs: 5_000, deadlineAtMs, signal: undefined });
  const transaction = new Transaction(
    { options, counters, leases, target, defaults },
    {
      begin: 'begin isolation level nonsense',
      label: undefined,
      signal: undefined,
      maxRows: undefined,
      deadlineAtMs: Infinity,
    },
    { connection, attempt: 1 },
  );
  const insert = () => rejection(transaction.run(transaction.prepare({ statement: o.insert }, {})));
  const failures = [
    ...(await Promise.all([insert(), insert()])),
    await insert(),
    await rejection(transaction.commit()),
  ];
  leases.releaseWhenQuiet(connection);
  await leases.close(clock.now());
  return failures;
};

/** What it has to be: nothing was executed. */
export const FAILED_BEGIN = [
  { code: 'BUSBAR_POSTGRES_SYNTAX' },
  { code: 'BUSBAR_POSTGRES_TX_ABORTED' },
  { code: 'BUSBAR_POSTGRES_TX_ABORTED' },
  { code: 'BUSBAR_POSTGRES_COMMIT_ROLLED_BACK' },
];
