import { createEventCodec, defineEvent, defineEvents, EventOptionsError, type EventMap } from '@busbar/envelope';
import { Type } from 'typebox';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { issuePaths, orders, thrownBy } from './orders.ts';

const schema = Type.Object({ id: Type.String() });
const valid = { version: 1, topic: 't', schema, key: null } as const;

/** Definitions as plain JavaScript may pass them: the compiler does not see what is wrong. */
const untyped = (definitions: unknown): EventMap => Object.assign({}, definitions);

describe('defineEvents', () => {
  it('T1 names every problem of every definition at once', () => {
    const error = thrownBy(() =>
      defineEvents(
        untyped({
          'Order.Created': valid,
          'order..x': { version: 0, topic: '..', schema: 5, key: 'orderId', subject: 's', type: 'with blank' },
          'order.big': { ...valid, version: 1_000, topic: 'x'.repeat(250) },
          'order.half': { ...valid, version: 1.5, topic: 5 },
          'order.none': null,
        }),
      ),
    );
    expect(error.code).toBe('BUSBAR_EVENT_REGISTRY_INVALID');
    expect(issuePaths(error)).toEqual([
      '/Order.Created',
      '/order..x',
      '/order..x/version',
      '/order..x/topic',
      '/order..x/key',
      '/order..x/subject',
      '/order..x/type',
      '/order..x/schema',
      '/order.big/version',
      '/order.big/topic',
      '/order.half/version',
      '/order.half/topic',
      '/order.none',
    ]);
  });

  it.each(['a', 'order.created', 'order2.line-added', `a.${'b'.repeat(198)}`])('T1 accepts the name %s', (name) => {
    expect(() => defineEvents({ [name]: valid })).not.toThrow();
  });

  it.each(['', 'A', '1a', 'a-b', 'a.', '.a', 'a.B', 'a_b', `a.${'b'.repeat(199)}`, '__proto__x'])(
    'T1 refuses the name %s',
    (name) => {
      expect(issuePaths(thrownBy(() => defineEvents({ [name]: valid })))).toEqual([`/${name}`]);
    },
  );

  it.each([
    ['BigInt', Type.Object({ a: Type.Array(Type.BigInt()) }), '/x/schema/properties/a/items'],
    ['Undefined', Type.Union([Type.String(), Type.Undefined()]), '/x/schema/anyOf/1'],
    ['Void', Type.Tuple([Type.Void()]), '/x/schema/items/0'],
    ['Symbol', Type.Record(Type.String(), Type.Symbol()), '/x/schema/patternProperties/^.*$'],
    ['Function', Type.Intersect([Type.Function([], Type.Null())]), '/x/schema/allOf/0'],
    ['BigInt literal', Type.Literal(1n), '/x/schema'],
    ['unknown format', Type.String({ format: 'isbn' }), '/x/schema'],
    [
      'unknown format in a definition',
      Type.Cyclic({ N: Type.Object({ v: Type.String({ format: 'isbn' }) }) }, 'N'),
      '/x/schema/$defs/N/properties/v',
    ],
  ])('T1 C2 refuses a schema with %s', (_what, wrong, path) => {
    const error = thrownBy(() => defineEvents({ x: { ...valid, schema: wrong } }));
    expect(issuePaths(error)).toEqual([path]);
  });

  it('T1 refuses two definitions with one wire type', () => {
    const error = thrownBy(() => defineEvents({ a: { ...valid, type: 'b.v1' }, b: valid }));
    expect(issuePaths(error)).toEqual(['/b/type']);
  });

  it('copies and freezes the definitions', () => {
    const mine = { a: defineEvent(valid) };
    const registry = defineEvents(mine);
    expect(registry.definitions).toEqual(mine);
    expect(registry.definitions).not.toBe(mine);
    expect(Object.isFrozen(registry.definitions)).toBe(true);
    expect(Object.isFrozen(registry.definitions.a)).toBe(true);
  });

  it('compile() compiles both variants of every schema ahead of the first event', () => {
    const registry = defineEvents({ a: valid, b: { ...valid, schema: Type.Null() } });
    const codec = createEventCodec(registry, { source: 's' });
    expect(codec.stats().compiled).toBe(0);
    codec.encode('a', { id: '' });
    expect(codec.stats().compiled).toBe(1);
    registry.compile();
    expect(codec.stats().compiled).toBe(4);
  });

  it('accepts a registry that another copy of the package made', () => {
    const codec = createEventCodec({ definitions: orders.definitions, compile: () => undefined }, { source: 's' });
    expect(codec.encode('tree.grown', 1).topic).toBe('trees');
  });
});

describe('schemas that stay open for the writer', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it.each([
    ['plain JSON Schema', Type.Object({ a: { type: 'object' } }), '/properties/a'],
    ['an intersection with a record', Type.Intersect([schema, Type.Record(Type.String(), Type.Unknown())]), ''],
    ['Type.Unsafe', Type.Array(Type.Unsafe<{ a: 1 }>({})), '/items'],
  ])('T2 warns of %s', (_what, open, path) => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    defineEvents({ x: { ...valid, schema: open } });
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      `event "x": unknown properties are not refused inside "${path}" of its schema`,
      'BusbarSchemaWarning',
    );
  });

  it('T2 warns of nothing where every construct is understood', () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const Everything = Type.Object({
      a: Type.Array(Type.Tuple([Type.Integer(), Type.Number(), Type.Boolean(), Type.Null()])),
      b: Type.Union([Type.Literal('x'), Type.Enum(['y', 'z'])]),
      c: Type.Record(Type.String(), Type.Any()),
      d: Type.Intersect([schema, Type.Object({ e: Type.Unknown() })]),
      f: Type.TemplateLiteral('f-${string}'),
      g: Type.Cyclic({ Node: Type.Object({ next: Type.Optional(Type.Ref('Node')) }) }, 'Node'),
      h: Type.Never(),
    });
    defineEvents({ x: { ...valid, schema: Everything } });
    expect(warn).not.toHaveBeenCalled();
  });
});

describe('wire types', () => {
  const codecOf = (definitions: EventMap, typePrefix: string) =>
    createEventCodec(defineEvents(definitions), { source: 's', typePrefix });

  it('must not become equal by the prefix', () => {
    const error = thrownBy(() => codecOf({ a: valid, b: { ...valid, type: 'com.acme.a.v1' } }, 'com.acme'));
    expect(error).toBeInstanceOf(EventOptionsError);
    expect(issuePaths(error)).toEqual(['/typePrefix/a']);
  });

  it('have at most 255 characters', () => {
    const name = `a.${'b'.repeat(198)}`;
    expect(() => codecOf({ [name]: valid }, 'c'.repeat(51))).not.toThrow();
    expect(issuePaths(thrownBy(() => codecOf({ [name]: valid }, 'c'.repeat(52))))).toEqual([`/typePrefix/${name}`]);
  });
});
