import type { EventQueue } from './event-queue.ts';
import { type ModelDatabase, type ModelRow, modelRow } from './model-database.ts';
import type { Verdicts } from './verdicts.ts';

/**
 * Writers: transactions that lock the key they publish, take a `seq` at each INSERT, and commit at once, late or not at all. The lock is
 * what orders the writers of a key (W2); transactions of different keys overlap as they like.
 */
export class ModelWriters {
  readonly #locked = new Set<string>();
  readonly #places = new Map<string, number>();
  #events = 0;
  #timeline = 0;
  readonly #keys: readonly (string | null)[];
  readonly #topics: readonly string[];
  readonly #o: {
    readonly queue: EventQueue;
    readonly random: () => number;
    readonly database: ModelDatabase;
    readonly verdicts: Verdicts;
    readonly poison: boolean;
    readonly untilMs: number;
    readonly onCommit: () => void;
  };

  constructor(o: {
    queue: EventQueue;
    random: () => number;
    database: ModelDatabase;
    verdicts: Verdicts;
    poison: boolean;
    untilMs: number;
    onCommit: () => void;
  }) {
    this.#o = o;
    const count = 1 + Math.floor(o.random() * 8);
    this.#keys = Array.from({ length: count }, (_, index) => (index === 7 ? null : `key-${index}`));
    this.#topics = o.random() < 0.7 ? ['orders'] : ['orders', 'bills'];
    for (let writer = 0; writer < 3; writer += 1) o.queue.after(o.random() * 20, () => this.#write());
  }

  #pick<T>(from: readonly T[], otherwise: T): T {
    return from[Math.floor(this.#o.random() * from.length)] ?? otherwise;
  }

  #write(): void {
    const { queue, random, untilMs } = this.#o;
    if (queue.now() > untilMs) return;
    queue.after(random() * 60, () => this.#write());
    const key = this.#pick(this.#keys, null);
    const topic = this.#pick(this.#topics, 'orders');
    if (key !== null && this.#locked.has(`${topic}/${key}`)) return;
    this.#transaction(topic, key);
  }

  #transaction(topic: string, key: string | null): void {
    const { queue, random } = this.#o;
    if (key !== null) this.#locked.add(`${topic}/${key}`);
    const rows: ModelRow[] = [];
    // A failover ends every open transaction.
    const begunIn = this.#timeline;
    const insert = (): void => {
      if (begunIn === this.#timeline) rows.push(this.#row(topic, key, rows.length));
    };
    insert();
    const openMs = random() < 0.15 ? random() * 1_500 : random() * 20;
    if (random() < 0.3) queue.after(openMs / 2, insert);
    queue.after(openMs, () => {
      if (begunIn === this.#timeline) this.#end(topic, key, rows);
    });
  }

  #row(topic: string, key: string | null, before: number): ModelRow {
    const { queue, random, database, verdicts, poison } = this.#o;
    this.#events += 1;
    const place = key === null ? 0 : (this.#places.get(`${topic}/${key}`) ?? 0) + before;
    const row = modelRow({
      seq: database.nextSeq(),
      eventId: `e${this.#events}`,
      topic,
      key,
      place,
      nowMs: queue.now(),
    });
    if (poison && random() < 0.05) verdicts.poison.set(row.eventId, random() < 0.6 ? 1 : 1_000);
    return row;
  }

  #end(topic: string, key: string | null, rows: readonly ModelRow[]): void {
    const { random, database, verdicts, onCommit } = this.#o;
    const unit = `${topic}/${key ?? ''}`;
    this.#locked.delete(unit);
    if (random() < 0.12) return;
    if (key !== null) this.#places.set(unit, (this.#places.get(unit) ?? 0) + rows.length);
    for (const row of rows) verdicts.committed.set(row.eventId, row);
    database.commit(rows);
    if (random() < 0.5) onCommit();
  }

  /** Open transactions end, and their locks with them. */
  abortAll(): void {
    this.#locked.clear();
    this.#timeline += 1;
  }
}
