import { brandError, BusbarError, type ErrorInit, type ErrorSpec } from '@busbar/errors';

/** Every code of this package. */
export type OutboxErrorCode =
  | 'BUSBAR_OUTBOX_OPTIONS'
  | 'BUSBAR_OUTBOX_SCHEMA_MISSING'
  | 'BUSBAR_OUTBOX_SCHEMA_VERSION'
  | 'BUSBAR_OUTBOX_PRIVILEGE_MISSING'
  | 'BUSBAR_OUTBOX_MIGRATION_CHECKSUM'
  | 'BUSBAR_OUTBOX_MIGRATION_FAILED'
  | 'BUSBAR_OUTBOX_RECORD_INVALID'
  | 'BUSBAR_OUTBOX_RECORD_TOO_LARGE'
  | 'BUSBAR_OUTBOX_TX_REQUIRED'
  | 'BUSBAR_OUTBOX_RECORD_REJECTED'
  | 'BUSBAR_OUTBOX_APPEND_FAILED'
  | 'BUSBAR_OUTBOX_BACKLOG_FULL'
  | 'BUSBAR_OUTBOX_PUBLISH_UNAVAILABLE'
  | 'BUSBAR_OUTBOX_DEADLINE'
  | 'BUSBAR_OUTBOX_ABORTED'
  | 'BUSBAR_OUTBOX_CLOSED'
  | 'BUSBAR_OUTBOX_PORT_VIOLATION';

/** One problem with an option or a record. */
export type OutboxIssue = {
  /** The option with dots between the levels, or the place of a record in its call: `relay.batchRecords`, `records[3]`. */
  readonly path: string;
  /** What is wrong with it and what is allowed. */
  readonly problem: string;
};

const listed = (issues: readonly OutboxIssue[]): string =>
  issues.map(({ path, problem }) => `${path} ${problem}`).join('; ');

type IssuesDetails = { readonly issues: readonly OutboxIssue[] };

/** Options that cannot be used; every problem is in `details.issues`. */
export class OutboxOptionsError extends BusbarError<'BUSBAR_OUTBOX_OPTIONS', IssuesDetails> {
  static override readonly spec = {
    name: 'OutboxOptionsError',
    code: 'BUSBAR_OUTBOX_OPTIONS',
    retryable: false,
    outcome: 'not-sent',
    when: 'createOutbox or migrate was given options that are unknown or out of range; details.issues has all of them.',
    remedy: 'Correct the options that details.issues names.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: IssuesDetails, init?: ErrorInit) {
    super(`invalid outbox options: ${listed(details.issues)}`, details, init);
  }
}

/** A record that must not enter the table, because it could never leave it. */
export class OutboxRecordInvalidError extends BusbarError<'BUSBAR_OUTBOX_RECORD_INVALID', IssuesDetails> {
  static override readonly spec = {
    name: 'OutboxRecordInvalidError',
    code: 'BUSBAR_OUTBOX_RECORD_INVALID',
    retryable: false,
    outcome: 'not-sent',
    when: 'A record has no valid topic, key, headers, id or value; details.issues says what.',
    remedy: 'Correct the record: nothing was written.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: IssuesDetails, init?: ErrorInit) {
    super(`invalid record: ${listed(details.issues)}`, details, init);
  }
}

type TooLargeDetails = { readonly topic: string; readonly bytes: number; readonly limitBytes: number };

/** A record that does not fit into a batch of the relay. */
export class OutboxRecordTooLargeError extends BusbarError<'BUSBAR_OUTBOX_RECORD_TOO_LARGE', TooLargeDetails> {
  static override readonly spec = {
    name: 'OutboxRecordTooLargeError',
    code: 'BUSBAR_OUTBOX_RECORD_TOO_LARGE',
    retryable: false,
    outcome: 'not-sent',
    when: 'Key, headers and value of a record are together larger than relay.batchBytes.',
    remedy: 'Publish a reference to the data instead of the data.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: TooLargeDetails, init?: ErrorInit) {
    const { topic, bytes, limitBytes } = details;
    super(`a record for topic "${topic}" has ${bytes} bytes, the limit is ${limitBytes}`, details, init);
  }
}

/** A pool stands where a transaction has to: the insert would commit alone. */
export class OutboxTxRequiredError extends BusbarError<'BUSBAR_OUTBOX_TX_REQUIRED', { readonly found: string }> {
  static override readonly spec = {
    name: 'OutboxTxRequiredError',
    code: 'BUSBAR_OUTBOX_TX_REQUIRED',
    retryable: false,
    outcome: 'not-sent',
    when: 'append or defer was given a pool or the root of a query builder instead of a transaction.',
    remedy: 'Pass the client or the handle of the open transaction; without one, use publish.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: { readonly found: string }, init?: ErrorInit) {
    super(`an open transaction is needed, this is ${details.found}`, details, init);
  }
}

export type OutboxSendErrorDetails = { readonly topic: string; readonly code?: string };

/** The broker refused a direct publish for the sake of the record itself. */
export class OutboxRecordRejectedError extends BusbarError<'BUSBAR_OUTBOX_RECORD_REJECTED', OutboxSendErrorDetails> {
  static override readonly spec = {
    name: 'OutboxRecordRejectedError',
    code: 'BUSBAR_OUTBOX_RECORD_REJECTED',
    retryable: false,
    outcome: 'rejected',
    when: 'The broker refused the record of a direct publish for its own sake; it was not stored.',
    remedy: 'Look at details.code: correct the record.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: OutboxSendErrorDetails, init?: ErrorInit) {
    super(`the broker refused a record for topic "${details.topic}" (${details.code ?? 'no code'})`, details, init);
  }
}

