import {
  createEventCodec,
  defineEvent,
  defineEvents,
  type EventSchema,
  type StandardIssue,
  type StandardSchemaV1,
} from '@busbar/envelope';
import { Type } from 'typebox';
import { describe, expect, it, vi } from 'vitest';

import { codeOf, issuesOf, thrownBy } from './orders.ts';

const codecOf = <S extends EventSchema>(schema: S) =>
  createEventCodec(defineEvents({ x: defineEvent({ version: 1, topic: 't', schema, key: null }) }), { source: 's' });
const headers = { ce_specversion: '1.0', ce_id: 'i', ce_source: 's', ce_type: 'x.v1' };

describe('issues', () => {
  it('name a missing property by its own path, and say what type was expected', () => {
    const codec = codecOf(
      Type.Object({ a: Type.String(), 'b/c': Type.Union([Type.Null(), Type.Literal(1)]), d: Type.Integer() }),
    );
    expect(codec.validate('x', { d: 'one' })).toEqual([
      { path: '/a', message: 'must be present' },
      { path: '/b~1c', message: 'must be present' },
      { path: '/d', message: 'must be integer', expected: 'integer' },
    ]);
  });

  it('fold the members of each union into one issue, even where TypeBox runs out of errors', () => {
    const choices = Array.from({ length: 12 }, (_, n) =>
      Type.Object({ kind: Type.Literal(`k${n}`), at: Type.Object({}) }),
    );
    const codec = codecOf(Type.Array(Type.Union(choices)));
    expect(codec.validate('x', [{ kind: 'k0', at: {} }, { kind: 'no', at: 5 }, 7])).toEqual([
      { path: '/1', message: 'must fit one of the alternatives' },
    ]);
    const two = codecOf(Type.Array(Type.Union([Type.Null(), Type.Literal('a')])));
    expect(two.validate('x', [1, null, 2]).map((issue) => issue.path)).toEqual(['/0', '/2']);
  });

  it('C2 report an enum once', () => {
    expect(codecOf(Type.Enum(['a', 'b'])).validate('x', 'c')).toEqual([
      { path: '', message: 'must be equal to one of the allowed values' },
    ]);
  });

  it('E-I4 never contain a value, whatever keyword failed', () => {
    const secret = 'hunter2';
    vi.spyOn(process, 'emitWarning').mockReturnValue();
    const codec = codecOf(
      Type.Object({
        pattern: Type.String({ pattern: '^x$' }),
        max: Type.String({ maxLength: 1 }),
        literal: Type.Literal('a'),
        format: Type.String({ format: 'email' }),
        items: Type.Array(Type.String(), { uniqueItems: true }),
        names: Type.Object({}, { propertyNames: { pattern: '^a$' }, additionalProperties: true }),
      }),
    );
    const issues = codec.validate('x', {
      pattern: secret,
      max: secret,
      literal: secret,
      format: secret,
      items: [secret, secret],
      names: { b: secret },
    });
    expect(issues.map((issue) => issue.path)).toEqual([
      '/pattern',
      '/max',
      '/literal',
      '/format',
      '/items',
      '/names/b',
      '/names',
    ]);
    expect(JSON.stringify(issues)).not.toContain(secret);
    vi.restoreAllMocks();
  });

  it('cut a path that hostile data makes long', () => {
    const issues = codecOf(Type.Record(Type.String(), Type.Null())).validate('x', { ['k'.repeat(5_000)]: 1 });
    expect(issues[0]?.path).toHaveLength(512);
  });

  it('survive a refinement that throws', () => {
    const boom = Type.Refine(Type.Integer(), () => {
      throw new Error('secret');
    });
    const codec = codecOf(boom);
    const error = thrownBy(() => codec.encode('x', 1));
    expect(error.details['issues']).toEqual([{ path: '', message: 'could not be checked: the schema threw' }]);
    expect(error.cause).toBeInstanceOf(Error);
    expect(codeOf(codec.decode({ value: '1', headers }))).toBe('DATA_INVALID');
  });
});

/** A Standard Schema of another library: trims a string that it accepts. */
const standard = (
  validate: StandardSchemaV1<string, string>['~standard']['validate'],
): StandardSchemaV1<string, string> => ({
  '~standard': { version: 1, vendor: 'test', validate },
});
const trimmed = standard((value) =>
  typeof value === 'string' && value.trim() !== ''
    ? { value: value.trim() }
    : { issues: [{ message: `got ${String(value)}` }] },
);

describe('T3 Standard Schema', () => {
  it('writes the output of the schema and validates again when it is read', () => {
    const codec = codecOf(trimmed);
    const encoded = codec.encode('x', '  text ');
    expect(encoded.value).toBe('"text"');
    expect(codec.decode({ value: '" other "', headers })).toMatchObject({ event: { data: 'other' } });
    expect(codec.stats().compiled).toBe(0);
  });

  it('computes key and subject from the output', () => {
    const event = defineEvent({ version: 1, topic: 't', schema: trimmed, key: (d) => d });
    const codec = createEventCodec(defineEvents({ x: event }), { source: 's' });
    expect(codec.encode('x', ' k ').key).toBe('k');
  });

  it('E-I4 reports paths only, since messages may quote values', () => {
    const issues: StandardIssue[] = [{ message: 'got hunter2', path: ['a', { key: 'b/c' }, 0, Symbol.for('s')] }];
    const codec = codecOf(standard(() => ({ issues })));
    expect(codec.validate('x', 'hunter2')).toEqual([
      { path: '/a/b~1c/0/Symbol(s)', message: 'does not fit the schema' },
    ]);
    expect(JSON.stringify(issuesOf(codec.decode({ value: '"hunter2"', headers })))).not.toContain('hunter2');
    expect(codecOf(trimmed).validate('x', '')).toEqual([{ path: '', message: 'does not fit the schema' }]);
  });

  it('must answer synchronously; what it says later is ignored, a rejection too', async () => {
    for (const answer of [Promise.resolve({ value: 'x' }), Promise.reject(new Error('late'))]) {
      const codec = codecOf(standard(() => answer));
      expect(thrownBy(() => codec.encode('x', 'a')).code).toBe('BUSBAR_EVENT_ASYNC_SCHEMA');
      expect(thrownBy(() => codec.validate('x', 'a')).code).toBe('BUSBAR_EVENT_ASYNC_SCHEMA');
      expect(codeOf(codec.decode({ value: '"a"', headers }))).toBe('DATA_INVALID');
    }
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  });

  it('may be a function, as those of arktype', () => {
    const schema = Object.assign(() => undefined, trimmed);
    const registry = defineEvents({ x: defineEvent({ version: 1, topic: 't', schema, key: null }) });
    registry.compile();
    expect(createEventCodec(registry, { source: 's' }).encode('x', ' a').value).toBe('"a"');
  });
});
