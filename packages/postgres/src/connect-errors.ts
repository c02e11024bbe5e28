import { brandError, type ErrorSpec } from '@busbar/errors';

import { PostgresError, SHOWN_FIELDS, type PostgresErrorInit } from './errors.ts';

// Why there is no connection: a full pool and a dead server are never the same error.

/** The state of the pool when a caller was turned away. `oldestHolder` is who holds a lease for the longest time. */
export type PressureDetails = {
  readonly pool: string;
  readonly queued: number;
  readonly active: number;
  readonly idle: number;
  readonly oldestHolder?: { readonly label: string; readonly heldMs: number };
};

export type ConnectDetails = {
  readonly host: string;
  readonly port: number;
  readonly elapsedMs: number;
  /** The system's or server's code of the failure, if there is one. */
  readonly reason?: string;
};

const pressure = (details: PressureDetails): string => {
  const holder = details.oldestHolder;
  const held = holder === undefined ? '' : `, the longest for ${Math.round(holder.heldMs)} ms by "${holder.label}"`;
  return `${details.active} leased${held}, ${details.queued} waiting`;
};

const target = (details: ConnectDetails): string => `${details.host}:${details.port}`;

/** As many callers as allowed wait for a connection already. */
export class QueueFullError extends PostgresError<'BUSBAR_POSTGRES_QUEUE_FULL', PressureDetails> {
  static override readonly spec = {
    name: 'QueueFullError',
    code: 'BUSBAR_POSTGRES_QUEUE_FULL',
    retryable: true,
    outcome: 'not-sent',
    when: 'As many callers as allowed wait for a connection already.',
    remedy: 'Shed load, or raise pool.max or pool.maxQueue.',
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }

  constructor(details: PressureDetails, init: PostgresErrorInit = {}) {
    super(`pool "${details.pool}" has no room in its queue: ${pressure(details)}`, details, init);
  }
}

/** No connection became free in time; the server is reachable. */
export class AcquireTimeoutError extends PostgresError<
  'BUSBAR_POSTGRES_ACQUIRE_TIMEOUT',
  PressureDetails & { readonly waitedMs: number }
> {
  static override readonly spec = {
    name: 'AcquireTimeoutError',
    code: 'BUSBAR_POSTGRES_ACQUIRE_TIMEOUT',
    retryable: true,
    outcome: 'not-sent',
    when: 'No connection became free in time; the server is reachable.',
    remedy: 'Look at details.oldestHolder; raise pool.max or shorten the work under a lease.',
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }

  constructor(details: PressureDetails & { readonly waitedMs: number }, init: PostgresErrorInit = {}) {
    super(
      `no connection of pool "${details.pool}" became free within ${Math.round(details.waitedMs)} ms: ${pressure(details)}`,
      details,
      init,
    );
  }
}

/** The server could not be reached or refused the connection. */
export class ConnectError extends PostgresError<'BUSBAR_POSTGRES_CONNECT', ConnectDetails> {
  static override readonly spec = {
    name: 'ConnectError',
    code: 'BUSBAR_POSTGRES_CONNECT',
    retryable: true,
    outcome: 'not-sent',
    when: 'The server could not be reached or refused the connection.',
    remedy: 'Check host, port and that the server accepts connections.',
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }

  constructor(details: ConnectDetails, init: PostgresErrorInit = {}) {
    super(`cannot connect to ${target(details)}`, details, init);
  }
}

/** The server did not complete the connection in time. */
export class ConnectTimeoutError extends PostgresError<'BUSBAR_POSTGRES_CONNECT_TIMEOUT', ConnectDetails> {
  static override readonly spec = {
    name: 'ConnectTimeoutError',
    code: 'BUSBAR_POSTGRES_CONNECT_TIMEOUT',
    retryable: true,
    outcome: 'not-sent',
    when: 'The server did not complete the connection in time.',
    remedy: 'Check the network path; raise pool.connectTimeoutMs for a slow one.',
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }

