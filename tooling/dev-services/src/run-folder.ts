/**
 * A run is a folder below the system's temporary folder, named after the process that owns it: logs, data, and ledgers.
 *
 *     busbar-<uid>/run-<pid>-<start>/processes/<pid>-<start>   what must be ended with the run, with the signal to end it
 *     busbar-<uid>/run-<pid>-<start>/containers/<project>      what must be removed, where there are containers (docker.ts)
 *     busbar-<uid>/run-<pid>-<start>/ports/<port>              what must be given back (ports.ts)
 *
 * Any process may open a run and add to its ledgers (a test worker starts what belongs to the whole test run); one end applies to all:
 * `endRun`. It first renames the folder, which only one process can do, so whoever wins owns what follows: end the processes, give back
 * the ports, delete. The reaper calls it when the owner is gone, and every new run calls it for owners that died together with their
 * reaper (`sweepDeadRuns`).
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';

import { removeProject } from './compose-project.ts';
import { DevServiceError } from './errors.ts';
import { removeSharedMemory } from './postgres/shared-memory.ts';
import { childrenOf, endProcesses, isAlive, type ProcessRef, processRef, signalProcess } from './process.ts';

export interface Run {
  readonly folder: string;
  /** The folder's name: unique among the runs of this machine that are alive. */
  readonly id: string;
  readonly owner: ProcessRef;
}

/** Whether every folder on the way may be entered by any user: what a server that drops root needs. */
export const isTraversable = (folder: string): boolean => {
  const { mode } = statSync(folder);
  if ((mode & 0o001) === 0) return false;
  const parent = dirname(folder);
  return parent === folder || isTraversable(parent);
};

const isRoot = process.getuid?.() === 0;

/** `busbar-<uid>` in the temporary folder; for root in one that the user `postgres` can reach. */
export const baseFolder = (): string => {
  const parents = isRoot ? [tmpdir(), '/tmp', '/var/tmp'] : [tmpdir()];
  const parent = isRoot ? parents.find((candidate) => isTraversable(candidate)) : parents[0];
  if (parent === undefined) {
    throw new DevServiceError('PERMISSION', {
      service: 'run folder',
      reason: `servers do not run as root, and no other user can enter ${tmpdir()}`,
      help: 'Set TMPDIR to a folder that every user may enter.',
    });
  }
  const uid = process.getuid?.() ?? 0;
  const folder = join(parent, `busbar-${uid}`);
  mkdirSync(folder, { recursive: true, mode: isRoot ? 0o711 : 0o700 });
  if (process.getuid !== undefined && statSync(folder).uid !== uid) {
    throw new DevServiceError('PERMISSION', {
      service: 'run folder',
      reason: `${folder} belongs to another user`,
      help: 'Remove that folder, or set TMPDIR to a folder of your own.',
    });
  }
  return folder;
};

const wordOf = (text: string): string => text.replaceAll(/\W/g, '_');

const runId = (owner: ProcessRef): string => `run-${owner.pid}-${wordOf(owner.startedAt)}`;

/** The run of an owner, made if it is not there yet. `created` tells whether this call made it. */
export const makeRunFolder = (owner: ProcessRef): { run: Run; created: boolean } => {
  const id = runId(owner);
  const folder = join(baseFolder(), id);
  const created = mkdirSync(folder, { recursive: true, mode: 0o755 }) !== undefined;
  mkdirSync(join(folder, 'processes'), { recursive: true });
  mkdirSync(join(folder, 'ports'), { recursive: true });
  if (created) writeOwner(folder, owner);
  return { run: { folder, id, owner }, created };
};

/** The run in an existing folder; `undefined` when the folder or its owner is gone. */
export const findRun = (folder: string): Run | undefined => {
  const owner = ownerOf(folder);
  return owner !== undefined && isAlive(owner) ? { folder, id: basename(folder), owner } : undefined;
};

const parseRef = (text: string): ProcessRef => {
  const blank = text.indexOf(' ');
  return { pid: Number(text.slice(0, blank)), startedAt: text.slice(blank + 1) };
};

const ownerOf = (folder: string): ProcessRef | undefined => {
  try {
    return parseRef(readFileSync(join(folder, 'owner'), 'utf8'));
  } catch {
    return undefined; // no folder, or one whose owner is being written
  }
};

const writeOwner = (folder: string, owner: ProcessRef): void => {
  writeFileSync(join(folder, 'owner'), `${owner.pid} ${owner.startedAt}`, { mode: 0o600 });
};

