import { randomBytes } from 'node:crypto';

import { ATTRIBUTE_LIMITS, attributeFault, uriFault } from './attributes.ts';
import { EventOptionsError } from './errors.ts';
import type { EventContext } from './event-context.ts';
import { declareExtensions, type DeclaredExtensions, type ExtensionEntry, type ExtensionType } from './extensions.ts';
import type { Issue } from './issue.ts';
import type { TraceCarrier } from './trace-context.ts';

/** How an event is laid out in a Kafka record: attributes as headers, or one JSON document. */
export type EventMode = 'binary' | 'structured';

/** What a codec writes into every event, and the bounds it keeps. */
export interface CodecOptions {
  /** The `source` attribute: a URI reference of 1..512 bytes, by convention `/svc/<service name>`. Identity together with `id`. */
  readonly source: string;
  /** Reverse DNS name before the event name in the wire type and in the URN of the data schema, ≤ 100 characters. Default: none. */
  readonly typePrefix?: string;
  /** Default: `binary`, which is cheaper and shows the attributes to tools that do not parse the value. */
  readonly mode?: EventMode;
  /** Largest record, value, key and headers together. Default: 1_000_000 bytes; range 1_024..16_777_216. */
  readonly maxBytes?: number;
  /** Larger records are counted and published on the channel `oversize`. Default: 65_536 bytes; range 1_024..16_777_216. */
  readonly warnBytes?: number;
  /** Largest value that is decoded. Default: 16_777_216 bytes; at least `maxBytes`. */
  readonly maxDecodeBytes?: number;
  /** Extension attributes that events may carry, ≤ 32, written in this order. Default: only `priority` and `target`. */
  readonly extensions?: Readonly<Record<string, ExtensionType>>;
  /** Constant extension attributes of ≤ 128 bytes. Default: not sent. */
  readonly environment?: string;
  readonly region?: string;
  readonly deployment?: string;
  /** Parses every event that is written and refuses data that JSON changed (Date, Map, NaN). Costs a parse. Default: false. */
  readonly checkRoundTrip?: boolean;
  /** Correlation and trace of the moment. What it throws is counted, and the event is written without. Default: none. */
  readonly context?: () => (EventContext & TraceCarrier) | undefined;
  /** Unix time in milliseconds. Default: `Date.now`. */
  readonly wallClock?: () => number;
  /** Random bytes for ids. Default: `crypto.randomBytes`. */
  readonly randomBytes?: (count: number) => Uint8Array;
}

/** Defaults of the numeric options. */
export const CODEC_DEFAULTS = Object.freeze({
  mode: 'binary',
  maxBytes: 1_000_000,
  warnBytes: 65_536,
  maxDecodeBytes: 16_777_216,
  checkRoundTrip: false,
} as const);

/** Bounds of the options. */
export const CODEC_LIMITS = Object.freeze({
  minBytes: 1_024,
  maxBytes: 16_777_216,
  typePrefixLength: 100,
  constantBytes: 128,
});

export interface ResolvedCodecOptions {
  readonly source: string;
  readonly typePrefix: string | undefined;
  readonly mode: EventMode;
  readonly maxBytes: number;
  readonly warnBytes: number;
  readonly maxDecodeBytes: number;
  readonly extensions: DeclaredExtensions;
  /** `environment`, `region`, `deployment`, as far as they are set. */
  readonly constants: readonly ExtensionEntry[];
  readonly checkRoundTrip: boolean;
  readonly context: (() => (EventContext & TraceCarrier) | undefined) | undefined;
  readonly wallClock: () => number;
  readonly randomBytes: (count: number) => Uint8Array;
}

const TYPE_PREFIX = /^[a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*)*$/;
const CONSTANTS = ['environment', 'region', 'deployment'] as const;

/**
 * Copies and checks the options.
 * @throws {@link EventOptionsError} with every problem.
 */
