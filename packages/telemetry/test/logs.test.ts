import { manualClock } from '@busbar-tooling/test-kit/manual-clock';
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { afterEach, describe, expect, it } from 'vitest';

import {
  createTelemetry,
  LOG_CATALOG,
  ndjsonSink,
  pinoSink,
  type LogRecord,
  type TelemetryOptions,
} from '../src/index.ts';
import { RateLimit } from '../src/rate-limit.ts';
import { forgetGlobals, LocalContext, publish } from './sdk-harness.ts';

afterEach(forgetGlobals);

const logged = (options: TelemetryOptions = {}) => {
  const records: LogRecord[] = [];
  const clock = manualClock();
  const logSink = { write: (record: LogRecord) => void records.push(record) };
  const telemetry = createTelemetry({ logSink, clock, wallClock: () => 0, ...options });
  return { records, clock, telemetry, [Symbol.asyncDispose]: () => telemetry.close() };
};

const TRANSITION = {
  name: 'kafka',
  from: 'closed',
  to: 'open',
  cause: 'consecutive',
  enforced: true,
  sinceMs: 5,
  code: 'X',
  secret: 'hunter2',
};

describe('log records', () => {
  it('R-OB-1 a transition is one record with the ids of the span and the correlation of its caller', async () => {
    context.setGlobalContextManager(new LocalContext());
    await using seen = logged({ correlation: () => ({ correlation_id: 'c-1', causation_id: 'c-0' }) });
    const spanContext = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };
    context.with(trace.setSpanContext(ROOT_CONTEXT, spanContext), () =>
      publish('circuit-breaker:transition', TRANSITION),
    );
    expect(seen.records).toEqual([
      {
        timestamp: '1970-01-01T00:00:00.000Z',
        level: 'info',
        event: 'busbar.circuit-breaker.transition',
        message: 'breaker kafka went from closed to open: consecutive',
        component: 'circuit-breaker',
        instance: 'kafka',
        trace_id: 'a'.repeat(32),
        span_id: 'b'.repeat(16),
        trace_flags: '01',
        correlation_id: 'c-1',
        causation_id: 'c-0',
        attributes: { from: 'closed', to: 'open', cause: 'consecutive', enforced: true, sinceMs: 5, code: 'X' },
      },
    ]);
  });

  it('R-OB-1 every entry of the catalogue becomes a record of its level, with nothing but listed scalars', async () => {
    await using seen = logged({ logLevel: 'debug' });
    for (const { component, event, attributes, only } of LOG_CATALOG) {
      const fields = Object.fromEntries(attributes.map((name) => [name, `the ${name}`]));
      publish(`${component}:${event}`, {
        name: 'n',
        pool: 'n',
        ...fields,
        payload: 'hunter2',
        ...(only === undefined ? {} : { [only.field]: only.is }),
      });
    }
    expect(seen.records.map(({ component, event, level }) => `${event} ${level} ${component}`)).toEqual(
      LOG_CATALOG.map(({ component, event, level }) => `busbar.${component}.${event} ${level} ${component}`),
    );
    expect(JSON.stringify(seen.records)).not.toContain('hunter2');
    expect(seen.records.map(({ event, message }) => `${event}: ${message}`)).toMatchSnapshot();
  });

  it('subscribes only the channels of the wanted level', async () => {
    await using seen = logged({ logLevel: 'error' });
    publish('circuit-breaker:transition', TRANSITION);
    publish('outbox:parked', { name: 'o', eventId: 'e-1', topic: 't', code: 'BAD', key: 'hunter2' });
    publish('postgres:tx', { pool: 'p', outcome: 'commit' });
    publish('postgres:tx', { pool: 'p', outcome: 'unknown' });
    expect(seen.records.map(({ event }) => event)).toEqual(['busbar.outbox.parked', 'busbar.postgres.tx']);
    expect(seen.records[0]).toMatchObject({ event_id: 'e-1', message: 'an event for t was parked: BAD' });
    await using silent = logged({ logLevel: 'off' });
    publish('outbox:parked', {});
    expect(silent.records).toEqual([]);
  });

  it('shows an error of the family as it shows itself, and of another only name and code', async () => {
    await using seen = logged();
    const shown = { v: 1, name: 'BreakerOpenError', message: 'breaker "kafka" is open', code: 'BUSBAR_BREAKER_OPEN' };
    const family = Object.assign(new Error('x'), { toJSON: () => shown });
    Object.defineProperty(family, Symbol.for('@busbar/errors/brand'), { value: ['BreakerOpenError', 'BusbarError'] });
    for (const error of [family, Object.assign(new TypeError('hunter2'), { code: 'E1' }), 'hunter2', null])
      publish('outbox:fault', { name: 'o', topic: 't', code: 'C', error });
    expect(seen.records.map(({ error }) => error)).toEqual([
      shown,
      { v: 1, name: 'TypeError', message: 'not shown', code: 'E1' },
      { v: 1, name: 'string', message: 'not shown' },
      undefined,
    ]);
    Object.assign(family, { toJSON: () => 'hunter2' });
    publish('outbox:fault', { name: 'o', error: family });
    expect(seen.records.at(-1)?.error).toEqual({ v: 1, name: 'Error', message: 'not shown' });
  });

  it('limits a storm per event and instance, says how many it left out, and spares lost guarantees', async () => {
    await using seen = logged();
    for (let index = 0; index < 30; index += 1) {
      publish('outbox:fault', { name: 'o', topic: 't' });
      publish('outbox:parked', { name: 'o' });
    }
    publish('outbox:fault', { name: 'other', topic: 't' });
    const faults = () => seen.records.filter(({ event }) => event === 'busbar.outbox.fault');
    expect(faults()).toHaveLength(21);
    expect(seen.records.filter(({ event }) => event === 'busbar.outbox.parked')).toHaveLength(30);
    expect(seen.telemetry.stats().logsSuppressed).toBe(10);
    await seen.clock.advance(1000);
    for (let index = 0; index < 10; index += 1) publish('outbox:fault', { name: 'o', topic: 't' });
    expect(
      faults()
        .slice(21)
        .map(({ attributes }) => attributes['suppressed']),
    ).toEqual([10, undefined, undefined, undefined, undefined]);
  });

  it('a sink that throws is counted and reaches nobody', async () => {
    const write = (): never => {
      throw new Error('disk full');
    };
    await using telemetry = createTelemetry({ logSink: { write } });
    publish('circuit-breaker:transition', TRANSITION);
    expect(telemetry.stats()).toMatchObject({ sinkErrors: 1, handlerErrors: 0, bound: { logs: true } });
  });

  it('cuts long texts', async () => {
    await using seen = logged();
    publish('retry:exhausted', { name: 'r', reason: 'x'.repeat(1000) });
    expect(seen.records[0]?.attributes['reason']).toHaveLength(257);
  });
});

