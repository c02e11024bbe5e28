import { execFile } from 'node:child_process';

export interface ToolAnswer {
  /** The exit status; `undefined` when the tool is not there, and -1 when it was ended by a signal or took too long. */
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program of the machine to its end. Injected where a decision depends on what is installed. */
export type ToolRunner = (command: string, args: readonly string[], timeoutMs: number) => Promise<ToolAnswer>;

const MAX_OUTPUT_BYTES = 256 * 1_024 * 1_024;

export const runTool: ToolRunner = (command, args, timeoutMs) =>
  new Promise((resolve) => {
    // npm-style and Maven launchers are .cmd files on Windows, which only a shell starts.
    const shell = process.platform === 'win32' && !command.endsWith('.exe');
    execFile(
      command,
      args,
      { timeout: timeoutMs, maxBuffer: MAX_OUTPUT_BYTES, shell, windowsHide: true },
      (error, stdout, stderr) => {
        if (error === null) resolve({ status: 0, stdout, stderr });
        else if (error.code === 'ENOENT' || error.code === 'EACCES')
          resolve({ status: undefined, stdout: '', stderr: '' });
        else resolve({ status: typeof error.code === 'number' ? error.code : -1, stdout, stderr });
      },
    );
  });
