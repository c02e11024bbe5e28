import { SHARD_COUNT } from './record.ts';

/**
 * Pure: which shards this relay owns, by its own clock, and which it takes or gives up.
 *
 * ```
 * shard   free → owned → surplus → free        owned → lost → free
 * ```
 * Invariants: **S1** a lease ends for us at the time its renewal was *sent* plus `leaseMs`, never later than the database thinks.
 * **S2** No send starts after `end − safetyMs`. **S3** A shard that a renewal does not answer, or with another epoch, is lost: what is
 * in flight still settles and is still acknowledged, everything else about it is forgotten. **S4** A surplus shard is claimed no more
 * and released when nothing of it is held.
 *
 * A relay that lost its lease can only repeat or extend a run of a key from an equal or lower start, so leases are for balance and
 * hand-over, not for order.
 */
export interface OwnedShard {
  readonly epoch: string;
  readonly endMs: number;
  /** Takeovers from a crashed owner without an acknowledgement since. */
  readonly unclean: number;
  /** An ACK succeeded, or a claim found nothing, since the takeover. */
  readonly proven: boolean;
  readonly surplus: boolean;
}

export type LeaseStatement = 'renew' | 'acquire' | 'release';

export interface LeaseView {
  readonly shards: Map<number, OwnedShard>;
  /** Live relays at the last renewal, this one included; 0 before the first. */
  readonly live: number;
  readonly target: number;
  /** What the last heartbeat said of us. */
  readonly capable: boolean;
  readonly nextRenewMs: number;
  readonly nextAcquireMs: number;
  /** After a failure no lease statement is sent before it. */
  readonly retryAtMs: number;
  readonly failures: number;
  /** The one lease statement that is not answered. */
  readonly statement: LeaseStatement | undefined;
}

export interface LeaseRules {
  readonly leaseMs: number;
  readonly renewMs: number;
  readonly safetyMs: number;
}

export interface Granted {
  readonly shard: number;
  readonly epoch: string;
  readonly unclean: number;
}

/** A relay that has not been able to send for so long leaves its shards to those that are. */
export const ILL_AFTER_MS = 30_000;

/** An even share, rounded up: a surplus of one is better than a shard that nobody owns. */
export const targetOf = (live: number): number => Math.ceil(SHARD_COUNT / Math.max(1, live));

/**
 * The shards that this relay should own. One that is not capable gives all of them to those that are, and takes a single one while it
 * probes its way to the broker; if nobody is capable, all live relays share as ever, since one of them may recover first.
 */
export const targetFor = (
  self: { capable: boolean; probing: boolean },
  seen: { live: number; present: number },
): number => {
  if (self.capable) return targetOf(seen.live);
  if (seen.live === 0) return targetOf(seen.present);
  return self.probing ? 1 : 0;
};

export const noLeases = (nowMs: number): LeaseView => ({
  shards: new Map(),
  live: 0,
  target: 0,
  capable: true,
  nextRenewMs: nowMs,
  nextAcquireMs: nowMs,
  retryAtMs: nowMs,
  failures: 0,
  statement: undefined,
});

export const isSendable = (view: LeaseView, shard: number, at: { nowMs: number; safetyMs: number }): boolean => {
  const owned = view.shards.get(shard);
  return owned !== undefined && !owned.surplus && at.nowMs < owned.endMs - at.safetyMs;
};

export interface Renewal {
  readonly sentAtMs: number;
  /** Live relays that say that they can send, this one included if it does. */
  readonly live: number;
  /** All live relays, this one included. */
  readonly present: number;
  readonly shards: readonly { readonly shard: number; readonly epoch: string }[];
}

