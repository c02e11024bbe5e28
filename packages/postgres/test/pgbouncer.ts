import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { TestDatabase } from '@busbar-tooling/test-kit/test-database';

import { eventually } from './eventually.ts';

export interface PgBouncer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
}

const freePort = async (): Promise<number> => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
};

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
    socket.unref();
    socket.once('connect', () => socket.destroy());
  });

/** PgBouncer in front of a test database; everybody may log in. */
export const startPgBouncer = async (
  program: string,
  db: Pick<TestDatabase, 'host' | 'port' | 'database' | 'user' | 'password'>,
  o: { readonly poolMode: 'session' | 'transaction'; readonly poolSize: number },
): Promise<PgBouncer> => {
  const folder = await mkdtemp(join(tmpdir(), 'busbar-pgbouncer-'));
  const port = await freePort();
  const file = join(folder, 'pgbouncer.ini');
  const { host, database, user, password } = db;
  await writeFile(
    file,
    `[databases]
${database} = host=${host} port=${db.port} user=${user} password=${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${o.poolMode}
default_pool_size = ${o.poolSize}
`,
  );
  const isRoot = process.getuid?.() === 0; // which PgBouncer refuses to run as
  const child = spawn(program, ['-q', ...(isRoot ? ['-u', 'nobody'] : []), file], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', kill);
  await eventually(() => accepts(port), 'PgBouncer accepts connections', 10_000);
  return {
    host: '127.0.0.1',
    port,
    [Symbol.asyncDispose]: async () => {
      process.off('exit', kill);
      kill();
      await exited;
      await rm(folder, { recursive: true });
    },
  };
};