/** The INSERT into the outbox failed. */
export class OutboxAppendFailedError extends BusbarError<'BUSBAR_OUTBOX_APPEND_FAILED', { readonly records: number }> {
  static override readonly spec = {
    name: 'OutboxAppendFailedError',
    code: 'BUSBAR_OUTBOX_APPEND_FAILED',
    retryable: false,
    outcome: 'rejected',
    when: 'The INSERT into the outbox failed; retryable as its cause.',
    remedy: 'Roll the transaction back; repeat it where retryable is true.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: { readonly records: number }, init?: ErrorInit) {
    super(`writing ${details.records} record(s) into the outbox failed`, details, init);
  }
}

type BacklogDetails = {
  readonly limit: 'maxEvents' | 'maxBytes';
  readonly limitValue: number;
  readonly value: number;
  readonly oldestAgeMs: number;
};

/** The backlog is at its limit: the event is not stored and not dropped, the caller has it. */
export class OutboxBacklogFullError extends BusbarError<'BUSBAR_OUTBOX_BACKLOG_FULL', BacklogDetails> {
  static override readonly spec = {
    name: 'OutboxBacklogFullError',
    code: 'BUSBAR_OUTBOX_BACKLOG_FULL',
    retryable: true,
    outcome: 'not-sent',
    when: 'The sampled backlog is at backlog.maxEvents or backlog.maxBytes: always for a spill, under policy reject also for append.',
    remedy: 'Bring the broker or the relay back, or raise the limit.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: BacklogDetails, init?: ErrorInit) {
    const { limit, limitValue, value } = details;
    super(`the outbox backlog is full: ${value} of ${limitValue} (backlog.${limit})`, details, {
      captureStack: false,
      ...init,
    });
  }
}

/** A direct publish reached neither the broker nor the outbox, or was not to be stored. */
export class OutboxPublishUnavailableError extends BusbarError<
  'BUSBAR_OUTBOX_PUBLISH_UNAVAILABLE',
  OutboxSendErrorDetails
> {
  static override readonly spec = {
    name: 'OutboxPublishUnavailableError',
    code: 'BUSBAR_OUTBOX_PUBLISH_UNAVAILABLE',
    retryable: true,
    outcome: 'not-sent',
    when: "The broker is away under whenUnavailable 'fail', or stayed away under 'wait', or the outbox failed as well under 'spill'.",
    remedy:
      'Try again after retryAfterMs with the same id; with outcome unknown the broker may have the event already.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: OutboxSendErrorDetails, init?: ErrorInit) {
    super(`topic "${details.topic}" cannot be published to (${details.code ?? 'no answer'})`, details, init);
  }
}

type CallDetails = { readonly what: string; readonly limitMs?: number };

/** The caller's time limit passed. */
export class OutboxDeadlineError extends BusbarError<'BUSBAR_OUTBOX_DEADLINE', CallDetails> {
  static override readonly spec = {
    name: 'OutboxDeadlineError',
    code: 'BUSBAR_OUTBOX_DEADLINE',
    retryable: true,
    outcome: 'unknown',
    when: "The caller's time limit passed before the call was done.",
    remedy: 'Repeat with the same id where a duplicate is harmless, or raise timeoutMs.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: CallDetails, init?: ErrorInit) {
    super(`${details.what} was not done within ${details.limitMs ?? 0} ms`, details, init);
  }
}

/** The caller's signal. `cause` is its reason. */
export class OutboxAbortedError extends BusbarError<'BUSBAR_OUTBOX_ABORTED', CallDetails> {
  static override readonly spec = {
    name: 'OutboxAbortedError',
    code: 'BUSBAR_OUTBOX_ABORTED',
    retryable: false,
    outcome: 'not-sent',
    when: "The caller's signal was aborted; with outcome unknown something was on its way.",
    remedy: 'Nothing, if it was meant.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: CallDetails, init?: ErrorInit) {
    super(`${details.what} was aborted by its caller`, details, init);
  }
}

/** The outbox is closed. */
export class OutboxClosedError extends BusbarError<'BUSBAR_OUTBOX_CLOSED', { readonly name: string }> {
  static override readonly spec = {
    name: 'OutboxClosedError',
    code: 'BUSBAR_OUTBOX_CLOSED',
    retryable: false,
    outcome: 'not-sent',
    when: 'The outbox was used after close.',
    remedy: 'Create another one.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: { readonly name: string }, init?: ErrorInit) {
    super(`outbox "${details.name}" is closed`, details, init);
  }
}

/** A port broke its contract. */
export class OutboxPortViolationError extends BusbarError<'BUSBAR_OUTBOX_PORT_VIOLATION', { readonly what: string }> {
  static override readonly spec = {
    name: 'OutboxPortViolationError',
    code: 'BUSBAR_OUTBOX_PORT_VIOLATION',
    retryable: false,
    outcome: 'unknown',
    when: 'The publisher or a database port broke its contract (P1-P5 of Publisher).',
    remedy: 'Run publisherConformance of @busbar/outbox/testing against the publisher; report it to its author.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: { readonly what: string }, init?: ErrorInit) {
    super(`a port broke its contract: ${details.what}`, details, init);
  }
}
