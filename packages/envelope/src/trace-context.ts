import { Buffer } from 'node:buffer';

/** The W3C trace headers of the moment in which an event is made. */
export interface TraceCarrier {
  readonly traceparent?: string;
  readonly tracestate?: string;
}

/** The parts of a `traceparent`. */
export interface TraceContext {
  readonly version: string;
  readonly traceId: string;
  readonly parentId: string;
  /** Two hexadecimal digits, as received. */
  readonly flags: string;
  readonly sampled: boolean;
}

const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/;
const NO_TRACE = '0'.repeat(32);
const NO_PARENT = '0'.repeat(16);
const TRACESTATE = /^[\u0020-\u007e\t]+$/;
const MAX_TRACESTATE_BYTES = 4_096;
const MAX_TRACESTATE_MEMBERS = 32;

/**
 * Reads a W3C `traceparent`; undefined when it is invalid. Later versions are accepted as the specification asks,
 * version `ff` and the all-zero ids are not.
 * @see https://www.w3.org/TR/trace-context/#traceparent-header
 */
export function parseTraceparent(s: string): TraceContext | undefined {
  if (!isTraceparent(s)) return undefined;
  const flags = s.slice(53, 55);
  const sampled = (Number.parseInt(flags, 16) & 1) === 1;
  return { version: s.slice(0, 2), traceId: s.slice(3, 35), parentId: s.slice(36, 52), flags, sampled };
}

/** The specification's grammar, and the ids that it forbids. Every written event asks, so nothing is taken apart. */
const isTraceparent = (s: string): boolean =>
  TRACEPARENT.test(s) &&
  !s.startsWith('ff') &&
  !(s.length > 55 && s.startsWith('00')) &&
  !s.startsWith(NO_TRACE, 3) &&
  !s.startsWith(NO_PARENT, 36);

/** Whether a `tracestate` may be passed on: printable, not too long, at most 32 members. */
function isTracestate(s: string): boolean {
  return (
    Buffer.byteLength(s) <= MAX_TRACESTATE_BYTES && TRACESTATE.test(s) && s.split(',').length <= MAX_TRACESTATE_MEMBERS
  );
}

/** What of a carrier is valid; a `tracestate` without a valid `traceparent` is worthless. Unsampled contexts are kept. */
export function validTrace(carrier: TraceCarrier | undefined): TraceCarrier {
  const { traceparent, tracestate } = carrier ?? {};
  if (typeof traceparent !== 'string' || !isTraceparent(traceparent)) return {};
  return typeof tracestate === 'string' && isTracestate(tracestate) ? { traceparent, tracestate } : { traceparent };
}
