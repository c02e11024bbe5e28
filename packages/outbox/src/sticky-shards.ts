import type { Clock } from '@busbar/retry';

import type { InsertedRow } from './append.ts';
import type { Queryable } from './ports.ts';
import { bigintIn, numberIn, textIn } from './row-reader.ts';
import { inSchema } from './schema-name.ts';
import {
  afterCheck,
  afterDefer,
  afterGreatest,
  afterInsert,
  afterLostInsert,
  afterSnapshot,
  afterStart,
  afterVerdict,
  planCheck,
  type SpillState,
  type StickyPlan,
} from './spill.ts';

/** The shards that stay sticky: not visible yet, or a row up to `seq` is left. Both parts see one snapshot. */
const CHECK_SQL = `select distinct s.shard from unnest($1::int2[], $2::int8[], $3::text[]::xid8[]) as s (shard, seq, xid)
 where not pg_visible_in_snapshot(s.xid, pg_current_snapshot()) or exists (select from busbar.outbox o where o.shard = s.shard and o.seq <= s.seq)`;

const GREATEST_SQL = `select s.shard, o.seq::text as seq from unnest($1::int2[]) as s (shard)
 cross join lateral (select max(seq) as seq from busbar.outbox where shard = s.shard) o where o.seq is not null`;

const SNAPSHOT_SQL = `select pg_snapshot_xmin(pg_current_snapshot())::text as xmin, pg_snapshot_xmax(pg_current_snapshot())::text as xmax`;

const ALL_SHARDS_SQL = `select s.shard, o.seq::text as seq from generate_series(0, 63) as s (shard)
 cross join lateral (select max(seq) as seq from busbar.outbox where shard = s.shard) o where o.seq is not null`;

/** A check is made at most this often, and only while a sticky shard has traffic. */
const CHECK_INTERVAL_MS = 50;

const shardsOf = (rows: readonly { shard: number }[]): ReadonlySet<number> => new Set(rows.map((row) => row.shard));

/** The shell of `spill.ts`: asks the database when a sticky shard has traffic. */
export class StickyShards {
  #state: SpillState = new Map();
  #checkedAtMs = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | undefined;
  #loaded: Promise<void> | undefined;
  readonly #o: {
    readonly write: Queryable;
    readonly schema: string;
    readonly clock: Clock;
    readonly onError: (error: unknown) => void;
  };

  constructor(o: {
    readonly write: Queryable;
    readonly schema: string;
    readonly clock: Clock;
    readonly onError: (error: unknown) => void;
  }) {
    this.#o = o;
  }

  get size(): number {
    return this.#state.size;
  }

  inserted(rows: readonly InsertedRow[]): void {
    this.#state = afterInsert(this.#state, rows);
  }

  lostInsert(shard: number): void {
    this.#state = afterLostInsert(this.#state, shard);
  }

  /** The hooks of deferred records. */
  deferred(records: readonly { shard: number }[]): { committed(): void; rolledBack(): void; unknown(): void } {
    const shards = shardsOf(records);
    this.#state = afterDefer(this.#state, shards);
    return {
      committed: () => {
        this.#state = afterVerdict(this.#state, shards, 'committed');
      },
      rolledBack: () => {
        this.#state = afterVerdict(this.#state, shards, 'rolled-back');
      },
      unknown: () => {
        this.#state = afterVerdict(this.#state, shards, 'unknown');
      },
    };
  }

  /** Order holds across restarts: what is in the table when the process starts goes first. Concurrent calls share one statement. */
  async load(): Promise<void> {
    this.#loaded ??= this.#load().catch((error: unknown) => {
      this.#loaded = undefined;
      throw error;
    });
    await this.#loaded;
  }

  async #load(): Promise<void> {
    const { rows } = await this.#o.write.query(inSchema(ALL_SHARDS_SQL, this.#o.schema), []);
    this.#state = afterStart(
      this.#state,
      rows.map((row) => ({ shard: numberIn(row, 'shard'), seq: bigintIn(row, 'seq') })),
    );
  }

  /** Whether a direct publish of the shard has to go to the outbox. A check that fails means yes. */
  async isSticky(shard: number): Promise<boolean> {
    if (!(await this.#isLoaded())) return true;
    if (!this.#state.has(shard)) return false;
    if (this.#running === undefined && this.#o.clock.now() - this.#checkedAtMs < CHECK_INTERVAL_MS) return true;
    this.#running ??= this.#check().finally(() => {
      this.#running = undefined;
    });
    await this.#running;
    return this.#state.has(shard);
  }

  async #isLoaded(): Promise<boolean> {
    try {
      await this.load();
      return true;
    } catch (error) {
      this.#o.onError(error);
      return false;
    }
  }

  async #check(): Promise<void> {
    this.#checkedAtMs = this.#o.clock.now();
    try {
      if (planCheck(this.#state).doubts) await this.#askSnapshot(planCheck(this.#state));
      if (planCheck(this.#state).unseen.length > 0) await this.#askGreatest(planCheck(this.#state));
      if (planCheck(this.#state).check.length > 0) await this.#askSticky(planCheck(this.#state));
    } catch (error) {
      this.#o.onError(error);
    }
  }

  async #askSnapshot(plan: StickyPlan): Promise<void> {
    const [row] = (await this.#o.write.query(SNAPSHOT_SQL, [])).rows;
    this.#state = afterSnapshot(this.#state, plan, { xmin: textIn(row, 'xmin'), xmax: textIn(row, 'xmax') });
  }

  async #askGreatest(plan: StickyPlan): Promise<void> {
    const { rows } = await this.#o.write.query(inSchema(GREATEST_SQL, this.#o.schema), [plan.unseen]);
    const greatest = new Map(rows.map((row) => [numberIn(row, 'shard'), bigintIn(row, 'seq')]));
    this.#state = afterGreatest(this.#state, plan, greatest);
  }

  async #askSticky({ check, ...plan }: StickyPlan): Promise<void> {
    const values = [check.map(({ shard }) => shard), check.map(({ seq }) => String(seq)), check.map(({ xid }) => xid)];
    const { rows } = await this.#o.write.query(inSchema(CHECK_SQL, this.#o.schema), values);
    this.#state = afterCheck(this.#state, { check, ...plan }, new Set(rows.map((row) => numberIn(row, 'shard'))));
  }
}
