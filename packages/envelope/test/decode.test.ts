import { createEventCodec, defineEvent, defineEvents, type KafkaRecordLike } from '@busbar/envelope';
import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';

import { asConsumed, codeOf, eventOf, order, ORDER_ID, orderCodec, TRACEPARENT } from './orders.ts';

const codec = orderCodec();
const record = codec.encode('order.created', order, {
  id: 'i',
  trace: { traceparent: TRACEPARENT, tracestate: 'a=1' },
});
const withHeaders = (changes: Record<string, string | undefined | Uint8Array>): KafkaRecordLike => ({
  ...record,
  headers: { ...record.headers, ...changes },
});

describe('decoding an event', () => {
  const carriers: readonly (readonly [string, KafkaRecordLike])[] = [
    ['strings', record],
    ['Buffers (kafkajs)', asConsumed(record)],
    [
      'plain Uint8Arrays inside larger memory',
      {
        value: new Uint8Array(Buffer.from(`..${record.value}..`)).subarray(2, -2),
        headers: Object.fromEntries(
          Object.entries(record.headers).map(([k, v]) => [k, new Uint8Array(Buffer.from(v))]),
        ),
      },
    ],
    [
      'lists of Buffers, the first of which counts',
      {
        value: record.value,
        headers: Object.fromEntries(
          Object.entries(record.headers).map(([k, v]) => [k, [Buffer.from(v), Buffer.from('x')]]),
        ),
      },
    ],
    [
      'a Map of Buffers (platformatic)',
      {
        value: Buffer.from(record.value ?? ''),
        headers: new Map(Object.entries(record.headers).map(([k, v]) => [Buffer.from(k), Buffer.from(v)])),
      },
    ],
    [
      'header names in any case',
      {
        value: record.value,
        headers: Object.fromEntries(Object.entries(record.headers).map(([k, v]) => [k.toUpperCase(), v])),
      },
    ],
  ];

  it.each(carriers)('V5 reads %s', (_name, carried) => {
    const event = eventOf(codec.decode(carried));
    expect(event.toJSON()).toEqual({
      specversion: '1.0',
      id: 'i',
      source: '/svc/orders',
      type: 'order.created.v1',
      time: '2026-11-24T12:00:00.123Z',
      subject: ORDER_ID,
      dataschema: 'urn:busbar:order.created:1',
      partitionkey: ORDER_ID,
      traceparent: TRACEPARENT,
      tracestate: 'a=1',
      datacontenttype: 'application/json',
      data: order,
    });
  });

  it('R-EV-1 gives every attribute a field, and the rest as extensions', () => {
    const full = orderCodec({ extensions: { vip: 'boolean' }, environment: 'prod' }).encode('order.created', order, {
      correlationid: 'c',
      causationid: 'd',
      trace: { traceparent: TRACEPARENT, tracestate: 'a=1' },
      extensions: { vip: true },
    });
    const event = eventOf(codec.decode(asConsumed(full)));
    expect(event).toMatchObject({
      name: 'order.created',
      version: 1,
      writtenVersion: 1,
      id: full.id,
      source: '/svc/orders',
      type: 'order.created.v1',
      time: '2026-11-24T12:00:00.123Z',
      timeMs: Date.UTC(2026, 10, 24, 12, 0, 0, 123),
      subject: ORDER_ID,
      dataschema: 'urn:busbar:order.created:1',
      datacontenttype: 'application/json',
      partitionkey: ORDER_ID,
      correlationid: 'c',
      causationid: 'd',
      traceparent: TRACEPARENT,
      tracestate: 'a=1',
      data: order,
      extensions: { vip: 'true', environment: 'prod' },
      bytes: full.bytes,
    });
    expect(Object.isFrozen(event)).toBe(true);
  });

  it('leaves absent attributes undefined', () => {
    const event = eventOf(
      codec.decode({
        value: record.value,
        headers: { ce_specversion: '1.0', ce_id: 'i', ce_source: 's', ce_type: 'order.created.v1' },
      }),
    );
    expect(event.time).toBeUndefined();
    expect(event.timeMs).toBeUndefined();
    expect(event.datacontenttype).toBeUndefined();
    expect(event.extensions).toEqual({});
  });

  it('V5 passes unknown attributes through and ignores headers without the prefix', () => {
    const event = eventOf(
      codec.decode(withHeaders({ ce_vendor1: 'x', 'x-request-id': 'y', ce_empty: '', retries: undefined })),
    );
    expect(event.extensions).toEqual({ vendor1: 'x', empty: '' });
  });

  it('V1 passes the time through as it was written, microseconds and offset included', () => {
    const event = eventOf(codec.decode(withHeaders({ ce_time: '2026-11-24T13:00:00.123456+01:00' })));
    expect(event.time).toBe('2026-11-24T13:00:00.123456+01:00');
    expect(event.timeMs).toBe(Date.UTC(2026, 10, 24, 12, 0, 0, 123));
    expect(eventOf(codec.decode(withHeaders({ ce_time: '2016-12-31T23:59:60Z' }))).timeMs).toBeUndefined();
  });

  it('C4 prefers the trace of the event to that of the hop', () => {
    const other = TRACEPARENT.replace('01', '00');
    expect(eventOf(codec.decode(withHeaders({ traceparent: other }))).traceparent).toBe(TRACEPARENT);
    expect(eventOf(codec.decode(withHeaders({ ce_traceparent: undefined, traceparent: other }))).traceparent).toBe(
      other,
    );
  });

  it('T2 ignores unknown properties and D5 keeps __proto__ and constructor as data', () => {
    const value = `{"orderId":"${ORDER_ID}","totalCents":1,"later":true,"__proto__":{"polluted":1},"constructor":2}`;
    const { data } = eventOf(codec.decode({ ...record, value }));
    expect(JSON.stringify(data)).toBe(value);
    expect(Object.getPrototypeOf(data)).toBe(Object.prototype);
    expect({}).not.toHaveProperty('polluted');
  });
});

