import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

import { describe, expect, onTestFinished, test } from 'vitest';

import { sendCancel } from '../src/cancel.ts';

/** Does with each connection as told; resolves with its port. */
const listen = async (onSocket: (socket: Socket) => void): Promise<{ port: number; server: Server }> => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return { server, port: typeof address === 'object' && address !== null ? address.port : 0 };
};

const cancelAt = (port: number, mode: 'disable' | 'require' = 'disable') =>
  sendCancel({
    place: { host: 'db', address: '127.0.0.1', port },
    tls: { mode, direct: false, channelBinding: false, material: () => ({}) },
    processId: 7,
    secretKey: 9,
    timeoutMs: 60,
  });

describe('H18 H19 a cancel request', () => {
  test('is the packet of the protocol, and noticed once the server closes the socket', async () => {
    const heard: Buffer[] = [];
    const { port } = await listen((socket) => {
      socket.on('data', (data: Buffer) => {
        heard.push(data);
        socket.end();
      });
    });
    expect(await cancelAt(port)).toBe(true);
    expect(Buffer.concat(heard).toString('hex')).toBe('0000001004d2162e0000000700000009');
  });

  test('is not noticed by a server that does not answer, is not there, or does not speak TLS', async () => {
    const silent = await listen(() => undefined);
    expect(await cancelAt(silent.port)).toBe(false);
    const refusing = await listen((socket) => socket.once('data', () => socket.write('N')));
    expect(await cancelAt(refusing.port, 'require')).toBe(false);
    const babbling = await listen((socket) => {
      socket.once('data', () => {
        socket.write('S');
        socket.once('data', () => socket.write('no handshake at all'));
      });
    });
    expect(await cancelAt(babbling.port, 'require')).toBe(false);
    const gone = await listen(() => undefined);
    gone.server.close();
    expect(await cancelAt(gone.port)).toBe(false);
  });
});
