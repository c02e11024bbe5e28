/** The registry that most tests use, and small helpers around it. */
import {
  type CodecOptions,
  createEventCodec,
  defineEvent,
  defineEvents,
  type DecodeResult,
  EnvelopeError,
  type Issue,
  type KafkaRecordLike,
} from '@busbar/envelope';
import { Type } from 'typebox';

export const ORDER_ID = '0190d5a1-7b7c-7b7c-8b7c-0190d5a17b7c';
export const NOW_MS = Date.UTC(2026, 10, 24, 12, 0, 0, 123);
export const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

const orderSchema = Type.Object({
  orderId: Type.String({ format: 'uuid' }),
  totalCents: Type.Integer({ minimum: 0 }),
  note: Type.Optional(Type.String()),
});

export const orders = defineEvents({
  'order.created': defineEvent({ version: 1, topic: 'orders', schema: orderSchema, key: (d) => d.orderId }),
  'order.audited': defineEvent({
    version: 3,
    topic: 'audit',
    schema: Type.Object({ text: Type.String() }),
    key: null,
    subject: (d) => `audit/${d.text.length}`,
  }),
  'tree.grown': defineEvent({ version: 1, topic: 'trees', schema: Type.Unknown(), key: () => 'tree' }),
});

export const order = { orderId: ORDER_ID, totalCents: 1_250 };

/** A codec with a fixed clock and fixed randomness. */
export const orderCodec = (o: Partial<CodecOptions> = {}) =>
  createEventCodec(orders, {
    source: '/svc/orders',
    wallClock: () => NOW_MS,
    randomBytes: (count) => new Uint8Array(count).fill(0xab),
    ...o,
  });

/** A record as a consumer of kafkajs gets it: everything is bytes. */
export const asConsumed = (record: {
  readonly value: string | null;
  readonly key: string | null;
  readonly headers: Readonly<Record<string, string>>;
}): KafkaRecordLike => ({
  value: record.value === null ? null : Buffer.from(record.value),
  key: record.key === null ? null : Buffer.from(record.key),
  headers: Object.fromEntries(Object.entries(record.headers).map(([name, value]) => [name, Buffer.from(value)])),
});

/** What `act` throws; fails when it throws nothing or a foreign error. */
export const thrownBy = (act: () => unknown): EnvelopeError => {
  try {
    act();
  } catch (error) {
    if (isEnvelopeError(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

const isEnvelopeError = (error: unknown): error is EnvelopeError => error instanceof EnvelopeError;

/** The paths of an error's issues. */
export const issuePaths = (error: EnvelopeError): readonly string[] => {
  const { issues } = error.details;
  return Array.isArray(issues) ? issues.map((issue: unknown) => pathOf(issue)) : [];
};

const pathOf = (issue: unknown): string =>
  typeof issue === 'object' && issue !== null && 'path' in issue ? String(issue.path) : '?';

export const codeOf = (result: DecodeResult<unknown>): string => (result.ok ? result.kind : result.code);

export const issuesOf = (result: DecodeResult<unknown>): readonly Issue[] => (result.ok ? [] : result.issues);

/** The event of a result; fails when there is none. */
export const eventOf = <E>(result: DecodeResult<E>): E => {
  if (result.ok && result.kind === 'event') return result.event;
  throw new Error(`not an event: ${JSON.stringify(result)}`);
};
