/**
 * Pure: compares what was committed with what a reader found in the log, over sets and per key. It knows nothing of relays; the demo,
 * the end-to-end tests and the soak run judge by it.
 */
export interface CommittedEvent {
  readonly id: string;
  readonly topic: string;
  /** null = unordered. */
  readonly key: string | null;
}

export interface LoggedEvent extends CommittedEvent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly value?: string | Uint8Array | null;
}

export interface OrderReport {
  /** Committed, and neither in the log nor among the dead letters. */
  readonly lost: readonly string[];
  /** In the log, and never committed. */
  readonly unexpected: readonly string[];
  /** First occurrences that came after one that was committed later, of the same key. */
  readonly inversions: readonly {
    readonly id: string;
    readonly after: string;
    readonly topic: string;
    readonly key: string;
  }[];
  /** Occurrences beyond the first. */
  readonly duplicates: number;
  /** Events of which two occurrences differ in key, headers or value. */
  readonly altered: readonly string[];
  /** Nothing lost, unexpected, inverted or altered. Duplicates are allowed: they are at-least-once. */
  readonly ok: boolean;
}

const contentOf = ({ topic, key, headers, value }: LoggedEvent): string =>
  JSON.stringify([
    topic,
    key,
    headers ?? null,
    value instanceof Uint8Array ? Buffer.from(value).toString('base64') : (value ?? null),
  ]);

/**
 * `committed` in commit order of each key; `log` in log order of each key (partitions one after the other are fine); `dead`: ids that
 * were parked, which may be missing in the log and are not looked at for order.
 */
export const checkOrder = (o: {
  readonly committed: readonly CommittedEvent[];
  readonly log: readonly LoggedEvent[];
  readonly dead?: Iterable<string>;
}): OrderReport => {
  const dead = new Set(o.dead);
  const places = new Map(o.committed.map((event, place) => [event.id, place]));
  const contents = new Map<string, string>();
  const last = new Map<string, { place: number; id: string }>();
  const unexpected: string[] = [];
  const inversions: { id: string; after: string; topic: string; key: string }[] = [];
  const altered = new Set<string>();
  let duplicates = 0;
  for (const event of o.log) {
    const { id, topic, key } = event;
    const content = contents.get(id);
    if (content !== undefined) {
      duplicates += 1;
      if (content !== contentOf(event)) altered.add(id);
      continue;
    }
    contents.set(id, contentOf(event));
    const place = places.get(id);
    if (place === undefined) unexpected.push(id);
    if (place === undefined || key === null || dead.has(id)) continue;
    const before = last.get(`${topic}\0${key}`);
    if (before !== undefined && before.place > place) inversions.push({ id, after: before.id, topic, key });
    else last.set(`${topic}\0${key}`, { place, id });
  }
  const lost = o.committed.filter(({ id }) => !contents.has(id) && !dead.has(id)).map(({ id }) => id);
  const ok = lost.length + unexpected.length + inversions.length + altered.size === 0;
  return { lost, unexpected, inversions, duplicates, altered: [...altered], ok };
};
