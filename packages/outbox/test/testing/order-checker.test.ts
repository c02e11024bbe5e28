import { describe, expect, test } from 'vitest';

import { checkOrder, type LoggedEvent } from '../../src/testing/index.ts';

const event = (id: string, key: string | null = 'k', more: Partial<LoggedEvent> = {}): LoggedEvent => ({
  id,
  topic: 'orders',
  key,
  ...more,
});
const committed = [event('1'), event('2'), event('a', 'other'), event('3'), event('free', null)];

describe('checkOrder', () => {
  test('a log in commit order with late duplicates is right', () => {
    const log = [event('a', 'other'), event('1'), event('2'), event('1'), event('3'), event('free', null), event('2')];
    expect(checkOrder({ committed, log })).toEqual({
      lost: [],
      unexpected: [],
      inversions: [],
      duplicates: 2,
      altered: [],
      ok: true,
    });
  });

  test('losses, strangers, inversions and altered duplicates are named', () => {
    const log = [
      event('2'),
      event('1'),
      event('ghost'),
      event('3', 'k', { value: 'x' }),
      event('3', 'k', { value: 'y' }),
    ];
    expect(checkOrder({ committed, log })).toEqual({
      lost: ['a', 'free'],
      unexpected: ['ghost'],
      inversions: [{ id: '1', after: '2', topic: 'orders', key: 'k' }],
      duplicates: 1,
      altered: ['3'],
      ok: false,
    });
  });

  test('parked events may be missing, and do not count for the order', () => {
    const log = [event('2'), event('3'), event('a', 'other'), event('free', null), event('1', 'k')];
    expect(checkOrder({ committed, log, dead: ['1'] })).toMatchObject({ ok: true, lost: [] });
    expect(checkOrder({ committed, log: log.slice(0, 4), dead: ['1'] })).toMatchObject({ ok: true, lost: [] });
  });

  test('the same key in another topic is another key, and bytes compare as bytes', () => {
    const here = [event('1'), event('2', 'k', { topic: 'bills' })];
    const log = [
      event('2', 'k', { topic: 'bills', value: new Uint8Array([1]) }),
      event('1'),
      event('2', 'k', { topic: 'bills', value: new Uint8Array([1]) }),
    ];
    expect(checkOrder({ committed: here, log })).toMatchObject({ ok: true, duplicates: 1 });
  });
});
