import { isIP } from 'node:net';

import type { LentClient } from './adapted-client.ts';
import type { ResolvedTls } from './tls.ts';

/** What of a client says it. */
type AdaptedTlsSource = Pick<LentClient, 'host' | 'ssl'> & {
  readonly connection: Pick<LentClient['connection'], 'sslNegotiation'>;
};

/** How a client of the user's was secured, so that a cancel request is secured alike. What he set wins over what we would. */
export const adaptedTls = (client: AdaptedTlsSource): ResolvedTls => {
  const ssl = typeof client.ssl === 'boolean' ? {} : client.ssl;
  const { servername, ...material } = ssl;
  const { key } = ssl; // not enumerable: the driver hides it
  return {
    mode: client.ssl === false ? 'disable' : 'verify-full',
    direct: client.connection.sslNegotiation === 'direct',
    channelBinding: false,
    // As the driver does: a host that is a name is the name.
    ...(servername === undefined || isIP(client.host) === 0 ? {} : { serverName: servername }),
    material: () => (key === undefined ? material : { ...material, key }),
  };
};
