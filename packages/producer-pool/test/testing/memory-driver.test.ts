import { describe, expect, test } from 'vitest';

import { createProducerPool } from '../../src/index.ts';
import { memoryDriver } from '../../src/testing/index.ts';

const RECORD = { topic: 't', key: 'k', value: 'v' };

describe('memory driver', () => {
  test('it keeps what it is sent, with partition and offset, in the order of arrival', async () => {
    const driver = memoryDriver({ topics: { t: 2 } });
    await using pool = createProducerPool({ driver });
    await pool.start();
    await pool.publish({ topic: 't', partition: 1, value: 'a', timestampMs: 5 });
    await pool.publish({ topic: 't', partition: 0, value: 'b', timestampMs: 6, headers: { h: '1' } });
    await pool.publish({ topic: 't', partition: 1, value: null, timestampMs: 7 });
    expect(driver.log('t')).toEqual([
      { topic: 't', partition: 1, offset: 0n, key: null, value: 'a', headers: {}, timestampMs: 5 },
      { topic: 't', partition: 0, offset: 0n, key: null, value: 'b', headers: { h: '1' }, timestampMs: 6 },
      { topic: 't', partition: 1, offset: 1n, key: null, value: null, headers: {}, timestampMs: 7 },
    ]);
    expect(driver.log('other')).toEqual([]);
  });

  test('down breaks what is connected, up lets the pool go on with the same log', async () => {
    const driver = memoryDriver({ topics: { t: 1 } });
    await using pool = createProducerPool({ driver });
    await pool.start();
    await pool.publish(RECORD);
    driver.down();
    expect(pool.stats().connections).toBe(0);
    const late = pool.publish(RECORD);
    await expect(pool.publish(RECORD, { deliveryTimeoutMs: 50 })).rejects.toMatchObject({
      code: 'BUSBAR_PRODUCER_DELIVERY_TIMEOUT',
    });
    driver.up();
    expect(await late).toMatchObject({ offset: 1n });
  });

  test('while it is down nothing starts; a topic that vanished is unknown', async () => {
    const driver = memoryDriver();
    driver.down();
    const pool = createProducerPool({ driver, startTimeoutMs: 100 });
    await expect(pool.start()).rejects.toMatchObject({
      code: 'BUSBAR_PRODUCER_CONNECT',
      details: { kafkaError: 'NOT_CONNECTED' },
    });
    driver.up();
    const producer = await driver.open({
      id: 'p',
      idempotent: true,
      connectTimeoutMs: 1,
      requestTimeoutMs: 1,
      signal: new AbortController().signal,
    });
    const call = { topic: 't', partition: 0, records: [], acks: 'all', compression: 'none', timeoutMs: 1 } as const;
    expect(await producer.send(call)).toMatchObject({ errorCode: 3 });
    await producer.kill('test');
    await expect(producer.send(call)).rejects.toThrow('down');
    expect(driver.classify(new Error('other'))).toMatchObject({ kafkaError: 'UNRECOGNIZED' });
    await pool.close();
  });
});
