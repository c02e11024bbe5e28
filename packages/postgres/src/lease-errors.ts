import { brandError, type ErrorSpec } from '@busbar/errors';

import { PostgresError, SHOWN_FIELDS, type PostgresErrorInit } from './errors.ts';
import type { PoolDetails } from './usage-errors.ts';

// A connection that somebody holds, used after that or while it is at work.

/** A lease was used or released after its release. */
export class LeaseReleasedError extends PostgresError<'BUSBAR_POSTGRES_LEASE_RELEASED', PoolDetails> {
  static override readonly spec = {
    name: 'LeaseReleasedError',
    code: 'BUSBAR_POSTGRES_LEASE_RELEASED',
    retryable: false,
    outcome: 'not-sent',
    when: 'A lease was used or released after its release.',
    remedy: 'Use the lease only between lease() and release().',
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }

  constructor(details: PoolDetails, init: PostgresErrorInit = {}) {
    super(`the lease of pool "${details.pool}" was released before`, details, init);
  }
}

/** A lease was released while a statement ran: its connection was destroyed. Or a stream or COPY had the connection. */
export class LeaseBusyError extends PostgresError<
  'BUSBAR_POSTGRES_LEASE_BUSY',
  PoolDetails & { readonly use?: 'release' | 'statement' }
> {
  static override readonly spec = {
    name: 'LeaseBusyError',
    code: 'BUSBAR_POSTGRES_LEASE_BUSY',
    retryable: false,
    outcome: 'unknown',
    when: 'A lease was released while a statement ran: its connection was destroyed. Or a stream or COPY had the connection.',
    remedy: 'Await every statement before the release; end a stream before the next statement on its connection.',
    fields: SHOWN_FIELDS,
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }

  constructor(details: PoolDetails & { readonly use?: 'release' | 'statement' }, init: PostgresErrorInit = {}) {
    const { pool, use = 'release' } = details;
    super(
      use === 'release'
        ? `the lease of pool "${pool}" was released while a statement was running`
        : `the connection of pool "${pool}" is lent to a stream or COPY that is not over`,
      details,
      init,
    );
  }
}
