import { connect } from 'node:net';

import { serializeError } from '@busbar/errors';
import { DatabaseError } from 'pg';
import { Type } from 'typebox';
import { Parse } from 'typebox/schema';
import { Assert, Parse as ParseValue } from 'typebox/value';
import { describe, expect, it } from 'vitest';

import { causeSummary } from '../src/foreign-message.ts';

const SECRET = 'hunter2hunter2';

const thrownBy = (fn: () => unknown): unknown => {
  try {
    fn();
  } catch (error) {
    return error;
  }
  throw new Error('did not throw');
};

const shown = (error: unknown): string => serializeError(error).message;
const named = (name: string, message: string, more: object = {}): Error =>
  Object.assign(new Error(message), { name, ...more });

describe('messages of errors that are not ours', () => {
  it('a system error is shown as it is', async () => {
    const error = await new Promise((resolve) => {
      connect(60_997, '127.0.0.1').once('error', resolve);
    });
    expect(serializeError(error)).toEqual({
      v: 1,
      name: 'Error',
      message: 'connect ECONNREFUSED 127.0.0.1:60997',
      code: 'ECONNREFUSED',
      fields: { syscall: 'connect', errno: expect.any(Number) as unknown, address: '127.0.0.1', port: 60_997 },
    });
  });

  it('an aggregate with an empty message is told by its parts', () => {
    const refused = (address: string): Error =>
      Object.assign(new Error('x'), { code: 'ECONNREFUSED', address, port: 5_432 });
    const error = Object.assign(new AggregateError([refused('::1'), refused('127.0.0.1'), new Error('x')]), {
      code: 'ECONNREFUSED',
    });
    expect(shown(error)).toBe('ECONNREFUSED ::1:5432, ECONNREFUSED 127.0.0.1:5432');
    expect(causeSummary(error)).toBe('ECONNREFUSED ::1:5432');
    expect(shown(new AggregateError([]))).toBe('');
  });

  it('a syntax fault of JSON shows its position, not the text around it', () => {
    for (const text of [
      `{"a":"${SECRET}`,
      `{"${SECRET}":1,}`,
      `"${SECRET}" x`,
      `[1,${SECRET}]`,
      '',
      `${SECRET} at position 1`,
    ]) {
      const message = shown(thrownBy(() => JSON.parse(text)));
      expect(message).toMatch(/^invalid JSON( at position \d+)?$/);
    }
    expect(shown(thrownBy(() => JSON.parse('{"a":1,}')))).toBe('invalid JSON at position 7');
    expect(shown(new SyntaxError('Unexpected identifier'))).toBe('Unexpected identifier');
  });

  it('an invalid URL is not shown: it holds the password', () => {
    const error = thrownBy(() => new URL(`postgres://app:${SECRET}@:x:y/`));
    expect(serializeError(error)).toEqual({ v: 1, name: 'TypeError', message: 'invalid URL', code: 'ERR_INVALID_URL' });
  });

  it('R-PG-5 an error of PostgreSQL shows its SQLSTATE: the text and the details quote values', () => {
    const error = Object.assign(new DatabaseError(`invalid input syntax: "${SECRET}"`, 1, 'error'), {
      severity: 'ERROR',
      code: '22P02',
      detail: `Key (email)=(${SECRET})`,
      where: SECRET,
      hint: SECRET,
      internalQuery: SECRET,
      table: 'orders',
      column: 'id',
    });
    expect(serializeError(error)).toEqual({
      v: 1,
      name: 'error',
      message: 'SQLSTATE 22P02',
      code: '22P02',
      fields: { severity: 'ERROR', table: 'orders', column: 'id' },
    });
    expect(causeSummary(error)).toBe('SQLSTATE 22P02');
  });

  it('validation errors of TypeBox show how many issues there are', () => {
    const schema = Type.Object({ a: Type.Integer(), b: Type.Integer() });
    expect(shown(thrownBy(() => Assert(schema, { a: SECRET, b: SECRET })))).toBe('2 issues');
    expect(shown(thrownBy(() => ParseValue(schema, { a: SECRET, b: SECRET })))).toBe('1 issue');
    const noError = thrownBy(() => Parse({ type: 'integer' }, SECRET));
    expect(serializeError(noError)).toEqual({ v: 1, name: 'Object', message: '[object]' });
  });

  it('validation errors of other libraries show how many issues there are, told by their names', () => {
    expect(shown(named('ValiError', SECRET, { issues: [1] }))).toBe('1 issue');
    expect(shown(named('ZodError', SECRET, { issues: [1, 2, 3] }))).toBe('3 issues');
    expect(shown(named('TraversalError', SECRET))).toBe('validation failed');
    expect(shown(named('ValidationError', SECRET, { details: [1, 2] }))).toBe('2 issues');
    expect(shown(named('ValidationError', '2 issues'))).toBe('2 issues');
    class ArkErrors extends Error {}
    expect(shown(new ArkErrors(SECRET))).toBe('validation failed');
  });

  it('errors of query builders do not show their parameters', () => {
    expect(shown(named('DrizzleQueryError', `Failed query … params: ${SECRET}`))).toBe('query failed');
  });

  it('any other message is scrubbed, then cut', () => {
    expect(shown(new Error(`no route to amqp://app:${SECRET}@host`))).toBe('no route to amqp://[redacted]@host');
    const long = serializeError(new Error('x'.repeat(501)));
    expect(long).toMatchObject({ message: `${'x'.repeat(499)}…`, truncated: true });
    expect(serializeError(new Error('x'.repeat(500)))).not.toHaveProperty('truncated');
  });
});