export function resolveCodecOptions(options: CodecOptions): ResolvedCodecOptions {
  const { declared, issues: extensionIssues } = declareExtensions(options.extensions);
  const issues = [
    ...identityProblems(options),
    ...sizeProblems(options),
    ...functionProblems(options),
    ...extensionIssues,
  ];
  if (issues.length > 0) throw new EventOptionsError({ issues });
  return Object.freeze({
    source: options.source,
    typePrefix: options.typePrefix,
    mode: options.mode ?? CODEC_DEFAULTS.mode,
    maxBytes: options.maxBytes ?? CODEC_DEFAULTS.maxBytes,
    warnBytes: options.warnBytes ?? CODEC_DEFAULTS.warnBytes,
    maxDecodeBytes: options.maxDecodeBytes ?? CODEC_DEFAULTS.maxDecodeBytes,
    extensions: declared,
    constants: CONSTANTS.flatMap((name): readonly ExtensionEntry[] => {
      const value = options[name];
      return value === undefined ? [] : [[name, value]];
    }),
    checkRoundTrip: options.checkRoundTrip ?? CODEC_DEFAULTS.checkRoundTrip,
    context: options.context,
    wallClock: options.wallClock ?? Date.now,
    randomBytes: options.randomBytes ?? randomBytes,
  });
}

function identityProblems(options: CodecOptions): readonly Issue[] {
  const { source, typePrefix, mode } = options;
  const issues: Issue[] = [];
  const sourceFault = attributeFault(source, ATTRIBUTE_LIMITS.sourceBytes) ?? uriFault(source);
  if (sourceFault !== undefined) issues.push({ path: '/source', message: sourceFault });
  if (
    typePrefix !== undefined &&
    (!TYPE_PREFIX.test(typePrefix) || typePrefix.length > CODEC_LIMITS.typePrefixLength)
  ) {
    issues.push({
      path: '/typePrefix',
      message: `must be a reverse DNS name of at most ${CODEC_LIMITS.typePrefixLength} characters`,
    });
  }
  if (mode !== undefined && mode !== 'binary' && mode !== 'structured') {
    issues.push({ path: '/mode', message: 'must be "binary" or "structured"' });
  }
  for (const name of CONSTANTS) {
    const fault = options[name] === undefined ? undefined : attributeFault(options[name], CODEC_LIMITS.constantBytes);
    if (fault !== undefined) issues.push({ path: `/${name}`, message: fault });
  }
  return issues;
}

function sizeProblems(options: CodecOptions): readonly Issue[] {
  const issues: Issue[] = [];
  const { minBytes, maxBytes } = CODEC_LIMITS;
  for (const name of ['maxBytes', 'warnBytes'] as const) {
    const value = options[name];
    if (value !== undefined && !(Number.isInteger(value) && value >= minBytes && value <= maxBytes)) {
      issues.push({ path: `/${name}`, message: `must be an integer from ${minBytes} to ${maxBytes}` });
    }
  }
  const encodable = options.maxBytes ?? CODEC_DEFAULTS.maxBytes;
  const decodable = options.maxDecodeBytes ?? CODEC_DEFAULTS.maxDecodeBytes;
  if (!Number.isSafeInteger(decodable) || decodable < encodable) {
    issues.push({ path: '/maxDecodeBytes', message: 'must be an integer, at least maxBytes' });
  }
  return issues;
}

function functionProblems(options: CodecOptions): readonly Issue[] {
  const issues: Issue[] = [];
  for (const name of ['context', 'wallClock', 'randomBytes'] as const) {
    if (options[name] !== undefined && typeof options[name] !== 'function')
      issues.push({ path: `/${name}`, message: 'must be a function' });
  }
  if (options.checkRoundTrip !== undefined && typeof options.checkRoundTrip !== 'boolean') {
    issues.push({ path: '/checkRoundTrip', message: 'must be a boolean' });
  }
  return issues;
}
