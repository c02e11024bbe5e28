import { Client, type ClientConfig } from 'pg';

import { refuseUnknown } from './check-options.ts';
import { POSTGRES_DEFAULTS } from './option-limits.ts';
import type { PoolOptions, PostgresOptions, TimeoutOptions } from './options.ts';
import type { PgPoolPort } from './pg-port.ts';
import { resolvePostgresOptions, type ResolvedPostgresOptions } from './resolve-options.ts';
import { PostgresOptionsError } from './usage-errors.ts';

/** What is asked of a pool that is not ours. How many connections there are, where they go, and how they are set up is said by the pool itself. */
export interface AdaptOptions extends Pick<
  PostgresOptions,
  | 'name'
  | 'retry'
  | 'maxRows'
  | 'guard'
  | 'statements'
  | 'leak'
  | 'slowQueryMs'
  | 'statistics'
  | 'clock'
  | 'timers'
  | 'random'
> {
  /**
   * As of `createPostgres`, but: `connectTimeoutMs` includes the wait in the queue of the pool, and with `reset: 'discard'` a client whose session was
   * changed is ended, since DISCARD ALL would take what the pool's own `connect` handler has set.
   */
  readonly pool?: Pick<PoolOptions, 'maxQueue' | 'acquireTimeoutMs' | 'connectTimeoutMs' | 'reset'>;
  /** Those of the client; the server's are set by the pool. Default of `queryDeadlineMs`: 20_000 ms. */
  readonly timeouts?: Pick<TimeoutOptions, 'queryDeadlineMs' | 'cancelGraceMs' | 'commitGraceMs'>;
}

const KNOWN = {
  '': 'name pool timeouts retry maxRows guard statements leak slowQueryMs statistics clock timers random'.split(' '),
  'pool.': ['maxQueue', 'acquireTimeoutMs', 'connectTimeoutMs', 'reset'],
  'timeouts.': ['queryDeadlineMs', 'cancelGraceMs', 'commitGraceMs'],
} as const;

/** The server's limits, which are not set here: the lowest that are legal, so that they forbid no deadline. */
const NOT_SET = { statementMs: 101, lockMs: 100, idleInTransactionMs: 102 };

/** Where the clients of a pool go: asked of one that is made like them and opens nothing. */
const targetOf = ({ options }: PgPoolPort) => {
  const { stream: _stream, ...config } = options;
  const given: ClientConfig & { readonly max?: number | undefined } = config;
  const { host, port, database, user } = new Client(given);
  return { host, port, database: database ?? 'default', user: user ?? 'default' };
};

/** @throws {@link PostgresOptionsError} with the problems of the options */
export const resolveAdaptOptions = (pool: PgPoolPort, options: AdaptOptions): ResolvedPostgresOptions => {
  const { name = POSTGRES_DEFAULTS.name, timeouts } = options;
  const issues: string[] = [];
  for (const [prefix, given] of [
    ['', options],
    ['pool.', options.pool],
    ['timeouts.', timeouts],
  ] as const)
    refuseUnknown(given, { prefix, known: KNOWN[prefix], issues });
  if (issues.length > 0) throw new PostgresOptionsError({ name, issues });
  const { statementMs } = POSTGRES_DEFAULTS.timeouts;
  const queryDeadlineMs = timeouts?.queryDeadlineMs ?? statementMs + POSTGRES_DEFAULTS.queryMarginMs;
  const resolved = resolvePostgresOptions({
    ...options,
    ...targetOf(pool),
    targetSessionAttrs: 'any',
    tls: { mode: 'disable' },
    timeouts: { ...timeouts, ...NOT_SET, queryDeadlineMs },
  });
  const max = pool.options.max ?? POSTGRES_DEFAULTS.pool.max;
  // The pool of the user decides how many connect at once.
  return Object.freeze({
    ...resolved,
    mode: 'adapted',
    pool: Object.freeze({ ...resolved.pool, max, connectConcurrency: max }),
  });
};
