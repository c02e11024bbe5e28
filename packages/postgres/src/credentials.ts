import { readFile } from 'node:fs/promises';

/** Who asks for a password. */
export interface CredentialsRequest {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** 2 = the server has just refused what was given for this connection: drop what is cached. */
  readonly attempt: 1 | 2;
}

/** Asked for each connection, within `pool.connectTimeoutMs`, and once more if the server refuses the login. A rejection fails the connection attempt. */
export type CredentialsProvider = (request: CredentialsRequest) => Promise<{ readonly password: string }>;

/** The content of the file as it is when a connection is made, so that a rotated secret needs no restart. One trailing newline is cut off. */
export const credentialsFromFile =
  (o: { readonly passwordFile: string }): CredentialsProvider =>
  async () => {
    const text = await readFile(o.passwordFile, 'utf8');
    return { password: text.endsWith('\n') ? text.slice(0, text.endsWith('\r\n') ? -2 : -1) : text };
  };

/** A fixed password, kept in this closure alone: no object carries it. */
export const credentialsFromPassword = (password: string): CredentialsProvider => {
  const fixed = (): Promise<{ readonly password: string }> => Promise.resolve({ password });
  FIXED.add(fixed);
  return fixed;
};

const FIXED = new WeakSet<CredentialsProvider>();

/** Whether asking again is of no use. */
export const isFixed = (credentials: CredentialsProvider): boolean => FIXED.has(credentials);
