import { brandError, type ErrorSpec } from '@busbar/errors';

import { PostgresError, SHOWN_FIELDS, type PostgresErrorCode, type PostgresErrorInit } from './errors.ts';
import { serverMessage } from './redact.ts';

// What the server said. The message is a template over `details`; the server's own text is shown only where it cannot hold a value.

/** The value-free fields of a server error. Never `detail`, `hint`, `where`, `query` or parameters: they carry row data. */
export type ServerErrorDetails = {
  /** Missing where the reply itself could not be read. */
  readonly sqlState?: string;
  /** The server's message, only of SQLSTATEs whose messages hold no value. */
  readonly text?: string;
  readonly schema?: string;
  readonly table?: string;
  readonly column?: string;
  readonly constraint?: string;
  readonly dataType?: string;
  readonly routine?: string;
  /** Character of the statement, from 1. */
  readonly position?: number;
};

/** Base of what the server refused. */
export abstract class ServerError<C extends PostgresErrorCode = PostgresErrorCode> extends PostgresError<
  C,
  ServerErrorDetails
> {
  static {
    brandError(this, 'ServerError');
  }

  constructor(details: ServerErrorDetails, init: PostgresErrorInit = {}) {
    super(serverMessage(details), details, { sqlState: details.sqlState, ...init });
  }
}

