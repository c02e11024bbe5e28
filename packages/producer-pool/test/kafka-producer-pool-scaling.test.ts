import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { settle } from '@busbar-tooling/test-kit/manual-clock';
import { seededRandom } from '@busbar-tooling/test-kit/seeded-random';
import { afterEach, describe, expect, test } from 'vitest';

import { type PoolOptions, type ProducerPoolOptions, resolveProducerPoolOptions } from '../src/index.ts';
import { newScaleState, nextScale } from '../src/scaling.ts';
import { memoryDriver } from '../src/testing/index.ts';
import { ScriptedPool, TOPIC } from './scripted-pool.ts';

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

const CALL_MS = 10;
const PARTITIONS = 12;

/** A pool on a broker that takes one call at a time of each producer, 10 ms each; publishers come as the test says. */
class Load {
  readonly scripted: ScriptedPool;
  /** What the broker does with the calls that are due. */
  how: 'ok' | 'lost answer' | 'not leader' = 'ok';
  #next = 0;
  readonly #acknowledged = new Set<number>();

  constructor(pool: PoolOptions = {}, o: Partial<ProducerPoolOptions> = {}) {
    this.scripted = new ScriptedPool(
      {
        pool: { scaleWindowMs: 100, scaleUpCooldownMs: 1_000, scaleDownAfterMs: 5_000, ...pool },
        maxBatchRecords: 1,
        random: seededRandom(1),
        ...o,
      },
      PARTITIONS,
      { plain: 1, idempotent: 1 },
    );
  }

  get producers(): number {
    const { ready, degraded } = this.scripted.pool.stats().producersByState;
    return ready + degraded;
  }

  get scaling() {
    return this.scripted.pool.stats().scaling;
  }

