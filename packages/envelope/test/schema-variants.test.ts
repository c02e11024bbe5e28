import { createEventCodec, defineEvent, defineEvents, type EventSchema } from '@busbar/envelope';
import { Type } from 'typebox';
import { describe, expect, it, vi } from 'vitest';

import { codeOf } from './orders.ts';

/** What writer and reader say of a value: issues of the writer, verdict of the reader. */
const sidesOf = (schema: EventSchema) => {
  const registry = defineEvents({ x: defineEvent({ version: 1, topic: 't', schema, key: null }) });
  const codec = createEventCodec(registry, { source: 's' });
  const headers = { ce_specversion: '1.0', ce_id: 'i', ce_source: 's', ce_type: 'x.v1' };
  return {
    write: (data: unknown) => codec.validate('x', data).map(({ path, message }) => `${path} ${message}`),
    reads: (data: unknown) => codeOf(codec.decode({ value: JSON.stringify(data), headers })) === 'event',
  };
};

const UNKNOWN = 'is not a property of the schema';
const inner = Type.Object({ a: Type.Integer() });

describe('T2 writer closed, reader open', () => {
  it.each<[string, EventSchema, unknown, readonly string[]]>([
    ['object', inner, { a: 1, b: 2 }, ['/b']],
    ['nested object', Type.Object({ o: inner }), { o: { a: 1, b: 2 } }, ['/o/b']],
    ['array', Type.Array(inner), [{ a: 1 }, { a: 1, b: 2 }], ['/1/b']],
    ['tuple', Type.Tuple([Type.Null(), inner]), [null, { a: 1, b: 2 }], ['/1/b']],
    ['record', Type.Record(Type.String(), inner), { k: { a: 1, b: 2 } }, ['/k/b']],
    ['record with integer keys', Type.Record(Type.Integer(), Type.Null()), { 1: null, x: 5 }, ['/x']],
    ['optional', Type.Object({ o: Type.Optional(inner) }), { o: { a: 1, b: 2 } }, ['/o/b']],
    [
      'intersection of objects',
      Type.Intersect([inner, Type.Object({ c: Type.Null() })]),
      { a: 1, c: null, b: 2 },
      ['/b'],
    ],
    [
      'schema that closes itself',
      Type.Object({ a: Type.Integer() }, { additionalProperties: false }),
      { a: 1, b: 2 },
      ['/b'],
    ],
    [
      'recursive schema',
      Type.Cyclic({ N: Type.Object({ next: Type.Optional(Type.Ref('N')) }) }, 'N'),
      { next: { next: { b: 1 } } },
      ['/next/next/b'],
    ],
  ])('the writer closes and the reader opens: %s', (...[, schema, data, paths]) => {
    const sides = sidesOf(schema);
    expect(sides.write(data)).toEqual(paths.map((path) => `${path} ${UNKNOWN}`));
    expect(sides.reads(data)).toBe(true);
  });

  it('closes the members of a union, and reports one issue for it', () => {
    const sides = sidesOf(Type.Object({ u: Type.Union([inner, Type.Object({ c: Type.Null() }), Type.Null()]) }));
    expect(sides.write({ u: { a: 1, b: 2 } })).toEqual(['/u must fit one of the alternatives']);
    expect(sides.write({ u: { c: null } })).toEqual([]);
    expect(sides.reads({ u: { a: 1, b: 2 } })).toBe(true);
    expect(sides.reads({ u: { c: 5 } })).toBe(false);
  });

  it('keeps further properties that the schema allows or describes, on both sides', () => {
    const any = sidesOf(Type.Object({ a: Type.Integer() }, { additionalProperties: true }));
    expect(any.write({ a: 1, b: 2 })).toEqual([]);
    const typed = sidesOf(Type.Object({ a: Type.Integer() }, { additionalProperties: inner }));
    expect(typed.write({ a: 1, b: { a: 1 } })).toEqual([]);
    expect(typed.write({ a: 1, b: { a: 1, z: 1 } })).toEqual([`/b/z ${UNKNOWN}`]);
    expect(typed.reads({ a: 1, b: { a: 1, z: 1 } })).toBe(true);
    expect(typed.reads({ a: 1, b: {} })).toBe(false);
    const patterns = sidesOf(Type.Object({ a: Type.Integer() }, { patternProperties: { '^x-': inner } }));
    expect(patterns.write({ a: 1, 'x-b': { a: 1, z: 1 }, y: 1 })).toEqual([`/y ${UNKNOWN}`, `/x-b/z ${UNKNOWN}`]);
  });

  it('checks record keys with a line break, which the pattern of TypeBox misses', () => {
    const sides = sidesOf(Type.Record(Type.String(), Type.Integer()));
    expect(sides.write({ 'a\nb': 1 })).toEqual([]);
    expect(sides.write({ 'a\nb': 'x' })).toEqual(['/a\nb must be integer']);
    expect(sides.reads({ 'a\nb': 'x' })).toBe(false);
  });

  it('keeps refinements of the user, without their messages', () => {
    const schema = Type.Refine(
      Type.Object({ from: Type.Integer(), to: Type.Integer() }),
      (v) => v.from <= v.to,
      (v) => `secret ${v.from}`,
    );
    const sides = sidesOf(Type.Object({ range: schema }));
    expect(sides.write({ range: { from: 1, to: 2 } })).toEqual([]);
    expect(sides.write({ range: { from: 2, to: 1 } })).toEqual(['/range must satisfy the refinement of the schema']);
    expect(sides.reads({ range: { from: 2, to: 1 } })).toBe(false);
  });

  it('leaves an intersection alone where merging would lose something', () => {
    vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const refined = Type.Refine(inner, (v) => v.a > 0);
    const sides = sidesOf(Type.Intersect([refined, Type.Object({ c: Type.Null() })]));
    expect(sides.write({ a: 1, c: null, b: 2 })).toEqual([]);
    expect(sides.write({ a: 0, c: null })).toEqual([' must satisfy the refinement of the schema']);
    const withUnion = sidesOf(
      Type.Intersect([inner, Type.Union([Type.Object({ c: Type.Null() }), Type.Object({ d: Type.Null() })])]),
    );
    expect(withUnion.write({ a: 1, d: null })).toEqual([]);
    expect(withUnion.write({ a: 1, d: null, b: 2 })).not.toEqual([]);
    vi.restoreAllMocks();
  });

  it('D5 bounds integers to what survives JSON, unless the schema has bounds', () => {
    const open = sidesOf(Type.Integer());
    expect(open.write(2 ** 53 - 1)).toEqual([]);
    expect(open.write(2 ** 53)).not.toEqual([]);
    expect(open.write(-(2 ** 53))).not.toEqual([]);
    expect(open.reads(2 ** 53)).toBe(false);
    const bounded = sidesOf(Type.Integer({ exclusiveMinimum: 2 ** 53, maximum: 2 ** 60 }));
    expect(bounded.write(2 ** 54)).toEqual([]);
  });

  it('C2 checks formats by character codes, and leaves the others to TypeBox', () => {
    const sides = sidesOf(
      Type.Object({ at: Type.String({ format: 'date-time', maxLength: 30 }), ip: Type.String({ format: 'ipv4' }) }),
    );
    expect(sides.write({ at: '2026-11-24T12:00:00Z', ip: '10.0.0.1' })).toEqual([]);
    expect(sides.write({ at: 'x', ip: 'y' })).toEqual([
      '/at must match format "date-time"',
      '/ip must match format "ipv4"',
    ]);
    expect(sides.write({ at: 5, ip: '10.0.0.1' })).toEqual(['/at must be string']);
  });

  it('C2 refuses NaN and infinities, which JSON has no word for', () => {
    for (const wrong of [Number.NaN, Infinity, -Infinity]) expect(sidesOf(Type.Number()).write(wrong)).not.toEqual([]);
  });

  it('does not change the schema it is given', () => {
    const schema = Type.Object({
      at: Type.String({ format: 'date' }),
      n: Type.Integer(),
      u: Type.Union([inner, Type.Null()]),
    });
    const before = JSON.stringify(schema);
    sidesOf(schema).write({});
    expect(JSON.stringify(schema)).toBe(before);
  });
});
