import { inspect } from 'node:util';

import { isRetryable } from '@busbar/errors';
import { describe, expect, test } from 'vitest';

import { connectFailure } from '../src/connect-failure.ts';
import { isPostgresError } from '../src/errors.ts';
import type { ExecutionOutcome } from '../src/execution.ts';
import { errorOfOutcome, reasonOf, serverError } from '../src/outcome.ts';
import { safeCause } from '../src/raised-error.ts';
import { ServerError } from '../src/server-errors.ts';
import { errorExamples } from './error-examples.ts';
import { oneOf } from './matchers.ts';

const serverSays = (code: string, own: object = {}): object =>
  Object.assign(new Error('Key (email)=(ann@example.org) already exists'), {
    severity: 'ERROR',
    code,
    detail: 'ann@example.org',
    hint: 'ann@example.org',
    where: 'ann@example.org',
    ...own,
  });

describe('the error family of the package', () => {
  test.for(Object.entries(errorExamples))('R-STD-4 %s is a member with code, kind and outcome', ([code, error]) => {
    expect(error).toMatchObject({ code, outcome: oneOf('not-sent', 'rejected', 'unknown') });
    expect(isPostgresError(error)).toBe(true);
    expect(error.kind).toBe(code.slice('BUSBAR_POSTGRES_'.length).toLowerCase().replaceAll('_', '-'));
    expect(isRetryable(error)).toBe(error.retryable);
  });

  test('R-PG-5 a server error shows codes and names, never what the server said about the row', () => {
    const error = serverError(
      serverSays('23505', { schema: 'public', table: 'people', constraint: 'people_email_key', position: '8' }),
      'sign-up',
    );
    expect(error.details).toEqual({
      sqlState: '23505',
      schema: 'public',
      table: 'people',
      constraint: 'people_email_key',
      position: 8,
    });
    expect(error.message).toContain(
      'a unique constraint does not hold (SQLSTATE 23505), at public.people, constraint "people_email_key"',
    );
    for (const shown of [inspect(error, { depth: Infinity }), JSON.stringify(error), String(error), error.stack])
      expect(shown).not.toContain('ann@');
    expect(error.unsafeDetails()).toMatchObject({ detail: 'ann@example.org' });
    expect(error).toBeInstanceOf(ServerError);
  });

  test("R-PG-5 the server's own words are shown only where they cannot hold a value", () => {
    const texts = (code: string, message: string) =>
      serverError(serverSays(code, { message, where: undefined })).details.text;
    expect(texts('40001', 'could not serialize access')).toBe('could not serialize access');
    expect(texts('22P02', 'invalid input syntax for type integer: "ann"')).toBeUndefined();
    expect(texts('42601', 'syntax error at or near "ann"')).toBe('syntax error at or near');
    expect(texts('42601', 'Syntaxfehler bei »ann«')).toBe('Syntaxfehler bei');
    expect(texts('P0001', 'ann')).toBeUndefined();
    for (const [code, message] of [
      ['40001', ''],
      ['42601', '構文エラー'],
    ] as const) {
      const error = serverError(serverSays(code, { message, where: undefined }));
      expect(error.details).toEqual({ sqlState: code });
      expect(error.message).toContain(`the server refused the statement (SQLSTATE ${code})`);
    }
    expect(serverError(serverSays('40001', { message: 'ann' })).details.text).toBeUndefined();
  });

  test('R-PG-5 of what a function in the database raises nothing is shown but the SQLSTATE', () => {
    const driver = serverSays('40001', { routine: 'exec_stmt_raise', table: 'ann', column: 'ann', where: undefined });
    const error = serverError(driver);
    expect(error.details).toEqual({ sqlState: '40001' });
    expect(inspect(error, { depth: Infinity, showHidden: true }) + JSON.stringify(error)).not.toContain('ann');
    expect(error.unsafeDetails()).toBe(driver);
    expect(error.cause).toMatchObject({ name: 'RaisedError', code: '40001', severity: 'ERROR' });
    expect(safeCause({ routine: 'exec_stmt_raise' })).toMatchObject({ code: '' });
  });

  test('classes 53 and 54 differ in what a repetition can do', () => {
    expect([serverError(serverSays('53100')).retryable, serverError(serverSays('54001')).retryable]).toEqual([
      true,
      false,
    ]);
    expect(serverError(serverSays('40003')).outcome).toBe('unknown');
    expect(serverError('thrown text').code).toBe('BUSBAR_POSTGRES_INTERNAL');
    expect(serverError(serverSays('55P03', { message: undefined }))).toMatchObject({
      kind: 'lock-timeout',
      details: { sqlState: '55P03' },
    });
  });

  test('a failure to connect keeps what is one of ours already, and shows a code only if it is a text', () => {
    const where = { host: 'h', port: 1, elapsedMs: 2 };
    const ours = connectFailure(Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), where);
    expect(connectFailure(ours, { ...where, host: 'other' })).toBe(ours);
    expect(ours.details).toEqual({ ...where, reason: 'ECONNREFUSED' });
    expect(connectFailure({ code: 7 }, where).details).toEqual(where);
  });
});

