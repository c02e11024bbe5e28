import { describe, expect, it } from 'vitest';

import { codeOf, eventOf, order, ORDER_ID, orderCodec, TRACEPARENT } from './orders.ts';

const codec = orderCodec();

describe('reading structured mode', () => {
  const contentType = { 'content-type': 'Application/CloudEvents+JSON' };
  const document = { specversion: '1.0', id: 'i', source: '/s', type: 'order.created.v1', data: order };
  const decode = (changes: Record<string, unknown>, headers: Record<string, string> = {}) =>
    codec.decode({ value: JSON.stringify({ ...document, ...changes }), headers: { ...contentType, ...headers } });

  it('V5 reads a document, its numbers and booleans as text and null as absent', () => {
    const event = eventOf(
      decode({ time: '2026-11-24T12:00:00Z', subject: null, vip: true, shard: -3 }, { tracestate: 'a=1' }),
    );
    expect(event).toMatchObject({
      id: 'i',
      source: '/s',
      data: order,
      extensions: { vip: 'true', shard: '-3' },
      tracestate: 'a=1',
    });
    expect(event.subject).toBeUndefined();
    expect(event.toJSON()).toEqual({
      ...document,
      time: '2026-11-24T12:00:00Z',
      vip: 'true',
      shard: '-3',
      tracestate: 'a=1',
    });
  });

  it('reads data_base64 of JSON', () => {
    const data_base64 = Buffer.from(JSON.stringify(order)).toString('base64');
    expect(eventOf(decode({ data: undefined, data_base64 })).data).toEqual(order);
    expect(eventOf(decode({ data_base64: null })).data).toEqual(order);
  });

  it.each<[string, Record<string, unknown>]>([
    ['UNSUPPORTED_SPECVERSION', { specversion: '0.3' }],
    ['ATTRIBUTE_MISSING', { type: undefined }],
    ['ATTRIBUTE_MISSING', { id: null }],
    ['UNKNOWN_TYPE', { type: 'x' }],
    ['ATTRIBUTE_INVALID', { Vendor: 'x' }],
    ['ATTRIBUTE_INVALID', { vendor: { nested: 1 } }],
    ['ATTRIBUTE_INVALID', { time: 5 }],
    ['UNSUPPORTED_CONTENT_TYPE', { datacontenttype: 'text/xml' }],
    ['MALFORMED_DATA', { data_base64: 'e30=' }],
    ['MALFORMED_DATA', { data: undefined, data_base64: 5 }],
    ['MALFORMED_DATA', { data: undefined, data_base64: Buffer.from('{').toString('base64') }],
    ['DATA_INVALID', { data: undefined }],
    ['DATA_INVALID', { data: null }],
  ])('a structured record is refused as %s (%#)', (code, changes) => {
    expect(codeOf(decode(changes))).toBe(code);
  });

  it('refuses other formats, batches and values that are no document', () => {
    const value = JSON.stringify(document);
    for (const type of [
      'application/cloudevents+avro',
      'application/cloudevents-batch+json',
      'application/cloudevents+json; charset=utf-16',
    ]) {
      expect(codeOf(codec.decode({ value, headers: { 'content-type': type } }))).toBe('UNSUPPORTED_CONTENT_TYPE');
    }
    for (const text of ['[]', '1', '{']) {
      expect(codeOf(codec.decode({ value: text, headers: contentType }))).toBe('MALFORMED_DATA');
    }
  });
});

describe('writing structured mode', () => {
  it('V2 writes one document with typed extensions, and keeps trace headers outside', () => {
    const encoded = orderCodec({ mode: 'structured', extensions: { vip: 'boolean' } }).encode('order.created', order, {
      id: 'i',
      trace: { traceparent: TRACEPARENT },
      extensions: { priority: 3, vip: false },
    });
    expect(encoded.headers).toEqual({
      'content-type': 'application/cloudevents+json; charset=UTF-8',
      traceparent: TRACEPARENT,
    });
    expect(JSON.parse(encoded.value ?? '')).toEqual({
      specversion: '1.0',
      id: 'i',
      source: '/svc/orders',
      type: 'order.created.v1',
      time: '2026-11-24T12:00:00.123Z',
      subject: ORDER_ID,
      dataschema: 'urn:busbar:order.created:1',
      datacontenttype: 'application/json',
      partitionkey: ORDER_ID,
      traceparent: TRACEPARENT,
      priority: 3,
      vip: false,
      data: order,
    });
  });

  it('V2 can be chosen for one call, and leaves out what an event without key does not have', () => {
    const encoded = orderCodec().encode('order.audited', { text: '' }, { mode: 'structured' });
    expect(JSON.parse(encoded.value ?? '')).not.toHaveProperty('partitionkey');
    expect(
      orderCodec({ mode: 'structured' }).encode('order.created', order, { mode: 'binary' }).headers,
    ).toHaveProperty('ce_id');
  });
});
