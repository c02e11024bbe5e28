/**
 * What can go wrong with a development service, in one class: each failure says what failed, why, and what to do about it.
 * Nothing here is retried except a port that somebody took in between.
 */

/** `NOT_AVAILABLE` nothing to run it with; `RESOLVE_FAILED` Maven; `UNSUPPORTED_FAULT` the service is not ours to break. */
export type DevServiceErrorCode =
  | 'NOT_AVAILABLE'
  | 'RESOLVE_FAILED'
  | 'EXITED_EARLY'
  | 'START_TIMEOUT'
  | 'PORTS_EXHAUSTED'
  | 'PERMISSION'
  | 'UNSUPPORTED_FAULT';

export interface DevServiceErrorOptions {
  /** Which service: `PostgreSQL`, `Kafka`, `Kafka node 2`, `run folder`. */
  readonly service: string;
  /** One sentence: what happened. */
  readonly reason: string;
  /** One sentence: what the reader can do. */
  readonly help?: string;
  /** The end of the server's own log. */
  readonly logTail?: string;
  readonly cause?: unknown;
}

export class DevServiceError extends Error {
  override readonly name = 'DevServiceError';
  readonly code: DevServiceErrorCode;
  readonly service: string;
  readonly reason: string;
  readonly help: string;
  readonly logTail: string;

  constructor(code: DevServiceErrorCode, o: DevServiceErrorOptions) {
    const log = o.logTail === undefined || o.logTail === '' ? '' : `\n--- end of its log ---\n${o.logTail}`;
    super(`${o.service}: ${o.reason}${o.help === undefined ? '' : `\n${o.help}`}${log}`, { cause: o.cause });
    this.code = code;
    this.service = o.service;
    this.reason = o.reason;
    this.help = o.help ?? '';
    this.logTail = o.logTail ?? '';
  }
}