describe('the error of an outcome', () => {
  const facts = { pool: 'p', label: 'l', deadlineMs: 50, inTransaction: false };
  const outcome = (own: Partial<ExecutionOutcome>): ExecutionOutcome => ({
    results: [],
    written: true,
    status: null,
    ...own,
  });
  const of = (own: Partial<ExecutionOutcome>, inTransaction = false) =>
    errorOfOutcome(outcome(own), { ...facts, inTransaction });
  const lost = { error: new Error('read ECONNRESET'), lost: true } as const;

  test('a loss is not-sent, rejected or unknown by what was written and by the transaction', () => {
    expect(of({ ...lost, written: false })).toMatchObject({
      code: 'BUSBAR_POSTGRES_LEASE_LOST',
      outcome: 'not-sent',
      retryable: true,
    });
    expect(of(lost)).toMatchObject({ outcome: 'unknown', retryable: false });
    expect(of(lost, true)).toMatchObject({ outcome: 'rejected', retryable: true });
  });

  test('a limit is not-sent while queued, rejected behind a 57014 or in a transaction, else unknown', () => {
    const canceled = { error: serverSays('57014'), status: 'I' } as const;
    expect(of({ stopped: 'deadline', written: false })).toMatchObject({
      code: 'BUSBAR_POSTGRES_DEADLINE',
      outcome: 'not-sent',
      retryable: true,
    });
    expect(of({ stopped: 'deadline', ...canceled })).toMatchObject({
      outcome: 'rejected',
      details: { deadlineMs: 50 },
    });
    expect(of({ stopped: 'deadline' })).toMatchObject({ outcome: 'unknown', retryable: false });
    expect(of({ stopped: 'deadline' }, true)).toMatchObject({ outcome: 'rejected' });
    expect(of({ stopped: 'abort' })).toMatchObject({ code: 'BUSBAR_POSTGRES_ABORTED', outcome: 'unknown' });
  });

  test('what ended by itself just behind its limit is told as it ended', () => {
    expect(of({ stopped: 'deadline', status: 'I' })).toBeUndefined();
    expect(of({ stopped: 'deadline', status: 'I', error: serverSays('23505') })).toMatchObject({
      code: 'BUSBAR_POSTGRES_CONSTRAINT',
    });
    expect(of({ status: 'I', error: serverSays('57014') })).toMatchObject({
      code: 'BUSBAR_POSTGRES_STATEMENT_TIMEOUT',
    });
  });

  test('the reason of an end is a code, never a text', () => {
    expect(reasonOf(serverSays('57P01'))).toBe('SQLSTATE 57P01');
    expect(reasonOf({ code: 'ECONNRESET' })).toBe('ECONNRESET');
    expect(reasonOf(new Error('postgres://u:p@h'))).toBe('the connection ended');
  });
});

describe('the error of a failed connect', () => {
  const where = { host: 'h', port: 1, elapsedMs: 1 };
  const of = (error: unknown) => connectFailure(error, where);

  test.for([
    [Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), 'CONNECT', true],
    [new AggregateError([Object.assign(new Error('x'), { code: 'EHOSTUNREACH' })]), 'CONNECT', true],
    ['thrown text', 'CONNECT', true],
    [serverSays('57P03'), 'CONNECT', true],
    [serverSays('42704'), 'CONNECT', false],
    [serverSays('53300'), 'TOO_MANY_CONNECTIONS', true],
    [serverSays('28P01'), 'AUTH', false],
    [serverSays('3D000'), 'AUTH', false],
    [Object.assign(new Error('x'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }), 'TLS', false],
    [Object.assign(new Error('x'), { code: 'SELF_SIGNED_CERT_IN_CHAIN' }), 'TLS', false],
    [new Error('The server does not support SSL connections'), 'TLS', false],
  ] as const)('%s becomes %s', ([error, cause, retryable]) => {
    expect(of(error)).toMatchObject({ code: `BUSBAR_POSTGRES_${cause}`, retryable, outcome: 'not-sent' });
  });
});
