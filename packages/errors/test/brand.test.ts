import * as errors from '@busbar/errors';
import { AbortedError, brandError, BusbarError, findError, hasCode, isBusbarError, TimeoutError } from '@busbar/errors';
import { beforeAll, describe, expect, it, vi } from 'vitest';

import { BreakerBusyError, BreakerOpenError, CallRejectedError, refusal, sampleFamily } from './sample-family.ts';

const timeout = new TimeoutError({ what: 'publish', limitMs: 5 });

describe('two copies of the package', () => {
  let copy: typeof errors;
  let family: ReturnType<typeof sampleFamily>;

  beforeAll(async () => {
    vi.resetModules();
    copy = await import('@busbar/errors');
    family = sampleFamily(copy);
  });

  it('R-STD-4 recognise base, abstract middle and leaf of each other', () => {
    expect(copy.TimeoutError).not.toBe(TimeoutError);
    const theirs = new family.BreakerOpenError(refusal);
    const ours = new BreakerOpenError(refusal);
    expect(theirs).toBeInstanceOf(BusbarError);
    expect(theirs).toBeInstanceOf(CallRejectedError);
    expect(theirs).toBeInstanceOf(BreakerOpenError);
    expect(ours).toBeInstanceOf(copy.BusbarError);
    expect(ours).toBeInstanceOf(family.BreakerOpenError);
    expect(isBusbarError(theirs) && copy.isBusbarError(ours)).toBe(true);
    expect(hasCode(theirs, 'BUSBAR_SAMPLE_OPEN')).toBe(true);
  });

  it('keep siblings and other branches apart', () => {
    const theirs = new family.BreakerOpenError(refusal);
    expect(theirs).not.toBeInstanceOf(BreakerBusyError);
    expect(theirs).not.toBeInstanceOf(TimeoutError);
    expect(timeout).not.toBeInstanceOf(family.CallRejectedError);
  });

  it('serialise and revive errors of each other', () => {
    const theirs = new family.BreakerOpenError(refusal, { cause: timeout });
    expect(errors.serializeError(theirs)).toEqual(theirs.toJSON());
    expect(copy.BusbarError.fromJSON(timeout.toJSON())).toBeInstanceOf(BusbarError);
  });
});

describe('subclasses of users', () => {
  it('work without a brand by ordinary instanceof, and inherit those of their ancestors', () => {
    class Mine extends TimeoutError {}
    const mine = new Mine({ what: 'x', limitMs: 1 });
    expect(mine).toBeInstanceOf(Mine);
    expect(mine).toBeInstanceOf(TimeoutError);
    expect(timeout).not.toBeInstanceOf(Mine);
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(proxy instanceof Mine).toBe(false);
  });

  it('work with a brand of their own', () => {
    class Mine extends TimeoutError {
      static {
        brandError(this, 'Mine');
      }
    }
    expect(new Mine({ what: 'x', limitMs: 1 })).toBeInstanceOf(Mine);
    expect(new Mine({ what: 'x', limitMs: 1 }).name).toBe('Mine');
    expect(timeout).not.toBeInstanceOf(Mine);
  });
});

describe('branding', () => {
  it('refuses a class that would pass for its parent', () => {
    class NoSpec extends TimeoutError {}
    expect(() => brandError(NoSpec)).toThrow(TypeError);
    abstract class SameName extends BusbarError {}
    expect(() => brandError(SameName, 'BusbarError')).toThrow('a name of its own');
    class OddCode extends BusbarError {
      static override readonly spec = { ...TimeoutError.spec, name: 'OddCode', code: 'BUSBAR_odd' } as const;
    }
    expect(() => brandError(OddCode)).toThrow('the code of OddCode must have the form BUSBAR_<AREA>_<CAUSE>');
  });

  it('gives the prototype a frozen list of names and a name that may be assigned', () => {
    const brand = Object.getOwnPropertySymbols(TimeoutError.prototype).find(
      (symbol) => symbol.description === '@busbar/errors/brand',
    );
    const names: unknown = Reflect.get(TimeoutError.prototype, brand ?? '');
    expect(names).toEqual(['TimeoutError', 'BusbarError']);
    expect(Object.isFrozen(names)).toBe(true);
    const error = new AbortedError({ what: 'x', reason: 'signal' });
    error.name = 'Renamed';
    expect(String(error)).toMatch(/^Renamed: /);
  });
});

describe('recognising family members', () => {
  it('takes nothing else for one, and never throws', () => {
    const { proxy, revoke } = Proxy.revocable([], {});
    revoke();
    const brand = Symbol.for('@busbar/errors/brand');
    const strangers = [
      undefined,
      null,
      'BUSBAR_TIMEOUT',
      new Error('x'),
      proxy,
      { code: 'BUSBAR_TIMEOUT' },
      { [brand]: 'BusbarError', code: 'BUSBAR_TIMEOUT' },
      { [brand]: proxy, code: 'BUSBAR_TIMEOUT' },
      { [brand]: ['BusbarError'] },
      { [brand]: ['BusbarError'], code: 'BUSBAR_TIMEOUT' },
      { [brand]: ['BusbarError'], code: 'TIMEOUT', retryable: true },
    ];
    expect(strangers.map((value) => isBusbarError(value))).toEqual(strangers.map(() => false));
    expect(strangers.map((value) => value instanceof TimeoutError)).toEqual(strangers.map(() => false));
  });

  it('matches one of several codes', () => {
    expect(hasCode(timeout, 'BUSBAR_ABORTED', 'BUSBAR_TIMEOUT')).toBe(true);
    expect(hasCode(timeout, 'BUSBAR_ABORTED')).toBe(false);
    expect(hasCode({ code: 'BUSBAR_TIMEOUT' }, 'BUSBAR_TIMEOUT')).toBe(false);
  });

  it('finds a code along the causes, the error itself included', () => {
    const wrapper = new Error('wrapper', { cause: new AggregateError([new Error('x'), timeout]) });
    expect(findError(wrapper, 'BUSBAR_TIMEOUT')).toBe(timeout);
    expect(findError(timeout, 'BUSBAR_TIMEOUT')).toBe(timeout);
    expect(findError(wrapper, 'BUSBAR_ABORTED')).toBeUndefined();
  });
});
