import { brandError, BusbarError, type ErrorDetails, type ErrorInit, type ErrorSpec } from '@busbar/errors';

/** The sample classes of one copy of the package: a copy is given its own base and its own `brandError`. */
export const sampleFamily = (copy: { BusbarError: typeof BusbarError; brandError: typeof brandError }) => {
  abstract class CallRejectedError<C extends string, D extends ErrorDetails> extends copy.BusbarError<C, D> {
    static {
      copy.brandError(this, 'CallRejectedError');
    }
  }

  class BreakerOpenError extends CallRejectedError<'BUSBAR_SAMPLE_OPEN', Refusal> {
    static override readonly spec = {
      name: 'BreakerOpenError',
      code: 'BUSBAR_SAMPLE_OPEN',
      retryable: true,
      outcome: 'not-sent',
      when: 'The breaker is open.',
      remedy: 'Try again after retryAfterMs.',
    } as const satisfies ErrorSpec;
    static {
      copy.brandError(this);
    }
    constructor(details: Refusal, init: ErrorInit = {}) {
      super(`breaker "${details.breaker}" is ${details.state}`, details, { captureStack: false, ...init });
    }
  }

  class BreakerBusyError extends CallRejectedError<'BUSBAR_SAMPLE_BUSY', Refusal> {
    static override readonly spec = {
      name: 'BreakerBusyError',
      code: 'BUSBAR_SAMPLE_BUSY',
      retryable: true,
      when: 'Too many calls are under way.',
      remedy: 'Try again.',
    } as const satisfies ErrorSpec;
    static {
      copy.brandError(this);
    }
    constructor(details: Refusal) {
      super(`breaker "${details.breaker}" is busy`, details);
    }
  }

  return { CallRejectedError, BreakerOpenError, BreakerBusyError };
};

export type Refusal = { readonly breaker: string; readonly state: 'open' | 'half-open' };

export const { CallRejectedError, BreakerOpenError, BreakerBusyError } = sampleFamily({ BusbarError, brandError });

export const refusal: Refusal = { breaker: 'kafka', state: 'open' };

/** A class with properties besides `details`, one listed and one not. */
export class ReportError extends BusbarError<'BUSBAR_SAMPLE_REPORT', { readonly count: number }> {
  static override readonly spec = {
    name: 'ReportError',
    code: 'BUSBAR_SAMPLE_REPORT',
    retryable: false,
    when: 'Something was reported.',
    remedy: 'Read the report.',
    fields: ['report', 'absent'],
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  readonly report: { readonly lines: readonly string[] };
  readonly unlisted = 'not for printing';
  constructor(lines: readonly string[]) {
    super(`${lines.length} lines`, { count: lines.length });
    this.report = { lines };
  }
}
