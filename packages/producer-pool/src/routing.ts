/**
 * Which partition a record goes to, also while a topic grows (PT-5), unless the options say `switch`.
 *
 * More partitions move keys. A record whose key lay in a partition that still holds records from before the growth waits until those are
 * gone; every other record goes by the new count at once. So no key has records on its old and its new partition at the same time, and a
 * dead partition holds up only the keys that lay in it.
 */
import type { Entry } from './batch.ts';
import { isBusy, type LaneRunner } from './lane-runner.ts';
import type { LaneTable } from './lane-table.ts';
import type { Topic } from './metadata.ts';
import { partitionOfKey, type StickyPartitioner } from './partitioner.ts';

interface Growth {
  /** Partitions before. */
  readonly before: number;
  /** By old partition: its records from before that are not gone yet. */
  readonly undrained: Map<number, Set<Entry>>;
}

interface Count {
  now: number;
  /** The growth that is still being absorbed. */
  growth: Growth | undefined;
}

const NO_ROOMS: readonly LaneRunner[] = [];

/** The waiting room of a topic that is not known yet. */
export const UNKNOWN = 'unknown';
const heldRoom = (partition: number): string => `held-${partition}`;

export class Routing {
  readonly #lanes: LaneTable;
  readonly #sticky: StickyPartitioner;
  readonly #drains: boolean;
  readonly #counts = new Map<string, Count>();

  constructor(lanes: LaneTable, sticky: StickyPartitioner, onGrowth: 'drain' | 'switch') {
    this.#lanes = lanes;
    this.#sticky = sticky;
    this.#drains = onGrowth === 'drain';
  }

  /** The topic's metadata has arrived: a larger count is taken over unless an earlier growth is still being absorbed. */
  learn(topic: Topic, waitingIn: (runner: LaneRunner) => readonly Entry[]): void {
    const count = this.#counts.get(topic.name);
    const { length } = topic.partitions;
    if (count === undefined || length < count.now) this.#counts.set(topic.name, { now: length, growth: undefined });
    else if (length > count.now && count.growth === undefined) {
      const undrained = this.#drains ? this.#undrained(topic, count.now, waitingIn) : new Map<number, Set<Entry>>();
      count.growth = undrained.size === 0 ? undefined : { before: count.now, undrained };
      count.now = length;
    }
  }

  /** A record is gone: the rooms whose records may go on now, because it was the last from before the growth. */
  left(topic: Topic, entry: Entry): readonly LaneRunner[] {
    const count = this.#counts.get(topic.name);
    if (count?.growth === undefined) return NO_ROOMS;
    const { undrained } = count.growth;
    const rooms: LaneRunner[] = [];
    for (const [partition, entries] of undrained) {
      entries.delete(entry);
      if (entries.size > 0) continue;
      undrained.delete(partition);
      const room = this.#lanes.peek(topic, heldRoom(partition));
      if (room !== undefined) rooms.push(room);
    }
    if (undrained.size === 0) count.growth = undefined;
    return rooms;
  }

  /** Partitions records are spread over; undefined until the topic is known. */
  countOf(topic: Topic): number | undefined {
    return this.#counts.get(topic.name)?.now;
  }

  /** Where a key goes at present, for the relay: what shares a fate with it. */
  partitionOf(topic: Topic, key: string | Uint8Array): number | undefined {
    const count = this.#counts.get(topic.name);
    return count === undefined ? undefined : partitionOfKey(key, count.now);
  }

  /** The lane or waiting room of a record; undefined if it asks for a partition that is not there. */
  route(topic: Topic, entry: Entry): LaneRunner | undefined {
    const count = this.#counts.get(topic.name);
    if (count === undefined) return this.#lanes.room(topic, UNKNOWN);
    if (entry.partition !== undefined) {
      return entry.partition < count.now ? this.#lanes.lane(topic, entry.partition) : undefined;
    }
    const { key } = entry.record;
    if (key === null)
      return this.#lanes.lane(
        topic,
        this.#sticky.next(topic.name, entry.sizeBytes, () => this.#candidates(topic, count.now)),
      );
    const partition = partitionOfKey(key, count.now);
    if (count.growth !== undefined) {
      const old = partitionOfKey(key, count.growth.before);
      if (old !== partition && count.growth.undrained.has(old)) return this.#lanes.room(topic, heldRoom(old));
    }
    return this.#lanes.lane(topic, partition);
  }

  /** By partition: the records that are there when the topic grows. */
  #undrained(
    topic: Topic,
    before: number,
    waitingIn: (runner: LaneRunner) => readonly Entry[],
  ): Map<number, Set<Entry>> {
    const undrained = new Map<number, Set<Entry>>();
    for (let partition = 0; partition < before; partition += 1) {
      const runner = this.#lanes.peek(topic, partition);
      if (runner === undefined || !isBusy(runner)) continue;
      const { batches, queue } = runner.lane;
      undrained.set(partition, new Set([...batches.flatMap(({ entries }) => entries), ...queue, ...waitingIn(runner)]));
    }
    return undrained;
  }

  /** Partitions for records without a key: with a leader and not failing, if there are any. */
  #candidates(topic: Topic, count: number): readonly number[] {
    const all = Array.from({ length: count }, (_, partition) => partition);
    const led = all.filter((partition) => topic.partitions[partition]?.leader !== undefined);
    const well = led.filter((partition) => this.#lanes.peek(topic, partition)?.isFailing() !== true);
    return [well, led].find((some) => some.length > 0) ?? all;
  }
}
