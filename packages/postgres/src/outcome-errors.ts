import { brandError, type ErrorSpec } from '@busbar/errors';

import { PostgresError, SHOWN_FIELDS, type PostgresErrorInit } from './errors.ts';
import type { PoolDetails } from './usage-errors.ts';

// What became of work whose connection or COMMIT did not end as it should.

/** The connection ended while it was leased. */
export class LeaseLostError extends PostgresError<
  'BUSBAR_POSTGRES_LEASE_LOST',
  PoolDetails & { readonly reason: string }
> {
  static override readonly spec = {
    name: 'LeaseLostError',
    code: 'BUSBAR_POSTGRES_LEASE_LOST',
    retryable: true,
    outcome: 'unknown',
    when: 'The connection ended while it was leased.',
    remedy: 'Look at the outcome: repeat the work if it is rejected or not-sent.',
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }

  constructor(details: PoolDetails & { readonly reason: string }, init: PostgresErrorInit = {}) {
    super(`a connection of pool "${details.pool}" was lost: ${details.reason}`, details, init);
  }
}

/** A transaction or savepoint could not be committed because a failed statement in it was swallowed; the cause is that failure. */
export class CommitRolledBackError extends PostgresError<'BUSBAR_POSTGRES_COMMIT_ROLLED_BACK', PoolDetails> {
  static override readonly spec = {
    name: 'CommitRolledBackError',
    code: 'BUSBAR_POSTGRES_COMMIT_ROLLED_BACK',
    retryable: false,
    outcome: 'rejected',
    when: 'A transaction or savepoint could not be committed because a failed statement in it was swallowed; the cause is that failure.',
    remedy: 'Let the callback throw at the first failure.',
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }

  constructor(details: PoolDetails, init: PostgresErrorInit = {}) {
    super(`a transaction of pool "${details.pool}" was rolled back instead of committed`, details, init);
  }
}

/** The connection ended between COMMIT and its answer: the transaction is committed or it is not. */
export class OutcomeUnknownError extends PostgresError<
  'BUSBAR_POSTGRES_OUTCOME_UNKNOWN',
  PoolDetails & { readonly reason: string }
> {
  static override readonly spec = {
    name: 'OutcomeUnknownError',
    code: 'BUSBAR_POSTGRES_OUTCOME_UNKNOWN',
    retryable: false,
    outcome: 'unknown',
    when: 'The connection ended between COMMIT and its answer: the transaction is committed or it is not.',
    remedy: 'Look for the effect before repeating the work.',
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }

  constructor(details: PoolDetails & { readonly reason: string }, init: PostgresErrorInit = {}) {
    super(`pool "${details.pool}" cannot know whether its COMMIT took effect: ${details.reason}`, details, init);
  }
}
