import { once } from 'node:events';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

import { type BrokerPort, type ClusterState, Connection } from './connection.ts';
import type { NodeAddress } from './topology.ts';

const HOST = '127.0.0.1';

/** Key and certificate in PEM. */
export interface FakeTls {
  readonly key: string;
  readonly cert: string;
}

/** One broker of a fake cluster, on a port that stays its own while it is down. */
export class FakeBroker implements BrokerPort {
  readonly id: number;
  readonly #state: ClusterState;
  readonly #tls: FakeTls | undefined;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;
  #hanging: PromiseWithResolvers<void> | undefined;

  constructor(id: number, state: ClusterState, tls: FakeTls | undefined) {
    this.id = id;
    this.#state = state;
    this.#tls = tls;
  }

  get port(): number {
    return this.#port;
  }

  /** Whether it listens. */
  get isUp(): boolean {
    return this.#server !== undefined;
  }

  /** Open connections. */
  get sockets(): number {
    return this.#sockets.size;
  }

  /** Listens and takes part; leaders that nobody else could be come back. */
  async start(): Promise<void> {
    if (this.#server !== undefined) return;
    const serve = (socket: Socket): void => void new Connection(socket, this.#state, this);
    const server = this.#tls === undefined ? createTcpServer(serve) : createTlsServer(this.#tls, serve);
    // The socket below TLS: it is there before the handshake.
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.listen(this.#port, HOST);
    await once(server, 'listening');
    // An object once it listens on a port; its type covers pipes too.
    this.#port = Number(Reflect.get(Object(server.address()), 'port'));
    this.#server = server;
    this.#state.topology.join({ id: this.id, host: HOST, port: this.#port });
  }

  /** Breaks its connections and refuses new ones; other brokers take over as leaders. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    this.#state.topology.leave(this.id);
    const closed = once(server, 'close');
    server.close();
    this.disconnectAll();
    await closed;
  }

  /** Breaks the connections that are open; new ones are welcome. */
  disconnectAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Resolves when no client is connected any more. */
  async disconnected(): Promise<void> {
    // oxlint-disable-next-line no-await-in-loop -- until the last is gone
    while (this.#sockets.size > 0) await Promise.all([...this.#sockets].map((socket) => once(socket, 'close')));
  }

  /** Accepts and answers nothing, as a frozen process; it stays the leader. */
  hang(): void {
    this.#hanging ??= Promise.withResolvers();
  }

  /** Goes on, with what came in meanwhile. */
  resume(): void {
    this.#hanging?.resolve();
    this.#hanging = undefined;
  }

  /** Metadata tells this address from now on, until the broker starts again. */
  advertise(address: Omit<NodeAddress, 'id'>): void {
    this.#state.topology.addresses.set(this.id, { id: this.id, ...address });
  }

  async responsive(): Promise<void> {
    await this.#hanging?.promise;
  }
}
