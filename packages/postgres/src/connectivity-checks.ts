import { connect } from 'node:net';

import { isRetryable } from '@busbar/errors';

import { NoTargetError } from './connect-errors.ts';
import { PostgresError } from './errors.ts';
import type { Queries, QueryOptions } from './queries.ts';
import { admits, socketAddress, type Target, type TargetSessionAttrs } from './targets.ts';

/** Structurally the `Check` of `@busbar/config`: read-only, with its own limit of time. */
export interface ConnectivityCheck {
  readonly id: string;
  readonly title: string;
  readonly dependsOn?: readonly string[];
  readonly timeoutMs?: number;
  run(c: { readonly signal: AbortSignal }): Promise<ConnectivityOutcome>;
}

export interface ConnectivityOutcome {
  readonly status: 'pass' | 'warn' | 'fail' | 'skip';
  readonly message: string;
  readonly help?: string;
  readonly data?: Readonly<Record<string, string | number | boolean>>;
  readonly category?: 'config' | 'unreachable' | 'auth' | 'incompatible' | 'internal';
}

export interface CheckTarget {
  readonly targets: readonly Target[];
  readonly queries: Pick<Queries, 'query' | 'one'>;
  readonly targetSessionAttrs: TargetSessionAttrs;
  readonly clock: { now(): number };
  /** Told what the server takes for an empty statement: the median of three. */
  readonly onLatency?: (medianMs: number) => void;
}

/** Nothing older is tested. */
const MIN_SERVER_VERSION = 140_000;
const TIMEOUT_MS = 5_000;
const MAX_SKEW_MS = 2_000;
const BASELINE_PROBES = 3;

const SERVER_SQL = `select current_setting('server_version_num')::int as version_num, current_setting('server_version') as version,
  pg_is_in_recovery() as standby, current_setting('transaction_read_only')::bool as read_only,
  current_setting('server_encoding') as encoding, extract(epoch from clock_timestamp())::float8 * 1000 as server_ms`;

/** Nothing if it accepts connections, or why not. */
const refusal = (target: Target, signal: AbortSignal): Promise<string | undefined> => {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const socket = connect({ ...socketAddress({ ...target, address: target.host }), signal });
  socket.once('connect', () => resolve(undefined));
  socket.once('error', (error: NodeJS.ErrnoException) => {
    resolve(`${target.host}:${target.port} does not accept connections: ${String(error.code)}`);
  });
  return promise.finally(() => socket.destroy());
};

const reachable = async ({ targets }: CheckTarget, signal: AbortSignal): Promise<ConnectivityOutcome> => {
  const answers = await Promise.all(targets.map((target) => refusal(target, signal)));
  const refusals = answers.filter((answer) => answer !== undefined);
  const help = 'Check postgres.host, postgres.port and the network.';
  if (refusals.length === 0) {
    const names = targets.map(({ host, port }) => `${host}:${port}`);
    return { status: 'pass', message: `${names.join(', ')} accepts connections` };
  }
  const message = refusals.join('; ');
  if (refusals.length < targets.length) return { status: 'warn', message, help };
  return { status: 'fail', category: 'unreachable', message, help };
};

const TARGET_HELP = 'Point postgres.host at another server, or change postgres.targetSessionAttrs.';

const failure = (error: unknown): ConnectivityOutcome => {
  if (!(error instanceof PostgresError))
    return { status: 'fail', category: 'internal', message: 'the check itself failed' };
  if (error instanceof NoTargetError)
    return { status: 'fail', category: 'incompatible', message: error.message, help: TARGET_HELP };
  const refused = error.kind === 'auth' || error.kind === 'tls';
  return {
    status: 'fail',
    category: refused || !isRetryable(error) ? 'auth' : 'unreachable',
    message: error.message,
    help: refused ? 'Check user, password, database and TLS.' : 'Check that the server accepts connections.',
  };
};

const attempt = async (run: () => Promise<ConnectivityOutcome>): Promise<ConnectivityOutcome> => {
  try {
    return await run();
  } catch (error) {
    return failure(error);
  }
};

const median = (values: readonly number[]): number =>
  Number(values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]);

const inspectServer = async (
  { queries, clock, targetSessionAttrs, onLatency }: CheckTarget,
  o: QueryOptions,
): Promise<ConnectivityOutcome> => {
  const row = await queries.one(SERVER_SQL, [], o);
  const skewMs = Math.round(Math.abs(Number(row['server_ms']) - Date.now()));
  const latencies: number[] = [];
  for (let n = 0; n < BASELINE_PROBES; n += 1) {
    const startedAtMs = clock.now();
    // oxlint-disable-next-line no-await-in-loop -- a latency is measured alone
    await queries.query('', [], o);
    latencies.push(clock.now() - startedAtMs);
  }
  const medianMs = median(latencies);
  onLatency?.(medianMs);
  const version = String(row['version']);
  const data = {
    version,
    encoding: String(row['encoding']),
    standby: row['standby'] === true,
    readOnly: row['read_only'] === true,
    latencyMs: Math.round(medianMs * 100) / 100,
    skewMs,
  };
  const fail = { status: 'fail', category: 'incompatible', data } as const;
  if (Number(row['version_num']) < MIN_SERVER_VERSION)
    return { ...fail, message: `PostgreSQL ${version} is too old`, help: 'Use PostgreSQL 14 or newer.' };
  if (!admits(targetSessionAttrs, data))
    return { ...fail, message: `the server is not ${targetSessionAttrs}`, help: TARGET_HELP };
  if (data.encoding !== 'UTF8')
    return { ...fail, message: `the database is encoded in ${data.encoding}`, help: 'Use a UTF8 database.' };
  if (skewMs > MAX_SKEW_MS)
    return { status: 'warn', data, message: `the clocks differ by ${skewMs} ms`, help: 'Check NTP on both machines.' };
  return { status: 'pass', data, message: `PostgreSQL ${version}, ${data.latencyMs} ms` };
};

/** Reachability, login, version and state of the server, in this order; each names what it found and what to do. */
export const checksOf = (target: CheckTarget): readonly ConnectivityCheck[] => [
  {
    id: 'pg.tcp',
    title: 'PostgreSQL is reachable',
    timeoutMs: TIMEOUT_MS,
    run: ({ signal }) => reachable(target, signal),
  },
  {
    id: 'pg.auth',
    title: 'PostgreSQL accepts the login',
    dependsOn: ['pg.tcp'],
    timeoutMs: TIMEOUT_MS,
    run: ({ signal }) =>
      attempt(async () => {
        await target.queries.query('', [], { signal, deadlineMs: TIMEOUT_MS, label: 'check' });
        return { status: 'pass', message: 'the login succeeded' };
      }),
  },
  {
    id: 'pg.server',
    title: 'The PostgreSQL server fits',
    dependsOn: ['pg.auth'],
    timeoutMs: TIMEOUT_MS,
    run: ({ signal }) => attempt(() => inspectServer(target, { signal, deadlineMs: TIMEOUT_MS, label: 'check' })),
  },
];
