import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ReadmeExample {
  /** Line of the opening fence, 1-based. */
  readonly line: number;
  readonly code: string;
}

/** The ```ts blocks of a Markdown file, in order; a fence ```ts no-run is left out. */
export const readmeExamples = (file: string): readonly ReadmeExample[] => {
  const examples: ReadmeExample[] = [];
  let open: { line: number; lines: string[] } | undefined;
  for (const [index, line] of readFileSync(file, 'utf8').split('\n').entries()) {
    if (open === undefined) {
      if (line.trim() === '```ts') open = { line: index + 1, lines: [] };
    } else if (line.trim() === '```') {
      examples.push({ line: open.line, code: open.lines.join('\n') });
      open = undefined;
    } else open.lines.push(line);
  }
  return examples;
};

/**
 * Runs TypeScript as a module of the package in `packageDir`, in a Node.js process of its own, on the sources.
 * Resolves with what it printed; rejects when it ends with another code than 0 or takes longer than 30 s.
 */
export const runExample = (
  code: string,
  o: { packageDir: string; env?: Readonly<Record<string, string>> },
): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      ['--conditions=@busbar/source', '--input-type=module-typescript', '--eval', code],
      { cwd: o.packageDir, env: { ...process.env, ...o.env }, timeout: 30_000 },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else
          reject(
            new Error(`example of ${join(o.packageDir, 'README.md')} failed:\n${stderr}\n${stdout}`, { cause: error }),
          );
      },
    );
  });
