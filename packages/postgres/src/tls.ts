import { checkServerIdentity, type ConnectionOptions } from 'node:tls';

import type { TlsMode } from './options.ts';

export interface TlsMaterial {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** TLS as it was asked for. The PEM texts are behind a function, so that printing the settings cannot show a private key. */
export interface ResolvedTls {
  readonly mode: TlsMode;
  readonly serverName?: string;
  material(): TlsMaterial;
}

/**
 * The `node:tls` options of a mode, or `false` for no TLS; a new object each time, as `pg` writes to it.
 * `pg` would read `require` and `verify-ca` as `verify-full`, and its next major as libpq does; options leave it nothing to read.
 */
export const tlsOptions = (tls: ResolvedTls): ConnectionOptions | false => {
  if (tls.mode === 'disable') return false;
  const options: ConnectionOptions = { ...tls.material(), rejectUnauthorized: tls.mode !== 'require' };
  const { serverName } = tls;
  if (serverName !== undefined) options.servername = serverName;
  if (tls.mode === 'verify-ca') options.checkServerIdentity = () => undefined;
  else if (serverName !== undefined)
    // pg overwrites `servername` with the host: the name to check is therefore fixed here.
    options.checkServerIdentity = (_host, certificate) => checkServerIdentity(serverName, certificate);
  return options;
};
