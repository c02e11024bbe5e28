/** One PostgreSQL server of ours: own cluster, own port, breakable on purpose, gone with its run. */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { DevServiceError } from '../errors.ts';
import { poll } from '../poll.ts';
import { releasePorts, reservePorts } from '../ports.ts';
import { allEnded, childrenOf, endProcesses, type ProcessRef, type SpawnedServer, tailOf } from '../process.ts';
import { openRun } from '../reaper.ts';
import { type Run, unregisterProcess } from '../run-folder.ts';
import { spawnInRun } from '../run-process.ts';
import { findPostgresBinaries, type PostgresBinaries } from './binaries.ts';
import { copyCluster, SUPERUSER } from './cluster-cache.ts';
import { freezeServer, thawServer } from './freeze.ts';
import { serverFlags } from './server-flags.ts';
import { removeSharedMemory } from './shared-memory.ts';

export interface PostgresOptions {
  /** The major version of a server that Debian has installed, for example 15; default: whatever is there, the npm package first. */
  readonly version?: number;
  /** Server settings on top of ours, as in `postgresql.conf`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Writes reach the disk as in production; default: false, a commit is only as durable as the page cache (a killed server loses nothing). */
  readonly durable?: boolean;
}

/** Where a server is and who may do everything there. */
export interface PostgresAddress {
  readonly source: 'configured' | 'embedded' | 'system' | 'docker';
  /** `18.4`. */
  readonly version: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Connection string of the administrative database. */
  readonly adminUrl: string;
}

export interface PostgresService extends PostgresAddress, AsyncDisposable {
  readonly available: true;
  /** `fast` (default) rolls back and disconnects everybody, `immediate` leaves recovery to the next start. Resolves when it has ended. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
  /** Starts it again on the same port and data. Resolves when a query answers; does nothing while it runs. */
  start(): Promise<void>;
  /** SIGKILL; resolves when the server and its backends are gone. */
  kill(): Promise<void>;
  /** Stops every process of the server in its tracks; connections stay open and silent. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** The last 64 KiB of its log. */
  logTail(): string;
}

const READY_WITHIN_MS = 30_000;
const PORT_ATTEMPTS = 5;

const answers = async (url: string): Promise<true | undefined> => {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined); // a connection lost while probing is an answer of its own: not ready
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return undefined; // refused, or still starting up: ask again
  } finally {
    await client.end().catch(() => undefined); // never connected
  }
};

interface Cluster {
  readonly run: Run;
  readonly binaries: PostgresBinaries;
  readonly options: PostgresOptions;
  readonly folder: string;
  readonly port: number;
  readonly adminUrl: string;
}

const logFileOf = (cluster: Cluster): string => `${cluster.folder}.log`;
const dataFolderOf = (cluster: Cluster): string => join(cluster.folder, 'data');

/** Starts the server and resolves once a query answers. */
const launch = async (cluster: Cluster): Promise<SpawnedServer> => {
  const { binaries, folder, run } = cluster;
  const server = await spawnInRun(
    run,
    {
      command: binaries.postgres,
      args: serverFlags({ dataFolder: dataFolderOf(cluster), port: cluster.port, ...cluster.options }),
      logFile: logFileOf(cluster),
      cwd: folder,
      env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
      user: binaries.user,
    },
    { signal: 'SIGQUIT', dataFolder: dataFolderOf(cluster) },
  );
  const ready = await poll(async () => (server.ending() === undefined ? answers(cluster.adminUrl) : false), {
    intervalMs: 10,
    timeoutMs: READY_WITHIN_MS,
  });
  const ended = server.ending();
  if (ready === true && ended === undefined) return server;
  await endProcesses([server], 'SIGKILL', 2_000);
  unregisterProcess(run, server);
  const logTail = tailOf(logFileOf(cluster));
  throw ended === undefined
    ? new DevServiceError('START_TIMEOUT', {
        service: 'PostgreSQL',
        reason: `no answer within ${READY_WITHIN_MS} ms`,
        logTail,
      })
    : new DevServiceError('EXITED_EARLY', { service: 'PostgreSQL', reason: `it ended at once with ${ended}`, logTail });
};

