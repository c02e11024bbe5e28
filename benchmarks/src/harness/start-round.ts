/** The parent's side of a round: a fresh process, one job, one report, and an end in any case. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { ALLOCATION_FLAGS } from './allocation.ts';
import { parseReport, type Reading, type RoundJob } from './round-message.ts';

/** The case makes no claim in this run: an arm threw, was wrong, or did not end. */
export class VoidedCaseError extends Error {
  override readonly name = 'VoidedCaseError';
}

const ROUND_PROCESS = fileURLToPath(new URL('round-process.ts', import.meta.url));
/** Arms that wait for their turn keep their compiled code through the collections of the others' visits. */
export const ROUND_FLAGS = ['--expose-gc', '--no-flush-bytecode'];
const STDERR_CHARACTERS = 2000;

const startProcess = (job: RoundJob): ChildProcess =>
  fork(ROUND_PROCESS, [], {
    // Not those of this process: a benchmark loads what users load, without the source condition (BM-5).
    execArgv: job.kind === 'bytes' ? [...ROUND_FLAGS, ...ALLOCATION_FLAGS] : ROUND_FLAGS,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });

/** The message of a process, or how it ended without one. */
const messageOf = (child: ChildProcess, signal: AbortSignal): Promise<unknown> => {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_CHARACTERS);
  });
  child.once('message', resolve);
  child.once('error', reject);
  child.once('close', (code, killedBy) =>
    reject(new VoidedCaseError(`a round ended with ${killedBy ?? code} and no report: ${stderr.trim()}`)),
  );
  const abort = (): void => {
    child.kill('SIGKILL');
  };
  signal.addEventListener('abort', abort, { once: true });
  return promise.finally(() => signal.removeEventListener('abort', abort));
};

/**
 * Runs one job in a process of its own. @throws VoidedCaseError if an arm failed or the process did; the reason of the
 * signal if that aborted it. The process has ended when this settles.
 */
export const startRound = async (job: RoundJob, signal: AbortSignal): Promise<readonly Reading[]> => {
  signal.throwIfAborted();
  const child = startProcess(job);
  const exited = once(child, 'exit');
  try {
    child.send(job);
    const { readings, voided } = parseReport(await messageOf(child, signal));
    if (voided !== undefined) throw new VoidedCaseError(voided);
    return readings;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    child.kill('SIGKILL');
    await exited;
  }
};
