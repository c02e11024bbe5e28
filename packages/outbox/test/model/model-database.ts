import type { ClaimedRow } from '../../src/record.ts';
import { SHARD_COUNT, shardOf } from '../../src/record.ts';
import type { Fault, Park } from '../../src/relay-protocol.ts';

/**
 * The outbox tables as the statements of the relay see them: a row is there when its transaction has committed, every statement is one
 * snapshot, leases go by the database clock.
 */
export interface ModelRow {
  readonly seq: bigint;
  readonly eventId: string;
  readonly topic: string;
  readonly key: string | null;
  /** Place of the event among those of its key, in commit order; what the log is checked against. */
  readonly place: number;
  readonly shard: number;
  attempts: number;
  notBeforeMs: number;
  readonly writtenAtMs: number;
}

interface Lease {
  owner: string | undefined;
  epoch: number;
  untilMs: number;
  unclean: number;
}

export interface ModelDatabase {
  readonly rows: Map<bigint, ModelRow>;
  readonly dead: Map<string, ModelRow>;
  readonly leases: readonly Lease[];
  nextSeq(): bigint;
  commit(rows: readonly ModelRow[]): void;
  claim(takes: ReadonlyMap<number, number>, limit: number, nowMs: number): ClaimedRow[];
  ack(rows: readonly ClaimedRow[]): ModelRow[];
  charge(
    faults: readonly Fault[],
    nowMs: number,
    delayMs: number,
  ): { seq: bigint; attempts: number; delayMs: number }[];
  park(parks: readonly Park[]): ModelRow[];
  heartbeat(owner: string, o: { nowMs: number; ttlMs: number; capable: boolean }): { live: number; present: number };
  renew(owner: string, nowMs: number, leaseMs: number): { shard: number; epoch: string }[];
  acquire(
    owner: string,
    o: { nowMs: number; leaseMs: number; max: number },
  ): { shard: number; epoch: string; unclean: number }[];
  release(owner: string, shards: readonly number[]): void;
  /** A failover to a replica that has not seen the latest commits and deletes: rows vanish or are back, and the sequence goes back. */
  failover(o: { lostSeqs: ReadonlySet<bigint>; deletedAgain: readonly ModelRow[]; sequence: bigint }): void;
  sequence(): bigint;
}

export const modelRow = (o: {
  seq: bigint;
  eventId: string;
  topic: string;
  key: string | null;
  place: number;
  nowMs: number;
}): ModelRow => ({
  seq: o.seq,
  eventId: o.eventId,
  topic: o.topic,
  key: o.key,
  place: o.place,
  shard: shardOf({ id: o.eventId, key: o.key }),
  attempts: 0,
  notBeforeMs: 0,
  writtenAtMs: o.nowMs,
});

const claimed = (row: ModelRow, nowMs: number): ClaimedRow => ({
  seq: row.seq,
  shard: row.shard,
  attempts: row.attempts,
  bytes: 10,
  waitMs: Math.max(0, row.notBeforeMs - nowMs),
  ageMs: nowMs - row.writtenAtMs,
  lane: undefined,
  record: { id: row.eventId, topic: row.topic, key: row.key, headers: {}, value: '' },
});

/** `matchesEventId: false` is the design that trap C1 of the outbox warns of. */
export const modelDatabase = (o: { matchesEventId: boolean }): ModelDatabase => {
  const rows = new Map<bigint, ModelRow>();
  const dead = new Map<string, ModelRow>();
  const relays = new Map<string, { seenMs: number; capable: boolean }>();
  const leases: Lease[] = Array.from({ length: SHARD_COUNT }, () => ({
    owner: undefined,
    epoch: 0,
    untilMs: -1,
    unclean: 0,
  }));
  let sequence = 0n;
  const find = (row: ClaimedRow): ModelRow | undefined => {
    const found = rows.get(row.seq);
    return found !== undefined && (!o.matchesEventId || found.eventId === row.record.id) ? found : undefined;
  };
  return {
    rows,
    dead,
    leases,
    nextSeq: () => (sequence += 1n),
    sequence: () => sequence,
    commit: (added) => {
      for (const row of added) rows.set(row.seq, row);
    },
    claim: (takes, limit, nowMs) => {
      const left = new Map(takes);
      const found: ClaimedRow[] = [];
      for (const row of rows.size === 0 ? [] : [...rows.values()].toSorted((a, b) => Number(a.seq - b.seq))) {
        const take = left.get(row.shard) ?? 0;
        if (take === 0) continue;
        left.set(row.shard, take - 1);
        found.push(claimed(row, nowMs));
        if (found.length === limit) break;
      }
      return found;
    },
    ack: (acked) =>
      acked.flatMap((row) => {
        const found = find(row);
        if (found === undefined) return [];
        rows.delete(found.seq);
        return [found];
      }),
    charge: (faults, nowMs, delayMs) =>
      faults.flatMap(({ row }) => {
        const found = find(row);
        if (found === undefined) return [];
        found.attempts += 1;
        found.notBeforeMs = nowMs + delayMs;
        return [{ seq: found.seq, attempts: found.attempts, delayMs }];
      }),
    park: (parks) =>
      parks.flatMap(({ row }) => {
        const found = find(row);
        if (found === undefined) return [];
        rows.delete(found.seq);
        dead.set(found.eventId, found);
        return [found];
      }),
    heartbeat: (owner, { nowMs, ttlMs, capable }) => {
      relays.set(owner, { seenMs: nowMs, capable });
      const present = [...relays.values()].filter(({ seenMs }) => seenMs >= nowMs - ttlMs);
      return { live: present.filter((relay) => relay.capable).length, present: present.length };
    },
    renew: (owner, nowMs, leaseMs) =>
      [...leases.entries()].flatMap(([shard, lease]) => {
        if (lease.owner !== owner) return [];
        lease.untilMs = nowMs + leaseMs;
        return [{ shard, epoch: String(lease.epoch) }];
      }),
    acquire: (owner, { nowMs, leaseMs, max }) =>
      [...leases.entries()]
        .filter(([, lease]) => lease.owner === undefined || lease.untilMs <= nowMs)
        .slice(0, max)
        .map(([shard, lease]) => {
          if (lease.owner !== undefined && lease.owner !== owner) lease.unclean += 1;
          lease.owner = owner;
          lease.epoch += 1;
          lease.untilMs = nowMs + leaseMs;
          return { shard, epoch: String(lease.epoch), unclean: lease.unclean };
        }),
    release: (owner, shards) => {
      for (const shard of shards) {
        const lease = leases[shard];
        if (lease?.owner === owner) Object.assign(lease, { owner: undefined, untilMs: -1, unclean: 0 });
      }
    },
    failover: ({ lostSeqs, deletedAgain, sequence: regressed }) => {
      for (const seq of lostSeqs) rows.delete(seq);
      for (const row of deletedAgain) rows.set(row.seq, row);
      sequence = regressed;
    },
  };
};
