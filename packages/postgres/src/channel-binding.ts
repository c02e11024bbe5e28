import type { LoginEvents } from './pool-port.ts';

const MECHANISM = 'SCRAM-SHA-256-PLUS';

class NotBoundError extends Error {
  /** Becomes `details.reason`. */
  readonly code = 'CHANNEL_BINDING';

  constructor() {
    super('SASL: the login is not bound to the certificate of the server');
  }
}

/**
 * Refuses every login that is not bound to the certificate of the server (libpq: `channel_binding=require`). `pg` by itself only prefers to bind it:
 * who sits in between could ask for the password in the clear, or let everybody in. Its listeners come behind these, so nothing is sent to such a server.
 */
export const requireChannelBinding = (connection: LoginEvents): void => {
  let isBound = false;
  const refuse = (): void => {
    connection.stream.destroy();
    connection.emit('error', new NotBoundError());
  };
  connection.on('authenticationSASL', ({ mechanisms }) => {
    isBound = mechanisms.includes(MECHANISM);
    if (!isBound) refuse();
  });
  for (const way of ['authenticationCleartextPassword', 'authenticationMD5Password'] as const)
    connection.on(way, refuse);
  connection.on('authenticationOk', () => {
    if (!isBound) refuse();
  });
};
