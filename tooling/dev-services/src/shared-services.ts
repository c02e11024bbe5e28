/**
 * Servers that a whole test run shares. They belong to the run of the process that owns the test run, are started once by whoever needs
 * them first, and every other process attaches by a file:
 *
 *     run-…/postgres.json   where it is, or why there is none; written once, complete from the first moment (rename)
 *     run-…/postgres.lock/  held by the process that is starting it; taken over when that process dies
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isMainThread } from 'node:worker_threads';

import { DevServiceError } from './errors.ts';
import { withLock } from './lock.ts';
import { poll } from './poll.ts';
import { type ProcessRef, processRef, selfRef } from './process.ts';
import { openRun } from './reaper.ts';
import { isJsonRecord, type JsonRecord, stringOf } from './record.ts';
import { findRun, type Run } from './run-folder.ts';

/** One sentence each, printed as they are. */
export interface Unavailable {
  readonly available: false;
  readonly reason: string;
  readonly help: string;
}

const START_WITHIN_MS = 330_000;

/** The process whose end is the end of the tests: the parent of a forked test worker, this process otherwise. */
export const testRunOwner = (): ProcessRef =>
  (isMainThread && process.send !== undefined ? processRef(process.ppid) : undefined) ?? selfRef();

/**
 * The run that tests share: the one of `DEV_SERVICES_STATE`, else the one of {@link testRunOwner}.
 * @throws {DevServiceError} NOT_AVAILABLE when `DEV_SERVICES_STATE` names services that are gone.
 */
export const sharedRun = async (): Promise<Run> => {
  const stateFile = process.env['DEV_SERVICES_STATE'];
  if (stateFile !== undefined && stateFile !== '') {
    const run = findRun(dirname(stateFile));
    if (run !== undefined) return run;
    throw new DevServiceError('NOT_AVAILABLE', {
      service: 'services',
      reason: `those of DEV_SERVICES_STATE=${stateFile} have ended`,
      help: 'Unset DEV_SERVICES_STATE, or start them again.',
    });
  }
  return openRun(testRunOwner());
};

const readRecord = (run: Run, name: string): JsonRecord | undefined => {
  try {
    const record: unknown = JSON.parse(readFileSync(join(run.folder, `${name}.json`), 'utf8'));
    return isJsonRecord(record) ? record : undefined;
  } catch {
    return undefined; // not started yet
  }
};

/** Publishes what a run knows about a service to all processes that share the run. */
export const writeRecord = (run: Run, name: string, record: JsonRecord): void => {
  const file = join(run.folder, `${name}.json`);
  writeFileSync(`${file}.${process.pid}`, JSON.stringify(record), { mode: 0o600 });
  renameSync(`${file}.${process.pid}`, file);
};

/** Why a service is missing, as a record; rethrows what means that it is broken. */
export const unavailableFrom = (error: unknown): Unavailable => {
  if (error instanceof DevServiceError && (error.code === 'NOT_AVAILABLE' || error.code === 'RESOLVE_FAILED'))
    return { available: false, reason: error.reason, help: error.help };
  throw error;
};

const startRecorded = async (run: Run, name: string, start: () => Promise<JsonRecord>): Promise<JsonRecord> => {
  const record = await start().catch((error: unknown): JsonRecord => ({ ...unavailableFrom(error) }));
  writeRecord(run, name, record);
  return record;
};

/**
 * The record of a shared service, starting it if nobody has. A service that is missing is recorded as such and not tried again in this run.
 * @throws {DevServiceError} whatever `start` throws beyond "not available"; the next caller tries again.
 */
export const sharedRecord = async (run: Run, name: string, start: () => Promise<JsonRecord>): Promise<JsonRecord> => {
  const lock = join(run.folder, `${name}.lock`);
  const record = await poll(
    async () => {
      const known = readRecord(run, name);
      return known ?? withLock(lock, async () => readRecord(run, name) ?? startRecorded(run, name, start));
    },
    { intervalMs: 25, timeoutMs: START_WITHIN_MS },
  );
  if (record !== undefined) return record;
  throw new DevServiceError('START_TIMEOUT', {
    service: name,
    reason: `another process has not started it in ${START_WITHIN_MS} ms`,
  });
};

export const isUnavailable = (record: JsonRecord): boolean => record['available'] !== true;

export const unavailableOf = (record: JsonRecord): Unavailable => ({
  available: false,
  reason: stringOf(record, 'reason'),
  help: stringOf(record, 'help'),
});
