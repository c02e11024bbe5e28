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

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const TRACESTATE = /^[\u0020-\u007e\t]+$/;
const MAX_TRACESTATE_BYTES = 4_096;
const MAX_TRACESTATE_MEMBERS = 32;

/**
 * Reads a W3C `traceparent`; undefined when it is invalid. Later versions are accepted as the specification asks,
 * version `ff` and the all-zero ids are not.
 * @see https://www.w3.org/TR/trace-context/#traceparent-header
 */
export function parseTraceparent(s: string): TraceContext | undefined {
  const [, version = '', traceId = '', parentId = '', flags = '', rest] = TRACEPARENT.exec(s) ?? [];
  if (version === '' || version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(parentId)) return undefined;
  return { version, traceId, parentId, flags, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** Whether a `tracestate` may be passed on: printable, not too long, at most 32 members. */
function isTracestate(s: string): boolean {
  return (
    Buffer.byteLength(s) <= MAX_TRACESTATE_BYTES && TRACESTATE.test(s) && s.split(',').length <= MAX_TRACESTATE_MEMBERS
  );
}

/** What of a carrier is valid; a `tracestate` without a valid `traceparent` is worthless. Unsampled contexts are kept. */
export function validTrace(carrier: TraceCarrier | undefined): TraceCarrier {
  const { traceparent, tracestate } = carrier ?? {};
  if (typeof traceparent !== 'string' || parseTraceparent(traceparent) === undefined) return {};
  return typeof tracestate === 'string' && isTracestate(tracestate) ? { traceparent, tracestate } : { traceparent };
}
