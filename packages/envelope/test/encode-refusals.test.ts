import { createEventCodec, defineEvent, defineEvents } from '@busbar/envelope';
import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';

import { issuePaths, order, orderCodec, thrownBy } from './orders.ts';

describe('what encode refuses', () => {
  const codec = orderCodec({ extensions: { shard: 'integer', vip: 'boolean', channel: 'string' } });

  it('names every wrong attribute of a call at once, before it looks at the data', () => {
    const error = thrownBy(() =>
      codec.encode(
        'order.created',
        { orderId: '', totalCents: -1 },
        {
          id: '',
          key: 'x'.repeat(513),
          subject: 'a\u0000b',
          time: new Date(Number.NaN),
          expirytime: new Date(Date.UTC(10_000, 0)),
          correlationid: '\uD800',
          causationid: 'x'.repeat(4_097),
          dataref: '\uFDD0',
          extensions: { shard: 1.5, vip: 'yes', channel: '', unknown: 1, priority: 10 },
        },
      ),
    );
    expect(error.code).toBe('BUSBAR_EVENT_ATTRIBUTE_INVALID');
    expect(issuePaths(error)).toEqual([
      '/id',
      '/time',
      '/correlationid',
      '/causationid',
      '/expirytime',
      '/dataref',
      '/extensions/unknown',
      '/extensions/priority',
      '/extensions/shard',
      '/extensions/vip',
      '/extensions/channel',
      '/key',
      '/subject',
    ]);
  });

  it.each([
    ['id', 128],
    ['key', 512],
    ['subject', 4_096],
    ['correlationid', 4_096],
  ])('C6 %s may have %i bytes of UTF-8 and not one more', (name, limit) => {
    const encode = (text: string) => codec.encode('order.created', order, { [name]: text });
    expect(() => encode('x'.repeat(limit - 1))).not.toThrow();
    expect(() => encode('x'.repeat(limit))).not.toThrow();
    expect(() => encode('é'.repeat(limit / 2))).not.toThrow();
    expect(issuePaths(thrownBy(() => encode('x'.repeat(limit + 1))))).toEqual([`/${name}`]);
    expect(issuePaths(thrownBy(() => encode(`é`.repeat(limit / 2) + 'x')))).toEqual([`/${name}`]);
  });

  it('C6 integer extensions have 32 bits', () => {
    const encode = (shard: number) =>
      codec.encode('order.created', order, { extensions: { shard } }).headers['ce_shard'];
    expect(encode(2_147_483_647)).toBe('2147483647');
    expect(encode(-2_147_483_648)).toBe('-2147483648');
    for (const wrong of [2_147_483_648, -2_147_483_649, Number.NaN, 0.5])
      expect(() => encode(wrong)).toThrow('32 bits');
  });

  it('refuses data that does not fit, with paths and without values', () => {
    const error = thrownBy(() => codec.encode('order.created', { ...order, totalCents: 12.5 }));
    expect(error.code).toBe('BUSBAR_EVENT_DATA_INVALID');
    expect(error).toMatchObject({ retryable: false, outcome: 'not-sent' });
    expect(error.details['issues']).toEqual([{ path: '/totalCents', message: 'must be integer', expected: 'integer' }]);
    expect(codec.validate('order.created', { ...order, totalCents: 12.5 })).toEqual(error.details['issues']);
    expect(codec.validate('order.created', order)).toEqual([]);
  });

  it('refuses a name that only plain JavaScript can pass', () => {
    const untyped: { encode(name: string, data: unknown): unknown; validate(name: string, data: unknown): unknown } =
      codec;
    expect(thrownBy(() => untyped.encode('order.creatd', {})).code).toBe('BUSBAR_EVENT_UNKNOWN_EVENT');
    expect(thrownBy(() => untyped.validate('order.creatd', {})).details).toEqual({
      event: 'order.creatd',
      known: ['order.created', 'order.audited', 'tree.grown'],
    });
  });

  it('refuses an event whose key or subject cannot be computed', () => {
    const schema = Type.Object({ id: Type.String() });
    const boom = (): string => {
      throw new RangeError('secret');
    };
    const broken = createEventCodec(
      defineEvents({
        empty: defineEvent({ version: 1, topic: 't', schema, key: (d) => d.id }),
        throws: defineEvent({ version: 1, topic: 't', schema, key: boom }),
        control: defineEvent({ version: 1, topic: 't', schema, key: () => 'a\u0000' }),
        subject: defineEvent({ version: 1, topic: 't', schema, key: null, subject: boom }),
        badsubject: defineEvent({ version: 1, topic: 't', schema, key: null, subject: () => '' }),
      }),
      { source: 's' },
    );
    const data = { id: '' };
    expect(thrownBy(() => broken.encode('empty', data))).toMatchObject({
      code: 'BUSBAR_EVENT_KEY_MISSING',
      details: { reason: 'empty' },
    });
    const threw = thrownBy(() => broken.encode('throws', data));
    expect(threw).toMatchObject({ code: 'BUSBAR_EVENT_KEY_MISSING', details: { reason: 'threw' } });
    expect(threw.cause).toBeInstanceOf(RangeError);
    expect(issuePaths(thrownBy(() => broken.encode('control', data)))).toEqual(['/key']);
    expect(thrownBy(() => broken.encode('subject', data)).cause).toBeInstanceOf(RangeError);
    expect(issuePaths(thrownBy(() => broken.encode('badsubject', data)))).toEqual(['/subject']);
  });

  it('refuses what has no JSON form', () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    for (const data of [cycle, 1n, { toJSON: () => cycle }]) {
      expect(thrownBy(() => codec.encode('tree.grown', data))).toMatchObject({
        code: 'BUSBAR_EVENT_NOT_SERIALIZABLE',
        details: { reason: 'stringify-failed' },
      });
    }
    for (const data of [undefined, () => 1, Symbol('s')]) {
      expect(thrownBy(() => codec.encode('tree.grown', data))).toMatchObject({ details: { reason: 'no-json' } });
    }
  });

  it('C2 with checkRoundTrip, refuses what JSON would change and says where', () => {
    const strict = orderCodec({ checkRoundTrip: true });
    expect(strict.encode('tree.grown', { a: [1, -0, { b: null, c: undefined }] }).value).toBe('{"a":[1,0,{"b":null}]}');
    expect(thrownBy(() => strict.encode('tree.grown', { a: [1, { 'b/c': new Date(0) }] }))).toMatchObject({
      code: 'BUSBAR_EVENT_NOT_SERIALIZABLE',
      details: { reason: 'changed-by-json', path: '/a/1/b~1c' },
    });
    expect(codec.encode('tree.grown', { at: new Date(0) }).value).toBe('{"at":"1970-01-01T00:00:00.000Z"}');
  });

  it('C6 refuses a record of maxBytes + 1 and reports one of warnBytes + 1', () => {
    const small = orderCodec({ maxBytes: 2_000, warnBytes: 1_500 });
    const overhead = small.encode('tree.grown', '').bytes;
    const encodeOf = (bytes: number) => small.encode('tree.grown', 'x'.repeat(bytes - overhead));
    expect(encodeOf(1_500).bytes).toBe(1_500);
    expect(small.stats().oversize).toBe(0);
    expect(encodeOf(1_501).bytes).toBe(1_501);
    expect(small.stats().oversize).toBe(1);
    expect(encodeOf(2_000).bytes).toBe(2_000);
    expect(thrownBy(() => encodeOf(2_001))).toMatchObject({
      code: 'BUSBAR_EVENT_TOO_LARGE',
      details: { event: 'tree.grown', bytes: 2_001, limitBytes: 2_000 },
    });
  });

  it('refuses a tombstone without a usable key', () => {
    expect(issuePaths(thrownBy(() => codec.encodeTombstone('order.created', '')))).toEqual(['/key']);
  });

  it('E-I8 neither changes nor keeps the data', () => {
    const data = Object.freeze({ ...order, note: 'n' });
    const encoded = codec.encode('order.created', data);
    expect(data).toEqual({ ...order, note: 'n' });
    expect(Object.values(encoded)).not.toContain(data);
  });
});