/** The transaction lost against a concurrent one. */
export class SerializationError extends ServerError<'BUSBAR_POSTGRES_SERIALIZATION'> {
  static override readonly spec = {
    name: 'SerializationError',
    code: 'BUSBAR_POSTGRES_SERIALIZATION',
    retryable: true,
    outcome: 'rejected',
    when: 'The transaction lost against a concurrent one.',
    remedy: 'Repeat the whole transaction; tx() does.',
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
}

/** The transaction was the victim of a deadlock. */
export class DeadlockError extends ServerError<'BUSBAR_POSTGRES_DEADLOCK'> {
  static override readonly spec = {
    name: 'DeadlockError',
    code: 'BUSBAR_POSTGRES_DEADLOCK',
    retryable: true,
    outcome: 'rejected',
    when: 'The transaction was the victim of a deadlock.',
    remedy: 'Repeat the whole transaction; lock in one order.',
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
}

/** A lock was not granted within lock_timeout. */
export class LockTimeoutError extends ServerError<'BUSBAR_POSTGRES_LOCK_TIMEOUT'> {
  static override readonly spec = {
    name: 'LockTimeoutError',
    code: 'BUSBAR_POSTGRES_LOCK_TIMEOUT',
    retryable: true,
    outcome: 'rejected',
    when: 'A lock was not granted within lock_timeout.',
    remedy: 'Repeat later; look for the holder in pg_locks.',
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
}

/** A write met a read-only server or transaction. */
export class ReadOnlyError extends ServerError<'BUSBAR_POSTGRES_READ_ONLY'> {
  static override readonly spec = {
    name: 'ReadOnlyError',
    code: 'BUSBAR_POSTGRES_READ_ONLY',
    retryable: true,
    outcome: 'rejected',
    when: 'A write met a read-only server or transaction.',
    remedy: 'Check that the target is the primary.',
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
}

/** The server stopped the statement, by statement_timeout or another's cancel. */
export class StatementTimeoutError extends ServerError<'BUSBAR_POSTGRES_STATEMENT_TIMEOUT'> {
  static override readonly spec = {
    name: 'StatementTimeoutError',
    code: 'BUSBAR_POSTGRES_STATEMENT_TIMEOUT',
    retryable: false,
    outcome: 'rejected',
    when: "The server stopped the statement, by statement_timeout or another's cancel.",
    remedy: 'Make the statement cheaper, or raise timeouts.statementMs.',
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
}

/** A statement followed one that had failed in the same transaction; the cause is the first failure. */
export class TxAbortedError extends ServerError<'BUSBAR_POSTGRES_TX_ABORTED'> {
  static override readonly spec = {
    name: 'TxAbortedError',
    code: 'BUSBAR_POSTGRES_TX_ABORTED',
    retryable: false,
    outcome: 'rejected',
    when: 'A statement followed one that had failed in the same transaction; the cause is the first failure.',
    remedy: 'Let the callback throw at the first failure.',
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
}

/** A constraint refused the row; details name it. */
export class ConstraintError extends ServerError<'BUSBAR_POSTGRES_CONSTRAINT'> {
  static override readonly spec = {
    name: 'ConstraintError',
    code: 'BUSBAR_POSTGRES_CONSTRAINT',
    retryable: false,
    outcome: 'rejected',
    when: 'A constraint refused the row; details name it.',
    remedy: 'Correct the data, or handle the conflict.',
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
}

/** A value does not fit its type or operation. */
export class DataError extends ServerError<'BUSBAR_POSTGRES_DATA'> {
  static override readonly spec = {
    name: 'DataError',
    code: 'BUSBAR_POSTGRES_DATA',
    retryable: false,
    outcome: 'rejected',
    when: 'A value does not fit its type or operation.',
    remedy: 'Correct the value.',
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
}

/** The text is not one valid SQL statement. */
export class PostgresSyntaxError extends ServerError<'BUSBAR_POSTGRES_SYNTAX'> {
  static override readonly spec = {
    name: 'PostgresSyntaxError',
    code: 'BUSBAR_POSTGRES_SYNTAX',
    retryable: false,
    outcome: 'rejected',
    when: 'The text is not one valid SQL statement.',
    remedy: 'Correct the statement; details.position counts characters.',
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
}

/** A table, column, function or schema does not exist, or is used wrongly. */
export class SchemaError extends ServerError<'BUSBAR_POSTGRES_SCHEMA'> {
  static override readonly spec = {
    name: 'SchemaError',
    code: 'BUSBAR_POSTGRES_SCHEMA',
    retryable: false,
    outcome: 'rejected',
    when: 'A table, column, function or schema does not exist, or is used wrongly.',
    remedy: 'Check names, search path and migrations.',
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
}

/** A prepared statement was out of date in the middle of a transaction, because the schema had changed. */
export class SchemaChangedError extends ServerError<'BUSBAR_POSTGRES_SCHEMA_CHANGED'> {
  static override readonly spec = {
    name: 'SchemaChangedError',
    code: 'BUSBAR_POSTGRES_SCHEMA_CHANGED',
    retryable: true,
    outcome: 'rejected',
    when: 'A prepared statement was out of date in the middle of a transaction, because the schema had changed.',
    remedy: 'Repeat the whole transaction: the statement is prepared again.',
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
}

/** The role lacks a privilege. */
export class PrivilegeError extends ServerError<'BUSBAR_POSTGRES_PRIVILEGE'> {
  static override readonly spec = {
    name: 'PrivilegeError',
    code: 'BUSBAR_POSTGRES_PRIVILEGE',
    retryable: false,
    outcome: 'rejected',
    when: 'The role lacks a privilege.',
    remedy: 'Grant the privilege.',
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
}

/** The server ran out of memory, disk, or a limit of its own. */
export class ResourceError extends ServerError<'BUSBAR_POSTGRES_RESOURCE'> {
  static override readonly spec = {
    name: 'ResourceError',
    code: 'BUSBAR_POSTGRES_RESOURCE',
    retryable: true,
    outcome: 'rejected',
    when: 'The server ran out of memory, disk, or a limit of its own.',
    remedy: 'Relieve the server.',
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
}

/** The server reported an internal or unclassified error, or a reply could not be read. */
export class PostgresInternalError extends ServerError<'BUSBAR_POSTGRES_INTERNAL'> {
  static override readonly spec = {
    name: 'PostgresInternalError',
    code: 'BUSBAR_POSTGRES_INTERNAL',
    retryable: false,
    outcome: 'rejected',
    when: 'The server reported an internal or unclassified error, or a reply could not be read.',
    remedy: "Look at sqlState and the server's log.",
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
}
