/**
 * What the network says of one address, with nothing of Kafka's but one request without content: the answer does not depend on a client.
 * Every probe resolves with a warning or undefined, and rejects with what the system says.
 */
import { lookup } from 'node:dns/promises';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';

import type { HostPort, SocketTls } from './driver.ts';
import { unlessAborted } from './within.ts';

/** The host has an address. */
export const resolveName = async ({ host }: HostPort, signal: AbortSignal): Promise<undefined> => {
  await unlessAborted(signal, () => lookup(host));
};

/** Somebody listens. */
export const dial = async (address: HostPort, signal: AbortSignal): Promise<undefined> => {
  (await connected(address, signal)).destroy();
};

/** The broker speaks what the client will: TLS with a certificate that holds, or plain text. */
export const secure = async (
  address: HostPort,
  { tls, signal, nowMs }: { readonly tls: SocketTls | undefined; readonly signal: AbortSignal; readonly nowMs: number },
): Promise<string | undefined> => {
  const socket = await connected(address, signal);
  try {
    if (tls !== undefined) return warningOf(await handshake(socket, address, tls), nowMs);
    await answerInPlainText(socket);
    return undefined;
  } finally {
    socket.destroy();
  }
};

const connected = ({ host, port }: HostPort, signal: AbortSignal): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal, noDelay: true });
    socket.once('connect', () => {
      resolve(socket);
    });
    // Stays: what a socket says after its destruction is nobody's error.
    socket.on('error', reject);
  });

const handshake = (socket: Socket, { host }: HostPort, tls: SocketTls): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const servername = tls.servername ?? (isIP(host) === 0 ? host : undefined);
    const secured = connectTls({ ...tls, socket, host, ...(servername === undefined ? {} : { servername }) });
    secured.once('secureConnect', () => {
      resolve(secured);
    });
    secured.on('error', reject);
  });

const DAY_MS = 86_400_000;
const EXPIRES_SOON_DAYS = 14;

const warningOf = (secured: TLSSocket, nowMs: number): string | undefined => {
  if (!secured.authorized) return 'its certificate is not verified, because allowInsecure says so';
  const daysLeft = Math.floor((Date.parse(secured.getPeerCertificate().valid_to) - nowMs) / DAY_MS);
  return daysLeft < EXPIRES_SOON_DAYS ? `its certificate ends in ${daysLeft} days` : undefined;
};

/** ApiVersions, version 0, without a client id: every broker answers it, before any authentication. */
const API_VERSIONS = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff]);
const TLS_ALERT = 0x15;

const speaksTls = (): Error =>
  Object.assign(new Error('the broker answers plain text with TLS, or not at all'), { code: 'ERR_TLS_REQUIRED' });

const answerInPlainText = (socket: Socket): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.once('data', (data: Buffer) => {
      if (data[0] === TLS_ALERT) reject(speaksTls());
      else resolve();
    });
    socket.once('close', () => {
      reject(speaksTls());
    });
    socket.write(API_VERSIONS);
  });
