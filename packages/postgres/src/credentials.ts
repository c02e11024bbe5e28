import { readFile } from 'node:fs/promises';

/** Who asks for a password. */
export interface CredentialsRequest {
  readonly host: string;
  readonly port: number;
  readonly user: string;
}

/** Asked once for each connection, within `pool.connectTimeoutMs`. A rejection fails the connection attempt. */
export type CredentialsProvider = (request: CredentialsRequest) => Promise<{ readonly password: string }>;

/** The content of the file as it is when a connection is made, so that a rotated secret needs no restart. One trailing newline is cut off. */
export const credentialsFromFile =
  (o: { readonly passwordFile: string }): CredentialsProvider =>
  async () => {
    const text = await readFile(o.passwordFile, 'utf8');
    return { password: text.endsWith('\n') ? text.slice(0, text.endsWith('\r\n') ? -2 : -1) : text };
  };

/** A fixed password, kept in this closure alone: no object carries it. */
export const credentialsFromPassword =
  (password: string): CredentialsProvider =>
  () =>
    Promise.resolve({ password });
