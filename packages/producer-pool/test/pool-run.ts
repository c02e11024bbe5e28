import { manualClock, settle } from '@busbar-tooling/test-kit/manual-clock';
import { seededRandom } from '@busbar-tooling/test-kit/seeded-random';

import {
  createProducerPool,
  type ProducerPool,
  ProducerPoolError,
  type ProducerRecord,
  type PublishOptions,
  type Settlement,
} from '../src/index.ts';
import { type Published, verdictOn } from './published.ts';
import { type Ending, POISON, ScriptedCluster } from './scripted-cluster.ts';

const TOPIC = 'events';
const PARTITIONS = 3;
const LIMITS = { maxBytes: 16_384, maxRecords: 12, maxLaneBytes: 8_192, maxLaneRecords: 8, maxBlockMs: 2_000 };

/** Scales at every opportunity. */
const SCALING = {
  max: 3,
  scaleWindowMs: 100,
  scaleUpWindows: 1,
  scaleUpWaitMs: 0,
  scaleUpBusyRatio: 0.2,
  scaleUpCooldownMs: 100,
  scaleDownBusyRatio: 0.1,
  scaleDownAfterMs: 1_000,
  scaleDownCooldownMs: 200,
  idleReapMs: 2_000,
};

export interface PoolUnderTest {
  readonly idempotent: boolean;
  readonly onTimeout: 'fail-key' | 'skip';
  readonly lingerMs: number;
  readonly pool: { readonly min: number; readonly spares: number };
  readonly inFlight: { readonly plain: number; readonly idempotent: number };
  readonly idleMs: number;
  readonly seed: number;
}

export type Command =
  | {
      readonly type: 'publish';
      readonly keys: readonly number[];
      readonly poison: number;
      readonly together: boolean;
      readonly patience: number;
    }
  | { readonly type: 'end'; readonly which: number; readonly how: Ending }
  | { readonly type: 'endAll' }
  | { readonly type: 'late' }
  | { readonly type: 'abort'; readonly which: number }
  | { readonly type: 'advance'; readonly ms: number }
  | { readonly type: 'opens'; readonly how: 'ok' | 'fail' }
  | { readonly type: 'kills'; readonly hang: boolean }
  | { readonly type: 'guard'; readonly refuses: boolean }
  | { readonly type: 'grow' }
  | { readonly type: 'recycle' };

/** A pool on a scripted broker, taken through commands. */
export class PoolRun {
  readonly clock = manualClock();
  readonly cluster = new ScriptedCluster(PARTITIONS);
  readonly published: Published[] = [];
  readonly aborts: AbortController[] = [];
  readonly pool: ProducerPool;
  #releaseKills: () => void = () => undefined;
  #calls = 0;
  #refuses = false;

  constructor(o: PoolUnderTest) {
    this.pool = createProducerPool({
      driver: {
        ...this.cluster.driver,
        capabilities: { ...this.cluster.driver.capabilities, inFlightPerBroker: o.inFlight },
      },
      pool: { ...SCALING, ...o.pool },
      probe: { idleMs: o.idleMs, timeoutMs: 100 },
      onPartitionGrowth: 'drain',
      guard: {
        execute: async (fn) =>
          this.#refuses ? Promise.reject(new Error('refused')) : fn(new AbortController().signal),
      },
      metadataMaxAgeMs: 1_000,
      lingerMs: o.lingerMs,
      idempotent: o.idempotent,
      onTimeout: o.onTimeout,
      maxBatchRecords: 3,
      maxBatchBytes: 2_048,
      maxRequestBytes: 4_096,
      buffer: LIMITS,
      requestTimeoutMs: 1_000,
      connectTimeoutMs: 500,
      attemptTimeoutMs: 1_500,
      deliveryTimeoutMs: 60_000,
      clock: this.clock,
      timers: this.clock.timers,
      random: seededRandom(o.seed),
    });
  }

