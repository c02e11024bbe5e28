import { defineEvent, defineEvents, createEventCodec, runWithEvent } from '@busbar/envelope';
import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';

import { issuePaths, NOW_MS, order, ORDER_ID, orderCodec, thrownBy, TRACEPARENT } from './orders.ts';

describe('binary mode', () => {
  it('R-EV-1 V1 writes the data as the value and every attribute as a header, in fixed order', () => {
    const encoded = orderCodec({
      typePrefix: 'com.acme',
      extensions: { shard: 'integer', vip: 'boolean', channel: 'string' },
      environment: 'prod',
      region: 'eu-1',
      deployment: 'blue',
    }).encode('order.created', order, {
      id: 'id-1',
      correlationid: 'c-1',
      causationid: 'e-0',
      expirytime: new Date(NOW_MS + 1_000),
      dataref: 'https://files/1',
      trace: { traceparent: TRACEPARENT, tracestate: 'a=1' },
      extensions: { channel: 'web', vip: true, shard: -7, priority: 9, target: 'billing' },
    });
    expect(encoded).toMatchObject({
      id: 'id-1',
      topic: 'orders',
      key: ORDER_ID,
      value: `{"orderId":"${ORDER_ID}","totalCents":1250}`,
      name: 'order.created',
      type: 'com.acme.order.created.v1',
    });
    expect(Object.entries(encoded.headers)).toEqual([
      ['content-type', 'application/json'],
      ['ce_specversion', '1.0'],
      ['ce_id', 'id-1'],
      ['ce_source', '/svc/orders'],
      ['ce_type', 'com.acme.order.created.v1'],
      ['ce_time', '2026-11-24T12:00:00.123Z'],
      ['ce_subject', ORDER_ID],
      ['ce_dataschema', 'urn:busbar:com.acme:order.created:1'],
      ['ce_partitionkey', ORDER_ID],
      ['ce_correlationid', 'c-1'],
      ['ce_causationid', 'e-0'],
      ['ce_expirytime', '2026-11-24T12:00:01.123Z'],
      ['ce_dataref', 'https://files/1'],
      ['ce_traceparent', TRACEPARENT],
      ['ce_priority', '9'],
      ['ce_target', 'billing'],
      ['ce_shard', '-7'],
      ['ce_vip', 'true'],
      ['ce_channel', 'web'],
      ['ce_environment', 'prod'],
      ['ce_region', 'eu-1'],
      ['ce_deployment', 'blue'],
      ['traceparent', TRACEPARENT],
      ['tracestate', 'a=1'],
    ]);
  });

  it('V1 writes the same bytes for the same input, id and clock', () => {
    const write = () => JSON.stringify(orderCodec().encode('order.created', order));
    expect(write()).toBe(write());
  });

  it('V3 has neither key nor partitionkey nor a default subject where order does not matter', () => {
    const encoded = orderCodec().encode('order.audited', { text: 'abc' });
    expect(encoded.key).toBeNull();
    expect(encoded.headers).not.toHaveProperty('ce_partitionkey');
    expect(encoded.headers['ce_subject']).toBe('audit/3');
    const plain = createEventCodec(
      defineEvents({ seen: defineEvent({ version: 1, topic: 't', schema: Type.Object({}), key: null }) }),
      { source: 's' },
    );
    expect(plain.encode('seen', {}).headers).not.toHaveProperty('ce_subject');
  });

  it('V3 takes a key and a subject from the call, as they are', () => {
    const encoded = orderCodec().encode('order.created', order, { key: 'ключ', subject: 'other' });
    expect(encoded.key).toBe('ключ');
    expect(encoded.headers).toMatchObject({ ce_partitionkey: 'ключ', ce_subject: 'other' });
  });

  it('V4 writes a tombstone with a null value, and null data as the four bytes null', () => {
    const tombstone = orderCodec({ mode: 'structured' }).encodeTombstone('order.created', ORDER_ID, { subject: 's' });
    expect(tombstone).toMatchObject({ value: null, key: ORDER_ID, topic: 'orders' });
    expect(Object.keys(tombstone.headers)).toEqual([
      'ce_specversion',
      'ce_id',
      'ce_source',
      'ce_type',
      'ce_time',
      'ce_subject',
      'ce_partitionkey',
    ]);
    expect(orderCodec().encode('tree.grown', null).value).toBe('null');
  });

  it('counts bytes of value, key and headers in UTF-8', () => {
    const encoded = orderCodec().encode('order.created', { ...order, note: 'ж€😀' }, { key: 'é' });
    const headerBytes = Object.entries(encoded.headers).reduce((sum, [k, v]) => sum + Buffer.byteLength(k + v), 0);
    expect(encoded.bytes).toBe(Buffer.byteLength(encoded.value ?? '') + 2 + headerBytes);
  });
});

describe('context', () => {
  const context = () => ({ correlationid: 'ctx', causationid: 'ctx-e', traceparent: TRACEPARENT, tracestate: 'v=1' });

  it('C4 options win over the handled event, which wins over the context of the codec', () => {
    const codec = orderCodec({ context });
    const idsOf = (o = {}) => {
      const { headers } = codec.encode('order.created', order, o);
      return [headers['ce_correlationid'], headers['ce_causationid']];
    };
    expect(idsOf()).toEqual(['ctx', 'ctx-e']);
    expect(runWithEvent({ id: 'e9', correlationid: 'c9' }, idsOf)).toEqual(['c9', 'e9']);
    expect(runWithEvent({ id: 'e9' }, idsOf)).toEqual(['e9', 'e9']);
    expect(runWithEvent({ id: 'e9' }, () => idsOf({ causationid: 'mine' }))).toEqual(['e9', 'mine']);
  });

  it('C4 stores the trace of the context; a trace of the call replaces it as a whole', () => {
    const codec = orderCodec({ context });
    expect(codec.encode('order.created', order).headers).toMatchObject({
      ce_traceparent: TRACEPARENT,
      traceparent: TRACEPARENT,
      tracestate: 'v=1',
    });
    const replaced = codec.encode('order.created', order, {
      trace: { traceparent: 'nonsense', tracestate: 'v=2' },
    }).headers;
    expect(replaced).not.toHaveProperty('traceparent');
    expect(replaced).not.toHaveProperty('ce_traceparent');
    expect(replaced).not.toHaveProperty('tracestate');
  });

  it('C4 a context that throws is counted and blocks nothing', () => {
    const codec = orderCodec({
      context: () => {
        throw new TypeError('no tracer');
      },
    });
    expect(codec.encode('order.created', order).headers).not.toHaveProperty('ce_correlationid');
    expect(codec.stats().contextFailures).toBe(1);
  });

  it('C4 an unusable inherited value is dropped and counted, an unusable value of the call is an error', () => {
    const codec = orderCodec({ context: () => ({ correlationid: 'a\nb' }) });
    expect(codec.encode('order.created', order).headers).not.toHaveProperty('ce_correlationid');
    expect(codec.stats().contextFailures).toBe(1);
    expect(issuePaths(thrownBy(() => codec.encode('order.created', order, { correlationid: 'a\nb' })))).toEqual([
      '/correlationid',
    ]);
    expect(orderCodec({ context: () => undefined }).encode('order.created', order).id).not.toBe('');
  });
});
