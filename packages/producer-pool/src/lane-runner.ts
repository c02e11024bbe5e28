import { createShare, type LaneShare } from './buffer.ts';
import { createLane, isFailing, isOccupied, type Lane } from './lane-state.ts';
import type { Metered } from './load-meter.ts';
import type { Topic } from './metadata.ts';
import type { Pin, Placed } from './placement.ts';
import type { PooledProducer } from './pooled-producer.ts';
import { hashOfName } from './rendezvous.ts';

/**
 * A lane with what the shell keeps beside it. Without a partition it is the waiting room of a topic whose metadata is not known yet:
 * its records expire, abort and close like any other, and are handed on in order.
 */
export class LaneRunner implements Placed, Metered {
  readonly topic: Topic;
  readonly lane: Lane;
  readonly share: LaneShare = createShare();
  readonly hash: number;
  readonly left = new Set<string>();
  pin: Pin | undefined;
  /** Taken for the call that is about to start, or outstanding. */
  producer: PooledProducer | undefined;
  idleSinceMs = 0;
  meteredWindow = 0;

  constructor(topic: Topic, partition: number | undefined) {
    this.topic = topic;
    this.hash = hashOfName(`${topic.name}/${partition}`);
    this.lane = createLane(topic.name, partition);
  }

  get partition(): number | undefined {
    return this.lane.partition;
  }

  /** Broker that leads the partition, -1 if unknown. */
  get leader(): number {
    return this.lane.partition === undefined ? -1 : (this.topic.partitions[this.lane.partition]?.leader ?? -1);
  }

  isFailing(): boolean {
    return isFailing(this.lane);
  }
}

/** True while the lane holds a record or somebody waits for room in it. */
export const isBusy = (runner: LaneRunner): boolean => isOccupied(runner.lane) || runner.share.waiters.length > 0;
