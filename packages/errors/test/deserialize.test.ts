import { types } from 'node:util';

import {
  AbortedError,
  BusbarError,
  InternalError,
  isAbortError,
  isRetryable,
  serializeError,
  TimeoutError,
} from '@busbar/errors';
import { describe, expect, it } from 'vitest';

import { BreakerOpenError, refusal, ReportError } from './sample-family.ts';

const roundTrip = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:9092'), {
  code: 'ECONNREFUSED',
  syscall: 'connect',
  port: 9_092,
});
const sent = new BreakerOpenError(refusal, {
  cause: refused,
  errors: [new TimeoutError({ what: 'x', limitMs: 1 })],
  retryAfterMs: 5,
});

describe('an error revived from its serialised form', () => {
  const revived = BusbarError.fromJSON(roundTrip(sent));

  it('R-STD-4 is a plain family member that says the same', () => {
    expect(revived).toBeInstanceOf(BusbarError);
    expect(revived).not.toBeInstanceOf(BreakerOpenError);
    expect(types.isNativeError(revived)).toBe(true);
    expect(revived).toMatchObject({
      name: 'BreakerOpenError',
      message: sent.message,
      code: 'BUSBAR_SAMPLE_OPEN',
      retryable: true,
      outcome: 'not-sent',
      retryAfterMs: 5,
      details: refusal,
    });
    expect(revived.toJSON()).toEqual(sent.toJSON());
    expect(revived.stack).toBe('BreakerOpenError: breaker "kafka" is open: ECONNREFUSED');
    expect(Object.keys(revived)).toEqual(Object.keys(sent));
  });

  it('has revived causes: family members, and errors that can be classified', () => {
    expect(revived.cause).toBeInstanceOf(Error);
    expect(revived.cause).not.toBeInstanceOf(BusbarError);
    expect(revived.cause).toMatchObject({ name: 'Error', message: refused.message, code: 'ECONNREFUSED', port: 9_092 });
    expect(isRetryable(revived.cause)).toBe(true);
    expect(revived.errors?.[0]).toBeInstanceOf(BusbarError);
  });

  it('is an instance of the class whose code matches, of those given, without running a constructor', () => {
    const again = BusbarError.fromJSON(roundTrip(sent), { classes: [BreakerOpenError, TimeoutError] });
    expect(again).toBeInstanceOf(BreakerOpenError);
    expect(again.errors?.[0]).toBeInstanceOf(TimeoutError);
    expect(again.toJSON()).toEqual(sent.toJSON());
    expect(Object.hasOwn(again, 'name')).toBe(false);
  });

  it('gets those properties back that its class lists', () => {
    const json: unknown = roundTrip(new ReportError(['a']));
    const fields = { report: { lines: ['a'] }, toJSON: 'evil', unlisted: 'evil' };
    const report = BusbarError.fromJSON(Object.assign(Object(json), { fields }), { classes: [ReportError] });
    expect(report).toMatchObject({ report: { lines: ['a'] }, details: { count: 1 } });
    expect(report).not.toHaveProperty('unlisted');
    expect(report.toJSON()).toMatchObject({ fields });
    expect(BusbarError.fromJSON(json)).not.toHaveProperty('report');
  });

  it('keeps its frames, and shows them again', () => {
    const view = serializeError(new InternalError({ what: 'x' }, { cause: new Error('y') }), { stack: true });
    const again = BusbarError.fromJSON(roundTrip(view));
    expect(again.stack).toBe(view.stack);
    expect(serializeError(again, { stack: true })).toEqual(view);
  });

  it('is scrubbed by a later scrub like any other', () => {
    const view = new InternalError(
      { what: 'hunter2' },
      { cause: Object.assign(new Error('hunter2'), { host: 'hunter2' }) },
    ).toJSON();
    const shown = serializeError(BusbarError.fromJSON(view), { scrub: (text) => text.replaceAll('hunter2', '***') });
    expect(JSON.stringify(shown)).not.toContain('hunter2');
    expect(shown).toMatchObject({ details: { what: '***' }, cause: { message: '***', fields: { host: '***' } } });
  });

  it('stays an abort, when it was one', () => {
    const aborted = new AbortedError({ what: 'x', reason: 'signal' }, { cause: new DOMException('x', 'AbortError') });
    const again = BusbarError.fromJSON(roundTrip(aborted));
    expect(isAbortError(again) && isAbortError(again.cause)).toBe(true);
    expect(again.toJSON()).toEqual(aborted.toJSON());
  });

  it('is an InternalError by instanceof, also without classes', () => {
    const internal = new InternalError({ what: 'x' });
    expect(BusbarError.fromJSON(internal.toJSON())).toBeInstanceOf(InternalError);
    expect(BusbarError.fromJSON(internal.toJSON(), { classes: [InternalError] })).toBeInstanceOf(InternalError);
  });
});