const portWasTaken = (error: unknown): boolean =>
  error instanceof DevServiceError && error.code === 'EXITED_EARLY' && error.logTail.includes('could not bind');

const launchOnFreePort = async (
  cluster: Omit<Cluster, 'port' | 'adminUrl'>,
  password: string,
  attempt = 1,
): Promise<{ cluster: Cluster; server: ProcessRef }> => {
  const [port = 0] = await reservePorts(cluster.run, 1);
  const adminUrl = `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/postgres`;
  const placed = { ...cluster, port, adminUrl };
  try {
    return { cluster: placed, server: await launch(placed) };
  } catch (error) {
    releasePorts(cluster.run, [port]);
    if (attempt >= PORT_ATTEMPTS || !portWasTaken(error)) throw error;
    return launchOnFreePort(cluster, password, attempt + 1);
  }
};

/**
 * Starts a server of one's own: for tests that kill, freeze or reconfigure it. Ready in 0.4 s once the cluster is cached.
 * It ends with `run`'s owner (default: this process) at the latest, and keeps no process alive.
 * @throws {DevServiceError} NOT_AVAILABLE, EXITED_EARLY or START_TIMEOUT with the server's log, PERMISSION
 */
export const startPostgres = async (options: PostgresOptions = {}, run?: Run): Promise<PostgresService> => {
  const binaries = await findPostgresBinaries(options.version);
  const itsRun = run ?? (await openRun());
  const folder = join(itsRun.folder, `postgres-${randomBytes(4).toString('hex')}`);
  const password = await copyCluster(binaries, folder);
  const { cluster, server } = await launchOnFreePort({ run: itsRun, binaries, options, folder }, password);
  return new EmbeddedPostgres(cluster, server, password);
};

class EmbeddedPostgres implements PostgresService {
  readonly available = true;
  readonly source: 'embedded' | 'system';
  readonly version: string;
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly user = SUPERUSER;
  readonly password: string;
  readonly adminUrl: string;
  readonly #cluster: Cluster;
  #server: ProcessRef | undefined;

  constructor(cluster: Cluster, server: ProcessRef, password: string) {
    this.source = cluster.binaries.source;
    this.version = cluster.binaries.version;
    this.port = cluster.port;
    this.password = password;
    this.adminUrl = cluster.adminUrl;
    this.#cluster = cluster;
    this.#server = server;
  }

  async #end(signal: 'SIGINT' | 'SIGQUIT' | 'SIGKILL'): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    const backends = childrenOf(server.pid);
    thawServer(server);
    await endProcesses([server], signal, 5_000);
    if (!(await allEnded(backends, 1_000))) await endProcesses(backends, 'SIGKILL', 1_000);
    this.#server = undefined;
  }

  async stop(mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
    await this.#end(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
  }

  async start(): Promise<void> {
    this.#server ??= await launch(this.#cluster);
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async freeze(): Promise<void> {
    if (this.#server !== undefined) await freezeServer(this.#server);
  }

  thaw(): Promise<void> {
    if (this.#server !== undefined) thawServer(this.#server);
    return Promise.resolve();
  }

  logTail(): string {
    return tailOf(logFileOf(this.#cluster));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { run, folder, port } = this.#cluster;
    const server = this.#server;
    await this.#end('SIGQUIT');
    removeSharedMemory(dataFolderOf(this.#cluster));
    if (server !== undefined) unregisterProcess(run, server);
    releasePorts(run, [port]);
    if (process.env['DEV_SERVICES_KEEP'] === '1') return;
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    rmSync(logFileOf(this.#cluster), { force: true });
  }
}
