import { createEventCodec, defineEvent, defineEvents, type KafkaRecordLike } from '@busbar/envelope';
import fc from 'fast-check';
import { type TSchema, Type } from 'typebox';
import { describe, expect, it } from 'vitest';

import { asConsumed, codeOf, eventOf, issuesOf, order, orderCodec } from './orders.ts';

const codec = orderCodec({ maxBytes: 16_777_216 });
const mode = fc.constantFrom('binary' as const, 'structured' as const);
const json = fc.jsonValue({ noUnicodeString: false, maxDepth: 5 });
const throughJson = (data: unknown): unknown => JSON.parse(JSON.stringify(data));

/** A schema with values that fit it. */
interface Sample {
  readonly schema: TSchema;
  readonly value: fc.Arbitrary<unknown>;
}
const leaves: readonly Sample[] = [
  { schema: Type.String(), value: fc.string({ unit: 'binary' }) },
  { schema: Type.Integer(), value: fc.maxSafeInteger() },
  { schema: Type.Number(), value: fc.double({ noNaN: true, noDefaultInfinity: true }) },
  { schema: Type.Boolean(), value: fc.boolean() },
  { schema: Type.Null(), value: fc.constant(null) },
  { schema: Type.Literal('a'), value: fc.constant('a') },
  { schema: Type.Enum(['x', 'y']), value: fc.constantFrom('x', 'y') },
  { schema: Type.String({ format: 'uuid' }), value: fc.uuid() },
  {
    schema: Type.String({ format: 'date-time' }),
    value: fc
      .date({ min: new Date(0), max: new Date('9999-01-01'), noInvalidDate: true })
      .map((date) => date.toISOString()),
  },
];
const { sample } = fc.letrec<{ sample: Sample }>((tie) => ({
  sample: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(...leaves),
    tie('sample').map(({ schema, value }) => ({
      schema: Type.Array(schema),
      value: fc.array(value, { maxLength: 3 }),
    })),
    tie('sample').map(({ schema, value }) => ({
      schema: Type.Record(Type.String(), schema),
      value: fc.dictionary(fc.string(), value, { maxKeys: 3 }),
    })),
    fc
      .tuple(tie('sample'), tie('sample'))
      .map(([a, b]) => ({ schema: Type.Tuple([a.schema, b.schema]), value: fc.tuple(a.value, b.value) })),
    fc
      .tuple(tie('sample'), tie('sample'))
      .map(([a, b]) => ({ schema: Type.Union([a.schema, b.schema]), value: fc.oneof(a.value, b.value) })),
    fc.tuple(tie('sample'), tie('sample')).map(([a, b]) => ({
      schema: Type.Object({ a: a.schema, 'b/~': Type.Optional(b.schema) }),
      value: fc.record({ a: a.value, 'b/~': b.value }, { requiredKeys: ['a'] }),
    })),
    fc.tuple(tie('sample'), tie('sample')).map(([a, b]) => ({
      schema: Type.Intersect([Type.Object({ a: a.schema }), Type.Object({ b: b.schema })]),
      value: fc.record({ a: a.value, b: b.value }),
    })),
  ),
}));
const schemaAndValue = sample.chain(({ schema, value }) => fc.tuple(fc.constant(schema), value));
const codecFor = (schema: TSchema) =>
  createEventCodec(defineEvents({ x: defineEvent({ version: 1, topic: 't', schema, key: null }) }), { source: 's' });

