import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { createEventCodec, defineEvent, defineEvents } from '@busbar/envelope';
import { Type } from 'typebox';
import { afterEach, describe, expect, it } from 'vitest';

import { order, ORDER_ID, orderCodec, thrownBy } from './orders.ts';

const subscriptions: (() => void)[] = [];
afterEach(() => {
  for (const end of subscriptions.splice(0)) end();
});

/** Messages of a channel from now on. */
const messagesOf = (name: string): unknown[] => {
  const messages: unknown[] = [];
  const listener = (message: unknown): void => {
    messages.push(message);
  };
  subscribe(`busbar:envelope:${name}`, listener);
  subscriptions.push(() => unsubscribe(`busbar:envelope:${name}`, listener));
  return messages;
};
const aNumber: unknown = expect.any(Number);

describe('channels', () => {
  it('R-OB-1 created announces a codec under its source', () => {
    const created = messagesOf('created');
    const codec = orderCodec();
    expect(created).toEqual([{ name: '/svc/orders', instance: codec }]);
  });

  it('R-OB-1 encode and decode tell type, name, bytes and duration', () => {
    const [encoded, decoded] = [messagesOf('encode'), messagesOf('decode')];
    const codec = orderCodec();
    const event = codec.encode('order.created', order);
    codec.decode(event);
    const seen = { type: 'order.created.v1', name: 'order.created', bytes: event.bytes, durationMs: aNumber };
    expect(encoded).toEqual([seen]);
    expect(decoded).toEqual([{ ...seen, writtenVersion: 1 }]);
  });

  it('R-OB-1 invalid tells stage, code and issues, and no foreign name', () => {
    const invalid = messagesOf('invalid');
    const codec = orderCodec();
    const untyped: { encode(name: string, data: unknown): unknown } = codec;
    thrownBy(() => untyped.encode('order.created', { ...order, totalCents: -1 }));
    thrownBy(() => untyped.encode('made.up', 1));
    const event = codec.encode('order.created', order);
    codec.decode({ ...event, value: 'null' });
    codec.decode({ ...event, headers: { ...event.headers, ce_type: 'made.up.v1' } });
    expect(invalid).toEqual([
      {
        stage: 'publish',
        code: 'BUSBAR_EVENT_DATA_INVALID',
        name: 'order.created',
        type: 'order.created.v1',
        issues: [{ path: '/totalCents', message: 'must be >= 0' }],
      },
      { stage: 'publish', code: 'BUSBAR_EVENT_UNKNOWN_EVENT', name: '_other', issues: [] },
      {
        stage: 'consume',
        code: 'DATA_INVALID',
        name: 'order.created',
        type: 'order.created.v1',
        issues: [{ path: '', message: 'must be object', expected: 'object' }],
      },
      {
        stage: 'consume',
        code: 'UNKNOWN_TYPE',
        name: '_other',
        issues: [{ path: '', message: 'the type is not registered' }],
      },
    ]);
  });

  it('R-OB-1 oversize tells of events above warnBytes', () => {
    const oversize = messagesOf('oversize');
    const event = orderCodec({ warnBytes: 1_024 }).encode('tree.grown', 'x'.repeat(1_024));
    expect(oversize).toEqual([{ name: 'tree.grown', bytes: event.bytes, warnBytes: 1_024 }]);
  });
});

describe('stats', () => {
  it('R-OB-1 count events, tombstones, bytes and refusals', () => {
    const codec = orderCodec();
    const untyped: { encode(name: string, data: unknown): unknown } = codec;
    const event = codec.encode('order.created', order);
    const tombstone = codec.encodeTombstone('order.created', ORDER_ID);
    thrownBy(() => untyped.encode('order.created', {}));
    thrownBy(() => untyped.encode('order.created', {}));
    thrownBy(() => untyped.encode('made.up', {}));
    codec.decode(event);
    codec.decode(tombstone);
    codec.decode({ ...event, value: '{' });
    codec.decode({ value: '{' });
    expect(codec.stats()).toEqual({
      encoded: 2,
      encodedBytes: event.bytes + tombstone.bytes,
      decoded: 1,
      decodedBytes: event.bytes,
      tombstones: { in: 1, out: 1 },
      invalid: {
        publish: { BUSBAR_EVENT_DATA_INVALID: 2, BUSBAR_EVENT_UNKNOWN_EVENT: 1 },
        consume: { MALFORMED_DATA: 1, NOT_CLOUDEVENT: 1 },
      },
      oversize: 0,
      contextFailures: 0,
      compiled: aNumber,
      events: {
        'order.created': { encoded: 2, decoded: 1, invalid: { publish: 2, consume: 1 } },
        'order.audited': { encoded: 0, decoded: 0, invalid: { publish: 0, consume: 0 } },
        'tree.grown': { encoded: 0, decoded: 0, invalid: { publish: 0, consume: 0 } },
        _other: { encoded: 0, decoded: 0, invalid: { publish: 1, consume: 1 } },
      },
    });
  });

  it('R-OB-1 count from the 201st name on under _other', () => {
    const definition = defineEvent({ version: 1, topic: 't', schema: Type.Null(), key: null });
    const names = Array.from({ length: 201 }, (_, n) => `event.n${n}`);
    const codec = createEventCodec(defineEvents(Object.fromEntries(names.map((name) => [name, definition]))), {
      source: 's',
    });
    codec.encode('event.n199', null);
    codec.encode('event.n200', null);
    const { events } = codec.stats();
    expect(Object.keys(events)).toHaveLength(201);
    expect(events['event.n199']?.encoded).toBe(1);
    expect(events['_other']?.encoded).toBe(1);
  });
});
