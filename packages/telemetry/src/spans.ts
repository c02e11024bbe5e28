import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
  type Attributes,
  type Context,
  type Link,
  type Span,
  type SpanContext,
  type SpanOptions,
  type Tracer,
} from '@opentelemetry/api';

import { errorTypeOf } from './error-type.ts';
import { headerOf, readCycle, readSend, type CycleMessage, type SendMessage } from './messages.ts';
import type { ResolvedOptions } from './options.ts';
import {
  CLOUDEVENTS_EVENT_ID,
  CLOUDEVENTS_EVENT_TYPE,
  ERROR_TYPE,
  MESSAGING_BATCH_COUNT,
  MESSAGING_DESTINATION_NAME,
  MESSAGING_MESSAGE_ID,
  MESSAGING_OPERATION_NAME,
  MESSAGING_OPERATION_TYPE,
  MESSAGING_PARTITION_ID,
  MESSAGING_SYSTEM,
  MESSAGING_SYSTEM_NAME,
} from './semconv.ts';
import type { TelemetryCounters } from './stats.ts';
import { parseTraceContext } from './trace-carrier.ts';

interface FinishedWork {
  readonly tracer: Tracer;
  readonly name: string;
  readonly durationMs: number;
  readonly options: SpanOptions;
  readonly parent: Context;
  readonly error: { readonly type: string } | undefined;
  readonly moreLinks: readonly Link[];
}

/**
 * Spans of work that is already done: a message says how long it took, so the span ends now and began that long ago.
 * They are roots, or children of the one event they are about: what happens to be active when a batch is flushed
 * belongs to one of many callers and is not their parent.
 */
export class SpanMaker {
  readonly #options: ResolvedOptions;
  readonly #counters: TelemetryCounters;

  constructor(options: ResolvedOptions, counters: TelemetryCounters) {
    this.#options = options;
    this.#counters = counters;
  }

  /** `busbar:producer-pool:send` → `send {topic}`. */
  onSend(tracer: Tracer, message: unknown): void {
    const send = readSend(message);
    if (send === undefined) return;
    const creations = creationContexts(send.records);
    const single = send.recordCount === 1 ? creations[0] : undefined;
    const links = single === undefined ? this.#linksTo(creations) : [];
    this.#make({
      tracer,
      name: `send ${send.topic}`,
      durationMs: send.durationMs,
      options: { kind: SpanKind.CLIENT, links: links.slice(0, 1), attributes: this.#sendAttributes(send) },
      parent: single === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, single),
      error: send.failed ? { type: errorTypeOf(send.error) } : undefined,
      moreLinks: links.slice(1),
    });
  }

  /** `busbar:outbox:cycle` → `relay {outbox}`. */
  onCycle(tracer: Tracer, message: unknown): void {
    const cycle = readCycle(message);
    if (cycle === undefined) return;
    this.#make({
      tracer,
      name: `relay ${cycle.name}`,
      durationMs: cycle.durationMs,
      options: { kind: SpanKind.INTERNAL, attributes: cycleAttributes(cycle) },
      parent: ROOT_CONTEXT,
      error: cycle.error === undefined ? undefined : { type: errorTypeOf(cycle.error) },
      moreLinks: [],
    });
  }

  #make({ tracer, name, durationMs, options, parent, error, moreLinks }: FinishedWork): void {
    const endMs = this.#options.wallClock();
    const attributes = error === undefined ? options.attributes : { ...options.attributes, [ERROR_TYPE]: error.type };
    const span: Span = tracer.startSpan(
      name,
      { ...options, ...(attributes === undefined ? {} : { attributes }), startTime: endMs - durationMs },
      parent,
    );
    if (span.isRecording()) {
      if (moreLinks.length > 0) span.addLinks([...moreLinks]);
      if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
    }
    span.end(endMs);
  }

  /** Sampled contexts first, since a link to an unsampled one leads nowhere. */
  #linksTo(creations: readonly SpanContext[]): readonly Link[] {
    const sampled = creations.filter(isSampled);
    const ordered = [...sampled, ...creations.filter((context) => !isSampled(context))];
    const { perMessageLinks } = this.#options;
    if (ordered.length > perMessageLinks) this.#counters.drop('links', ordered.length - perMessageLinks);
    return ordered.slice(0, perMessageLinks).map((context) => ({ context }));
  }

  #sendAttributes(send: SendMessage): Attributes {
    const [record] = send.records;
    const single = send.recordCount === 1 && record !== undefined;
    const eventId = single ? headerOf(record, 'ce_id') : undefined;
    const eventType = single ? headerOf(record, 'ce_type') : undefined;
    return {
      [MESSAGING_SYSTEM_NAME]: 'kafka',
      ...(this.#options.semconv === 'dup' ? { [MESSAGING_SYSTEM]: 'kafka' } : {}),
      [MESSAGING_OPERATION_NAME]: 'send',
      [MESSAGING_OPERATION_TYPE]: 'send',
      [MESSAGING_DESTINATION_NAME]: send.topic,
      'busbar.producer.pool.name': send.name,
      ...(send.partition === undefined ? {} : { [MESSAGING_PARTITION_ID]: String(send.partition) }),
      ...(send.attempt === undefined ? {} : { 'busbar.attempt': send.attempt }),
      ...(send.recordCount > 1 ? { [MESSAGING_BATCH_COUNT]: send.recordCount } : {}),
      ...(eventId === undefined ? {} : { [MESSAGING_MESSAGE_ID]: eventId, [CLOUDEVENTS_EVENT_ID]: eventId }),
      ...(eventType === undefined ? {} : { [CLOUDEVENTS_EVENT_TYPE]: eventType }),
    };
  }
}

const isSampled = (context: SpanContext): boolean => (context.traceFlags & TraceFlags.SAMPLED) !== 0;

const cycleAttributes = (cycle: CycleMessage): Attributes => ({
  'busbar.outbox.name': cycle.name,
  'busbar.outbox.claimed': cycle.claimed,
  'busbar.outbox.published': cycle.published,
  'busbar.outbox.failed': cycle.failed,
  'busbar.outbox.parked': cycle.parked,
  ...(cycle.trigger === undefined ? {} : { 'busbar.trigger': cycle.trigger }),
});

/** The distinct contexts in which the records were made, as their headers tell. */
const creationContexts = (records: readonly unknown[]): readonly SpanContext[] => {
  const contexts = new Map<string, SpanContext>();
  for (const record of records) {
    const traceparent = headerOf(record, 'traceparent');
    if (traceparent === undefined || contexts.has(traceparent)) continue;
    const parsed = parseTraceContext(traceparent, headerOf(record, 'tracestate'));
    if (parsed !== undefined) contexts.set(traceparent, parsed);
  }
  return [...contexts.values()];
};
