import { createServer, connect, type Server, type Socket } from 'node:net';

import { RetriesExhaustedError, retry } from '@busbar/retry';
import { describe, expect, it } from 'vitest';

import { rejectionOf } from './retry-setup.ts';

const listening = async (onConnection: (socket: Socket) => void): Promise<{ server: Server; port: number }> => {
  const server = createServer(onConnection);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  return { server, port: typeof address === 'object' && address !== null ? address.port : 0 };
};

/** Resolves with the first byte that comes back; gives up when its signal says so. */
const greeting = (port: number, signal: AbortSignal): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', signal });
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString());
    });
    socket.once('error', reject);
  });

describe('real sockets', () => {
  it('retries a refused connection until something listens', async () => {
    const { server, port } = await listening((socket) => socket.end('hello'));
    await new Promise((resolve) => server.close(resolve));
    let reopened: Promise<unknown> | undefined;
    const result = await retry(
      ({ number, signal }) => {
        if (number === 3) {
          reopened = new Promise<void>((resolve) => {
            server.listen(port, '127.0.0.1', resolve);
          });
        }
        return (reopened ?? Promise.resolve()).then(() => greeting(port, signal));
      },
      { backoff: { baseMs: 1 } },
    );
    await new Promise((resolve) => server.close(resolve));
    expect(result).toBe('hello');
  });

  it('gives up on refused connections with the code and the address in the message', async () => {
    const { server, port } = await listening(() => {});
    await new Promise((resolve) => server.close(resolve));
    const error = await rejectionOf(retry(({ signal }) => greeting(port, signal), { backoff: { baseMs: 1 } }));
    expect(error).toBeInstanceOf(RetriesExhaustedError);
    expect(error).toMatchObject({ retryable: true, details: { attempts: 4, lastCode: 'ECONNREFUSED' } });
    expect(String(error)).toContain(`ECONNREFUSED 127.0.0.1:${port}`);
  });

  it('gives up on a server that never answers within the deadline, and closes the connection', async () => {
    const closed = Promise.withResolvers<void>();
    const { server, port } = await listening((socket) => {
      socket.on('error', () => {}).on('close', () => closed.resolve());
    });
    const error = await rejectionOf(
      retry(({ signal }) => greeting(port, signal), { deadlineMs: 100, attemptTimeoutMs: 60, retryUnknown: true }),
    );
    expect(error).toMatchObject({
      code: 'BUSBAR_RETRY_EXHAUSTED',
      outcome: 'unknown',
      details: { reason: 'deadline' },
    });
    await closed.promise;
    await new Promise((resolve) => server.close(resolve));
  });
});
