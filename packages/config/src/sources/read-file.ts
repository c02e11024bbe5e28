import { readFileSync } from 'node:fs';

/** Reads a whole file. Throws as `fs.readFileSync` does; the default is that function. */
export type ReadFile = (path: string | URL) => Uint8Array;

export const readFileFromDisk: ReadFile = (path) => readFileSync(path);

export type FileText =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly reason: 'unreadable' | 'too-large'; readonly message: string };

/** The text of a file of at most `maxBytes`; the message of a failure names the system's code and nothing else. */
export const readText = (readFile: ReadFile, path: string | URL, maxBytes: number): FileText => {
  try {
    const bytes = readFile(path);
    if (bytes.byteLength > maxBytes)
      return { ok: false, reason: 'too-large', message: `is larger than ${maxBytes} bytes` };
    return { ok: true, text: Buffer.from(bytes).toString('utf8') };
  } catch (error) {
    const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
    return { ok: false, reason: 'unreadable', message: `cannot be read${typeof code === 'string' ? `: ${code}` : ''}` };
  }
};
