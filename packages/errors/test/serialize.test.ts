import { inspect } from 'node:util';

import { InternalError, serializeError, type SerializedError, TimeoutError } from '@busbar/errors';
import { describe, expect, it } from 'vitest';

import { BreakerOpenError, refusal, ReportError } from './sample-family.ts';

const internal = (cause: unknown, errors?: readonly unknown[]): InternalError =>
  new InternalError({ what: 'x' }, { cause, ...(errors !== undefined && { errors }) });

/** Details of a class may come from plain JavaScript. */
const detailed = (details: object): InternalError => Reflect.construct(InternalError, [{ what: 'x', ...details }]);

const depthOf = (view: SerializedError): number => (view.cause === undefined ? 0 : 1 + depthOf(view.cause));
const chain = (length: number): Error => {
  let error = new Error('end');
  for (let level = 0; level < length; level += 1) error = new Error('level', { cause: error });
  return error;
};

describe('the view of an error', () => {
  it('R-STD-4 holds what the family states, and the causes', () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:9092'), {
      code: 'ECONNREFUSED',
      client: { password: 'x' },
    });
    const error = new BreakerOpenError(refusal, { cause, retryAfterMs: 250 });
    expect(error.toJSON()).toEqual({
      v: 1,
      name: 'BreakerOpenError',
      message: 'breaker "kafka" is open: ECONNREFUSED',
      code: 'BUSBAR_SAMPLE_OPEN',
      retryable: true,
      outcome: 'not-sent',
      retryAfterMs: 250,
      details: { breaker: 'kafka', state: 'open' },
      docs: 'https://github.com/busbar/busbar/blob/main/docs/error-codes.md#busbar_sample_open',
      cause: { v: 1, name: 'Error', message: 'connect ECONNREFUSED 127.0.0.1:9092', code: 'ECONNREFUSED' },
    });
    expect(JSON.parse(JSON.stringify(error))).toEqual(error.toJSON());
  });

  it('holds other properties only where the class lists them', () => {
    expect(new ReportError(['a', 'b']).toJSON()).toMatchObject({
      details: { count: 2 },
      fields: { report: { lines: ['a', 'b'] } },
    });
    expect(JSON.stringify(new ReportError([]))).not.toContain('not for printing');
  });

  it('holds a code that is no name among the fields', () => {
    expect(serializeError(Object.assign(new Error('x'), { code: 23 }))).toMatchObject({ fields: { code: 23 } });
    expect(serializeError(Object.assign(new Error('x'), { code: 'a b' }))).toMatchObject({ fields: { code: 'a b' } });
  });

  it('leaves out an error of the list that is the cause anyway', () => {
    const last = new Error('last');
    expect(internal(last, [new Error('first'), last]).toJSON().errors).toEqual([
      { v: 1, name: 'Error', message: 'first' },
    ]);
    expect(internal(last, [last]).toJSON()).not.toHaveProperty('errors');
  });

  it('shows the original behind an old-fashioned wrapper', () => {
    expect(serializeError(Object.assign(new Error('x'), { originalError: new TypeError('y') })).cause).toMatchObject({
      name: 'TypeError',
    });
  });

  it('survives properties that lie about what they are', () => {
    const lying = new TimeoutError({ what: 'x', limitMs: 1 });
    const lies = { message: 5, name: {}, outcome: 'maybe', retryAfterMs: Number.NaN, details: 7 };
    for (const [key, value] of Object.entries(lies)) Object.defineProperty(lying, key, { value });
    expect(lying.toJSON()).toEqual({
      v: 1,
      name: 'BusbarError',
      message: '',
      code: 'BUSBAR_TIMEOUT',
      retryable: true,
      docs: lying.docsUrl,
    });
    Object.defineProperty(lying, 'retryable', { value: 'yes' });
    expect(serializeError(lying)).toEqual({ v: 1, name: 'TimeoutError', message: '', code: 'BUSBAR_TIMEOUT' });
  });

  it('has a stack only on demand: the frames below a header of ours', () => {
    const error = internal(new Error(`secret\n    at not a frame (of:1:1) but text`));
    expect(error.toJSON()).not.toHaveProperty('stack');
    const view = serializeError(error, { stack: true });
    expect(view.stack).toMatch(/^InternalError: internal error: x\n {4}at /);
    const foreign = serializeError(new Error('postgres://app:hunter2@db\nsecond line'), { stack: true });
    expect(foreign.stack).toMatch(/^Error: postgres:\/\/\[redacted\]@db\nsecond line\n {4}at /);
    expect(serializeError(new BreakerOpenError(refusal), { stack: true })).not.toHaveProperty('stack');
  });

  it('shows frames of a stack only where they look like frames, at its end', () => {
    const error = Object.assign(new Error('changed later'), {
      stack: 'Error: hunter2\n    at hunter2\n    at f (a.js:1:2)\n    at <anonymous>',
    });
    expect(serializeError(error, { stack: true }).stack).toBe(
      'Error: changed later\n    at f (a.js:1:2)\n    at <anonymous>',
    );
    const long = Object.assign(new Error(''), {
      stack: `Error\n    at ${'x'.repeat(400)} (a.js:1:2)\n    at f (a.js:1:2)`,
    });
    expect(serializeError(long, { stack: true }).stack).toBe('Error: \n    at f (a.js:1:2)');
    const odd = Object.assign(new Error('x'), { stack: 5 });
    expect(serializeError(odd, { stack: true })).not.toHaveProperty('stack');
  });

  it('takes no line of the message for a frame, even one that looks like it', () => {
    const view = serializeError(new RangeError('x\n    at hunter2 (a.js:1:2)'), { stack: true });
    expect(view.stack?.split('hunter2')).toHaveLength(2); // once: in the message, where it is to be
    const parsed = Object.assign(new Error('x\n    at hunter2 (a.js:1:2)'), { code: 'ERR_INVALID_URL' });
    expect(serializeError(parsed, { stack: true }).stack).not.toContain('hunter2');
  });

  it('passes every text to a scrub of the caller, and shows none that could not be scrubbed', () => {
    const cause = Object.assign(new Error('hunter2'), { host: 'hunter2' });
    const error = detailed({ what: 'hunter2', list: ['hunter2'] });
    Object.defineProperty(error, 'cause', { value: cause });
    const view = serializeError(error, { scrub: (text) => text.replaceAll('hunter2', '***'), stack: true });
    expect(JSON.stringify(view)).not.toContain('hunter2');
    expect(view).toMatchObject({
      message: 'internal error: ***',
      details: { what: '***', list: ['***'] },
      cause: { message: '***', fields: { host: '***' } },
    });
    const broken = (): string => {
      throw new Error('no');
    };
    expect(serializeError(error, { scrub: broken })).toMatchObject({ message: '[unreadable]' });
    const silent: unknown = Reflect.apply(serializeError, undefined, [error, { scrub: () => undefined }]);
    expect(silent).toMatchObject({ message: '[unreadable]' });
  });
});

