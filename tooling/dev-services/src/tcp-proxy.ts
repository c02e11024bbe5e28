/**
 * A TCP proxy that breaks connections in the ways networks do. Bytes are never changed, only held, dropped or cut off.
 *
 *     await using proxy = await startTcpProxy({ target: { host: db.host, port: db.port } });
 *     connect(proxy.host, proxy.port);
 *     proxy.freeze();          // half-open: nothing passes, nothing closes; what arrives is kept
 *     proxy.thaw();            // and passes on, in order
 *     proxy.reset();           // RST to both sides of every open connection
 *     await proxy.refuse();    // nobody listens any more; open connections live on
 *     await proxy.accept();    // listens again, on the same port
 *
 * Faults apply to open and to later connections until `pass()`. The port is reserved (ports.ts), so that nobody takes it
 * while the proxy refuses. Keeps no process alive once closed.
 */
import { once } from 'node:events';
import { createServer, connect, type Server, type Socket } from 'node:net';

import { FaultyPipe, type PipeFaults } from './faulty-pipe.ts';
import { releasePorts, reservePorts } from './ports.ts';
import { sharedRun } from './shared-services.ts';

export interface TcpProxyOptions {
  readonly target: { readonly host: string; readonly port: number };
  /** A port to listen on; default: a free reserved one. */
  readonly listenPort?: number;
}

export interface TcpProxyCounters {
  /** Accepted since the start. */
  readonly connections: number;
  /** Connections whose both sides are open now. */
  readonly openConnections: number;
  /** Bytes received from clients. */
  readonly bytesIn: number;
  /** Bytes received from the target. */
  readonly bytesOut: number;
}

const NO_FAULT: PipeFaults = { frozen: false, dropping: false, delayMs: 0, bytesPerSecond: Number.POSITIVE_INFINITY };

interface Pair {
  readonly client: Socket;
  readonly target: Socket;
  /** Client → target. */
  readonly requests: FaultyPipe;
  /** Target → client. */
  readonly responses: FaultyPipe;
}

export class TcpProxy implements AsyncDisposable {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly #target: TcpProxyOptions['target'];
  readonly #release: () => void;
  readonly #pairs = new Set<Pair>();
  #server: Server | undefined;
  #requests = NO_FAULT;
  #responses = NO_FAULT;
  #cutAfterBytes = Number.POSITIVE_INFINITY;
  #connections = 0;
  #bytesIn = 0;
  #bytesOut = 0;

  constructor(o: { target: TcpProxyOptions['target']; port: number; release: () => void }) {
    this.port = o.port;
    this.#target = o.target;
    this.#release = o.release;
  }

  get counters(): TcpProxyCounters {
    return {
      connections: this.#connections,
      openConnections: this.#pairs.size,
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
    };
  }

  /** Ends every fault; what was held passes on, what was dropped stays lost. */
  pass(): void {
    this.#cutAfterBytes = Number.POSITIVE_INFINITY;
    this.#set(NO_FAULT, NO_FAULT);
  }

  /** Holds all bytes in both directions and closes nothing: a half-open connection. */
  freeze(): void {
    this.#set({ ...this.#requests, frozen: true }, { ...this.#responses, frozen: true });
  }

  thaw(): void {
    this.#set({ ...this.#requests, frozen: false }, { ...this.#responses, frozen: false });
  }

  /** Passes every chunk `delayMs` later in each direction, in order. */
  delay(delayMs: number): void {
    this.#set({ ...this.#requests, delayMs }, { ...this.#responses, delayMs });
  }

  /** Lets at most so many bytes per second through in each direction of each connection. */
  throttle(bytesPerSecond: number): void {
    this.#set({ ...this.#requests, bytesPerSecond }, { ...this.#responses, bytesPerSecond });
  }

  /** What clients send disappears. */
  dropRequests(): void {
    this.#set({ ...this.#requests, dropping: true }, this.#responses);
  }

  /** What the target answers disappears: it did what it was asked, and nobody learns of it. */
  dropResponses(): void {
    this.#set(this.#requests, { ...this.#responses, dropping: true });
  }

  /** Closes a connection abruptly once so many bytes came from its client, counted from its start. */
  cutAfter(bytes: number): void {
    this.#cutAfterBytes = bytes;
  }

  /** Sends RST to both sides of every open connection. */
  reset(): void {
    for (const pair of this.#pairs) this.#destroy(pair);
  }

  /** Ends the target's side of every open connection towards the client (FIN); the client may still send. */
  halfClose(): void {
    for (const { client } of this.#pairs) client.end();
  }

  /** Stops listening: new connections are refused, open ones live on. */
  refuse(): Promise<void> {
    // Nobody listens from now on; 'close' would wait for the last connection.
    this.#server?.close();
    this.#server = undefined;
    return Promise.resolve();
  }

  /** Listens (again). */
  async accept(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer({ allowHalfOpen: true }, (client) => {
      this.#join(client);
    });
    this.#server = server;
    server.listen({ host: this.host, port: this.port, exclusive: true });
    await once(server, 'listening');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.reset();
    await this.refuse();
    this.#release();
  }

  #set(requests: PipeFaults, responses: PipeFaults): void {
    this.#requests = requests;
    this.#responses = responses;
    for (const pair of this.#pairs) {
      pair.requests.set(requests);
      pair.responses.set(responses);
    }
  }

  #join(client: Socket): void {
    const target = connect({ ...this.#target, allowHalfOpen: true });
    const pair: Pair = {
      client,
      target,
      requests: new FaultyPipe(client, target, this.#requests),
      responses: new FaultyPipe(target, client, this.#responses),
    };
    this.#connections += 1;
    this.#pairs.add(pair);
    client.setNoDelay(true);
    target.setNoDelay(true);
    let fromClient = 0;
    client.on('data', (chunk) => {
      this.#bytesIn += chunk.length;
      fromClient += chunk.length;
      if (fromClient >= this.#cutAfterBytes) this.#destroy(pair);
    });
    target.on('data', (chunk) => {
      this.#bytesOut += chunk.length;
    });
    for (const socket of [client, target]) {
      socket.on('error', () => {
        this.#destroy(pair);
      });
      socket.on('close', () => {
        if (client.destroyed && target.destroyed) this.#pairs.delete(pair);
      });
    }
  }

  #destroy(pair: Pair): void {
    pair.requests.stop();
    pair.responses.stop();
    reset(pair.client);
    reset(pair.target);
    this.#pairs.delete(pair);
  }
}

/**
 * Sends RST, where that is possible: libuv refuses it while a FIN is on its way, and Node.js then leaves the handle open for ever, with a
 * process that spins when it should end (libuv, documentation of `uv_tcp_close_reset`).
 */
const reset = (socket: Socket): void => {
  const isEnding = socket.writableEnded && !socket.writableFinished;
  if (socket.connecting || isEnding) socket.destroy();
  else socket.resetAndDestroy();
};

/** Starts a proxy in front of a server; it listens when the promise resolves. */
export const startTcpProxy = async (o: TcpProxyOptions): Promise<TcpProxy> => {
  let { listenPort } = o;
  let release = (): void => undefined;
  if (listenPort === undefined) {
    const run = await sharedRun();
    const ports = await reservePorts(run, 1);
    [listenPort = 0] = ports;
    release = () => {
      releasePorts(run, ports);
    };
  }
  const proxy = new TcpProxy({ target: o.target, port: listenPort, release });
  await proxy.accept();
  return proxy;
};
