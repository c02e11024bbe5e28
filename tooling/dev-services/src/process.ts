/**
 * Processes by pid *and* start time. A pid alone is not an identity: it is reused, and `kill(pid, 0)` also says yes to a dead process
 * that nobody has reaped yet. Nothing is signaled here unless both match, so only processes that a run itself made are ever touched.
 *
 * Linux is read from /proc; elsewhere `ps` is asked (5 ms a question). Windows has no start time here: the pid has to do.
 */
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';

import { poll } from './poll.ts';

export interface ProcessRef {
  readonly pid: number;
  /** Opaque; equal for two looks at the same process. */
  readonly startedAt: string;
}

interface ProcessStat {
  readonly state: string;
  /** A killed process is a zombie while some of its threads still end, and until they have, it holds its ports. */
  readonly threads: number;
  readonly parentPid: number;
  readonly startedAt: string;
}

/** The fields of /proc/<pid>/stat after the command name, which may itself hold blanks and brackets. */
export const parseProcStat = (text: string): ProcessStat => {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return {
    state: fields[0] ?? '',
    threads: Number(fields[17]),
    parentPid: Number(fields[1]),
    startedAt: fields[19] ?? '',
  };
};

const statOnLinux = (pid: number): ProcessStat | undefined => {
  try {
    return parseProcStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined; // ENOENT or ESRCH: no such process, which is the answer
  }
};

const statByPs = (pid: number): ProcessStat | undefined => {
  try {
    const line = execFileSync('ps', ['-o', 'state=,ppid=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: 'pipe',
    }).trim();
    const [state = '', parentPid = '', ...start] = line.split(/\s+/);
    return { state, threads: 1, parentPid: Number(parentPid), startedAt: start.join(' ') };
  } catch {
    return undefined; // ps ends with 1 when there is no such process
  }
};

const statOnWindows = (pid: number): ProcessStat | undefined => {
  try {
    process.kill(pid, 0);
    return { state: 'R', threads: 1, parentPid: 0, startedAt: 'unknown' };
  } catch {
    return undefined; // ESRCH: no such process
  }
};

const statOf: (pid: number) => ProcessStat | undefined =
  process.platform === 'linux' ? statOnLinux : process.platform === 'win32' ? statOnWindows : statByPs;

/** The process behind a pid now; `undefined` when it has ended, reaped by its parent or not. */
export const processRef = (pid: number): ProcessRef | undefined => {
  const stat = statOf(pid);
  if (stat === undefined || stat.state.startsWith('X')) return undefined;
  return stat.state.startsWith('Z') && stat.threads <= 1 ? undefined : { pid, startedAt: stat.startedAt };
};

/** This very process. */
export const selfRef = (): ProcessRef => processRef(process.pid) ?? { pid: process.pid, startedAt: 'unknown' };

export const isAlive = (ref: ProcessRef): boolean => processRef(ref.pid)?.startedAt === ref.startedAt;

/** True once the process stands still by SIGSTOP. */
export const isStopped = (ref: ProcessRef): boolean => {
  const stat = statOf(ref.pid);
  return stat !== undefined && stat.startedAt === ref.startedAt && stat.state.startsWith('T');
};

/** Sends the signal if the process still lives; tells whether it did. */
export const signalProcess = (ref: ProcessRef, signal: NodeJS.Signals): boolean => {
  if (!isAlive(ref)) return false;
  try {
    return process.kill(ref.pid, signal);
  } catch {
    return false; // ended between the look and the signal
  }
};

/** Living direct children. */
export const childrenOf = (pid: number): readonly ProcessRef[] => {
  const pids =
    process.platform === 'linux'
      ? readdirSync('/proc').filter((name) => /^\d+$/.test(name) && statOnLinux(Number(name))?.parentPid === pid)
      : process.platform === 'win32'
        ? []
        : pidsByPs(pid);
  return pids.map((child) => processRef(Number(child))).filter((child) => child !== undefined);
};

const pidsByPs = (parentPid: number): readonly string[] =>
  execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, parent]) => parent === String(parentPid))
    .map(([pid = '']) => pid);

/** Resolves with true as soon as all have ended, with false after `timeoutMs`. */
export const allEnded = async (refs: readonly ProcessRef[], timeoutMs: number): Promise<boolean> =>
  (await poll(() => (refs.some(isAlive) ? undefined : true), { intervalMs: 5, timeoutMs })) ?? false;

/** Ends processes: the signal first, SIGKILL for what is left after `graceMs`. Stopped ones are woken so that they can obey. */
export const endProcesses = async (
  refs: readonly ProcessRef[],
  signal: NodeJS.Signals,
  graceMs: number,
): Promise<void> => {
  for (const ref of refs) if (signalProcess(ref, signal) && signal !== 'SIGKILL') signalProcess(ref, 'SIGCONT');
  if (await allEnded(refs, graceMs)) return;
  for (const ref of refs) signalProcess(ref, 'SIGKILL');
  await allEnded(refs, 5_000);
};

export interface SpawnOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** Standard output and standard error are appended to this file. */
  readonly logFile: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
}

export interface SpawnedServer extends ProcessRef {
  /** `status 1`, `signal SIGKILL`; `undefined` while it runs. Only the process that started it is told. */
  readonly ending: () => string | undefined;
}

/** Starts a server that outlives this process and keeps it from nothing: own session, no pipe, no reference. */
export const spawnServer = (o: SpawnOptions): Promise<SpawnedServer> => {
  const log = openSync(o.logFile, 'a');
  const child = spawn(o.command, o.args, {
    cwd: o.cwd,
    env: { ...o.env },
    detached: true,
    stdio: ['ignore', log, log],
    windowsHide: true,
    ...o.user,
  });
  closeSync(log);
  child.unref();
  let ending: string | undefined;
  child.once('exit', (status, signal) => {
    ending = signal === null ? `status ${status}` : `signal ${signal}`;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => {
      const pid = child.pid ?? 0;
      resolve({ ...(processRef(pid) ?? { pid, startedAt: 'ended' }), ending: () => ending });
    });
  });
};

/** The last 64 KiB of a file, empty when there is none. */
export const tailOf = (file: string, maxBytes = 65_536): string => {
  let handle: number;
  try {
    handle = openSync(file, 'r');
  } catch {
    return ''; // the server has not written yet, or the run is over
  }
  try {
    const { size } = fstatSync(handle);
    const buffer = Buffer.alloc(Math.min(size, maxBytes));
    readSync(handle, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8');
  } finally {
    closeSync(handle);
  }
};
