/**
 * The records without an answer, in the order of their calls, and who waits until all of them have one.
 *
 * A list whose links are in the entries: every record passes through here, and a Map cost more than the rest of the way in.
 */
import type { Entry } from './batch.ts';

interface Flush {
  /** The last record it waits for. */
  readonly upTo: number;
  readonly resolve: () => void;
}

export class OpenRecords {
  #first: Entry | undefined;
  #last: Entry | undefined;
  #sequence = 0;
  #flushes: Flush[] = [];

  /** The one that has waited longest. */
  get oldest(): Entry | undefined {
    return this.#first;
  }

  add(entry: Entry): void {
    this.#sequence += 1;
    entry.sequence = this.#sequence;
    entry.earlier = this.#last;
    if (this.#last === undefined) this.#first = entry;
    else this.#last.later = entry;
    this.#last = entry;
  }

  /** The record has its answer. */
  remove(entry: Entry): void {
    const { earlier, later } = entry;
    if (earlier === undefined) this.#first = later;
    else earlier.later = later;
    if (later === undefined) this.#last = earlier;
    else later.earlier = earlier;
    entry.earlier = undefined;
    entry.later = undefined;
  }

  /** Resolves when every record that is open now has been told its answer; see {@link endFlushes}. */
  drained(): Promise<void> {
    if (this.#first === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.#flushes.push({ upTo: this.#sequence, resolve });
    });
  }

  /** Call it when a record has been removed and its caller told. */
  endFlushes(): void {
    if (this.#flushes.length === 0) return;
    const oldest = this.#first?.sequence ?? Number.POSITIVE_INFINITY;
    for (const { upTo, resolve } of this.#flushes) if (upTo < oldest) resolve();
    this.#flushes = this.#flushes.filter(({ upTo }) => upTo >= oldest);
  }
}
