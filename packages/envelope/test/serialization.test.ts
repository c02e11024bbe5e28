import { createEventCodec, defineEvent, defineEvents } from '@busbar/envelope';
import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';

import { asConsumed, codeOf, eventOf, issuesOf, order, ORDER_ID, orderCodec, thrownBy } from './orders.ts';

const MEBIBYTE = 1_048_576;

describe('event envelope serialization', () => {
  it('R-EV-2 nested payloads come back as they were, in both modes', () => {
    const codec = orderCodec();
    const data = { list: [[{ a: [null, true, -1.5e-7, '', {}] }], []], deep: { er: { est: { '/~"\\': [0] } } }, '': 1 };
    for (const mode of ['binary', 'structured'] as const) {
      expect(eventOf(codec.decode(asConsumed(codec.encode('tree.grown', data, { mode })))).data).toEqual(data);
    }
  });

  it('R-EV-2 a thousand levels come back; what is deeper than the stack is an error, not a crash', () => {
    const codec = orderCodec();
    const nested = (levels: number): unknown => {
      let data: unknown = 'bottom';
      for (let level = 0; level < levels; level += 1) data = level % 2 === 0 ? [data] : { level: data };
      return data;
    };
    const data = nested(1_000);
    expect(JSON.stringify(eventOf(codec.decode(codec.encode('tree.grown', data))).data)).toBe(JSON.stringify(data));
    expect(thrownBy(() => codec.encode('tree.grown', nested(200_000)))).toMatchObject({
      code: 'BUSBAR_EVENT_NOT_SERIALIZABLE',
      details: { reason: 'stringify-failed' },
    });
  });

  it('R-EV-2 a recursive schema meets data deeper than the stack without a crash', () => {
    const schema = Type.Cyclic({ Node: Type.Object({ next: Type.Optional(Type.Ref('Node')) }) }, 'Node');
    const registry = defineEvents({ chain: defineEvent({ version: 1, topic: 't', schema, key: null }) });
    const codec = createEventCodec(registry, { source: 's' });
    const { headers } = codec.encode('chain', { next: { next: {} } });
    const value = `${'{"next":'.repeat(200_000)}{}${'}'.repeat(200_000)}`;
    const result = codec.decode({ value, headers });
    expect(codeOf(result)).toBe('DATA_INVALID');
    expect(issuesOf(result)).toEqual([{ path: '', message: 'could not be checked: the schema threw' }]);
  });

  it('R-EV-2 an event of 1.5 MiB goes through when maxBytes is raised, and is refused by default', () => {
    const data = { chunk: '0123456789abcdef'.repeat((1.5 * MEBIBYTE) / 16) };
    const codec = orderCodec({ maxBytes: 2 * MEBIBYTE });
    const encoded = codec.encode('tree.grown', data);
    expect(encoded.bytes).toBeGreaterThan(1.5 * MEBIBYTE);
    expect(eventOf(codec.decode(asConsumed(encoded))).data).toEqual(data);
    expect(codec.stats().oversize).toBe(1);
    expect(thrownBy(() => orderCodec().encode('tree.grown', data)).code).toBe('BUSBAR_EVENT_TOO_LARGE');
    expect(codeOf(orderCodec({ maxDecodeBytes: MEBIBYTE }).decode(asConsumed(encoded)))).toBe('TOO_LARGE');
  });

  it('R-EV-2 Unicode comes back: astral, combining, right to left, separators, lone surrogates in data', () => {
    const codec = orderCodec();
    const data = ['😀👩‍👩‍👧', 'e\u0301', 'שלום', '\u2028\u2029', '\u0000\u001F', '\uD800 lone', '\uFFFF'];
    for (const mode of ['binary', 'structured'] as const) {
      const event = eventOf(
        codec.decode(asConsumed(codec.encode('tree.grown', data, { mode, key: '鍵🔑', subject: 'ключ' }))),
      );
      expect(event.data).toEqual(data);
      expect(event).toMatchObject({ partitionkey: '鍵🔑', subject: 'ключ' });
    }
  });

  it('R-EV-2 malformed input is located: pointer, line, column, what was expected', () => {
    const codec = orderCodec();
    const { headers } = codec.encode('order.created', order);
    const value = `{\n  "orderId": "${ORDER_ID}",\n  "totalCents": 12,5\n}`;
    expect(codec.decode({ value, headers })).toMatchObject({
      ok: false,
      code: 'MALFORMED_DATA',
      issues: [
        { path: '', message: 'is no JSON: unexpected character', expected: 'a property name', line: 3, column: 20 },
      ],
    });
    const cut = Buffer.from(value).subarray(0, 30);
    expect(issuesOf(codec.decode({ value: cut, headers }))).toEqual([
      {
        path: '/orderId',
        message: 'is no JSON: the text ends too early',
        expected: 'the closing quote of the string',
        line: 2,
        column: 29,
      },
    ]);
  });

  it('R-EV-2 malformed structured input is located within the document', () => {
    const codec = orderCodec();
    const { headers, value } = codec.encode('order.created', order, { mode: 'structured' });
    const broken = (value ?? '').replace('1250', '12x');
    expect(issuesOf(codec.decode({ value: broken, headers }))).toMatchObject([
      { path: '/data/totalCents', expected: '"," or "}"', line: 1, column: broken.indexOf('12x') + 3 },
    ]);
  });

  it('R-EV-2 invalid UTF-8 is found, where a plain toString would write U+FFFD', () => {
    const codec = orderCodec();
    const { headers, value } = codec.encode('tree.grown', 'é');
    const bytes = Buffer.from(value ?? '').fill(0xc3, 2, 3);
    expect(codec.decode({ value: bytes, headers })).toMatchObject({ ok: false, code: 'MALFORMED_DATA' });
  });

  it('R-EV-2 invalid data is located, every place at once', () => {
    const codec = orderCodec();
    const { headers } = codec.encode('order.created', order);
    const result = codec.decode({ value: '{"orderId":"x","totalCents":-1,"note":null}', headers });
    expect(issuesOf(result)).toEqual([
      { path: '/orderId', message: 'must match format "uuid"', expected: 'uuid' },
      { path: '/totalCents', message: 'must be >= 0' },
      { path: '/note', message: 'must be string', expected: 'string' },
    ]);
  });

  it('R-EV-2 E1 schemas evolve both ways within a major: an optional property is added', () => {
    const [oldCodec, newCodec] = [{}, { note: Type.Optional(Type.String()) }].map((added) =>
      createEventCodec(
        defineEvents({
          e: defineEvent({
            version: 1,
            topic: 't',
            schema: Type.Object({ a: Type.Object({ b: Type.Null(), ...added }) }),
            key: null,
          }),
        }),
        { source: 's' },
      ),
    );
    const newer = newCodec?.encode('e', { a: { b: null, note: 'n' } });
    const older = oldCodec?.encode('e', { a: { b: null } });
    expect(oldCodec?.decode(newer ?? { value: null })).toMatchObject({
      ok: true,
      event: { data: { a: { b: null, note: 'n' } } },
    });
    expect(newCodec?.decode(older ?? { value: null })).toMatchObject({ ok: true, event: { data: { a: { b: null } } } });
    expect(oldCodec?.validate('e', { a: { b: null, note: 'n' } })).toEqual([
      { path: '/a/note', message: 'is not a property of the schema' },
    ]);
  });
});
