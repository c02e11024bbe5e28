import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { isFree } from '../../dev-services/src/ports.ts';
import { startTcpProxy, type TcpProxy } from '../src/tcp-proxy.ts';

/** A server that answers with what it is told, and a proxy in front of it. */
let proxy: TcpProxy;
let echoed = '';
const server = createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', () => undefined);
  socket.on('end', () => socket.end());
  socket.on('data', (chunk) => {
    echoed += String(chunk);
    socket.write(chunk);
  });
});

beforeEach(async () => {
  echoed = '';
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no address');
  proxy = await startTcpProxy({ target: { host: '127.0.0.1', port: address.port } });
});
afterEach(async () => {
  await proxy[Symbol.asyncDispose]();
  server.close();
});

interface Client {
  readonly socket: Socket;
  received: string;
  error: string | undefined;
}

/** Unlike `once`, an error is not the end of the waiting. */
const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });

const newClient = async (): Promise<Client> => {
  const socket = connect({ host: proxy.host, port: proxy.port, allowHalfOpen: true });
  const client: Client = { socket, received: '', error: undefined };
  socket.on('data', (chunk) => {
    client.received += String(chunk);
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    client.error = error.code;
  });
  await Promise.race([once(socket, 'connect').catch(() => undefined), closed(socket)]);
  return client;
};

test('bytes pass unchanged in both directions, and are counted', async () => {
  const client = await newClient();
  client.socket.write('hello');
  await expect.poll(() => client.received).toBe('hello');
  expect(proxy.counters).toEqual({ connections: 1, openConnections: 1, bytesIn: 5, bytesOut: 5 });
  client.socket.end();
  await closed(client.socket);
  expect(client.error).toBeUndefined();
  await expect.poll(() => proxy.counters.openConnections).toBe(0);
});

test('a frozen connection is silent, stays open, and loses nothing once thawed', async () => {
  const client = await newClient();
  proxy.freeze();
  client.socket.write('one ');
  client.socket.write('two');
  await expect.poll(() => proxy.counters.bytesIn).toBe(7);
  expect([echoed, client.received, client.socket.destroyed]).toEqual(['', '', false]);
  proxy.thaw();
  await expect.poll(() => client.received).toBe('one two');
});

test('dropped responses were heard by the server and never by the client', async () => {
  const client = await newClient();
  proxy.dropResponses();
  client.socket.write('lost answer ');
  await expect.poll(() => proxy.counters.bytesOut).toBe(12);
  expect([echoed, client.received]).toEqual(['lost answer ', '']);
  proxy.pass();
  client.socket.write('next');
  await expect.poll(() => client.received).toBe('next');
});

test('dropped requests never reach the server', async () => {
  const client = await newClient();
  proxy.dropRequests();
  client.socket.write('unheard');
  await expect.poll(() => proxy.counters.bytesIn).toBe(7);
  proxy.pass();
  client.socket.write('heard');
  await expect.poll(() => client.received).toBe('heard');
  expect(echoed).toBe('heard');
});

test('reset reaches the client as ECONNRESET', async () => {
  const client = await newClient();
  client.socket.write('x');
  await expect.poll(() => client.received).toBe('x');
  proxy.reset();
  await closed(client.socket);
  expect([client.error, proxy.counters.openConnections]).toEqual(['ECONNRESET', 0]);
});

test('a reset while a side is being ended closes the connection all the same', async () => {
  const client = await newClient();
  client.socket.write('x');
  await expect.poll(() => client.received).toBe('x');
  proxy.halfClose();
  proxy.reset();
  // Whoever writes to a connection that is gone is told; one that was left open would take it.
  await expect.poll(() => client.socket.write('y') || client.error).toMatch(/^(EPIPE|ECONNRESET)$/);
  await closed(client.socket);
  expect(proxy.counters.openConnections).toBe(0);
});

test('while it refuses, new connections fail and open ones live on; afterwards it listens on the same port', async () => {
  const open = await newClient();
  open.socket.write('a');
  await expect.poll(() => open.received).toBe('a');
  await proxy.refuse();
  expect((await newClient()).error).toBe('ECONNREFUSED');
  open.socket.write('b');
  await expect.poll(() => open.received).toBe('ab');
  await proxy.accept();
  const later = await newClient();
  later.socket.write('c');
  await expect.poll(() => later.received).toBe('c');
});

test('a connection is cut once so many bytes have come from its client', async () => {
  proxy.cutAfter(10);
  const client = await newClient();
  client.socket.write('12345');
  await expect.poll(() => client.received).toBe('12345');
  client.socket.write('67890');
  await closed(client.socket);
  expect([client.error, client.received]).toEqual(['ECONNRESET', '12345']);
});

test('delay and throttle slow a connection down and keep the order', async () => {
  const client = await newClient();
  proxy.delay(40);
  const startMs = performance.now();
  client.socket.write('slow');
  await expect.poll(() => client.received, { interval: 2 }).toBe('slow');
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(79);
  proxy.pass();
  proxy.throttle(50_000);
  const text = 'abcdefghij'.repeat(1_000);
  const throttledMs = performance.now();
  client.received = '';
  client.socket.write(text);
  await expect.poll(() => client.received.length, { interval: 2 }).toBe(text.length);
  expect(client.received).toBe(text);
  expect(performance.now() - throttledMs).toBeGreaterThanOrEqual(170);
});

test('half-close ends the answers and not the requests', async () => {
  const client = await newClient();
  client.socket.write('a');
  await expect.poll(() => client.received).toBe('a');
  proxy.halfClose();
  await once(client.socket, 'end');
  client.socket.write('b');
  await expect.poll(() => echoed).toBe('ab');
  expect(client.received).toBe('a');
});

test('a target that refuses resets the client, and the port is free after disposal', async () => {
  server.close();
  const client = await newClient();
  await closed(client.socket);
  expect(client.error).toBe('ECONNRESET');
  await proxy[Symbol.asyncDispose]();
  expect(await isFree(proxy.port)).toBe(true);
});