describe('sinks', () => {
  const record: LogRecord = {
    timestamp: 't',
    level: 'warn',
    event: 'e',
    message: 'm',
    component: 'outbox',
    instance: 'o',
    attributes: { a: 1 },
  };

  it('writes a line of JSON', () => {
    const written: string[] = [];
    ndjsonSink({ stream: { write: (text) => written.push(text) } }).write(record);
    expect(written).toEqual([`${JSON.stringify(record)}\n`]);
    expect(typeof ndjsonSink().write).toBe('function');
  });

  it('hands fields and message to pino, which has time and level itself', () => {
    const calls: unknown[] = [];
    const log = (level: string) => (fields: object, message: string) => void calls.push([level, fields, message]);
    pinoSink({ debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') }).write(record);
    expect(calls).toEqual([['warn', { event: 'e', component: 'outbox', instance: 'o', attributes: { a: 1 } }, 'm']]);
  });
});

describe('rate limit', () => {
  it('remembers at most 1024 keys, and forgets the one unused for longest', () => {
    const limit = new RateLimit();
    for (let index = 0; index < 25; index += 1) limit.take('first', 0);
    expect(limit.take('first', 0)).toBeUndefined();
    for (let index = 0; index < 1024; index += 1) limit.take(`k${index}`, 0);
    expect(limit.take('first', 0)).toBe(0);
  });
});