describe('data that is no serialised error of the family', () => {
  it('becomes an InternalError with the value behind it', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const strangers: readonly unknown[] = [
      'text',
      5,
      null,
      [],
      {},
      proxy,
      { v: 2, name: 'X', message: 'x' },
      { v: 1, name: 'not a name', message: 'x' },
      { v: 1, name: 'X' },
    ];
    for (const stranger of strangers) {
      const error = BusbarError.fromJSON(stranger);
      expect(error).toBeInstanceOf(InternalError);
      expect(error).toMatchObject({ code: 'BUSBAR_INTERNAL', outcome: 'unknown', retryable: false });
      expect(error.cause).toBe(stranger);
    }
    expect(BusbarError.fromJSON(undefined)).not.toHaveProperty('cause');
  });

  it('is kept as a revived cause when it is a foreign error', () => {
    const error = BusbarError.fromJSON(serializeError(refused));
    expect(error).toBeInstanceOf(InternalError);
    expect(error.cause).toMatchObject({ code: 'ECONNREFUSED' });
    expect(error.toJSON().cause).toEqual(serializeError(refused));
  });

  it('cannot smuggle in properties, wrong types or another code', () => {
    const evil = {
      v: 1,
      name: 'EvilError',
      message: 'x',
      code: 'BUSBAR_EVIL',
      retryable: true,
      outcome: 'maybe',
      retryAfterMs: '5',
      details: { __proto__: null, ok: 1 },
      toJSON: 'evil',
      docs: 'https://evil.example',
      extra: 1,
      cause: {
        v: 1,
        name: 'X',
        message: 'y',
        code: 'not a name',
        fields: { code: 'E_OK', client: 'evil', password: 'evil' },
      },
    };
    const error = BusbarError.fromJSON(evil);
    expect(JSON.stringify(error)).not.toContain('evil.example');
    expect(error.toJSON()).toMatchObject({ docs: error.docsUrl, details: { ok: 1 } });
    expect(Object.keys(error)).toEqual(['code', 'retryable', 'details']);
    expect(error.cause).toMatchObject({ code: 'E_OK' });
    expect(error.cause).not.toHaveProperty('client');
    expect(BusbarError.fromJSON({ ...evil, code: 'EVIL' })).toMatchObject({ code: 'BUSBAR_INTERNAL' });
    expect(BusbarError.fromJSON({ ...evil, retryable: undefined })).toMatchObject({ code: 'BUSBAR_INTERNAL' });
  });

  it('is held to the limits of the view', () => {
    const node = { v: 1, name: 'X', message: 'm'.repeat(5_000), code: 'BUSBAR_X', retryable: true };
    const deep = Array.from({ length: 20 }).reduce<object>((cause) => ({ ...node, cause }), node);
    expect(JSON.stringify(BusbarError.fromJSON(deep)).match(/"v":1/g)).toHaveLength(9);
    const wide = {
      ...node,
      errors: Array.from({ length: 1_000 }, () => ({ ...node, errors: Array.from({ length: 1_000 }, () => node) })),
    };
    expect(JSON.stringify(BusbarError.fromJSON(wide)).match(/"v":1/g)).toHaveLength(64);
    const view = BusbarError.fromJSON({ ...node, details: { text: 'x'.repeat(5_000) } }).toJSON();
    expect(view).toMatchObject({ truncated: true });
    expect(view.message).toHaveLength(2_048);
    expect(BusbarError.fromJSON({ ...node, message: 'x', truncated: true }).toJSON()).toMatchObject({
      truncated: true,
    });
    expect(BusbarError.fromJSON({ ...node, message: 'x', errors: [1, {}, null] })).not.toHaveProperty('errors');
  });
});