  #record(
    key: number,
    poison: boolean,
  ): { record: { topic: string; key: string | null; value: string }; published: Published } {
    const id = this.published.length;
    const published: Published = {
      key: key === 0 ? null : `k${key}`,
      call: undefined,
      value: `${poison ? POISON : 'v'}${id}`,
      settlements: 0,
      settlement: undefined,
    };
    return { record: { topic: TOPIC, key: published.key, value: published.value }, published };
  }

  publish(command: Command & { type: 'publish' }): void {
    const abort = new AbortController();
    this.aborts.push(abort);
    const o = { signal: abort.signal, deliveryTimeoutMs: command.patience };
    const call = command.together ? (this.#calls += 1) : undefined;
    const made = command.keys.map((key, index) => {
      const { record, published } = this.#record(key, index === command.poison);
      const kept = { ...published, call };
      this.published.push(kept);
      return { record, kept };
    });
    if (call === undefined) for (const { record, kept } of made) void this.#publishOne(record, kept, o);
    else void this.#publishTogether(made, o);
  }

  async #publishOne(record: ProducerRecord, kept: Published, o: PublishOptions): Promise<void> {
    try {
      this.#settled(kept, { ok: true, ack: await this.pool.publish(record, o) });
    } catch (error) {
      if (error instanceof ProducerPoolError) this.#settled(kept, { ok: false, error });
    }
  }

  async #publishTogether(
    made: readonly { record: ProducerRecord; kept: Published }[],
    o: PublishOptions,
  ): Promise<void> {
    const settlements = await this.pool.publishBatch(
      made.map(({ record }) => record),
      o,
    );
    for (const [index, settlement] of settlements.entries()) this.#settled(made[index]?.kept, settlement);
  }

  #settled(published: Published | undefined, settlement: Settlement): void {
    if (published === undefined) return;
    published.settlements += 1;
    published.settlement = settlement;
  }

  // oxlint-disable-next-line complexity -- one case per command
  async execute(command: Command): Promise<void> {
    const { cluster } = this;
    const { openCalls } = cluster;
    switch (command.type) {
      case 'publish':
        this.publish(command);
        break;
      case 'end': {
        const call = openCalls[command.which % Math.max(1, openCalls.length)];
        if (call !== undefined) cluster.end(call, command.how);
        break;
      }
      case 'endAll':
        for (const call of openCalls) cluster.end(call, 'ok');
        break;
      case 'late':
        cluster.appendLate();
        break;
      case 'abort':
        this.aborts[command.which % Math.max(1, this.aborts.length)]?.abort();
        break;
      case 'advance':
        await this.clock.advance(command.ms);
        break;
      case 'opens':
        cluster.opens = command.how;
        break;
      case 'kills':
        this.kills(command.hang);
        break;
      case 'guard':
        this.#refuses = command.refuses;
        break;
      case 'grow':
        if (cluster.partitions === PARTITIONS) cluster.logs.push([]);
        cluster.partitions = PARTITIONS + 1;
        break;
      case 'recycle':
        this.pool.recycle('test').catch(() => undefined);
        break;
      default:
        command satisfies never;
    }
    await settle();
  }

  kills(hang: boolean): void {
    this.#releaseKills();
    if (!hang) return;
    const gate = Promise.withResolvers<void>();
    this.#releaseKills = gate.resolve;
    this.cluster.killGate = gate.promise;
  }

  /** The cluster gets well, and everything comes to its end. */
  async heal(): Promise<void> {
    this.cluster.opens = 'ok';
    this.#refuses = false;
    this.kills(false);
    this.cluster.killGate = Promise.resolve();
    for (let round = 0; round < 60; round += 1) {
      // oxlint-disable no-await-in-loop -- one round follows the other
      await this.execute({ type: 'endAll' });
      if (
        this.published.every((record) => record.settlements > 0) &&
        this.cluster.openCalls.length === 0 &&
        this.pool.stats().buffered.records === 0
      )
        return;
      await this.clock.advance(2_000);
      // oxlint-enable no-await-in-loop
    }
  }

  /** P3, as sentences about what is wrong. */
  bufferProblems(): readonly string[] {
    const { records, bytes } = this.pool.stats().buffered;
    const fits = records >= 0 && records <= LIMITS.maxRecords && bytes >= 0 && bytes <= LIMITS.maxBytes;
    return fits ? [] : [`${records} records, ${bytes} bytes`];
  }

  /** P8: at most `max`, a spare, and the one in quarantine; what retires is not counted. */
  producerProblems(): readonly string[] {
    const { connecting, ready, degraded } = this.pool.stats().producersByState;
    const live = ready + degraded;
    return live + connecting <= 2 * (SCALING.max + 2) && live <= SCALING.max + 2 ? [] : [`${live} producers`];
  }

  /** Everything that is wrong at the end, as sentences. */
  problems(): readonly string[] {
    const { livingProducers } = this.cluster;
    return [
      ...verdictOn(this.published, this.cluster),
      ...(this.clock.pending() === 0 ? [] : [`${this.clock.pending()} timers are left`]),
      ...(livingProducers === 0 ? [] : [`${livingProducers} producers are left`]),
    ];
  }
}
