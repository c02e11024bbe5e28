/**
 * How a kafkajs client is stopped for certain. Its `disconnect()` leaves retry loops behind that connect and deliver again; but every
 * socket comes from the socket factory it is given. This one keeps them, destroys them, and makes no more: what still retries fails.
 */
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';

import { BrokerAnswers } from './broker-answers.ts';
import { deliverWholeFrames } from './whole-frames.ts';

/** The socket factory of kafkajs, for proxies and tunnels. */
export type SocketFactoryPort = (args: {
  readonly host: string;
  readonly port: number;
  readonly ssl: ConnectionOptions;
  readonly onConnect: () => void;
}) => Socket;

const KEEP_ALIVE_MS = 60_000;

const openSocket: SocketFactoryPort = ({ host, port, ssl, onConnect }) => {
  // kafkajs passes `false`, `null`, `true` or options, whatever its types say.
  if (!ssl) return connect({ host, port }, onConnect);
  const servername = isIP(host) === 0 ? { servername: host } : {};
  return connectTls({ host, port, ...servername, ...ssl }, onConnect);
};

export class ProducerKilled extends Error {
  readonly code = 'ECONNABORTED';
}

/** What kafkajs would take for the length of an answer, and wait for. */
class TlsRequired extends Error {
  readonly code = 'ERR_TLS_REQUIRED';
}

const TLS_RECORDS: ReadonlySet<number | undefined> = new Set([0x14, 0x15, 0x16, 0x17]);
const TLS_MAJOR = 0x03;

/** A broker that speaks TLS answers plain text with a TLS alert. */
const refuseTlsRecords = (socket: Socket): void => {
  socket.once('data', (chunk: Buffer) => {
    if (TLS_RECORDS.has(chunk[0]) && chunk[1] === TLS_MAJOR) socket.destroy(new TlsRequired('the broker speaks TLS'));
  });
};

export class KillSwitch {
  /** What came over its sockets. */
  readonly answers = new BrokerAnswers();
  readonly #inner: SocketFactoryPort;
  readonly #sockets = new Set<Socket>();
  #reason: string | undefined;

  constructor(inner: SocketFactoryPort | undefined) {
    this.#inner = inner ?? openSocket;
  }

  /** Sockets that are open or opening. */
  get connections(): number {
    return this.#sockets.size;
  }

  readonly socketFactory: SocketFactoryPort = (args) => {
    if (this.#reason !== undefined) throw new ProducerKilled(this.#reason);
    const socket = this.#inner(args);
    if (!args.ssl) refuseTlsRecords(socket);
    deliverWholeFrames(socket, this.answers.watch(socket));
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
    });
    return socket;
  };

  /** Resolves when every socket is destroyed; from the call on there is no new one. */
  async kill(reason: string): Promise<void> {
    this.#reason ??= reason;
    await Promise.all(
      [...this.#sockets].map(
        (socket) =>
          new Promise<void>((resolve) => {
            if (socket.closed) return resolve();
            socket.once('close', () => {
              resolve();
            });
            // With an error: kafkajs rejects its pending requests on 'error', not on 'close'.
            socket.destroy(new ProducerKilled(reason));
          }),
      ),
    );
  }
}
