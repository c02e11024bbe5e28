import type { KafkaRecordLike } from '@busbar/envelope';
import { describe, expect, it } from 'vitest';

import { codeOf, eventOf, issuesOf, order, orderCodec, TRACEPARENT } from './orders.ts';

const codec = orderCodec();
const record = codec.encode('order.created', order, {
  id: 'i',
  trace: { traceparent: TRACEPARENT, tracestate: 'a=1' },
});
const withHeaders = (changes: Record<string, string | undefined | Uint8Array>): KafkaRecordLike => ({
  ...record,
  headers: { ...record.headers, ...changes },
});

describe('what decode refuses in binary mode', () => {
  it.each<[string, KafkaRecordLike]>([
    ['NOT_CLOUDEVENT', { value: '{}', headers: { 'content-type': 'application/json' } }],
    ['NOT_CLOUDEVENT', { value: '{}' }],
    ['UNSUPPORTED_SPECVERSION', withHeaders({ ce_specversion: '0.3' })],
    ['ATTRIBUTE_MISSING', withHeaders({ ce_type: undefined })],
    ['ATTRIBUTE_MISSING', withHeaders({ ce_id: undefined, ce_source: undefined })],
    ['UNKNOWN_TYPE', withHeaders({ ce_type: 'order.cancelled.v1' })],
    ['UNKNOWN_TYPE', withHeaders({ ce_type: 'order.created' })],
    ['UNSUPPORTED_VERSION', withHeaders({ ce_type: 'order.created.v2' })],
    ['ATTRIBUTE_INVALID', withHeaders({ ce_id: '' })],
    ['ATTRIBUTE_INVALID', withHeaders({ ce_source: '' })],
    ['ATTRIBUTE_INVALID', withHeaders({ ce_source: 'not a uri' })],
    ['ATTRIBUTE_INVALID', withHeaders({ ce_time: 'yesterday' })],
    ['ATTRIBUTE_INVALID', withHeaders({ ce_dataschema: 'relative' })],
    ['ATTRIBUTE_INVALID', withHeaders({ ce_dataschema: 'urn:a b' })],
    ['ATTRIBUTE_INVALID', withHeaders({ ce_subject: 'a\u0007' })],
    ['ATTRIBUTE_INVALID', withHeaders({ ce_subject: Buffer.from('a\u0085') })],
    ['ATTRIBUTE_INVALID', withHeaders({ ce_subject: Uint8Array.of(0x61, 0xff) })],
    ['ATTRIBUTE_INVALID', withHeaders({ ce_vendor: Uint8Array.of(0x07) })],
    ['ATTRIBUTE_INVALID', withHeaders({ ce_vendor: '\uDC00' })],
    ['ATTRIBUTE_INVALID', withHeaders({ ce_vendor: '\u{1FFFE}' })],
    ['ATTRIBUTE_INVALID', withHeaders({ 'ce_with-dash': 'x' })],
    ['ATTRIBUTE_INVALID', withHeaders({ ce_data: 'x' })],
    ['UNSUPPORTED_CONTENT_TYPE', withHeaders({ 'content-type': 'application/avro' })],
    ['UNSUPPORTED_CONTENT_TYPE', withHeaders({ 'content-type': 'application/json; charset=latin1' })],
    ['UNSUPPORTED_CONTENT_TYPE', withHeaders({ 'content-encoding': 'gzip' })],
    ['MALFORMED_DATA', { ...record, value: '' }],
    ['MALFORMED_DATA', { ...record, value: Uint8Array.of(0x22, 0xff, 0x22) }],
    ['DATA_INVALID', { ...record, value: 'null' }],
  ])('a binary record is refused as %s (%#)', (code, wrong) => {
    const result = codec.decode(wrong);
    expect(codeOf(result)).toBe(code);
    expect(issuesOf(result).length).toBeGreaterThan(0);
    expect(result).toHaveProperty('raw', wrong);
  });

  it('D2 reports all wrong attributes at once, with their header as the path', () => {
    const result = codec.decode(withHeaders({ ce_id: '', ce_time: 'x', ce_subject: '\u0001' }));
    expect(issuesOf(result).map((issue) => issue.path)).toEqual(['/ce_id', '/ce_time', '/ce_subject']);
  });

  it.each([
    'application/json',
    'Application/JSON; Charset="UTF-8"',
    'application/vnd.acme+json',
    'text/json;charset=utf8',
  ])('V5 accepts the content type %s', (type) => {
    expect(codeOf(codec.decode(withHeaders({ 'content-type': type, 'content-encoding': 'Identity' })))).toBe('event');
  });

  it('V5 takes ce_datacontenttype where there is no content type', () => {
    const noType = { 'content-type': undefined };
    expect(codeOf(codec.decode(withHeaders(noType)))).toBe('event');
    expect(codeOf(codec.decode(withHeaders({ ...noType, ce_datacontenttype: 'text/plain' })))).toBe(
      'UNSUPPORTED_CONTENT_TYPE',
    );
  });

  it('TOO_LARGE counts bytes of the value and comes first', () => {
    const small = orderCodec({ maxBytes: 1_024, maxDecodeBytes: 1_024 });
    const valueOf = (characters: number) => ({ ...record, value: `"${'é'.repeat(characters)}"`, headers: {} });
    expect(codeOf(small.decode(valueOf(511)))).toBe('NOT_CLOUDEVENT');
    expect(codeOf(small.decode(valueOf(512)))).toBe('TOO_LARGE');
    expect(codeOf(small.decode({ ...record, value: new Uint8Array(1_025) }))).toBe('TOO_LARGE');
  });

  it('D1 does not throw where the record itself does', () => {
    const hostile: KafkaRecordLike = {
      get value(): string {
        throw new Error('secret');
      },
    };
    const result = codec.decode(hostile);
    expect(codeOf(result)).toBe('NOT_CLOUDEVENT');
    expect(JSON.stringify(issuesOf(result))).not.toContain('secret');
  });

  it('ignores header values that are neither text nor bytes', () => {
    const strange: unknown = { ce_vendor: 7, ce_other: {}, ce_list: [] };
    const headers = Object.assign({ ...record.headers }, strange);
    expect(eventOf(codec.decode({ ...record, headers })).extensions).toEqual({});
  });
});
