import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

/** One message of the server. */
const frame = (type: string, body: string | Buffer = ''): Buffer => {
  const content = Buffer.from(body);
  const head = Buffer.alloc(5, type);
  head.writeInt32BE(content.length + 4, 1);
  return Buffer.concat([head, content]);
};

export const readyForQuery = (status: 'I' | 'T' | 'E' = 'I'): Buffer => frame('Z', status);
/** A statement that has run, to the end that its tag tells. */
export const completed = (tag: string): Buffer =>
  Buffer.concat([frame('1'), frame('2'), frame('n'), frame('C', `${tag}\0`)]);
/** Severities come localised. */
export const refused = (sqlState: string, severity = 'ERROR'): Buffer =>
  frame('E', `S${severity}\0C${sqlState}\0Mno\0\0`);
/** The answer to a simple query: one row of booleans. */
export const booleans = (row: Readonly<Record<string, boolean>>): Buffer => {
  const names = Object.keys(row);
  const count = Buffer.from([0, names.length]);
  const columns = names.map((name) => Buffer.from(`${name}\0\0\0\0\0\0\0\0\0\0\x10\0\x01\0\0\0\0\0\0`, 'latin1'));
  const cells = Object.values(row).map((value) => Buffer.from(`\0\0\0\x01${value ? 't' : 'f'}`, 'latin1'));
  return Buffer.concat([
    frame('T', Buffer.concat([count, ...columns])),
    frame('D', Buffer.concat([count, ...cells])),
    frame('C', 'SELECT 1\0'),
  ]);
};

export interface ScriptedServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Connections so far. */
  connections(): number;
  /** Ends the connection that came last. */
  hangUp(): void;
  /** Says something that nobody has asked for. */
  say(message: Buffer): void;
}

/** What the server says to the texts of one group, or to one simple query, with ReadyForQuery; nothing = it keeps silent. */
export type Script = (texts: readonly string[]) => Buffer | undefined;

/** Takes the messages of the client one by one; calls `onGroup` with the statements at each Sync or simple query. */
const reader = (onStart: () => void, onGroup: (texts: readonly string[]) => void): ((chunk: Buffer) => void) => {
  let rest = Buffer.alloc(0);
  let started = false;
  let texts: string[] = [];
  const read = (type: string, body: string): void => {
    if (type === 'P') texts.push(body.split('\0')[1] ?? '');
    if (type === 'Q') texts.push(body.slice(0, -1));
    if (type !== 'Q' && type !== 'S') return;
    onGroup(texts);
    texts = [];
  };
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const start = started ? 1 : 0;
      if (rest.length < start + 4 || rest.length < start + rest.readInt32BE(start)) return;
      const end = start + rest.readInt32BE(start);
      if (started) read(rest.toString('latin1', 0, 1), rest.toString('utf8', 5, end));
      else onStart();
      started = true;
      rest = rest.subarray(end);
    }
  };
};

/** The login is taken, without a key for cancels and a word on what the server is. */
const LOGIN = Buffer.concat([frame('R', Buffer.alloc(4)), readyForQuery()]);

/** A server that says what the test wants: for what a real one does not do, or not when it is wanted. `withLogin`: in one packet with the login. */
export const startScriptedServer = async (
  script: Script,
  withLogin: (connection: number) => Buffer = () => Buffer.alloc(0),
): Promise<ScriptedServer> => {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    socket.on(
      'data',
      reader(
        () => socket.write(Buffer.concat([LOGIN, withLogin(connections)])),
        (texts) => socket.write(script(texts) ?? Buffer.alloc(0)),
      ),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return {
    host: '127.0.0.1',
    port: address.port,
    connections: () => connections,
    hangUp: () => [...sockets].at(-1)?.end(),
    say: (message) => {
      for (const socket of sockets) socket.write(message);
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
};
