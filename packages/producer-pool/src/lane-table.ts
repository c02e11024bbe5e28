import { isBusy, LaneRunner } from './lane-runner.ts';
import type { Topic } from './metadata.ts';

export interface LaneTableHost {
  now(): number;
  /** An idle lane is forgotten after this time. */
  readonly laneIdleMs: number;
  onForgotten(runner: LaneRunner): void;
}

/** A new lane in so many looks for lanes to forget. */
const SWEEP_EVERY = 64;

/** The lanes there are, by topic and partition, and the waiting rooms of topics. Lanes that have long been idle are forgotten. */
export class LaneTable {
  readonly #host: LaneTableHost;
  readonly #lanes = new Map<string, LaneRunner>();

  constructor(host: LaneTableHost) {
    this.#host = host;
  }

  values(): IterableIterator<LaneRunner> {
    return this.#lanes.values();
  }

  /** The lane of a partition. */
  lane(topic: Topic, partition: number): LaneRunner {
    const key = `${topic.name}/${partition}`;
    return this.#lanes.get(key) ?? this.#add(key, new LaneRunner(topic, partition));
  }

  /** A waiting room for records whose partition is not known yet; nothing is sent from it. */
  room(topic: Topic, name: string): LaneRunner {
    const key = `${topic.name}/${name}`;
    return this.#lanes.get(key) ?? this.#add(key, new LaneRunner(topic, undefined));
  }

  /** The lane or room if there is one. */
  peek(topic: Topic, name: number | string): LaneRunner | undefined {
    return this.#lanes.get(`${topic.name}/${name}`);
  }

  #add(key: string, runner: LaneRunner): LaneRunner {
    // Here and not by a timer: an idle pool has none.
    if (this.#lanes.size % SWEEP_EVERY === 0) this.#sweep();
    runner.idleSinceMs = this.#host.now();
    this.#lanes.set(key, runner);
    return runner;
  }

  #sweep(): void {
    const nowMs = this.#host.now();
    for (const [key, runner] of this.#lanes) {
      const isNeeded = isBusy(runner) || runner.share.records > 0;
      if (isNeeded || nowMs - runner.idleSinceMs < this.#host.laneIdleMs) continue;
      this.#lanes.delete(key);
      this.#host.onForgotten(runner);
    }
  }
}