describe('values that are no errors', () => {
  it('are shown by their type, objects without anything of theirs', () => {
    expect([undefined, null, 5, 10n, true, Symbol('s'), 'text'].map((value) => serializeError(value))).toEqual([
      { v: 1, name: 'undefined', message: 'undefined' },
      { v: 1, name: 'null', message: 'null' },
      { v: 1, name: 'number', message: '5' },
      { v: 1, name: 'bigint', message: '10' },
      { v: 1, name: 'boolean', message: 'true' },
      { v: 1, name: 'symbol', message: 'Symbol(s)' },
      { v: 1, name: 'string', message: 'text' },
    ]);
    const objects = [{ password: SECRET }, [SECRET], new Map([[SECRET, SECRET]]), () => SECRET];
    expect(objects.map((value) => serializeError(value))).toEqual(
      objects.map(() => ({ v: 1, name: 'Object', message: '[object]' })),
    );
  });

  it('are errors when they have a message', () => {
    expect(serializeError({ message: 'boom', code: 'E_BOOM', password: SECRET })).toEqual({
      v: 1,
      name: 'Object',
      message: 'boom',
      code: 'E_BOOM',
    });
    expect(serializeError(Object.assign(Object.create(null), { message: 'boom' }))).toMatchObject({ name: 'Error' });
  });
});

describe('summaries of causes', () => {
  it('are a code with its address, else a name, else nothing', () => {
    expect(causeSummary(undefined)).toBeUndefined();
    expect(causeSummary(new Error('x'))).toBeUndefined();
    expect(causeSummary(new RangeError('x'))).toBe('RangeError');
    expect(causeSummary('text')).toBe('string');
    expect(causeSummary(Object.assign(new Error('x'), { code: 'ENOTFOUND', hostname: 'db.internal' }))).toBe(
      'ENOTFOUND db.internal',
    );
    expect(causeSummary(Object.assign(new Error('x'), { code: 'ENOTFOUND', hostname: `app:${SECRET}@db` }))).toBe(
      'ENOTFOUND',
    );
    expect(causeSummary(Object.assign(new TypeError('x'), { code: `${SECRET} or so` }))).toBe('TypeError');
    expect(causeSummary(Object.assign(new TypeError('x'), { name: `${SECRET} or so` }))).toBe('TypeError');
  });
});
