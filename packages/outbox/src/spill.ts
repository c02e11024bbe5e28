/**
 * Pure: sticky spill. A direct publish of a key must not overtake an event of that key that this process has put into the outbox. So an
 * insert makes its shard *sticky* up to its `seq`; while it is sticky, direct publishes of the shard go to the outbox as well.
 *
 * ```
 * shard   free → sticky → free
 * ```
 * A shard stays sticky while
 * - **open**: a COMMIT that carries deferred records of it may come, or its answer may;
 * - **in doubt**: the answer of such a COMMIT was lost. Every transaction that can hold the records has an id below X, the snapshot's
 *   `xmax` read afterwards; when the snapshot's `xmin` has passed X, they have all ended;
 * - **unseen**: records were committed whose `seq` nobody told us: the greatest `seq` of the shard is looked up;
 * - an insert of it is not visible yet (`xid`): "no row left" is also true while its transaction is open, and its event would be
 *   overtaken (trap D3);
 * - a row of it up to `seq` is still in the table.
 *
 * Invariant: a shard is let go only by a check that began after its last change.
 */
export interface StickyShard {
  /** Sticky up to it; 0 where only open, doubtful or unseen records make it so. */
  readonly seq: bigint;
  /** Transactions of our inserts that may not be visible yet. */
  readonly xids: readonly string[];
  readonly open: number;
  readonly unseen: boolean;
  /** `ask`: X is to be read; a text: X. */
  readonly doubt: 'ask' | { readonly xid: string } | undefined;
  readonly version: number;
}

export type SpillState = ReadonlyMap<number, StickyShard>;

/** Transactions remembered for a shard; above it only the greatest, as a doubt. */
export const MAX_XIDS = 100;

const FREE: StickyShard = { seq: 0n, xids: [], open: 0, unseen: false, doubt: undefined, version: 0 };

/** Before every transaction that a check could meet: always visible. */
export const NO_XID = '0';

const changed = (
  state: SpillState,
  shard: number,
  change: (sticky: StickyShard) => Partial<StickyShard>,
): SpillState => {
  const before = state.get(shard) ?? FREE;
  return new Map(state).set(shard, { ...before, ...change(before), version: before.version + 1 });
};

const greater = (a: string, b: string): string => (BigInt(a) > BigInt(b) ? a : b);

const withXid = (sticky: StickyShard, xid: string): Pick<StickyShard, 'xids' | 'doubt'> => {
  if (sticky.xids.includes(xid)) return sticky;
  if (sticky.xids.length < MAX_XIDS) return { xids: [...sticky.xids, xid], doubt: sticky.doubt };
  const greatest = sticky.xids.reduce(greater, xid);
  return { xids: [], doubt: sticky.doubt ?? { xid: greatest } };
};

/** Rows that this process inserted, in a transaction that may still be open. */
export const afterInsert = (
  state: SpillState,
  rows: readonly { shard: number; seq: bigint; xid: string }[],
): SpillState => {
  let next = state;
  for (const { shard, seq, xid } of rows)
    next = changed(next, shard, (sticky) => ({ ...withXid(sticky, xid), seq: seq > sticky.seq ? seq : sticky.seq }));
  return next;
};

/** Rows that were there when the process started. */
export const afterStart = (state: SpillState, rows: readonly { shard: number; seq: bigint }[]): SpillState =>
  afterInsert(
    state,
    rows.map((row) => ({ ...row, xid: NO_XID })),
  );

/** Records were deferred to a COMMIT. */
export const afterDefer = (state: SpillState, shards: Iterable<number>): SpillState => {
  let next = state;
  for (const shard of shards) next = changed(next, shard, (sticky) => ({ open: sticky.open + 1 }));
  return next;
};

/** The fate of deferred records is known, or known to be unknown. */
export const afterVerdict = (
  state: SpillState,
  shards: Iterable<number>,
  verdict: 'committed' | 'rolled-back' | 'unknown',
): SpillState => {
  let next = state;
  for (const shard of shards) {
    next = changed(next, shard, (sticky) => {
      const open = Math.max(0, sticky.open - 1);
      if (verdict === 'committed') return { open, unseen: true };
      return verdict === 'unknown' ? { open, doubt: 'ask' } : { open };
    });
  }
  return next;
};

/** An INSERT of ours whose answer was lost. */
export const afterLostInsert = (state: SpillState, shard: number): SpillState =>
  changed(state, shard, () => ({ doubt: 'ask' }));

/** What has to be asked for the shards that might be let go; the versions say for which state the answers count. */
export interface StickyPlan {
  readonly doubts: boolean;
  readonly unseen: readonly number[];
  readonly check: readonly { readonly shard: number; readonly seq: bigint; readonly xid: string }[];
  readonly versions: ReadonlyMap<number, number>;
}

const isSettled = (sticky: StickyShard): boolean => sticky.open === 0 && !sticky.unseen && sticky.doubt === undefined;

export const planCheck = (state: SpillState): StickyPlan => ({
  doubts: [...state.values()].some((sticky) => sticky.doubt !== undefined),
  unseen: [...state].filter(([, sticky]) => sticky.unseen && sticky.doubt === undefined).map(([shard]) => shard),
  check: [...state].flatMap(([shard, sticky]) => {
    if (!isSettled(sticky)) return [];
    const xids = sticky.xids.length === 0 ? [NO_XID] : sticky.xids;
    return xids.map((xid) => ({ shard, seq: sticky.seq, xid }));
  }),
  versions: new Map([...state].map(([shard, sticky]) => [shard, sticky.version])),
});

const unchanged = (plan: StickyPlan, shard: number, sticky: StickyShard): boolean =>
  plan.versions.get(shard) === sticky.version;

/** A snapshot taken after the plan: doubts get their X, or end and leave the shard unseen. */
export const afterSnapshot = (
  state: SpillState,
  plan: StickyPlan,
  snapshot: { xmin: string; xmax: string },
): SpillState => {
  let next = state;
  for (const [shard, sticky] of state) {
    const { doubt } = sticky;
    if (doubt === undefined || !unchanged(plan, shard, sticky)) continue;
    if (doubt === 'ask') next = changed(next, shard, () => ({ doubt: { xid: snapshot.xmax } }));
    else if (BigInt(snapshot.xmin) > BigInt(doubt.xid))
      next = changed(next, shard, () => ({ doubt: undefined, unseen: true }));
  }
  return next;
};

/** The greatest `seq` of unseen shards; a shard that is missing has no row. */
export const afterGreatest = (
  state: SpillState,
  plan: StickyPlan,
  greatest: ReadonlyMap<number, bigint>,
): SpillState => {
  let next = state;
  for (const shard of plan.unseen) {
    const sticky = state.get(shard);
    if (sticky === undefined || !unchanged(plan, shard, sticky)) continue;
    const seq = greatest.get(shard) ?? 0n;
    next = changed(next, shard, () => ({ unseen: false, seq: seq > sticky.seq ? seq : sticky.seq }));
  }
  return next;
};

/** Lets go what was checked, is not said to be sticky, and has not changed since. */
export const afterCheck = (state: SpillState, plan: StickyPlan, stillSticky: ReadonlySet<number>): SpillState => {
  const next = new Map(state);
  for (const { shard } of plan.check) {
    const sticky = state.get(shard);
    if (sticky !== undefined && unchanged(plan, shard, sticky) && !stillSticky.has(shard)) next.delete(shard);
  }
  return next;
};