/** The answer to a renewal. `lost` are shards that were ours and are no more, or are again under another epoch. */
export const afterRenewal = (
  view: LeaseView,
  renewal: Renewal & { readonly target: number },
  rules: LeaseRules,
): { view: LeaseView; lost: readonly number[] } => {
  const shards = new Map<number, OwnedShard>();
  const lost: number[] = [];
  const endMs = renewal.sentAtMs + rules.leaseMs;
  const answered = new Map(renewal.shards.map(({ shard, epoch }) => [shard, epoch]));
  for (const [shard, owned] of view.shards) {
    if (answered.get(shard) === owned.epoch) shards.set(shard, { ...owned, endMs: Math.max(owned.endMs, endMs) });
    else lost.push(shard);
  }
  for (const [shard, epoch] of answered) {
    // Ours by the database although we did not know: the answer to an ACQUIRE was lost, or the epoch moved on.
    if (!shards.has(shard)) shards.set(shard, { epoch, endMs, unclean: 0, proven: true, surplus: false });
  }
  const { target } = renewal;
  return {
    view: {
      ...view,
      shards: markSurplus(shards, target),
      live: renewal.present,
      target,
      nextRenewMs: renewal.sentAtMs + rules.renewMs,
      nextAcquireMs: renewal.sentAtMs,
      failures: 0,
      statement: undefined,
    },
    lost,
  };
};

/** Gives up the highest shards above the target, and keeps a shard that is to be given up no longer. */
const markSurplus = (shards: ReadonlyMap<number, OwnedShard>, target: number): Map<number, OwnedShard> => {
  const kept = new Map<number, OwnedShard>();
  for (const [index, [shard, owned]] of [...shards].toSorted(([a], [b]) => a - b).entries())
    kept.set(shard, { ...owned, surplus: index >= target });
  return kept;
};

/** The answer to an ACQUIRE; what it did not bring is asked for again after the next renewal. */
export const afterAcquire = (
  view: LeaseView,
  grant: { sentAtMs: number; shards: readonly Granted[] },
  rules: LeaseRules,
): LeaseView => {
  const shards = new Map(view.shards);
  for (const { shard, epoch, unclean } of grant.shards)
    shards.set(shard, { epoch, endMs: grant.sentAtMs + rules.leaseMs, unclean, proven: false, surplus: false });
  return { ...view, shards, nextAcquireMs: Number.POSITIVE_INFINITY, failures: 0, statement: undefined };
};

export const afterRelease = (view: LeaseView, released: readonly number[]): LeaseView => {
  const shards = new Map(view.shards);
  for (const shard of released) shards.delete(shard);
  return { ...view, shards, failures: 0, statement: undefined };
};

/** A lease statement failed: all of them wait until `retryAtMs`. The leases run on by their own ends. */
export const afterLeaseFailure = (view: LeaseView, retryAtMs: number): LeaseView => ({
  ...view,
  failures: view.failures + 1,
  statement: undefined,
  retryAtMs,
  nextRenewMs: retryAtMs,
  nextAcquireMs: Number.POSITIVE_INFINITY,
});

/** Shards of the view that are to be given up and hold nothing any more. */
export const releasable = (view: LeaseView, heldShards: ReadonlySet<number>): readonly number[] =>
  [...view.shards].filter(([shard, owned]) => owned.surplus && !heldShards.has(shard)).map(([shard]) => shard);

/** Everything is to be given up: the relay stops. */
export const giveUpAll = (view: LeaseView): LeaseView => ({
  ...view,
  shards: new Map([...view.shards].map(([shard, owned]) => [shard, { ...owned, surplus: true }])),
});

/** Shards of which an ACK succeeded, or which a claim found empty. */
export const proven = (view: LeaseView, shards: Iterable<number>): LeaseView => {
  const news = [...shards].filter((shard) => view.shards.get(shard)?.proven === false);
  if (news.length === 0) return view;
  const next = new Map(view.shards);
  for (const shard of news) {
    const owned = next.get(shard);
    if (owned !== undefined) next.set(shard, { ...owned, proven: true });
  }
  return { ...view, shards: next };
};