export interface EndOptions {
  /** The signal that ends this process in order; what has nothing to save is killed. Default: SIGKILL. */
  readonly signal?: 'SIGQUIT' | 'SIGKILL';
  /** A PostgreSQL data folder of the run, whose shared memory has to be removed if the server could not do it itself. */
  readonly dataFolder?: string;
}

const ledgerEntry = (run: Run, ref: ProcessRef): string =>
  join(run.folder, 'processes', `${ref.pid}-${wordOf(ref.startedAt)}`);

/** Puts a process on the ledger: from now on it ends with the run, however the owner ends. */
export const registerProcess = (run: Run, ref: ProcessRef, o: EndOptions = {}): void => {
  const dataFolder = o.dataFolder === undefined ? '' : relative(run.folder, o.dataFolder);
  writeFileSync(ledgerEntry(run, ref), [o.signal ?? 'SIGKILL', dataFolder, `${ref.pid} ${ref.startedAt}`].join('\n'));
};

export const unregisterProcess = (run: Run, ref: ProcessRef): void => {
  rmSync(ledgerEntry(run, ref), { force: true });
};

const namesIn = (folder: string): readonly string[] => (existsSync(folder) ? readdirSync(folder) : []);

const endRegistered = async (folder: string, entry: string): Promise<void> => {
  const [signal, dataFolder = '', refText = ''] = readFileSync(join(folder, 'processes', entry), 'utf8').split('\n');
  const ref = parseRef(refText);
  const family = isAlive(ref) ? [ref, ...childrenOf(ref.pid)] : [];
  if (signal === 'SIGQUIT') {
    for (const child of family.slice(1)) signalProcess(child, 'SIGCONT'); // a frozen child would not see its parent end
    await endProcesses(family.slice(0, 1), 'SIGQUIT', 1_500);
  }
  await endProcesses(family, 'SIGKILL', 2_000);
  if (dataFolder !== '') removeSharedMemory(join(folder, dataFolder));
};

/**
 * Ends what a run started, gives its ports back and deletes its folder. Of concurrent calls one does it, the others return at once.
 * With `DEV_SERVICES_KEEP=1` logs and data stay in a folder `kept.…`.
 */
export const endRun = async (folder: string): Promise<void> => {
  const base = dirname(folder);
  const keep = process.env['DEV_SERVICES_KEEP'] === '1';
  const id = /run-\w+-\w+/.exec(basename(folder))?.[0] ?? basename(folder);
  const claimed = join(base, `ended.${id}.${process.pid}-${performance.now().toFixed(0)}`);
  try {
    renameSync(folder, claimed);
  } catch {
    return; // another process was first, or there is nothing left
  }
  for (const project of namesIn(join(claimed, 'containers'))) removeProject(project);
  await Promise.all(namesIn(join(claimed, 'processes')).map((entry) => endRegistered(claimed, entry)));
  for (const port of namesIn(join(claimed, 'ports'))) releaseReservation(join(base, 'ports', port), id);
  if (keep) renameSync(claimed, join(base, `kept.${id}.${Date.now()}`));
  else rmSync(claimed, { recursive: true, force: true, maxRetries: 5 });
};

/** Deletes a port's reservation if this run holds it. */
export const releaseReservation = (file: string, id: string): void => {
  try {
    if (readFileSync(file, 'utf8') === id) unlinkSync(file);
  } catch {
    // given back already
  }
};

/** A run's folder belongs to its owner, one that is being ended to the process that claimed it, whose pid is in the name. */
const isAbandoned = (folder: string): boolean => {
  const claimer = /^ended\..*\.(\d+)-\d+$/.exec(basename(folder))?.[1];
  if (claimer !== undefined) return processRef(Number(claimer)) === undefined;
  const owner = ownerOf(folder);
  return owner !== undefined && !isAlive(owner);
};

/** Ends the runs whose owner is gone together with its reaper, and finishes ends that were cut short. */
export const sweepDeadRuns = async (): Promise<void> => {
  const base = baseFolder();
  const dead = readdirSync(base)
    .filter((name) => name.startsWith('run-') || name.startsWith('ended.'))
    .map((name) => join(base, name))
    .filter(isAbandoned);
  // What cannot be swept is left for the next run: it is no reason to fail this one.
  await Promise.allSettled(dead.map((folder) => endRun(folder)));
};
