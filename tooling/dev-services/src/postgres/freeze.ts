/**
 * A server that hangs without closing a connection. Every backend of PostgreSQL is a process group of its own: SIGSTOP to the
 * postmaster's group stops new connections only, an open one still answers. So the postmaster is stopped first, which ends the making
 * of children, and then its children, until none of them runs.
 */
import { DevServiceError } from '../errors.ts';
import { poll } from '../poll.ts';
import { childrenOf, isAlive, isStopped, type ProcessRef, signalProcess } from '../process.ts';

const refuseOnWindows = (): void => {
  if (process.platform !== 'win32') return;
  throw new DevServiceError('UNSUPPORTED_FAULT', {
    service: 'PostgreSQL',
    reason: 'pausing a process needs POSIX signals',
  });
};

/** Resolves when the postmaster and all its children stand still. */
export const freezeServer = async (postmaster: ProcessRef): Promise<void> => {
  refuseOnWindows();
  await poll(
    () => {
      const family = [postmaster, ...childrenOf(postmaster.pid)].filter(isAlive);
      const running = family.filter((member) => !isStopped(member));
      for (const member of running) signalProcess(member, 'SIGSTOP');
      return running.length === 0 ? true : undefined;
    },
    { intervalMs: 2, timeoutMs: 5_000 },
  );
};

/** Lets the children go on, then the postmaster. */
export const thawServer = (postmaster: ProcessRef): void => {
  refuseOnWindows();
  for (const child of childrenOf(postmaster.pid)) signalProcess(child, 'SIGCONT');
  signalProcess(postmaster, 'SIGCONT');
};
