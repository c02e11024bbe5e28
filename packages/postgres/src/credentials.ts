import { readFile } from 'node:fs/promises';

import { rememberLogin } from './known-secrets.ts';

/** Who asks for a password. */
export interface CredentialsRequest {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** 2 = the server has just refused what was given for this connection: drop what is cached. */
  readonly attempt: 1 | 2;
}

export interface Credentials {
  readonly password: string;
  /** To log in as, where the password belongs to another role than the option `user`. */
  readonly user?: string;
  /** When the password ends, in epoch milliseconds. Until 60 s before that it is used for further connections; without it each connection asks. */
  readonly expiresAtMs?: number;
}

/**
 * Asked for each connection, within `pool.connectTimeoutMs`, and once more if the server refuses the login. Connections to the same server that
 * are opened at the same time share one question. A rejection fails the connection attempt.
 */
export type CredentialsProvider = (request: CredentialsRequest) => Promise<Credentials>;

/** The content of the file as it is when a connection is made, so that a rotated secret needs no restart. One trailing newline is cut off. */
export const credentialsFromFile =
  (o: { readonly passwordFile: string; readonly user?: string }): CredentialsProvider =>
  async () => {
    const text = await readFile(o.passwordFile, 'utf8');
    const password = text.endsWith('\n') ? text.slice(0, text.endsWith('\r\n') ? -2 : -1) : text;
    return o.user === undefined ? { password } : { password, user: o.user };
  };

/** A fixed password, kept in this closure alone: no object carries it. */
export const credentialsFromPassword = (password: string): CredentialsProvider => {
  rememberLogin(password);
  const fixed = (): Promise<Credentials> => Promise.resolve({ password });
  FIXED.add(fixed);
  return fixed;
};

const FIXED = new WeakSet<CredentialsProvider>();

/** Whether asking again is of no use. */
export const isFixed = (credentials: CredentialsProvider): boolean => FIXED.has(credentials);

/** Credentials are not used any more this long before they end: a login that began with them must not meet their end. */
const EXPIRY_MARGIN_MS = 60_000;

/**
 * Asks a provider once for all who want the same at the same time, and no more while what it said is good. A second attempt asks anew, and what it
 * hears takes the place of what was refused.
 */
export const sharedCredentials = (
  provider: CredentialsProvider,
  epochMs: () => number = Date.now,
): CredentialsProvider => {
  const asking = new Map<string, Promise<Credentials>>();
  const known = new Map<string, { readonly credentials: Credentials; readonly untilMs: number }>();
  const ask = async (request: CredentialsRequest, target: string): Promise<Credentials> => {
    const credentials = await provider(request);
    const { expiresAtMs } = credentials;
    if (expiresAtMs !== undefined) known.set(target, { credentials, untilMs: expiresAtMs - EXPIRY_MARGIN_MS });
    return credentials;
  };
  return async (request) => {
    const target = `${request.user}@${request.host}:${request.port}`;
    if (request.attempt === 2) known.delete(target);
    const good = known.get(target);
    if (good !== undefined && epochMs() < good.untilMs) return good.credentials;
    const question = `${request.attempt} ${target}`;
    let answer = asking.get(question);
    if (answer === undefined) {
      answer = ask(request, target).finally(() => asking.delete(question));
      asking.set(question, answer);
    }
    return answer;
  };
};
