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
  /** By topic, then by partition or by the name of the room: every record looks its lane up here. */
  readonly #byTopic = new Map<string, Map<number | string, LaneRunner>>();
  readonly #all = new Set<LaneRunner>();

  constructor(host: LaneTableHost) {
    this.#host = host;
  }

  values(): IterableIterator<LaneRunner> {
    return this.#all.values();
  }

  /** The lane of a partition. */
  lane(topic: Topic, partition: number): LaneRunner {
    return this.peek(topic, partition) ?? this.#add(partition, new LaneRunner(topic, partition));
  }

  /** A waiting room for records whose partition is not known yet; nothing is sent from it. */
  room(topic: Topic, name: string): LaneRunner {
    return this.peek(topic, name) ?? this.#add(name, new LaneRunner(topic, undefined));
  }

  /** The lane or room if there is one. */
  peek(topic: Topic, name: number | string): LaneRunner | undefined {
    return this.#byTopic.get(topic.name)?.get(name);
  }

  #add(name: number | string, runner: LaneRunner): LaneRunner {
    // Here and not by a timer: an idle pool has none.
    if (this.#all.size % SWEEP_EVERY === 0) this.#sweep();
    runner.idleSinceMs = this.#host.now();
    const lanes = this.#byTopic.get(runner.topic.name) ?? new Map<number | string, LaneRunner>();
    this.#byTopic.set(runner.topic.name, lanes.set(name, runner));
    this.#all.add(runner);
    return runner;
  }

  #sweep(): void {
    const nowMs = this.#host.now();
    for (const [topic, lanes] of this.#byTopic) {
      for (const [name, runner] of lanes) {
        const isNeeded = isBusy(runner) || runner.share.records > 0;
        if (isNeeded || nowMs - runner.idleSinceMs < this.#host.laneIdleMs) continue;
        lanes.delete(name);
        this.#all.delete(runner);
        this.#host.onForgotten(runner);
      }
      if (lanes.size === 0) this.#byTopic.delete(topic);
    }
  }
}