describe('decoding a tombstone', () => {
  it('V4 gives the key and the attributes that were found', () => {
    const tombstone = codec.encodeTombstone('order.created', ORDER_ID, { id: 't' });
    expect(codec.decode(asConsumed(tombstone))).toEqual({
      ok: true,
      kind: 'tombstone',
      key: ORDER_ID,
      attributes: {
        id: 't',
        source: '/svc/orders',
        type: 'order.created.v1',
        time: '2026-11-24T12:00:00.123Z',
        subject: ORDER_ID,
        partitionkey: ORDER_ID,
      },
    });
  });

  it('has no key where the record has none, or none in UTF-8', () => {
    const headers = { ce_specversion: '1.0' };
    for (const key of [null, undefined, Uint8Array.of(0xff)]) {
      expect(codec.decode({ value: null, headers, key })).toMatchObject({ kind: 'tombstone', key: null });
    }
  });

  it('checks what it finds', () => {
    expect(codeOf(codec.decode({ value: null, headers: {} }))).toBe('NOT_CLOUDEVENT');
    expect(codeOf(codec.decode({ value: null }))).toBe('NOT_CLOUDEVENT');
    expect(codeOf(codec.decode({ value: null, headers: { ce_specversion: '0.3' } }))).toBe('UNSUPPORTED_SPECVERSION');
    expect(codeOf(codec.decode({ value: null, headers: { ce_specversion: '1.0', ce_id: '' } }))).toBe(
      'ATTRIBUTE_INVALID',
    );
  });
});

it('reads the exact wire type of a foreign event', () => {
  const foreign = createEventCodec(
    defineEvents({
      'github.push': defineEvent({
        version: 1,
        topic: 'hooks',
        type: 'com.github.push',
        schema: Type.Object({}),
        key: null,
      }),
    }),
    { source: 's', typePrefix: 'com.acme' },
  );
  const encoded = foreign.encode('github.push', {});
  expect(encoded.type).toBe('com.github.push');
  expect(eventOf(foreign.decode(encoded)).name).toBe('github.push');
});