describe('limits of the view', () => {
  it('8 levels of causes, or fewer', () => {
    const view = serializeError(chain(8));
    expect(depthOf(view)).toBe(8);
    expect(JSON.stringify(view)).not.toContain('truncated');
    expect(depthOf(serializeError(chain(9)))).toBe(8);
    expect(JSON.stringify(serializeError(chain(9)))).toContain('"truncated":true');
    expect(depthOf(serializeError(chain(9), { depth: 100 }))).toBe(8);
    expect(serializeError(chain(1), { depth: 0 })).toEqual({ v: 1, name: 'Error', message: 'level', truncated: true });
  });

  it('20 errors of a list, 64 nodes in all', () => {
    const many = internal(
      undefined,
      Array.from({ length: 10_000 }, (_, index) => new Error(String(index))),
    );
    expect(many.toJSON()).toMatchObject({ truncated: true });
    expect(many.toJSON().errors).toHaveLength(20);
    const parent = (leaves: number, cause?: Error): InternalError =>
      internal(
        cause,
        Array.from({ length: leaves }, () => new Error('leaf')),
      );
    const views = [
      internal(undefined, [parent(20), parent(20), parent(20), parent(20)]),
      internal(undefined, [parent(20), parent(20), parent(20, new Error('cause'))]),
      internal(undefined, [parent(20), parent(20), parent(19), parent(0, new Error('cause'))]),
    ].map((error) => error.toJSON());
    expect(views.map((view) => JSON.stringify(view).match(/"v":1/g)?.length)).toEqual([64, 64, 64]);
    expect(views.map((view) => view.errors?.length)).toEqual([3, 3, 4]);
    expect(views.map((view) => view.truncated)).toEqual([true, undefined, undefined]);
    expect(views.map((view) => view.errors?.at(-1)?.truncated)).toEqual([undefined, true, true]);
  });

  it('2,048 characters of a message of ours, 1,024 of a text', () => {
    const long = detailed({ what: 'x'.repeat(3_000), short: 'y'.repeat(1_024) });
    const view = long.toJSON();
    expect(view.message).toHaveLength(2_048);
    expect(view).toMatchObject({
      truncated: true,
      details: { what: `${'x'.repeat(1_023)}…`, short: 'y'.repeat(1_024) },
    });
    expect(serializeError(Object.assign(new Error('x'), { host: 'h'.repeat(2_000) }))).toMatchObject({
      truncated: true,
    });
  });

  it('3 levels of details, 50 entries each, 500 in all', () => {
    expect(detailed({ a: { b: { c: { d: 1 } } } }).toJSON()).toMatchObject({
      truncated: true,
      details: { a: { b: { c: '[cut]' } } },
    });
    expect(detailed({ a: { b: [[1]] } }).toJSON()).toMatchObject({ truncated: true, details: { a: { b: ['[cut]'] } } });
    const wide = Object.fromEntries(
      Array.from({ length: 60 }, (_, index) => [`k${index}`, Array.from({ length: 60 }, () => 1)]),
    );
    const view = detailed(wide).toJSON();
    expect(Object.keys(view.details ?? {}).length).toBeLessThanOrEqual(50);
    expect(view).toMatchObject({ truncated: true });
    expect(JSON.stringify(view.details).match(/1/g)?.length).toBeLessThan(520);
    expect(detailed({ list: Array.from({ length: 51 }, () => 1) }).toJSON().details).toEqual({
      what: 'x',
      list: Array.from({ length: 50 }, () => 1),
    });
  });

  it('20 frames', () => {
    const frames = Array.from({ length: 30 }, (_, index) => `    at f${index} (a.js:1:2)`).join('\n');
    const view = serializeError(Object.assign(new Error('x'), { stack: `Error: x\n${frames}` }), { stack: true });
    expect(view.stack?.split('\n')).toHaveLength(21);
    expect(view).toMatchObject({ truncated: true });
  });
});

