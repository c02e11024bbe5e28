import { describe, expect, test } from 'vitest';

import { createProducerPool } from '../src/index.ts';
import { memoryDriver } from '../src/testing/index.ts';

describe('producer pool on the memory driver', () => {
  test('R-KP-6 a resolved publish is in the log with its offset', async () => {
    const driver = memoryDriver({ topics: { orders: 3 } });
    await using pool = createProducerPool({ driver });
    await pool.start();
    const acks = await Promise.all(['1', '2', '3'].map((value) => pool.publish({ topic: 'orders', key: 'a', value })));
    expect(acks.map((ack) => ack.offset)).toEqual([0n, 1n, 2n]);
    expect(driver.log('orders').map((record) => record.value)).toEqual(['1', '2', '3']);
    expect(pool.stats().calls.started).toBe(1);
  });
});
