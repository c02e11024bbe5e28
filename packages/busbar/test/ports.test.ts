import { createBreaker } from '@busbar/circuit-breaker';
import { classifyKafka } from '@busbar/circuit-breaker/presets';
import type { OutboxRecord } from '@busbar/outbox';
import { publisherConformance } from '@busbar/outbox/testing';
import { createProducerPool, ProducerDriverError } from '@busbar/producer-pool';
import { memoryDriver, type MemoryDriver } from '@busbar/producer-pool/testing';
import { afterAll, describe, expect, it } from 'vitest';

import { publisherOf } from '../src/publisher-port.ts';

const TOPIC = 'conformance';
const closing: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

const textOf = (value: string | Uint8Array): string =>
  typeof value === 'string' ? value : Buffer.from(value).toString();

const read = (driver: MemoryDriver): readonly OutboxRecord[] =>
  driver.log(TOPIC).map(({ topic, key, headers, value }) => {
    const texts = Object.fromEntries(Object.entries(headers).map(([name, header]) => [name, textOf(header)]));
    return { id: texts['ce_id'] ?? '', topic, key: key === null ? null : textOf(key), headers: texts, value };
  });

const connectedPublisher = async () => {
  const driver = memoryDriver({ topics: { [TOPIC]: 3 } });
  const breaker = createBreaker({
    name: 'kafka',
    classify: classifyKafka,
    open: { baseMs: 50, maxMs: 50 },
  });
  const producers = createProducerPool({ driver, guard: breaker, topics: [TOPIC] });
  await producers.start();
  closing.push(
    () => producers.close(),
    () => breaker.close(),
  );
  return { driver, breaker, publisher: publisherOf(producers, breaker) };
};

const { driver, publisher } = await connectedPublisher();
const down = () => {
  driver.down();
  return Promise.resolve(() => driver.up());
};

describe('the producer pool as the publisher of the outbox', () => {
  it.each(publisherConformance({ publisher, topic: TOPIC, read: () => Promise.resolve(read(driver)), down }))(
    'R-KP-6 $name',
    async (rule) => {
      await expect(rule.run()).resolves.toBeUndefined();
    },
  );

  it('names the lane of a record, which shares the fate of its partition', () => {
    expect(publisher.laneOf?.({ topic: TOPIC, key: 'a' })).toMatch(/^conformance-[0-2]$/u);
  });

  it('ready() resolves with a closed breaker and leaves the permit for the attempt', async () => {
    const own = await connectedPublisher();
    await own.publisher.ready?.({ signal: AbortSignal.timeout(1000) });
    expect(own.breaker.stats().inFlight).toBe(0);
  });

  it('a breaker that refuses is the fault of the broker, and nothing was sent', async () => {
    const own = await connectedPublisher();
    own.breaker.suggestOpen(10_000, 'test');
    const record = { id: 'x', topic: TOPIC, key: 'k', headers: {}, value: '{}' };
    const outcome = await own.publisher.publish(record, { timeoutMs: 1000 });
    expect(outcome).toMatchObject({
      ok: false,
      scope: 'broker',
      outcome: 'not-sent',
      code: 'BUSBAR_PRODUCER_UNAVAILABLE',
    });
  });

  it('R-CB-1 a hung broker opens the breaker; a partition alone and a lost sequence do not', async () => {
    const fault = (over: { scope: 'broker' | 'lane'; kind: 'transient' | 'producer-broken'; kafkaError?: string }) =>
      new ProducerDriverError({ pool: 'default', topic: TOPIC, partition: 0, ...over });
    const stateAfter = async (error: ProducerDriverError): Promise<string> => {
      const guard = createBreaker({
        name: 'kafka',
        classify: classifyKafka,
        trip: { consecutive: 2 },
        profile: 'test',
      });
      for (let call = 0; call < 2; call += 1) {
        // oxlint-disable-next-line no-await-in-loop -- two failures in a row
        await expect(
          guard.execute(async () => {
            throw error;
          }),
        ).rejects.toBe(error);
      }
      const { state } = guard;
      await guard.close();
      return state;
    };
    expect(await stateAfter(fault({ scope: 'broker', kind: 'producer-broken', kafkaError: 'WATCHDOG' }))).toBe('open');
    expect(await stateAfter(fault({ scope: 'broker', kind: 'transient' }))).toBe('open');
    expect(await stateAfter(fault({ scope: 'lane', kind: 'transient' }))).toBe('closed');
    expect(await stateAfter(fault({ scope: 'broker', kind: 'producer-broken' }))).toBe('closed');
  });
});
