import type { ChildProcess } from 'node:child_process';

/** The next message of a process; rejects when it ends, or has ended, without one. */
export const nextMessage = (child: ChildProcess, what: string): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const onMessage = (message: unknown): void => {
      child.off('exit', onExit);
      resolve(message);
    };
    const onExit = (): void => {
      child.off('message', onMessage);
      reject(new Error(`${what} ended with ${child.signalCode ?? child.exitCode}`));
    };
    child.once('message', onMessage);
    child.once('exit', onExit);
    if (child.exitCode !== null || child.signalCode !== null) onExit();
  });
