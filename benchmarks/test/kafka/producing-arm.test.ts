import { expect, onTestFinished, test } from 'vitest';

import { poolArm } from '../../src/arms/busbar-producer-pool.ts';
import { closedLoop } from '../../src/arms/closed-loop.ts';
import { startFakeKafka } from '../../src/arms/kafka/fake-kafka.ts';
import { producingArm } from '../../src/arms/kafka/producing-arm.ts';
import { rateIn } from '../../src/peers/java-producer.ts';
import { kafkaJsBatchArm, kafkaJsSendArm } from '../../src/peers/kafkajs-producer.ts';

const RECORDS = 1_250;
const CONTEXT = { seed: 1, signal: new AbortController().signal };

const fakeKafka = async () => {
  const kafka = await startFakeKafka({ brokers: 3, roundTripMs: 1 });
  onTestFinished(() => kafka.close());
  return kafka;
};

test('R-PR-1 BM-5 every producer has acknowledged as many records as the log of its topic has', async () => {
  const kafka = await fakeKafka();
  const target = () => Promise.resolve(kafka);
  const arms = [
    poolArm({ driver: 'kafkajs', target }),
    poolArm({ driver: 'platformatic', idempotent: true, producers: 2, target }),
    kafkaJsSendArm({ target, idempotent: true }),
    kafkaJsBatchArm({ target }),
  ];
  for (const arm of arms) {
    const visit = await producingArm(arm).setup(CONTEXT);
    await visit.run(RECORDS);
    await visit.run(1);
    await visit.verify?.();
    await visit.close();
  }
  expect(arms.map(({ name }) => name)).toEqual([
    'pool on kafkajs',
    'pool on platformatic',
    'kafkajs send',
    'kafkajs sendBatch',
  ]);
});

test('R-PR-1 BM-5 a producer that acknowledges what is not in the log is wrong', async () => {
  const kafka = await fakeKafka();
  const visit = await producingArm({
    name: 'liar',
    role: 'peer',
    target: () => Promise.resolve(kafka),
    open: () => Promise.resolve({ run: () => Promise.resolve(), close: () => Promise.resolve() }),
  }).setup(CONTEXT);
  await visit.run(3);
  await expect(visit.verify?.()).rejects.toThrow('records in the log must be 3, is 0');
  await visit.close();
});

test('R-PR-1 BM-16 a closed loop has as many under way as it says, and each thing once', async () => {
  const seen: number[] = [];
  let out = 0;
  let most = 0;
  await closedLoop(20, 4, async (index) => {
    seen.push(index);
    most = Math.max(most, (out += 1));
    await Promise.resolve();
    out -= 1;
  });
  expect(seen).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  expect(most).toBe(4);
});

test('R-PR-1 a fake cluster whose process has ended answers nobody', async () => {
  const kafka = await startFakeKafka({ brokers: 1, roundTripMs: 0 });
  await kafka.close();
  await expect(kafka.createTopic(1)).rejects.toThrow('the process of the fake cluster ended with SIGTERM');
});

test('R-PR-1 the rate of the Java tool is the one after its warm-up', () => {
  expect(rateIn('9 records sent, 10.5 records/sec (1 MB/sec)\n5 records sent, 2000.25 records/sec (2 MB/sec)\n')).toBe(
    2000.25,
  );
  expect(() => rateIn('usage')).toThrow('the tool tells no rate: usage');
});
