/**
 * A fresh cluster in 0.3 s: `initdb` (1 s) runs once per version and options, and each start copies its result.
 * The superuser's password is drawn with the cluster and lies beside it, readable by its owner alone.
 */
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { cacheFolder } from '../cache-folder.ts';
import { DevServiceError } from '../errors.ts';
import type { PostgresBinaries } from './binaries.ts';

const run = promisify(execFile);

export const SUPERUSER = 'postgres';

/** What `initdb` is told. The collation is the same on every system: C.UTF-8 of PostgreSQL itself from 17 on, C before. */
export const initdbArguments = (version: string): readonly string[] => [
  '--no-sync',
  '--encoding=UTF8',
  '--auth=scram-sha-256',
  `--username=${SUPERUSER}`,
  ...(Number.parseInt(version, 10) >= 17 ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : []),
  '--locale=C',
];

/** Copies a folder with owners and modes; copy-on-write where the file system can. */
const copyFolder = async (from: string, to: string): Promise<void> => {
  if (process.platform === 'win32') cpSync(from, to, { recursive: true });
  else await run('cp', ['-a', from, to]);
};

const makeCluster = async (binaries: PostgresBinaries, folder: string): Promise<void> => {
  mkdirSync(folder, { mode: 0o700 });
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, randomBytes(18).toString('base64url'), { mode: 0o600 });
  if (binaries.user !== undefined) {
    chownSync(folder, binaries.user.uid, binaries.user.gid);
    chownSync(passwordFile, binaries.user.uid, binaries.user.gid);
  }
  const args = [...initdbArguments(binaries.version), `--pwfile=${passwordFile}`, '-D', join(folder, 'data')];
  try {
    await run(binaries.initdb, args, {
      cwd: folder,
      env: { PATH: process.env['PATH'], LC_ALL: 'C' },
      ...binaries.user,
    });
  } catch (cause) {
    const output = cause instanceof Error && 'stderr' in cause ? String(cause.stderr) : '';
    throw new DevServiceError('EXITED_EARLY', {
      service: 'PostgreSQL',
      reason: 'initdb failed',
      logTail: output,
      cause,
    });
  }
};

/** Puts a fresh cluster into `folder/data`; resolves with the superuser's password. `folder` must not exist. */
export const copyCluster = async (binaries: PostgresBinaries, folder: string): Promise<string> => {
  const key = createHash('sha256')
    .update(JSON.stringify([binaries.version, binaries.initdb, binaries.user, initdbArguments(binaries.version)]))
    .digest('hex')
    .slice(0, 16);
  const cached = join(cacheFolder('postgres'), `${binaries.version}-${key}`);
  if (!existsSync(cached)) {
    await makeCluster(binaries, folder);
    const draft = `${cached}.${process.pid}-${randomBytes(4).toString('hex')}`;
    await copyFolder(folder, draft);
    try {
      renameSync(draft, cached);
    } catch {
      rmSync(draft, { recursive: true, force: true }); // another process was faster; this cluster is as good
    }
  } else await copyFolder(cached, folder);
  chmodSync(folder, 0o711);
  return readFileSync(join(folder, 'password'), 'utf8');
};
