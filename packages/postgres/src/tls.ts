import { isIP } from 'node:net';
import { checkServerIdentity, type ConnectionOptions } from 'node:tls';

import type { TlsMode } from './options.ts';

/** What wins over the mode, certificates above all. */
export type TlsMaterial = Readonly<ConnectionOptions>;

/** TLS as it was asked for. The PEM texts are behind a function, so that printing the settings cannot show a private key. */
export interface ResolvedTls {
  readonly mode: TlsMode;
  readonly serverName?: string;
  /** From the first byte on, without a request for it. */
  readonly direct: boolean;
  /** The login must be bound to the server's certificate. */
  readonly channelBinding: boolean;
  material(): TlsMaterial;
}

/**
 * The `node:tls` options of a mode for a server of this name, or `false` for no TLS; a new object each time, as `pg` writes to it.
 * `pg` would read `require` and `verify-ca` as `verify-full`, and its next major as libpq does; options leave it nothing to read. It connects to an
 * address, so the name to ask for and to check is given here.
 */
export const tlsOptions = (tls: ResolvedTls, host: string): ConnectionOptions | false => {
  if (tls.mode === 'disable') return false;
  const name = tls.serverName ?? host;
  return {
    rejectUnauthorized: tls.mode !== 'require',
    ...(isIP(name) === 0 ? { servername: name } : {}), // an address is no SNI name (RFC 6066)
    checkServerIdentity: (_host, certificate) =>
      tls.mode === 'verify-ca' ? undefined : checkServerIdentity(name, certificate),
    ...tls.material(),
  };
};
