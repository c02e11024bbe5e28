/** Programs that use the services and end in various ways, run as processes of their own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { onTestFinished } from 'vitest';

const INDEX = fileURLToPath(new URL('../src/index.ts', import.meta.url));

export interface Program {
  readonly child: ChildProcess;
  /** Resolves with the next line it prints; rejects with its errors when it ends before. */
  line(): Promise<string>;
  /** Exit status and signal. */
  readonly ended: Promise<readonly unknown[]>;
}

/** Runs a module in which `services` is this package; it ends with the test at the latest. */
export const runProgram = (code: string, o: { ipc?: boolean } = {}): Program => {
  const child = spawn(
    process.execPath,
    ['--input-type=module-typescript', '--eval', `import * as services from '${INDEX}';\n${code}`],
    {
      stdio: ['ignore', 'pipe', 'pipe', ...(o.ipc === true ? ['ipc' as const] : [])],
    },
  );
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let printed = '';
  let errors = '';
  child.stdout?.on('data', (chunk) => {
    printed += String(chunk);
  });
  child.stderr?.on('data', (chunk) => {
    errors += String(chunk);
  });
  const ended = once(child, 'close');
  const line = async (): Promise<string> => {
    for (;;) {
      const end = printed.indexOf('\n');
      if (end >= 0) {
        const text = printed.slice(0, end);
        printed = printed.slice(end + 1);
        return text;
      }
      // oxlint-disable-next-line no-await-in-loop -- the line comes in pieces
      const [status] = await Promise.race([once(child.stdout ?? child, 'data').then(() => ['more']), ended]);
      if (status !== 'more' && !printed.includes('\n')) throw new Error(`it ended with ${status}: ${errors}`);
    }
  };
  return { child, line, ended };
};
