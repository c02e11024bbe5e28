import { brandError, type ErrorSpec } from '@busbar/errors';

import { PostgresError, SHOWN_FIELDS, type PostgresErrorInit } from './errors.ts';

// What a caller did, asked for, or no longer wants: decided on this side of the wire.

export type PoolDetails = { readonly pool: string };

/** Options are invalid; details.issues has every problem. */
export class PostgresOptionsError extends PostgresError<
  'BUSBAR_POSTGRES_OPTIONS',
  { readonly name: string; readonly issues: readonly string[] }
> {
  static override readonly spec = {
    name: 'PostgresOptionsError',
    code: 'BUSBAR_POSTGRES_OPTIONS',
    retryable: false,
    outcome: 'not-sent',
    when: 'Options are invalid; details.issues has every problem.',
    remedy: 'Correct the options that details.issues names.',
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }

  constructor(details: { readonly name: string; readonly issues: readonly string[] }, init: PostgresErrorInit = {}) {
    super(`invalid options of pool "${details.name}": ${details.issues.join('; ')}`, details, init);
  }
}

/** A pool was used after close() was called. */
export class PostgresClosedError extends PostgresError<'BUSBAR_POSTGRES_CLOSED', PoolDetails> {
  static override readonly spec = {
    name: 'PostgresClosedError',
    code: 'BUSBAR_POSTGRES_CLOSED',
    retryable: false,
    outcome: 'not-sent',
    when: 'A pool was used after close() was called.',
    remedy: 'Stop the work before closing the pool.',
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }

  constructor(details: PoolDetails, init: PostgresErrorInit = {}) {
    super(`pool "${details.pool}" is closed`, details, init);
  }
}

/** A transaction or savepoint was used after its end. */
export class TxEndedError extends PostgresError<'BUSBAR_POSTGRES_TX_ENDED', PoolDetails> {
  static override readonly spec = {
    name: 'TxEndedError',
    code: 'BUSBAR_POSTGRES_TX_ENDED',
    retryable: false,
    outcome: 'not-sent',
    when: 'A transaction or savepoint was used after its end.',
    remedy: 'Await all work inside the callback.',
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }

  constructor(details: PoolDetails, init: PostgresErrorInit = {}) {
    super(`the transaction of pool "${details.pool}" has ended`, details, init);
  }
}

/** An argument cannot be sent, for example undefined as a parameter. */
export class ArgumentInvalidError extends PostgresError<
  'BUSBAR_POSTGRES_ARGUMENT_INVALID',
  { readonly argument: string; readonly expected: string }
> {
  static override readonly spec = {
    name: 'ArgumentInvalidError',
    code: 'BUSBAR_POSTGRES_ARGUMENT_INVALID',
    retryable: false,
    outcome: 'not-sent',
    when: 'An argument cannot be sent, for example undefined as a parameter.',
    remedy: 'Pass null for NULL; see details.argument.',
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }

  constructor(details: { readonly argument: string; readonly expected: string }, init: PostgresErrorInit = {}) {
    super(`${details.argument}: expected ${details.expected}`, details, init);
  }
}

/** BEGIN, COMMIT, ROLLBACK or SAVEPOINT was given as text outside a lease. */
export class TxControlError extends PostgresError<'BUSBAR_POSTGRES_TX_CONTROL', { readonly keyword: string }> {
  static override readonly spec = {
    name: 'TxControlError',
    code: 'BUSBAR_POSTGRES_TX_CONTROL',
    retryable: false,
    outcome: 'not-sent',
    when: 'BEGIN, COMMIT, ROLLBACK or SAVEPOINT was given as text outside a lease.',
    remedy: 'Use tx() and savepoint(), or a lease.',
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }

  constructor(details: { readonly keyword: string }, init: PostgresErrorInit = {}) {
    super(`${details.keyword} as a statement is refused here: use tx() or savepoint(), or a lease`, details, init);
  }
}

/** one(), maybeOne(), value() or expectRows met another number of rows. */
export class RowCountError extends PostgresError<
  'BUSBAR_POSTGRES_ROW_COUNT',
  { readonly expected: string; readonly rows: number }
> {
  static override readonly spec = {
    name: 'RowCountError',
    code: 'BUSBAR_POSTGRES_ROW_COUNT',
    retryable: false,
    outcome: 'rejected',
    when: 'one(), maybeOne(), value() or expectRows met another number of rows.',
    remedy: 'Correct the statement or the expectation.',
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }

  constructor(details: { readonly expected: string; readonly rows: number }, init: PostgresErrorInit = {}) {
    super(`expected ${details.expected}, got ${details.rows}`, details, init);
  }
}