  constructor(details: ConnectDetails, init: PostgresErrorInit = {}) {
    super(`no connection to ${target(details)} within ${Math.round(details.elapsedMs)} ms`, details, init);
  }
}

/** session.setup rejected or took too long. */
export class SetupError extends PostgresError<'BUSBAR_POSTGRES_SETUP', ConnectDetails> {
  static override readonly spec = {
    name: 'SetupError',
    code: 'BUSBAR_POSTGRES_SETUP',
    retryable: true,
    outcome: 'not-sent',
    when: 'session.setup rejected or took too long.',
    remedy: 'Look at the cause; raise pool.setupTimeoutMs for a slow set-up.',
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }

  constructor(details: ConnectDetails, init: PostgresErrorInit = {}) {
    super(`session set-up failed on ${target(details)}`, details, init);
  }
}

/** TLS could not be established as tls.mode demands. */
export class TlsError extends PostgresError<'BUSBAR_POSTGRES_TLS', ConnectDetails> {
  static override readonly spec = {
    name: 'TlsError',
    code: 'BUSBAR_POSTGRES_TLS',
    retryable: false,
    outcome: 'not-sent',
    when: 'TLS could not be established as tls.mode demands.',
    remedy: 'Check the certificate authority, the host name in the certificate and tls.mode.',
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }

  constructor(details: ConnectDetails, init: PostgresErrorInit = {}) {
    super(`no TLS connection to ${target(details)}`, details, init);
  }
}

/** The server refused user, password or database. */
export class AuthError extends PostgresError<'BUSBAR_POSTGRES_AUTH', ConnectDetails> {
  static override readonly spec = {
    name: 'AuthError',
    code: 'BUSBAR_POSTGRES_AUTH',
    retryable: false,
    outcome: 'not-sent',
    when: 'The server refused user, password or database.',
    remedy: 'Check the credentials and pg_hba.conf.',
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }

  constructor(details: ConnectDetails, init: PostgresErrorInit = {}) {
    super(`${target(details)} refused the login`, details, init);
  }
}

export type NoTargetDetails = ConnectDetails & {
  readonly wanted: string;
  /** How many there are, if there are several; host and port are those of the first, and the cause has the failure of each. */
  readonly servers?: number;
};

/** The server is not what targetSessionAttrs asks for, or none of several is and answers. */
export class NoTargetError extends PostgresError<'BUSBAR_POSTGRES_NO_TARGET', NoTargetDetails> {
  static override readonly spec = {
    name: 'NoTargetError',
    code: 'BUSBAR_POSTGRES_NO_TARGET',
    retryable: true,
    outcome: 'not-sent',
    when: 'The server is not what targetSessionAttrs asks for: a standby, or read-only; or none of several is and answers.',
    remedy: 'Wait for the end of a failover; for reads alone set targetSessionAttrs to any or read-only.',
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }

  constructor(details: NoTargetDetails, init: PostgresErrorInit = {}) {
    const { servers, wanted } = details;
    const message = servers === undefined ? `${target(details)} is not` : `none of ${servers} servers answers and is`;
    super(`${message} ${wanted}`, details, init);
  }
}

/** The server has no connection slot left. */
export class TooManyConnectionsError extends PostgresError<'BUSBAR_POSTGRES_TOO_MANY_CONNECTIONS', ConnectDetails> {
  static override readonly spec = {
    name: 'TooManyConnectionsError',
    code: 'BUSBAR_POSTGRES_TOO_MANY_CONNECTIONS',
    retryable: true,
    outcome: 'not-sent',
    when: 'The server has no connection slot left.',
    remedy: 'Lower pool.max times instances, or raise max_connections.',
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }

  constructor(details: ConnectDetails, init: PostgresErrorInit = {}) {
    super(`${target(details)} has no connection slot left`, details, init);
  }
}
