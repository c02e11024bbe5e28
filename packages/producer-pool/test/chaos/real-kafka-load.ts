/** Keyed records without end, in bursts, and what the pool said of each: the load that the faults of a real cluster meet. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { ProducerPool } from '../../src/index.ts';
import { publishKey } from './chaos-publish.ts';
import { type ChaosRecord, nameOf, type Told } from './chaos-report.ts';

export interface ChaosLoadOptions {
  readonly pool: ProducerPool;
  readonly topic: string;
  readonly keys: readonly string[];
  readonly random: () => number;
  /** Between two bursts of a key, on average. */
  readonly pauseMs: number;
}

const BURST = 40;
const RECORDS_AT_ONCE = 20;
const ABORT_RATIO = 0.002;
const WAIT_MS = 50;
/** Of the bursts, while there are any large records. */
const LARGE_RATIO = 0.2;
const LARGE_BYTES = 40_000;

export class ChaosLoad {
  readonly told: Told[] = [];
  /** Records that were published again although they may have been delivered. */
  doubts = 0;
  /** Lets some records be larger than a topic with `max.message.bytes` below 40 000 takes. */
  withLargeRecords = false;
  readonly #o: ChaosLoadOptions;
  readonly #publishers: readonly Promise<void>[];
  readonly #giveUp = new AbortController();
  #isOver = false;

  constructor(o: ChaosLoadOptions) {
    this.#o = o;
    this.#publishers = o.keys.map((key) => this.#publishEndlessly(key));
  }

  /** Publishes nothing new and waits for the last word on every record. False: some had none within the time. */
  async end(withinMs: number): Promise<boolean> {
    this.#isOver = true;
    const timer = setTimeout(() => this.#giveUp.abort(), withinMs);
    await Promise.all(this.#publishers);
    clearTimeout(timer);
    return !this.#giveUp.signal.aborted;
  }

  async #publishEndlessly(key: string): Promise<void> {
    const { pool, topic, random, pauseMs } = this.#o;
    const how = { pool, topic, random, abortRatio: ABORT_RATIO, recordsAtOnce: RECORDS_AT_ONCE, waitMs: WAIT_MS };
    const onAck = (told: Told): void => {
      this.told.push(told);
    };
    const onDoubt = (): void => {
      this.doubts += 1;
    };
    let next = 0;
    while (!this.#isOver) {
      const burst = this.#burst(key, next);
      next += burst.length;
      // oxlint-disable no-await-in-loop -- the next burst of a key follows the last word on this one
      await publishKey(burst, { ...how, onAck, onDoubt, giveUp: this.#giveUp.signal });
      await sleep(random() * 2 * pauseMs);
      // oxlint-enable no-await-in-loop
    }
  }

  #burst(key: string, from: number): readonly ChaosRecord[] {
    const { random } = this.#o;
    const count = 1 + Math.floor(random() * BURST);
    const large = this.withLargeRecords && random() < LARGE_RATIO ? Math.floor(random() * count) : -1;
    return Array.from({ length: count }, (_, index) => {
      const record = { key, n: from + index };
      const name = nameOf(record);
      return { ...record, value: index === large ? `${name} `.padEnd(LARGE_BYTES) : name };
    });
  }
}
