import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';

import { SPAN_CATALOG } from '../src/index.ts';
import { CYCLE, SEND } from './full-statistics.ts';
import { observed, publish } from './sdk-harness.ts';

const traceparent = (digit: string, flags = '01'): string => `00-${digit.repeat(32)}-${digit.repeat(16)}-${flags}`;
const record = (header?: string | Uint8Array, more: Readonly<Record<string, string>> = {}) => ({
  headers: { ...more, ...(header === undefined ? {} : { traceparent: header }) },
});

describe('spans', () => {
  it('R-OB-1 a send is one client span, as long as the call was, and a root', async () => {
    await using seen = observed({ wallClock: () => 1_700_000_000_500 });
    publish('producer-pool:send', SEND);
    const [span] = seen.spans();
    expect(span?.name).toBe('send orders');
    expect(span?.kind).toBe(SpanKind.CLIENT);
    expect(span?.startTime).toEqual([1_700_000_000, 460_000_000]);
    expect(span?.endTime).toEqual([1_700_000_000, 500_000_000]);
    expect(span?.parentSpanContext).toBeUndefined();
    expect(span?.status.code).toBe(SpanStatusCode.UNSET);
    expect(span?.instrumentationScope.name).toBe('@busbar/producer-pool');
    expect(span?.attributes).toEqual({
      'messaging.system.name': 'kafka',
      'messaging.system': 'kafka',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'orders',
      'messaging.destination.partition.id': '3',
      'messaging.batch.message_count': 250,
      'busbar.producer.pool.name': 'main',
      'busbar.attempt': 1,
    });
  });

  it('a batch links to the distinct contexts in which its events were made, sampled ones first and at most so many', async () => {
    await using seen = observed({ perMessageLinks: 3, semconv: 'latest' });
    const records = [
      record(traceparent('a', '00')),
      record(traceparent('b')),
      record(traceparent('b')),
      record(),
      record('nonsense'),
      record(Buffer.from(traceparent('c'))),
      record(traceparent('d')),
    ];
    publish('producer-pool:send', { ...SEND, records, recordCount: records.length });
    const [span] = seen.spans();
    expect(span?.links.map(({ context }) => context.traceId[0])).toEqual(['b', 'c', 'd']);
    expect(span?.attributes['messaging.system']).toBeUndefined();
    expect(seen.telemetry.stats().dropped).toEqual({ links: 1 });
  });

  it('the send of a single event is a child of where it was made, and names the event', async () => {
    await using seen = observed();
    const headers = { ce_id: 'e-1', ce_type: 'order.created', tracestate: 'vendor=1' };
    publish('producer-pool:send', { ...SEND, recordCount: 1, records: [record(traceparent('a'), headers)] });
    const [span] = seen.spans();
    expect(span?.parentSpanContext).toMatchObject({ traceId: 'a'.repeat(32), isRemote: true });
    expect(span?.parentSpanContext?.traceState?.get('vendor')).toBe('1');
    expect(span?.links).toEqual([]);
    expect(span?.attributes).toMatchObject({
      'messaging.message.id': 'e-1',
      'cloudevents.event_id': 'e-1',
      'cloudevents.event_type': 'order.created',
    });
    expect(span?.attributes['messaging.batch.message_count']).toBeUndefined();
  });

  it('an error has the same type on span and metric, and no message', async () => {
    await using seen = observed();
    publish('producer-pool:send', {
      ...SEND,
      outcome: 'failed',
      error: Object.assign(new Error('hunter2'), { code: 'ECONNRESET' }),
    });
    const [span] = seen.spans();
    expect(span?.status).toEqual({ code: SpanStatusCode.ERROR });
    expect(span?.attributes['error.type']).toBe('connection');
    const [point] = await seen.values('messaging.client.operation.duration');
    expect(point?.[0]['error.type']).toBe('connection');
    expect(JSON.stringify([span?.attributes, span?.events])).not.toContain('hunter2');
  });

  it('R-OB-1 a relay cycle is one internal root span', async () => {
    await using seen = observed();
    publish('outbox:cycle', CYCLE);
    publish('outbox:cycle', { name: 'o', durationMs: 1, error: { code: 'BUSBAR_BREAKER_OPEN' } });
    const [span, failed] = seen.spans();
    expect(span).toMatchObject({ name: 'relay outbox', kind: SpanKind.INTERNAL, links: [] });
    expect(span?.attributes).toEqual({
      'busbar.outbox.name': 'outbox',
      'busbar.outbox.claimed': 10,
      'busbar.outbox.published': 9,
      'busbar.outbox.failed': 1,
      'busbar.outbox.parked': 0,
      'busbar.trigger': 'wake',
    });
    expect(failed?.attributes['error.type']).toBe('circuit_open');
  });

  it('every attribute of every span is in the catalogue', async () => {
    await using seen = observed();
    publish('producer-pool:send', {
      ...SEND,
      outcome: 'failed',
      recordCount: 1,
      records: [record(traceparent('a'), { ce_id: '1', ce_type: 't' })],
    });
    publish('outbox:cycle', { ...CYCLE, error: new Error('x') });
    for (const span of seen.spans()) {
      const entry = SPAN_CATALOG.find(({ name }) => name.split(' ')[0] === span.name.split(' ')[0]);
      expect(entry?.attributes).toEqual(expect.arrayContaining(Object.keys(span.attributes)));
    }
  });

  it('a message that is none makes no span', async () => {
    await using seen = observed();
    for (const message of [null, {}, { name: 'x' }, { name: 'x', topic: 't', durationMs: Number.NaN }]) {
      publish('producer-pool:send', message);
      publish('outbox:cycle', message);
    }
    expect(seen.spans()).toEqual([]);
    expect(seen.telemetry.stats().handlerErrors).toBe(0);
  });
});
