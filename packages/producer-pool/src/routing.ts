/**
 * Which partition a record goes to, also while a topic grows (PT-5).
 *
 * More partitions move keys. A record whose key lay in a partition that still holds records of this pool waits until that one is empty;
 * every other record goes by the new count at once. So no key has records on its old and its new partition at the same time, and a dead
 * partition holds up only the keys that lay in it.
 */
import type { Entry } from './batch.ts';
import type { Dispatcher } from './dispatcher.ts';
import { isBusy, type LaneRunner } from './lane-runner.ts';
import type { Topic } from './metadata.ts';
import { partitionOfKey, type StickyPartitioner } from './partitioner.ts';

interface Count {
  now: number;
  /** Count before the growth that is still being absorbed. */
  before: number | undefined;
}

/** The waiting room of a topic that is not known yet. */
export const UNKNOWN = 'unknown';
const heldRoom = (partition: number): string => `held-${partition}`;

export class Routing {
  readonly #dispatcher: Dispatcher;
  readonly #sticky: StickyPartitioner;
  readonly #counts = new Map<string, Count>();

  constructor(dispatcher: Dispatcher, sticky: StickyPartitioner) {
    this.#dispatcher = dispatcher;
    this.#sticky = sticky;
  }

  /** The topic's metadata has arrived: a larger count is taken over unless an earlier growth is still being absorbed. */
  learn(topic: Topic): void {
    const count = this.#counts.get(topic.name);
    const { length } = topic.partitions;
    if (count === undefined || length < count.now) this.#counts.set(topic.name, { now: length, before: undefined });
    else if (length > count.now && count.before === undefined)
      this.#counts.set(topic.name, { now: length, before: count.now });
    const grown = this.#counts.get(topic.name);
    if (grown !== undefined) this.#absorb(topic, grown);
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
    if (count === undefined) return this.#dispatcher.room(topic, UNKNOWN);
    if (entry.partition !== undefined) {
      return entry.partition < count.now ? this.#dispatcher.lane(topic, entry.partition) : undefined;
    }
    const { key } = entry.record;
    if (key === null)
      return this.#dispatcher.lane(
        topic,
        this.#sticky.next(topic.name, entry.sizeBytes, () => this.#candidates(topic, count.now)),
      );
    const partition = partitionOfKey(key, count.now);
    if (count.before !== undefined) {
      const old = partitionOfKey(key, count.before);
      if (old !== partition && this.#holds(topic, old)) return this.#dispatcher.room(topic, heldRoom(old));
    }
    return this.#dispatcher.lane(topic, partition);
  }

  /** A lane has become empty: the room whose records may go on now, if there is one. */
  released(runner: LaneRunner): LaneRunner | undefined {
    const { topic, partition } = runner;
    const count = this.#counts.get(topic.name);
    if (partition === undefined || count?.before === undefined || isBusy(runner)) return undefined;
    const room = this.#dispatcher.peek(topic, heldRoom(partition));
    this.#absorb(topic, count);
    return room;
  }

  #holds(topic: Topic, partition: number): boolean {
    return [partition, heldRoom(partition)].some((name) => {
      const runner = this.#dispatcher.peek(topic, name);
      return runner !== undefined && isBusy(runner);
    });
  }

  /** Forgets the old count when nothing lies by it any more. */
  #absorb(topic: Topic, count: Count): void {
    if (count.before === undefined) return;
    for (let partition = 0; partition < count.before; partition += 1) if (this.#holds(topic, partition)) return;
    count.before = undefined;
  }

  /** Partitions for records without a key: with a leader and not failing, if there are any. */
  #candidates(topic: Topic, count: number): readonly number[] {
    const all = Array.from({ length: count }, (_, partition) => partition);
    const led = all.filter((partition) => topic.partitions[partition]?.leader !== undefined);
    const well = led.filter((partition) => this.#dispatcher.peek(topic, partition)?.isFailing() !== true);
    return [well, led].find((some) => some.length > 0) ?? all;
  }
}
