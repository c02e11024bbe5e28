import { describe, expect, test } from 'vitest';

import { type Held, HoldQueue } from '../../src/degrade/hold-queue.ts';

interface Call extends Held {
  readonly id: string;
}
const call = (id: string, key?: string): Call => ({ id, key, bytes: 10 });
const takeAll = (queue: HoldQueue<Call>): string[] => {
  const taken: string[] = [];
  for (let next = queue.take(); next !== undefined; next = queue.take()) taken.push(next.id);
  return taken;
};

describe('queue of held calls', () => {
  test('R-CB-3 without keys: first in, first out', () => {
    const queue = new HoldQueue<Call>();
    for (const id of ['a', 'b', 'c']) queue.push(call(id));
    expect(takeAll(queue)).toEqual(['a', 'b', 'c']);
    expect([queue.size, queue.bytes]).toEqual([3, 30]);
  });

  test('R-CB-3 of one key only the first is ready; the next is when it is settled', () => {
    const queue = new HoldQueue<Call>();
    const [a1, b1, a2, a3] = [call('a1', 'a'), call('b1', 'b'), call('a2', 'a'), call('a3', 'a')];
    for (const one of [a1, b1, a2, a3]) queue.push(one);
    expect(takeAll(queue)).toEqual(['a1', 'b1']);
    queue.settle(b1);
    expect(takeAll(queue)).toEqual([]);
    queue.settle(a1);
    expect(takeAll(queue)).toEqual(['a2']);
    queue.settle(a2);
    queue.settle(a2);
    expect([takeAll(queue), queue.size, queue.bytes]).toEqual([['a3'], 1, 10]);
  });

  test('a call may leave from the line, from the ready ones, and while it is taken', () => {
    const queue = new HoldQueue<Call>();
    const [a1, a2, a3, b1] = [call('a1', 'a'), call('a2', 'a'), call('a3', 'a'), call('b1')];
    for (const one of [a1, a2, a3, b1]) queue.push(one);
    queue.settle(a2);
    queue.settle(a1);
    queue.settle(b1);
    expect(takeAll(queue)).toEqual(['a3']);
    queue.settle(a3);
    expect([queue.size, queue.bytes, [...queue.held()]]).toEqual([0, 0, []]);
    queue.push(call('a4', 'a'));
    expect(takeAll(queue)).toEqual(['a4']);
  });

  test('a key that is claimed from outside holds back its calls until it is released', () => {
    const queue = new HoldQueue<Call>();
    expect(queue.claim('a')).toBe(true);
    expect(queue.claim('a')).toBe(false);
    queue.push(call('a1', 'a'));
    expect(takeAll(queue)).toEqual([]);
    queue.release('a');
    expect(takeAll(queue)).toEqual(['a1']);
  });
});
