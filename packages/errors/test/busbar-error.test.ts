import { readFileSync } from 'node:fs';
import { inspect, types } from 'node:util';

import { BusbarError, ERROR_DOCS_URL, InternalError, TimeoutError } from '@busbar/errors';
import { describe, expect, it } from 'vitest';

import { BreakerOpenError, refusal, ReportError } from './sample-family.ts';

const cause = new Error('behind');
const limits = { what: 'publish', limitMs: 5 };

describe('an error of the family', () => {
  it('R-STD-4 takes code, retryable and outcome from its class, and the instance may say otherwise', () => {
    expect(new TimeoutError(limits)).toMatchObject({ code: 'BUSBAR_TIMEOUT', retryable: true, outcome: 'unknown' });
    const error = new TimeoutError(limits, { retryable: false, outcome: 'not-sent', retryAfterMs: 10 });
    expect(error).toMatchObject({ retryable: false, outcome: 'not-sent', retryAfterMs: 10 });
  });

  it('has exactly these own enumerable properties, and only what is stated', () => {
    expect(Object.keys(new TimeoutError(limits, { cause, errors: [cause], retryAfterMs: 1 }))).toEqual([
      'code',
      'retryable',
      'outcome',
      'retryAfterMs',
      'details',
    ]);
    expect(Object.keys(new ReportError([]))).toEqual(['code', 'retryable', 'details', 'report', 'unlisted']);
  });

  it('keeps the original objects behind own accessors that are not enumerable', () => {
    const error = new TimeoutError(limits, { cause, errors: [1, cause] });
    expect(error.cause).toBe(cause);
    expect(error.errors).toEqual([1, cause]);
    for (const key of ['cause', 'errors']) {
      const descriptor = Object.getOwnPropertyDescriptor(error, key);
      expect(descriptor).toMatchObject({ enumerable: false, configurable: true });
      expect(descriptor).not.toHaveProperty('value');
      expect(descriptor?.get?.call({})).toBeUndefined();
    }
    expect(Object.hasOwn(new TimeoutError(limits), 'cause')).toBe(false);
    expect(new TimeoutError(limits).errors).toBeUndefined();
  });

  it('ends its message with what may be said of its cause', () => {
    const refused = Object.assign(new Error('x'), { code: 'ECONNREFUSED', address: '127.0.0.1', port: 9092 });
    const message = 'publish did not finish within 5 ms';
    expect(new TimeoutError(limits).message).toBe(message);
    expect(new TimeoutError(limits, { cause: refused }).message).toBe(`${message}: ECONNREFUSED 127.0.0.1:9092`);
    expect(new InternalError({ what: 'a TypeError' }, { cause: new TypeError('x') }).message).toBe(
      'internal error: a TypeError',
    );
  });

  it('freezes a copy of its details, but not those of a refusal without a stack', () => {
    const details = { ...limits };
    const error = new TimeoutError(details);
    expect(error.details).not.toBe(details);
    expect(Object.isFrozen(error.details)).toBe(true);
    expect(Object.isFrozen(details)).toBe(false);
    expect(new BreakerOpenError(refusal).details).toBe(refusal);
  });

  it('captures no stack when told so, and leaves the limit of the process as it was', () => {
    const before = Error.stackTraceLimit;
    expect(new BreakerOpenError(refusal).stack).toBe('BreakerOpenError: breaker "kafka" is open');
    expect(Error.stackTraceLimit).toBe(before);
    expect(new TimeoutError(limits).stack).toContain('\n    at ');
  });

  it('prints its name from the prototype, whatever a minifier makes of its class', () => {
    const error = new TimeoutError(limits);
    expect(error.name).toBe('TimeoutError');
    expect(Object.hasOwn(error, 'name')).toBe(false);
    expect(String(error)).toBe('TimeoutError: publish did not finish within 5 ms');
    expect(error.stack).toMatch(/^TimeoutError: publish/);
    expect(inspect(error, { customInspect: false })).toMatch(/^TimeoutError: publish/);
    expect(types.isNativeError(error)).toBe(true);
  });

  it('has a page: the repository of package.json and an anchor per code', () => {
    const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    expect(manifest).toMatchObject({ repository: { url: 'git+https://github.com/busbar/busbar.git' } });
    expect(ERROR_DOCS_URL).toBe('https://github.com/busbar/busbar/blob/main/docs/error-codes.md');
    expect(new TimeoutError(limits).docsUrl).toBe(`${ERROR_DOCS_URL}#busbar_timeout`);
  });

  it('of a class written in JavaScript without a spec has the code of internal errors', () => {
    class Plain extends BusbarError {}
    const make = (): unknown => Reflect.construct(Plain, ['odd', {}]);
    expect(make()).toMatchObject({ code: 'BUSBAR_INTERNAL', retryable: false, outcome: 'unknown', message: 'odd' });
    expect(make()).toBeInstanceOf(BusbarError);
  });

  it('loses code, details and cause in a structured clone: send toJSON() instead', () => {
    const error = new TimeoutError(limits, { cause });
    const clone: unknown = structuredClone(error);
    expect(clone).not.toHaveProperty('code');
    expect(clone).not.toBeInstanceOf(TimeoutError);
    expect(BusbarError.fromJSON(structuredClone(error.toJSON()))).toMatchObject({
      code: 'BUSBAR_TIMEOUT',
      details: limits,
    });
  });
});
