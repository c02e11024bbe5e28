import { AbortedError, InternalError, type SharedErrorCode, TimeoutError } from '@busbar/errors';

/** One instance of each class, for the checks that run over all errors of the repository. */
export const errorExamples = {
  BUSBAR_ABORTED: new AbortedError({ what: 'publish', reason: 'signal' }, { cause: new Error('shutting down') }),
  BUSBAR_TIMEOUT: new TimeoutError({ what: 'publish', limitMs: 30_000 }),
  BUSBAR_INTERNAL: new InternalError({ what: 'a lane without a slot' }),
} satisfies Record<SharedErrorCode, Error>;
