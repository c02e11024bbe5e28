/** One row of the catalogue of spans. */
export interface SpanEntry {
  /** With the part that varies in braces. */
  readonly name: string;
  readonly kind: 'client' | 'internal';
  /** The channel whose message becomes the span. */
  readonly channel: string;
  readonly attributes: readonly string[];
}

/** Every span this package makes. Each is made after the fact, from a message that carries its duration. */
export const SPAN_CATALOG: readonly SpanEntry[] = [
  {
    name: 'send {topic}',
    kind: 'client',
    channel: 'busbar:producer-pool:send',
    attributes: [
      'messaging.system.name',
      'messaging.system',
      'messaging.operation.name',
      'messaging.operation.type',
      'messaging.destination.name',
      'messaging.destination.partition.id',
      'messaging.batch.message_count',
      'messaging.message.id',
      'cloudevents.event_id',
      'cloudevents.event_type',
      'busbar.producer.pool.name',
      'busbar.attempt',
      'error.type',
    ],
  },
  {
    name: 'relay {outbox}',
    kind: 'internal',
    channel: 'busbar:outbox:cycle',
    attributes: [
      'busbar.outbox.name',
      'busbar.outbox.claimed',
      'busbar.outbox.published',
      'busbar.outbox.failed',
      'busbar.outbox.parked',
      'busbar.trigger',
      'error.type',
    ],
  },
];
