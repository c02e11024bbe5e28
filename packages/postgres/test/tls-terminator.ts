import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

import { tlsCertificates } from './tls-certificates.ts';

export interface TlsTerminator extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Connections that asked for TLS so far. */
  upgrades(): number;
}

const portOf = (server: Server): number => {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
};

/** Speaks TLS to clients as PostgreSQL does (SSLRequest, `S`, handshake) and plaintext to the server behind it. */
export const startTlsTerminator = async (target: {
  readonly host: string;
  readonly port: number;
}): Promise<TlsTerminator> => {
  const sockets = new Set<Socket>();
  let upgrades = 0;
  const server = createServer((client) => {
    sockets.add(client);
    client.on('error', () => client.destroy());
    client.once('data', () => {
      upgrades += 1;
      client.write('S');
      const secure = new TLSSocket(client, { isServer: true, cert: tlsCertificates.cert, key: tlsCertificates.key });
      const upstream = connect(target.port, target.host);
      sockets.add(upstream);
      for (const socket of [secure, upstream]) socket.on('error', () => client.destroy());
      secure.pipe(upstream).pipe(secure);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: '127.0.0.1',
    port: portOf(server),
    upgrades: () => upgrades,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
};
