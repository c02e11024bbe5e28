import { BusbarError, brandError, type ErrorDetails, type ErrorInit, type ErrorOutcome } from '@busbar/errors';

import { RaisedError } from './raised-error.ts';

/** Every code this package throws, as a literal union to `switch` over. */
export type PostgresErrorCode =
  | `BUSBAR_POSTGRES_${'OPTIONS' | 'QUEUE_FULL' | 'ACQUIRE_TIMEOUT' | 'CONNECT' | 'CONNECT_TIMEOUT' | 'SETUP' | 'TLS' | 'AUTH' | 'NO_TARGET'}`
  | `BUSBAR_POSTGRES_${'TOO_MANY_CONNECTIONS' | 'CLOSED' | 'LEASE_RELEASED' | 'LEASE_BUSY' | 'LEASE_LOST' | 'TX_ENDED'}`
  | `BUSBAR_POSTGRES_${'ARGUMENT_INVALID' | 'TX_CONTROL' | 'DEADLINE' | 'ABORTED' | 'ROW_COUNT' | 'TOO_MANY_ROWS' | 'GUARD_BLOCKED' | 'POOLER_UNSUPPORTED'}`
  | `BUSBAR_POSTGRES_${'SERIALIZATION' | 'DEADLOCK' | 'LOCK_TIMEOUT' | 'READ_ONLY' | 'STATEMENT_TIMEOUT' | 'TX_ABORTED'}`
  | `BUSBAR_POSTGRES_${'CONSTRAINT' | 'DATA' | 'SYNTAX' | 'SCHEMA' | 'PRIVILEGE' | 'RESOURCE' | 'INTERNAL'}`
  | `BUSBAR_POSTGRES_${'SCHEMA_CHANGED' | 'COMMIT_ROLLED_BACK' | 'OUTCOME_UNKNOWN'}`;

type Dashed<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Lowercase<Head>}-${Dashed<Tail>}`
  : Lowercase<S>;

/** The code without its prefix, in lower case with dashes: `lock-timeout` for `BUSBAR_POSTGRES_LOCK_TIMEOUT`. */
export type PostgresErrorKind = PostgresErrorCode extends `BUSBAR_POSTGRES_${infer Cause}` ? Dashed<Cause> : never;

export interface PostgresErrorInit extends ErrorInit {
  /** Five characters, as the server sent them. */
  readonly sqlState?: string | undefined;
  /** The connection cannot be used any more. Default: false. */
  readonly connectionFatal?: boolean | undefined;
  /** The label of the call. */
  readonly label?: string | undefined;
}

/** What of a `PostgresError` is shown besides code, message and details. */
export const SHOWN_FIELDS = ['sqlState', 'connectionFatal', 'label'] as const;

/**
 * Base of every error of this package.
 * `outcome`: `not-sent` = nothing reached the server; `rejected` = the server refused it or rolled it back; `unknown` = no verdict.
 */
export abstract class PostgresError<
  C extends PostgresErrorCode = PostgresErrorCode,
  D extends ErrorDetails = ErrorDetails,
> extends BusbarError<C, D> {
  static {
    brandError(this, 'PostgresError');
  }
  declare readonly outcome: ErrorOutcome;
  declare readonly sqlState?: string;
  declare readonly label?: string;
  readonly connectionFatal: boolean;

  constructor(message: string, details: D, init: PostgresErrorInit = {}) {
    super(message, details, init);
    this.connectionFatal = init.connectionFatal ?? false;
    if (init.sqlState !== undefined) this.sqlState = init.sqlState;
    if (init.label !== undefined) this.label = init.label;
  }

  /** What failed, without the prefix of the code: `lock-timeout`, `queue-full`. */
  get kind(): PostgresErrorKind {
    return KINDS[this.code];
  }

  /** The driver's own error, with the server's detail, hint and position. It can hold row data: never log it. */
  unsafeDetails(): unknown {
    return this.cause instanceof RaisedError ? this.cause.original : this.cause;
  }
}

/** Whether a value is an error of this package, whichever installed copy made it. */
export const isPostgresError = (value: unknown): value is PostgresError => value instanceof PostgresError;

const KINDS: Readonly<Record<PostgresErrorCode, PostgresErrorKind>> = {
  BUSBAR_POSTGRES_OPTIONS: 'options',
  BUSBAR_POSTGRES_QUEUE_FULL: 'queue-full',
  BUSBAR_POSTGRES_ACQUIRE_TIMEOUT: 'acquire-timeout',
  BUSBAR_POSTGRES_CONNECT: 'connect',
  BUSBAR_POSTGRES_CONNECT_TIMEOUT: 'connect-timeout',
  BUSBAR_POSTGRES_SETUP: 'setup',
  BUSBAR_POSTGRES_TLS: 'tls',
  BUSBAR_POSTGRES_AUTH: 'auth',
  BUSBAR_POSTGRES_NO_TARGET: 'no-target',
  BUSBAR_POSTGRES_TOO_MANY_CONNECTIONS: 'too-many-connections',
  BUSBAR_POSTGRES_CLOSED: 'closed',
  BUSBAR_POSTGRES_LEASE_RELEASED: 'lease-released',
  BUSBAR_POSTGRES_LEASE_BUSY: 'lease-busy',
  BUSBAR_POSTGRES_LEASE_LOST: 'lease-lost',
  BUSBAR_POSTGRES_TX_ENDED: 'tx-ended',
  BUSBAR_POSTGRES_ARGUMENT_INVALID: 'argument-invalid',
  BUSBAR_POSTGRES_TX_CONTROL: 'tx-control',
  BUSBAR_POSTGRES_DEADLINE: 'deadline',
  BUSBAR_POSTGRES_ABORTED: 'aborted',
  BUSBAR_POSTGRES_ROW_COUNT: 'row-count',
  BUSBAR_POSTGRES_TOO_MANY_ROWS: 'too-many-rows',
  BUSBAR_POSTGRES_GUARD_BLOCKED: 'guard-blocked',
  BUSBAR_POSTGRES_POOLER_UNSUPPORTED: 'pooler-unsupported',
  BUSBAR_POSTGRES_SERIALIZATION: 'serialization',
  BUSBAR_POSTGRES_DEADLOCK: 'deadlock',
  BUSBAR_POSTGRES_LOCK_TIMEOUT: 'lock-timeout',
  BUSBAR_POSTGRES_READ_ONLY: 'read-only',
  BUSBAR_POSTGRES_STATEMENT_TIMEOUT: 'statement-timeout',
  BUSBAR_POSTGRES_TX_ABORTED: 'tx-aborted',
  BUSBAR_POSTGRES_CONSTRAINT: 'constraint',
  BUSBAR_POSTGRES_DATA: 'data',
  BUSBAR_POSTGRES_SYNTAX: 'syntax',
  BUSBAR_POSTGRES_SCHEMA: 'schema',
  BUSBAR_POSTGRES_SCHEMA_CHANGED: 'schema-changed',
  BUSBAR_POSTGRES_PRIVILEGE: 'privilege',
  BUSBAR_POSTGRES_RESOURCE: 'resource',
  BUSBAR_POSTGRES_INTERNAL: 'internal',
  BUSBAR_POSTGRES_COMMIT_ROLLED_BACK: 'commit-rolled-back',
  BUSBAR_POSTGRES_OUTCOME_UNKNOWN: 'outcome-unknown',
};
