import { describe, expect, test } from 'vitest';

import { copyBytes } from '../src/copy-bytes.ts';
import { handedOver, Handoff, type Portion } from '../src/handoff.ts';
import { collect } from './collect.ts';

describe('handoff', () => {
  test('what was put comes out in order, then the end, for ever', async () => {
    const handoff = new Handoff<number>();
    const first = handoff.take();
    handoff.put(1);
    handoff.put(2);
    handoff.close();
    handoff.close(new Error('too late'));
    expect([await first, await handoff.take(), await handoff.take(), await handoff.take()]).toEqual([
      1,
      2,
      undefined,
      undefined,
    ]);
    const waiting = new Handoff<number>();
    const last = waiting.take();
    waiting.close(new Error('lost'));
    await expect(last).rejects.toThrow('lost');
    await expect(waiting.take()).rejects.toThrow('lost');
  });

  test('X1 the next portion is asked for when the last one was taken; the iteration ends when the producer has', async () => {
    const log: string[] = [];
    const ended = Promise.withResolvers<void>();
    const produce = async (portions: Handoff<Portion<number>>): Promise<void> => {
      const put = (n: number): void =>
        portions.put({
          take: () => [n, n + 1],
          more: () => {
            log.push(`more ${n}`);
            put(n + 2);
          },
          giveUp: () => {
            log.push(`give up ${n}`);
            ended.resolve();
          },
        });
      put(1);
      await ended.promise;
      log.push('end');
      throw new Error('of no interest any more');
    };
    const seen: number[] = [];
    for await (const n of handedOver(produce)) {
      seen.push(n);
      if (n === 4) break;
    }
    expect(seen).toEqual([1, 2, 3, 4]);
    expect(log).toEqual(['more 1', 'give up 3', 'end']);
    await expect(collect(handedOver(() => Promise.reject(new Error('no'))))).rejects.toThrow('no');
  });
});

describe('copyBytes', () => {
  test('X2 bytes and text become pieces of at most 64 KiB that add up to the same', () => {
    const long = Buffer.alloc(150_000, 'ab');
    const pieces = [...copyBytes(new Uint8Array(long))];
    expect(pieces.map(({ length }) => length)).toEqual([65_536, 65_536, 18_928]);
    expect(Buffer.concat(pieces).equals(long)).toBe(true);
    expect([...copyBytes('zwölf')]).toEqual([Buffer.from('zwölf')]);
    expect([...copyBytes('')]).toEqual([]);
    for (const chunk of [undefined, 1, [1], '\udc00'])
      expect(() => [...copyBytes(chunk)]).toThrow('source: expected chunks of bytes');
  });
});
