import { execFile } from 'node:child_process';

export interface ToolAnswer {
  /** The exit status; `undefined` when the tool is not there, and -1 when it was ended by a signal or took too long. */
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

interface ToolOptions {
  readonly timeoutMs: number;
  /** On top of this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a program of the machine to its end. Injected where a decision depends on what is installed. */
export type ToolRunner = (command: string, args: readonly string[], o: ToolOptions) => Promise<ToolAnswer>;

const MAX_OUTPUT_BYTES = 256 * 1_024 * 1_024;

export const runTool: ToolRunner = (command, args, { timeoutMs, env }) =>
  new Promise((resolve) => {
    // Maven's and npm's launchers are .cmd files on Windows, which only a shell starts.
    const shell = process.platform === 'win32' && !command.endsWith('.exe');
    const options = {
      timeout: timeoutMs,
      maxBuffer: MAX_OUTPUT_BYTES,
      shell,
      windowsHide: true,
      env: { ...process.env, ...env },
    };
    execFile(command, args, options, (error, stdout, stderr) => {
      if (error === null) resolve({ status: 0, stdout, stderr });
      else if (error.code === 'ENOENT' || error.code === 'EACCES')
        resolve({ status: undefined, stdout: '', stderr: '' });
      else resolve({ status: typeof error.code === 'number' ? error.code : -1, stdout, stderr });
    });
  });
