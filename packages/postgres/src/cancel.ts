import { connect as connectSocket, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

import { socketAddress, type Place } from './targets.ts';
import { tlsOptions, type ResolvedTls } from './tls.ts';

const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
const CANCEL_CODE = 80_877_102;

export interface CancelTarget {
  /** Where the session is, up to the address. */
  readonly place: Place;
  readonly tls: ResolvedTls;
  readonly processId: number;
  readonly secretKey: number;
  /** How long the server may take to take note of it. */
  readonly timeoutMs: number;
}

const cancelPacket = (target: CancelTarget): Buffer => {
  const packet = Buffer.alloc(16);
  packet.writeInt32BE(16, 0);
  packet.writeInt32BE(CANCEL_CODE, 4);
  packet.writeInt32BE(target.processId, 8);
  packet.writeInt32BE(target.secretKey, 12);
  return packet;
};

const ALPN_PROTOCOL = 'postgresql';

/** Begins TLS as the original connection did, so that the key of the session does not cross the network in the clear. */
const deliver = (socket: Socket, target: CancelTarget, onEnd: () => void): void => {
  const { host } = target.place;
  const options = tlsOptions(target.tls, host);
  if (options === false) {
    socket.once('end', onEnd);
    socket.resume();
    socket.write(cancelPacket(target));
    return;
  }
  const secure = (): void => {
    const alpn = target.tls.direct ? { ALPNProtocols: [ALPN_PROTOCOL] } : {};
    const tls = connectTls({ ...options, ...alpn, socket, host });
    tls.once('error', () => socket.destroy());
    tls.once('end', onEnd);
    tls.resume();
    tls.once('secureConnect', () => tls.write(cancelPacket(target)));
  };
  if (target.tls.direct) {
    secure();
    return;
  }
  socket.write(SSL_REQUEST);
  socket.once('data', (answer: Buffer) => {
    if (answer.toString('latin1') === 'S') secure();
    else socket.destroy();
  });
};

/**
 * Asks the server to cancel what the session runs, on a socket of its own. Resolves with whether the server closed that socket: it does
 * after it has signalled the session. The packet is written and the close awaited, because PgBouncer ignores a cancel followed by FIN.
 * Never rejects.
 */
export const sendCancel = (target: CancelTarget): Promise<boolean> => {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  let closedByServer = false;
  const socket = connectSocket({ ...socketAddress(target.place), timeout: target.timeoutMs });
  socket.once('connect', () =>
    deliver(socket, target, () => {
      closedByServer = true;
      socket.destroy();
    }),
  );
  socket.once('timeout', () => socket.destroy());
  socket.once('error', () => socket.destroy());
  socket.once('close', () => resolve(closedByServer));
  return promise;
};
