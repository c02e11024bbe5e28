import type { ModelBroker } from './model-broker.ts';
import type { ModelRow } from './model-database.ts';

/** What is true in a run, and what was seen to be false. */
export class Verdicts {
  /** Events whose transaction committed, by id. */
  readonly committed = new Map<string, ModelRow>();
  /** Events whose commit a failover has undone: they may be in the log, and need not be. */
  readonly undone = new Set<string>();
  /** Poison and how many faults of it are left. */
  readonly poison = new Map<string, number>();
  /** Times that an event is in the log. */
  readonly seen = new Map<string, number>();
  readonly problems: string[] = [];
  readonly #highest = new Map<string, number>();
  #read = 0;

  problem(text: string): void {
    if (this.problems.length < 5) this.problems.push(text);
  }

  /** Reads on in the log: I2 and I3. */
  readLog(broker: ModelBroker): void {
    for (const { row } of broker.log.slice(this.#read)) this.#logged(row.record);
    this.#read = broker.log.length;
  }

  #logged({ id, key, topic }: { id: string; key: string | null; topic: string }): void {
    const row = this.committed.get(id);
    if (row === undefined && !this.undone.has(id)) this.problem(`I2 ${id} was sent and never committed`);
    const times = this.seen.get(id) ?? 0;
    this.seen.set(id, times + 1);
    if (times > 0 || row === undefined || key === null) return;
    const unit = `${topic}/${key}`;
    const last = this.#highest.get(unit) ?? -1;
    if (row.place < last) this.problem(`I3 ${id} (place ${row.place}) came after place ${last} of ${unit}`);
    this.#highest.set(unit, Math.max(last, row.place));
  }

  deleted(eventId: string): void {
    if (!this.seen.has(eventId)) this.problem(`I5 ${eventId} was deleted and is not in the log`);
  }

  blamed(eventId: string, how: 'charged' | 'parked'): void {
    if (!this.poison.has(eventId)) this.problem(`I6 ${eventId} was ${how} and is no poison`);
  }

  /** I1 and I5, when everything has had its time. */
  atTheEnd(rows: Iterable<ModelRow>, dead: ReadonlyMap<string, ModelRow>): void {
    for (const { eventId } of this.committed.values())
      if (!this.seen.has(eventId) && !dead.has(eventId))
        this.problem(`I1 ${eventId} is neither in the log nor in the dead letters`);
    for (const { eventId } of rows) {
      this.problem(`I1 ${eventId} is stuck in the table`);
      if (dead.has(eventId)) this.problem(`I5 ${eventId} is in both tables`);
    }
  }

  get duplicates(): number {
    return [...this.seen.values()].reduce((sum, times) => sum + times - 1, 0);
  }
}
