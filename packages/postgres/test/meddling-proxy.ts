import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A proxy in front of a server that can say what the server would say in another state. */
export interface MeddlingProxy extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Statements that hold this text are answered as by a standby, and do not reach the server. */
  refuse(text: string): void;
  /** Tells every client that a parameter of its session has changed. */
  announce(name: string, value: string): void;
  /** What each connection began with. */
  readonly firstBytes: readonly number[];
}

const frame = (type: string, body: Buffer): Buffer => {
  const head = Buffer.alloc(5, type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
};

const REFUSAL = Buffer.concat([
  frame('E', Buffer.from('SERROR\0C25006\0Mcannot execute LISTEN during recovery\0\0')),
  frame('Z', Buffer.from('I')),
]);

/** Messages must not be split over packets, nor packets hold several: true of short ones that are each waited for. */
export const startMeddlingProxy = async (target: {
  readonly host: string;
  readonly port: number;
}): Promise<MeddlingProxy> => {
  const sockets = new Set<Socket>();
  const clients = new Set<Socket>();
  const firstBytes: number[] = [];
  let refused: string | undefined;
  const server = createServer((client) => {
    const upstream = connect(target.port, target.host);
    clients.add(client);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
    }
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    upstream.pipe(client);
    client.once('data', (chunk: Buffer) => firstBytes.push(chunk[0] ?? -1));
    client.on('data', (chunk: Buffer) => {
      if (refused !== undefined && chunk.includes(refused)) client.write(REFUSAL);
      else upstream.write(chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return {
    host: '127.0.0.1',
    port: address.port,
    firstBytes,
    refuse: (text) => {
      refused = text;
    },
    announce: (name, value) => {
      for (const client of clients) client.write(frame('S', Buffer.from(`${name}\0${value}\0`)));
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
};