describe('codec properties', () => {
  it('E-I1 decode(encode(x)) is JSON(x), in both modes, as text and as bytes', () => {
    fc.assert(
      fc.property(json, mode, (data, m) => {
        const encoded = codec.encode('tree.grown', data, { mode: m });
        for (const record of [encoded, asConsumed(encoded)]) {
          const event = eventOf(codec.decode(record));
          expect(event.data).toEqual(throughJson(data));
          expect(event.bytes).toBe(encoded.bytes);
          expect(event.id).toBe(encoded.id);
        }
      }),
    );
  });

  it('E-I1 E-I5 data that fits a schema is written, and read again, whatever the schema', () => {
    fc.assert(
      fc.property(schemaAndValue, mode, ([schema, value], m) => {
        const own = codecFor(schema);
        expect(own.validate('x', value)).toEqual([]);
        expect(eventOf(own.decode(own.encode('x', value, { mode: m }))).data).toEqual(throughJson(value));
      }),
      { numRuns: 150 },
    );
  });

  it('E-I5 what the writer accepts, the reader accepts', () => {
    fc.assert(
      fc.property(schemaAndValue, json, ([schema], data) => {
        const own = codecFor(schema);
        if (own.validate('x', data).length > 0) return;
        eventOf(own.decode(own.encode('x', data)));
      }),
      { numRuns: 150 },
    );
  });

  it('E-I2 the same input, id and clock give the same bytes', () => {
    fc.assert(
      fc.property(json, mode, (data, m) => {
        const write = () => JSON.stringify(orderCodec().encode('tree.grown', data, { mode: m, id: 'i' }));
        expect(write()).toBe(write());
      }),
    );
  });

  it('E-I3 decode ends without throwing for any record', () => {
    const bytes = fc.oneof(fc.string(), fc.uint8Array(), fc.json());
    const name = fc.oneof(
      fc.constantFrom('ce_specversion', 'ce_type', 'ce_id', 'ce_source', 'ce_time', 'content-type', 'content-encoding'),
      fc.string(),
    );
    const value = fc.oneof(
      fc.constantFrom('1.0', 'order.created.v1', 'tree.grown.v1', 'application/json', 'application/cloudevents+json'),
      bytes,
      fc.anything(),
    );
    const record = fc.record({
      value: fc.oneof(bytes, fc.constant(null)),
      key: bytes,
      headers: fc.dictionary(name, value),
    });
    fc.assert(
      fc.property(record, (any: object) => {
        const hostile: KafkaRecordLike = Object.assign({ value: null }, any);
        expect(codeOf(codec.decode(hostile))).not.toBe('');
      }),
      { numRuns: 1_000 },
    );
  });

  it('E-I3 decode ends without throwing for records that are cut or have flipped bits', () => {
    const whole = [codec.encode('order.created', order), codec.encode('order.created', order, { mode: 'structured' })];
    fc.assert(
      fc.property(
        fc.constantFrom(...whole),
        fc.nat(),
        fc.nat({ max: 7 }),
        fc.boolean(),
        (...[encoded, at, bit, cut]) => {
          const value = Buffer.from(encoded.value ?? '');
          const position = at % value.length;
          value[position] = (value[position] ?? 0) ^ (1 << bit);
          const result = codec.decode({ ...encoded, value: cut ? value.subarray(0, position) : value });
          expect([
            'event',
            'MALFORMED_DATA',
            'DATA_INVALID',
            'UNKNOWN_TYPE',
            'UNSUPPORTED_VERSION',
            'UNSUPPORTED_SPECVERSION',
            'ATTRIBUTE_MISSING',
            'ATTRIBUTE_INVALID',
            'UNSUPPORTED_CONTENT_TYPE',
          ]).toContain(codeOf(result));
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('E-I4 no issue contains a value of the data', () => {
    const secret = 'hunter2-S3CRET';
    const wrong = fc.constantFrom<unknown>(
      secret,
      [secret],
      { orderId: secret, totalCents: secret },
      { orderId: [secret], note: { note: secret } },
    );
    fc.assert(
      fc.property(wrong, fc.nat({ max: 60 }), fc.boolean(), (data, cutAt, cut) => {
        const { headers } = codec.encode('order.created', order);
        const text = JSON.stringify(data);
        const issues = [
          codec.validate('order.created', data),
          issuesOf(codec.decode({ value: cut ? text.slice(0, cutAt) : text, headers })),
        ];
        expect(JSON.stringify(issues)).not.toContain(secret);
      }),
    );
  });
});
