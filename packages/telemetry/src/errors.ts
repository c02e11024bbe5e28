/** The code of every error that this package throws. */
export type TelemetryErrorCode = 'BUSBAR_TELEMETRY_OPTIONS';

const BRAND: symbol = Symbol.for('@busbar/errors/brand');

/**
 * The options are invalid; `details.issues` holds every problem. A member of the `@busbar/errors` family by its brand
 * alone, since this package imports no other of ours.
 */
export class TelemetryOptionsError extends Error {
  static readonly spec = {
    name: 'TelemetryOptionsError',
    code: 'BUSBAR_TELEMETRY_OPTIONS',
    retryable: false,
    when: 'An option of telemetry is out of its range or of the wrong type.',
    remedy: 'Correct every option in details.issues.',
  } as const;
  static {
    Object.defineProperty(this.prototype, BRAND, { value: Object.freeze([this.spec.name, 'BusbarError']) });
    Object.defineProperty(this.prototype, 'name', { value: this.spec.name, writable: true, configurable: true });
  }

  readonly code = TelemetryOptionsError.spec.code;
  readonly retryable = false;
  readonly details: { readonly issues: readonly string[] };

  constructor(issues: readonly string[]) {
    super(`the options of telemetry are invalid: ${issues.join('; ')}`);
    this.details = Object.freeze({ issues: Object.freeze([...issues]) });
  }

  toJSON(): Readonly<Record<string, unknown>> {
    const { name, message, code, retryable, details } = this;
    return { v: 1, name, message, code, retryable, details };
  }
}
