export interface ServerFlagOptions {
  readonly dataFolder: string;
  readonly port: number;
  readonly settings?: Readonly<Record<string, string>>;
  readonly durable?: boolean;
}

/** Loopback only, no socket files, room for a whole test run, messages that do not depend on the machine's language. */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '300',
  max_prepared_transactions: '16',
  shared_preload_libraries: 'pg_stat_statements',
  // Files of the data folder instead of /dev/shm: nothing stays behind when the server is killed.
  dynamic_shared_memory_type: 'mmap',
  jit: 'off',
  TimeZone: 'UTC',
  lc_messages: 'C',
  log_min_messages: 'warning',
};

/**
 * The data is thrown away: no wait for the disk. The page cache outlives a killed server, so a kill still loses nothing; for the same
 * reason `synchronous_commit` stays on, without which a commit may still be in the server's own memory.
 */
const NOT_DURABLE: Readonly<Record<string, string>> = { fsync: 'off', full_page_writes: 'off' };

/** The command line of `postgres`; a caller's settings win. */
export const serverFlags = (o: ServerFlagOptions): readonly string[] => [
  '-D',
  o.dataFolder,
  '-p',
  String(o.port),
  ...Object.entries({ ...SETTINGS, ...(o.durable === true ? {} : NOT_DURABLE), ...o.settings }).flatMap(
    ([name, value]) => ['-c', `${name}=${value}`],
  ),
];
