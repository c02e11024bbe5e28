import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { kafkaJsDriver } from '../../src/kafkajs/index.ts';
import { KillSwitch } from '../../src/kafkajs/kill-switch.ts';

const TIMEOUTS = { connectTimeoutMs: 5_000, requestTimeoutMs: 5_000 };

/** A server that accepts and never answers. */
let server: Server = createServer();
const sockets = new Set<Socket>();
let address = '';

beforeEach(async () => {
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const at = server.address();
  address = typeof at === 'object' && at !== null ? `127.0.0.1:${at.port}` : '';
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  server.close();
  await once(server, 'close');
});

describe('KJ-1 the kill switch', () => {
  test('R-KP-6 it destroys every socket, and makes no more', async () => {
    const killSwitch = new KillSwitch(undefined);
    const [host = '', port = ''] = address.split(':');
    const socket = killSwitch.socketFactory({ host, port: Number(port), ssl: {}, onConnect: () => undefined });
    socket.on('error', () => undefined);
    expect(killSwitch.connections).toBe(1);
    await killSwitch.kill('test');
    expect(socket.destroyed).toBe(true);
    expect(killSwitch.connections).toBe(0);
    await killSwitch.kill('again');
    expect(() => killSwitch.socketFactory({ host, port: Number(port), ssl: {}, onConnect: () => undefined })).toThrow(
      'test',
    );
  });

  test('R-KP-6 an opening that hangs ends with its signal, and leaves no socket on either side', async () => {
    const driver = kafkaJsDriver({ brokers: [address], clientId: 'test' });
    const abort = new AbortController();
    const opening = driver.open({ id: 'p', idempotent: true, signal: abort.signal, ...TIMEOUTS });
    opening.catch(() => undefined);
    await once(server, 'connection');
    abort.abort();
    await expect(opening).rejects.toBeDefined();
    while (sockets.size > 0) {
      // oxlint-disable-next-line no-await-in-loop -- until the last is gone
      await Promise.all([...sockets].map((socket) => once(socket, 'close')));
    }
    expect(sockets.size).toBe(0);
  });

  test('R-KP-6 metadata that hangs ends with its signal', async () => {
    const driver = kafkaJsDriver({ brokers: [address], clientId: 'test' });
    const abort = new AbortController();
    const loading = driver.metadata(['t'], { signal: abort.signal, ...TIMEOUTS });
    loading.catch(() => undefined);
    await once(server, 'connection');
    abort.abort();
    await expect(loading).rejects.toBeDefined();
    await expect(driver.metadata(['t'], { signal: abort.signal, ...TIMEOUTS })).rejects.toBeDefined();
    await driver.close();
  });

  test("R-KP-6 a user's socket factory makes the sockets, and the switch still holds them", async () => {
    const seen: string[] = [];
    const driver = kafkaJsDriver({
      brokers: ['elsewhere:1'],
      clientId: 'test',
      socketFactory: ({ host, port, onConnect }) => {
        seen.push(`${host}:${port}`);
        const [to = '', at = ''] = address.split(':');
        return connect({ host: to, port: Number(at) }, onConnect);
      },
    });
    const abort = new AbortController();
    const opening = driver.open({ id: 'p', idempotent: false, signal: abort.signal, ...TIMEOUTS });
    opening.catch(() => undefined);
    await once(server, 'connection');
    abort.abort();
    await expect(opening).rejects.toBeDefined();
    expect(seen).toContain('elsewhere:1');
  });
});
