import {
  type AnyEvent,
  createEventCodec,
  type DataOf,
  defineEvent,
  defineEvents,
  type EncodedEvent,
  type EventOf,
  type StandardSchemaV1,
} from '@busbar/envelope';
import { Type } from 'typebox';
import { expectTypeOf } from 'vitest';

const Order = Type.Object({ orderId: Type.String(), totalCents: Type.Integer(), note: Type.Optional(Type.String()) });
declare const trimmed: StandardSchemaV1<string, { readonly text: string }>;

const events = defineEvents({
  'order.created': defineEvent({ version: 1, topic: 'orders', key: (d) => d.orderId, schema: Order }),
  'note.taken': defineEvent({
    version: 2,
    topic: 'notes',
    key: (d) => d.text,
    subject: (d) => d.text,
    schema: trimmed,
  }),
  'clock.ticked': defineEvent({ version: 1, topic: 'clock', key: null, schema: Type.Null() }),
});
type Events = (typeof events)['definitions'];
const codec = createEventCodec(events, { source: '/svc/orders' });

// The type of the data derives from the schema, TypeBox or Standard Schema.
expectTypeOf<DataOf<typeof Order>>().toEqualTypeOf<{ orderId: string; totalCents: number; note?: string }>();
expectTypeOf<DataOf<typeof trimmed>>().toEqualTypeOf<{ readonly text: string }>();
expectTypeOf<EventOf<Events, 'note.taken'>['version']>().toEqualTypeOf<2>();
expectTypeOf<AnyEvent<Events>['name']>().toEqualTypeOf<'order.created' | 'note.taken' | 'clock.ticked'>();

codec.encode('order.created', { orderId: 'o', totalCents: 1 });
codec.encode('note.taken', { text: 't' });
codec.encode('clock.ticked', null);
// @ts-expect-error -- an unknown name
codec.encode('order.creatd', { orderId: 'o', totalCents: 1 });
// @ts-expect-error -- a wrong type
codec.encode('order.created', { orderId: 'o', totalCents: '1' });
// @ts-expect-error -- a missing property
codec.encode('order.created', { orderId: 'o' });
// @ts-expect-error -- a property too many
codec.encode('order.created', { orderId: 'o', totalCents: 1, totalCent: 1 });
// @ts-expect-error -- the data of another event
codec.encode('note.taken', { orderId: 'o', totalCents: 1 });
// @ts-expect-error -- an unknown option
codec.encode('clock.ticked', null, { ide: 'x' });
// @ts-expect-error -- a tombstone has no mode
codec.encodeTombstone('order.created', 'k', { mode: 'structured' });
// @ts-expect-error -- a tombstone of an unknown name
codec.encodeTombstone('order.creatd', 'k');
// @ts-expect-error -- the key function sees the data
defineEvent({ version: 1, topic: 't', schema: Order, key: (d) => String(d.order) });
// @ts-expect-error -- a key is text
defineEvent({ version: 1, topic: 't', schema: Order, key: (d) => d.totalCents });
// @ts-expect-error -- the key must be decided: a function, or null for unordered
defineEvent({ version: 1, topic: 't', schema: Order });
// @ts-expect-error -- a codec has a source
createEventCodec(events, {});

// The name narrows version and data.
const result = codec.decode({ value: null });
if (result.ok && result.kind === 'event') {
  const { event } = result;
  if (event.name === 'order.created') expectTypeOf(event.data).toEqualTypeOf<DataOf<typeof Order>>();
  if (event.name === 'note.taken') expectTypeOf(event.version).toEqualTypeOf<2>();
  if (event.version === 2) expectTypeOf(event.data).toEqualTypeOf<{ readonly text: string }>();
  // @ts-expect-error -- a decoded event cannot be changed
  event.id = '';
} else if (result.ok) expectTypeOf(result.key).toEqualTypeOf<string | null>();
else expectTypeOf(result.code).toExtend<string>();

// What an outbox stores, structurally (outbox.md §3): no import, the packages do not know each other.
interface OutboxRecord {
  readonly id: string;
  readonly topic: string;
  readonly key: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: string | Uint8Array | null;
}
expectTypeOf<EncodedEvent>().toExtend<OutboxRecord>();

// Messages of kafkajs and @platformatic/kafka, structurally.
interface KafkaJsMessage {
  key: Buffer | null;
  value: Buffer | null;
  headers?: Record<string, Buffer | string | (Buffer | string)[] | undefined>;
}
interface PlatformaticMessage {
  key: Buffer;
  value: Buffer;
  headers: Map<Buffer, Buffer>;
}
declare const consumed: KafkaJsMessage | PlatformaticMessage;
codec.decode(consumed);
