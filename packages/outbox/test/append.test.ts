import { crc32 } from 'node:zlib';

import { describe, expect, test } from 'vitest';

import { checkRecords, checkTransaction, insertRecords, isDeferringTx } from '../src/append.ts';
import type { OutboxRecord } from '../src/index.ts';
import { fakeQueryable, sqlError } from './support/fake-queryable.ts';

const record = (id: string, more: Partial<OutboxRecord> = {}): OutboxRecord => ({
  id,
  topic: 'orders',
  key: 'k',
  headers: {},
  value: '{}',
  ...more,
});

const INSERT = { schema: 'busbar', ordering: 'insert', autocommit: false } as const;

describe('W3 a transaction is needed', () => {
  test.each([
    ['a pool', { connect: 1, totalCount: 0 }],
    ['a connection manager', { tx: 1, lease: 1 }],
    ['a Knex instance', { raw: 1, transaction: 1, destroy: 1 }],
    ['a Kysely instance', { executeQuery: 1, startTransaction: 1, destroy: 1 }],
    ['a Drizzle database', { execute: 1, $client: 1 }],
  ])('%s is refused', (found, members) => {
    const root = { ...fakeQueryable({}), ...members };
    expect(() => checkTransaction(root)).toThrow(
      expect.objectContaining({ code: 'BUSBAR_OUTBOX_TX_REQUIRED', details: { found } }),
    );
  });

  test('a transaction that looks like its root is taken', () => {
    const tx = { ...fakeQueryable({}), raw: 1, transaction: 1, destroy: 1, isTransaction: true };
    expect(() => checkTransaction(tx)).not.toThrow();
    expect(isDeferringTx(tx)).toBe(false);
  });
});

describe('the INSERT', () => {
  test('all invalid records are named, and a too large one is refused', () => {
    const rules = { schema: 'busbar', maxRecordBytes: 10 };
    expect(() => checkRecords([record('a'), record('', { topic: '' })], rules)).toThrow(
      expect.objectContaining({
        code: 'BUSBAR_OUTBOX_RECORD_INVALID',
        details: {
          issues: [expect.objectContaining({ path: 'records[1]' }), expect.objectContaining({ path: 'records[1]' })],
        },
      }),
    );
    expect(() => checkRecords([record('a', { value: 'x'.repeat(11) })], rules)).toThrow(
      expect.objectContaining({ code: 'BUSBAR_OUTBOX_RECORD_TOO_LARGE' }),
    );
  });

  test('one record is eight scalars, in the schema that was asked for', async () => {
    const tx = fakeQueryable({ 'insert into': () => [{ seq: '7', event_id: 'a', xid: '9' }] });
    const rows = await insertRecords(tx, [record('a', { value: new Uint8Array([1, 2]) })], {
      ...INSERT,
      schema: 'other',
    });
    expect(rows).toEqual([{ id: 'a', seq: 7n, shard: crc32('k') % 64, xid: '9' }]);
    expect(tx.calls[0]?.values.slice(2)).toEqual(['a', 'orders', 'k', '{}', null, 'AQI=']);
    expect(tx.calls[0]?.text).toContain('insert into other.outbox');
    expect(tx.calls[0]?.text).not.toContain('busbar.');
  });

  test.each([
    ['another order', [{ seq: '1', event_id: 'b', xid: '9' }]],
    ['another number of rows', []],
    ['a row without seq', [{ event_id: 'a', xid: '9' }]],
    ['a seq that is none', [{ seq: 'x', event_id: 'a', xid: '9' }]],
    ['an id that is no text', [{ seq: '1', event_id: 5, xid: '9' }]],
    ['no row at all', [null]],
  ])('%s of the client is a port violation', async (_, answer) => {
    const tx = fakeQueryable({ 'insert into': () => answer });
    await expect(insertRecords(tx, [record('a')], INSERT)).rejects.toMatchObject({
      code: 'BUSBAR_OUTBOX_PORT_VIOLATION',
    });
  });

  test.each([
    [sqlError('40001'), false, { retryable: true, outcome: 'rejected' }],
    [sqlError('23514'), true, { retryable: false, outcome: 'rejected' }],
    [sqlError('57P01'), true, { retryable: true, outcome: 'unknown' }],
    [Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }), true, { retryable: true, outcome: 'unknown' }],
    [Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }), false, { retryable: true, outcome: 'rejected' }],
  ])('%o (autocommit %s) is APPEND_FAILED as its cause says', async (error, autocommit, expected) => {
    const tx = fakeQueryable({ 'insert into': () => error });
    await expect(insertRecords(tx, [record('a')], { ...INSERT, autocommit })).rejects.toMatchObject({
      code: 'BUSBAR_OUTBOX_APPEND_FAILED',
      cause: error,
      ...expected,
    });
  });
});