describe('data of any kind in details', () => {
  it('becomes plain data that survives JSON', () => {
    const circular: Record<string, unknown> = { list: [] };
    circular['self'] = circular;
    circular['list'] = [circular];
    const details = {
      big: 10n,
      minus: -0,
      not: Number.NaN,
      endless: Infinity,
      none: undefined,
      fn: () => 1,
      symbol: Symbol('x'),
      nothing: null,
      yes: true,
      date: new Date(0),
      circular,
      holes: [undefined, () => 1],
    };
    const view = detailed(details).toJSON();
    expect(view.details).toEqual({
      what: 'x',
      big: '10',
      minus: 0,
      not: 'NaN',
      endless: 'Infinity',
      nothing: null,
      yes: true,
      date: '[object]',
      circular: { list: ['[circular]'], self: '[circular]' },
      holes: [null, null],
    });
    expect(JSON.parse(JSON.stringify(view))).toEqual(view);
  });

  it('that cannot be read says so', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const throwing = Object.defineProperty({}, 'x', {
      enumerable: true,
      get: () => {
        throw new Error('no');
      },
    });
    const keyless = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no');
        },
      },
    );
    const view = detailed({ proxy, throwing, keyless }).toJSON();
    expect(view.details).toEqual({ what: 'x', proxy: '[unreadable]', throwing: { x: '[unreadable]' }, keyless: {} });
  });

  it('keeps a key of the name __proto__ an ordinary key', () => {
    const evil: unknown = JSON.parse('{"__proto__":{"polluted":1}}');
    const view = detailed({ evil }).toJSON();
    expect(JSON.stringify(view.details)).toBe('{"what":"x","evil":{"__proto__":{"polluted":1}}}');
  });

  it('R-STD-4 cycles of causes are told, not followed', () => {
    const loop = new Error('loop');
    loop.cause = loop;
    expect(serializeError(loop)).toEqual({
      v: 1,
      name: 'Error',
      message: 'loop',
      cause: { v: 1, name: 'Error', message: '[circular]' },
    });
  });
});

describe('util.inspect', () => {
  it('shows the view with frames, indented by cause', () => {
    const cause = Object.assign(new TypeError('odd'), { code: 'E_ODD', host: 'db', password: 'hunter2' });
    const error = internal(cause, [new RangeError('')]);
    const text = inspect(error).replaceAll(/\n *at .*/g, '');
    expect(text).toBe(
      [
        'InternalError [BUSBAR_INTERNAL]: internal error: x: E_ODD',
        "  retryable: false, outcome: 'unknown'",
        "  details: { what: 'x' }",
        '  [cause]: TypeError [E_ODD]: odd',
        "    fields: { host: 'db' }",
        '  [errors.0]: RangeError',
      ].join('\n'),
    );
    expect(inspect(error)).toMatch(/ \[E_ODD\]: odd\n {6}at /);
  });

  it('marks what was cut, and abbreviates below its depth', () => {
    expect(inspect(internal(chain(20)))).toContain('[truncated]');
    const error = new BreakerOpenError(refusal);
    expect(inspect({ a: { error } }, { depth: 2 })).toContain('BreakerOpenError [BUSBAR_SAMPLE_OPEN]: breaker');
    expect(inspect({ a: { error } }, { depth: 0 })).toBe('{ a: [Object] }');
    expect(inspect({ a: { error } }, { depth: 1 })).toBe('{ a: { error: [BreakerOpenError BUSBAR_SAMPLE_OPEN] } }');
  });
});