/** A read had more rows than maxRows; the server stopped there. */
export class TooManyRowsError extends PostgresError<'BUSBAR_POSTGRES_TOO_MANY_ROWS', { readonly maxRows: number }> {
  static override readonly spec = {
    name: 'TooManyRowsError',
    code: 'BUSBAR_POSTGRES_TOO_MANY_ROWS',
    retryable: false,
    outcome: 'rejected',
    when: 'A read had more rows than maxRows; the server stopped there.',
    remedy: 'Add a LIMIT, or raise maxRows for this call.',
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }

  constructor(details: { readonly maxRows: number }, init: PostgresErrorInit = {}) {
    super(`the result has more than ${details.maxRows} rows`, details, init);
  }
}

/** The budget of the call was used up, while waiting or while the statement ran. */
export class DeadlineError extends PostgresError<'BUSBAR_POSTGRES_DEADLINE', { readonly deadlineMs: number }> {
  static override readonly spec = {
    name: 'DeadlineError',
    code: 'BUSBAR_POSTGRES_DEADLINE',
    retryable: true,
    outcome: 'unknown',
    when: 'The budget of the call was used up, while waiting or while the statement ran.',
    remedy: 'Look at the outcome; raise deadlineMs if the work needs it.',
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }

  constructor(details: { readonly deadlineMs: number }, init: PostgresErrorInit = {}) {
    super(`the deadline of ${details.deadlineMs} ms passed`, details, init);
  }
}

/** The caller's signal was aborted; the cause is its reason. */
export class PostgresAbortedError extends PostgresError<'BUSBAR_POSTGRES_ABORTED', PoolDetails> {
  static override readonly spec = {
    name: 'PostgresAbortedError',
    code: 'BUSBAR_POSTGRES_ABORTED',
    retryable: false,
    outcome: 'unknown',
    when: "The caller's signal was aborted; the cause is its reason.",
    remedy: 'Nothing; look at the outcome.',
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }

  constructor(details: PoolDetails, init: PostgresErrorInit = {}) {
    super(`the call to pool "${details.pool}" was aborted by its signal`, details, init);
  }
}

/** Why a statement was refused: its score and what made it, its length, and the limits. */
export type GuardDetails = {
  readonly score: number;
  readonly maxScore: number;
  readonly bytes: number;
  readonly maxTextBytes: number;
  /** Name of the weight and number of occurrences. */
  readonly reasons: readonly string[];
  readonly fingerprint: string;
  readonly summary: string;
};

/** The statement changes its session, which a transaction pooler would hand to somebody else. */
export class PoolerUnsupportedError extends PostgresError<
  'BUSBAR_POSTGRES_POOLER_UNSUPPORTED',
  { readonly summary: string }
> {
  static override readonly spec = {
    name: 'PoolerUnsupportedError',
    code: 'BUSBAR_POSTGRES_POOLER_UNSUPPORTED',
    retryable: false,
    outcome: 'not-sent',
    when: 'The statement changes its session, which a transaction pooler would hand to somebody else.',
    remedy: 'Use SET LOCAL or transaction-level locks, or a pool that connects to the server itself.',
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }

  constructor(details: { readonly summary: string }, init: PostgresErrorInit = {}) {
    super(`${details.summary} changes the session, not behind a transaction pooler`, details, init);
  }
}

/** The query guard refused a statement: its score or its length is over the limit. */
export class GuardBlockedError extends PostgresError<'BUSBAR_POSTGRES_GUARD_BLOCKED', GuardDetails> {
  static override readonly spec = {
    name: 'GuardBlockedError',
    code: 'BUSBAR_POSTGRES_GUARD_BLOCKED',
    retryable: false,
    outcome: 'not-sent',
    when: 'The query guard refused a statement: its score or its length is over the limit.',
    remedy: "Make the statement simpler, or let it pass with guard: 'waive'.",
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }

  constructor(details: GuardDetails, init: PostgresErrorInit = {}) {
    const { score, maxScore, bytes, maxTextBytes, reasons, summary } = details;
    const why =
      bytes > maxTextBytes
        ? `is ${bytes} bytes long, over ${maxTextBytes}`
        : `scores ${score}, over ${maxScore} (${reasons.join(', ')})`;
    super(`the statement ${summary} ${why}`, details, init);
  }
}