  /** One record on each of so many partitions. */
  publish(partitions: number): void {
    for (let partition = 0; partition < partitions; partition += 1) {
      const value = String((this.#next += 1));
      this.scripted.pool.publish({ topic: TOPIC, key: `k${partition}`, value, partition }).then(
        () => this.#acknowledged.add(Number(value)),
        () => undefined,
      );
    }
  }

  /** Lets calls take their time for `ms`; every `everyMs` there is a record for each of so many partitions. */
  async run(ms: number, partitions: number, everyMs = CALL_MS): Promise<void> {
    const { clock } = this.scripted;
    for (let passed = 0; passed < ms; passed += CALL_MS) {
      // oxlint-disable no-await-in-loop -- time passes in steps
      if (partitions > 0 && passed % everyMs === 0) this.publish(partitions);
      await clock.advance(CALL_MS);
      await this.scripted.end(this.how);
      // oxlint-enable no-await-in-loop
    }
  }

  /** Lets everything come to its end; what is wrong then, as sentences. */
  async settled(): Promise<readonly string[]> {
    for (let round = 0; round < 3_000 && this.scripted.pool.stats().buffered.records > 0; round += 1) {
      // oxlint-disable-next-line no-await-in-loop -- time passes in steps
      await this.run(CALL_MS, 0);
    }
    const { cluster } = this.scripted;
    const problems = [...cluster.violations];
    for (const log of cluster.logs) {
      const values = new Set(log.map(({ record }) => Number(record.value)));
      const inOrder = [...values].every((value, index, all) => index === 0 || value > (all[index - 1] ?? 0));
      if (!inOrder) problems.push('a log is out of order');
      for (const value of values) this.#acknowledged.delete(value);
    }
    if (this.#acknowledged.size > 0)
      problems.push(`${this.#acknowledged.size} acknowledged records are not in the log`);
    return problems;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.scripted[Symbol.asyncDispose]();
  }
}

const started = async (pool?: PoolOptions, o?: Partial<ProducerPoolOptions>): Promise<Load> => {
  const load = new Load(pool, o);
  await load.scripted.start();
  return load;
};

const listen = (event: string): readonly unknown[] => {
  const messages: unknown[] = [];
  const name = `busbar:producer-pool:${event}`;
  const listener = (message: unknown): void => {
    messages.push(message);
  };
  subscribe(name, listener);
  stops.push(() => unsubscribe(name, listener));
  return messages;
};

describe('kafka producer pool scaling', () => {
  test('R-KP-2 up while batches wait for busy producers, to what the load needs', async () => {
    await using load = await started();
    expect(load.producers).toBe(1);
    await load.run(2_000, 3);
    expect(load.producers).toBeGreaterThan(1);
    await load.run(6_000, 3);
    const { producers } = load;
    expect(producers).toBeGreaterThanOrEqual(3);
    expect(producers).toBeLessThanOrEqual(8);
    await load.run(3_000, 0);
    expect(await load.settled()).toEqual([]);
    expect(load.scaling).toMatchObject({ down: 0 });
  });

  test('R-KP-2 down to the least when the load is gone, one at a time, each drained before it is closed', async () => {
    await using load = await started({ min: 1, idleReapMs: 0, scaleDownCooldownMs: 5_000 });
    await load.run(5_000, 6);
    await load.settled();
    const { producers } = load;
    expect(producers).toBeGreaterThan(2);
    const { up, down } = load.scaling;
    await load.run(5_500, 1, 200);
    expect(load.producers).toBe(producers - 1);
    await load.run(20_000, 1, 200);
    expect(load.producers).toBe(1);
    expect(load.scaling).toMatchObject({ up, down: down + producers - 1 });
    const { retired, killed } = load.scripted.pool.stats().producers;
    expect([retired, killed]).toEqual([{ 'scaled-down': down + producers - 1 }, 0]);
    expect(await load.settled()).toEqual([]);
  });

  test('R-KP-2 never above max, and never below min', async () => {
    await using load = await started({ min: 2, max: 3 });
    expect(load.producers).toBe(2);
    await load.run(10_000, 12);
    expect(load.producers).toBe(3);
    expect(load.scaling.blocked).toBeGreaterThan(0);
    await load.scripted.clock.advance(120_000);
    await load.settled();
    await load.scripted.clock.advance(120_000);
    expect(load.producers).toBe(2);
    expect(await load.settled()).toEqual([]);
  });

  test('R-KP-2 not above what lanes and connections allow, nor where more producers bring nothing', async () => {
    const scales = listen('scale');
    await using lanes = await started();
    await lanes.run(5_000, 1, 5);
    expect(lanes.producers).toBe(1);
    await using sockets = await started({ maxConnections: 2 });
    await sockets.run(5_000, 12);
    expect(sockets.producers).toBe(2);
    await using spare = await started({ maxConnections: 2, spares: 1 });
    await spare.run(5_000, 12);
    expect(spare.scripted.pool.stats().connections).toBe(2);
    const plain = new ScriptedPool({ idempotent: false, pool: { slotsPerProducer: 1, scaleWindowMs: 100 } }, 12);
    await plain.start();
    for (let round = 0; round < 100; round += 1) {
      for (let partition = 0; partition < 12; partition += 1)
        plain.pool.publish({ topic: TOPIC, value: 'x', partition }).catch(() => undefined);
      // oxlint-disable no-await-in-loop -- time passes in steps
      await plain.clock.advance(CALL_MS);
      await plain.end('ok');
      // oxlint-enable no-await-in-loop
    }
    expect(plain.pool.stats().producers.opened).toBe(1);
    await plain[Symbol.asyncDispose]();
    const reasons = scales.map((message) => JSON.stringify(message));
    for (const reason of ['connection-bound']) expect(reasons.join('')).toContain(reason);
  });

  test('R-KP-2 errors while scaling: no new connections in an outage, up again after it', async () => {
    await using load = await started();
    await load.run(400, 8);
    load.how = 'lost answer';
    load.scripted.cluster.opens = 'fail';
    await load.run(200, 8);
    const { opened } = load.scripted.pool.stats().producers;
    const { up } = load.scaling;
    await load.run(10_000, 1, 1_000);
    expect(load.scripted.pool.stats().producers.opened).toBe(opened);
    expect(load.scaling.up).toBe(up);
    // With nothing connected one seat alone tries, in its backoff.
    expect(load.scripted.pool.stats().producers.openFailures).toBeLessThan(20);
    load.how = 'ok';
    load.scripted.cluster.opens = 'ok';
    await load.run(20_000, 4);
    expect(load.producers).toBeGreaterThan(2);
    await load.run(5_000, 0);
    expect(await load.settled()).toEqual([]);
  });

  test('R-KP-2 a new producer that cannot be opened holds nobody up', async () => {
    await using load = await started();
    await load.run(200, 6);
    load.scripted.cluster.opens = 'fail';
    await load.run(3_000, 3);
    expect(load.producers).toBe(1);
    expect(load.scaling.up).toBe(1);
    expect(load.scripted.pool.health()).toMatchObject({ status: 'degraded' });
    expect(load.scripted.pool.stats().records.acknowledged).toBeGreaterThan(250);
    load.scripted.cluster.opens = 'ok';
    await load.run(10_000, 2);
    expect(load.producers).toBeGreaterThan(1);
    await load.run(5_000, 0);
    expect(await load.settled()).toEqual([]);
  });

  test('R-KP-2 concurrent publishers share the producers; order per key survives every change', async () => {
    await using load = await started({ scaleUpCooldownMs: 100, scaleDownAfterMs: 1_000, scaleDownCooldownMs: 100 });
    for (const [ms, partitions] of [
      [1_500, 12],
      [2_500, 0],
      [1_000, 9],
      [3_000, 1],
      [1_500, 12],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one phase after the other
      await load.run(ms, partitions);
    }
    await load.scripted.pool.recycle('certificates');
    await load.run(20_000, 0);
    expect(load.scaling.up).toBeGreaterThan(2);
    expect(load.scaling.down).toBeGreaterThan(2);
    expect(await load.settled()).toEqual([]);
  });

  test('R-KP-2 on a ramp the forecast takes several at once', async () => {
    const scales = listen('scale');
    await using load = await started({ min: 2, max: 8, forecastMs: 2_000, scaleUpCooldownMs: 300 });
    for (let partitions = 1; partitions <= 12; partitions += 1) {
      // oxlint-disable-next-line no-await-in-loop -- the ramp
      await load.run(200, partitions);
    }
    expect(scales.map((message) => JSON.stringify(message)).join('')).toMatch(
      /"kind":"up","from":2,"to":[34],"reason":"forecast"/u,
    );
    await load.run(5_000, 0);
    expect(await load.settled()).toEqual([]);
  });

  test.each([2, 7])('R-KP-2 a constant load of %i never goes back and forth', async (partitions) => {
    await using load = await started({ scaleWindowMs: 100, scaleUpCooldownMs: 1_000 });
    await load.run(8_000, partitions, 20);
    const before = load.scaling;
    await load.run(15_000, partitions, 20);
    const after = load.scaling;
    expect(after.up + after.down - before.up - before.down).toBeLessThanOrEqual(1);
    expect(after.down).toBe(0);
  });

  test('R-KP-2 a decision costs less than half of recomputing from the samples of a minute, and keeps none of them', () => {
    const random = seededRandom(7);
    const waits = Array.from({ length: 60_000 }, () => random() * 20);
    const policy = resolveProducerPoolOptions({ driver: memoryDriver() }).pool;
    const limits = {
      min: 1,
      max: 8,
      maxConnections: 256,
      serialises: true,
      upWaitMs: policy.scaleUpWaitMs,
      upBusyRatio: policy.scaleUpBusyRatio,
      upWindows: policy.scaleUpWindows,
      upCooldownMs: policy.scaleUpCooldownMs,
      targetBusyRatio: policy.targetBusyRatio,
      forecastMs: policy.forecastMs,
      downBusyRatio: policy.scaleDownBusyRatio,
      downAfterMs: policy.scaleDownAfterMs,
      downCooldownMs: policy.scaleDownCooldownMs,
    };
    let state = newScaleState(1);
    const decide = (window: number): void => {
      ({ state } = nextScale(
        state,
        {
          atMs: window * 1_000,
          windowMs: 1_000,
          busySlotMs: 500,
          slotMs: 1_000,
          calls: 1_000,
          callMs: 5_000,
          waitP95Ms: 3,
          activeLanes: 12,
          faults: 0,
          throttledMs: 0,
          guardOpen: false,
          settling: false,
          brokers: 3,
        },
        limits,
      ));
    };
    const naive = (): number => waits.toSorted((a, b) => a - b)[57_000] ?? 0;
    const timed = (what: (n: number) => unknown): number => {
      const beganMs = performance.now();
      for (let n = 0; n < 20; n += 1) what(n);
      return performance.now() - beganMs;
    };
    timed(decide);
    expect(timed(decide)).toBeLessThan(timed(naive) / 2);
    const size = JSON.stringify(state).length;
    for (let window = 20; window < 10_000; window += 1) decide(window);
    expect(JSON.stringify(state).length).toBeLessThan(size + 64);
  });

  test('R-KP-1 producers that nobody has used for long go together; at rest there is no timer', async () => {
    await using load = await started({ idleReapMs: 4_000, scaleDownAfterMs: 60_000 });
    await load.run(5_000, 8);
    await load.settled();
    expect(load.producers).toBeGreaterThan(2);
    await load.run(4_500, 0);
    expect(load.producers).toBe(1);
    const { retired } = load.scripted.pool.stats().producers;
    expect(retired.idle).toBeGreaterThan(1);
    expect(load.scripted.clock.pending()).toBe(0);
    await settle();
  });
});
