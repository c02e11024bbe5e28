/** A breaker around a real Kafka client whose broker freezes and dies under load. */
import { setTimeout as sleep } from 'node:timers/promises';

import { startKafka } from '@busbar-tooling/dev-services';
import { requireService } from '@busbar-tooling/test-kit/require-service';
import { Kafka, logLevel, type Producer } from 'kafkajs';
import { describe, expect, test } from 'vitest';

import { type Breaker, CallRejectedError, createBreaker, type State } from '../src/index.ts';
import { classifyKafka } from '../src/presets/index.ts';

const breakerFor = (): Breaker =>
  createBreaker({
    name: 'kafka',
    profile: 'production',
    trip: { consecutive: 3 },
    open: { baseMs: 100, maxMs: 1_000 },
    halfOpen: { probes: 2, concurrency: 1, leaseMs: 2_000 },
    callTimeoutMs: 500,
    classify: classifyKafka,
  });

/** Resolves when the breaker enters a state. */
const entered = (breaker: Breaker, state: State): Promise<void> =>
  new Promise((resolve) => {
    const subscription = breaker.onTransition(({ to }) => {
      if (to !== state) return;
      subscription[Symbol.dispose]();
      resolve();
    });
  });

/** Sends one record after the other through the breaker until told to stop. */
class Load {
  readonly #breaker: Breaker;
  readonly #producer: Producer;
  readonly #topic: string;
  readonly #off = new AbortController();
  readonly #senders: readonly Promise<void>[];
  /** Longest time a refusal took. */
  slowestRefusalMs = 0;

  constructor(breaker: Breaker, producer: Producer, topic: string) {
    this.#breaker = breaker;
    this.#producer = producer;
    this.#topic = topic;
    this.#senders = Array.from({ length: 4 }, () => this.#sender());
  }

  async stop(): Promise<void> {
    this.#off.abort();
    await Promise.all(this.#senders);
  }

  async #sender(): Promise<void> {
    while (!this.#off.signal.aborted) {
      const startedAtMs = performance.now();
      // oxlint-disable-next-line no-await-in-loop -- one record after the other
      const error: unknown = await this.#breaker
        .execute(() => this.#producer.send({ topic: this.#topic, messages: [{ value: 'x' }] }))
        .catch((thrown: unknown) => thrown);
      const isRefused = error instanceof CallRejectedError;
      if (isRefused) this.slowestRefusalMs = Math.max(this.slowestRefusalMs, performance.now() - startedAtMs);
      // oxlint-disable-next-line no-await-in-loop -- one record after the other
      await sleep(isRefused ? 20 : 2);
    }
  }
}

describe('a broker that goes away under load', () => {
  test(
    'R-CB-1 R-CB-7 frozen or killed, the breaker opens; when it is back, it closes by itself',
    { timeout: 120_000 },
    async (ctx) => {
      await requireService(ctx, 'kafka');
      await using kafka = await startKafka();
      await kafka.createTopic('load', { partitions: 1 });
      const client = new Kafka({
        clientId: 'fault',
        brokers: [...kafka.brokers],
        logLevel: logLevel.NOTHING,
        retry: { retries: 0, initialRetryTime: 50 },
        requestTimeout: 1_500,
      });
      const producer = client.producer({ retry: { retries: 0 } });
      await producer.connect();
      const breaker = breakerFor();
      const load = new Load(breaker, producer, 'load');

      const frozen = entered(breaker, 'open');
      kafka.node(1).pause();
      await frozen;
      const thawed = entered(breaker, 'closed');
      kafka.node(1).resume();
      await thawed;

      const dead = entered(breaker, 'open');
      await kafka.node(1).kill();
      await dead;
      const back = entered(breaker, 'closed');
      await kafka.node(1).start();
      await back;

      await load.stop();
      await producer.disconnect();
      await breaker.close();
      const stats = breaker.stats();
      expect(stats).toMatchObject({ inFlight: 0, extraSettlements: 0, state: 'closed', waiters: 0 });
      expect(stats.outages).toBeGreaterThanOrEqual(2);
      expect(stats.timeouts).toBeGreaterThan(0);
      expect(stats.rejectedOpen).toBeGreaterThan(0);
      expect(load.slowestRefusalMs).toBeLessThan(200);
    },
  );
});
