import { seededRandom } from '@busbar-tooling/test-kit/seeded-random';
import { describe, expect, test } from 'vitest';

import {
  afterCheck,
  afterDefer,
  afterGreatest,
  afterInsert,
  afterLostInsert,
  afterSnapshot,
  afterStart,
  afterVerdict,
  MAX_XIDS,
  NO_XID,
  planCheck,
  type SpillState,
} from '../src/spill.ts';

const EMPTY: SpillState = new Map();

describe('a sticky shard', () => {
  test('is let go when it was checked and is not sticky any more', () => {
    const state = afterInsert(EMPTY, [{ shard: 1, seq: 5n, xid: '10' }]);
    const plan = planCheck(state);
    expect(plan.check).toEqual([{ shard: 1, seq: 5n, xid: '10' }]);
    expect(afterCheck(state, plan, new Set([1])).has(1)).toBe(true);
    expect(afterCheck(state, plan, new Set()).has(1)).toBe(false);
  });

  test('is kept by a check that began before its last change', () => {
    const state = afterInsert(EMPTY, [{ shard: 1, seq: 5n, xid: '10' }]);
    const plan = planCheck(state);
    const changed = afterInsert(state, [{ shard: 1, seq: 6n, xid: '11' }]);
    expect(afterCheck(changed, plan, new Set()).has(1)).toBe(true);
  });

  test('with deferred records waits for the verdict, and then for the greatest seq', () => {
    let state = afterDefer(EMPTY, [1]);
    expect(planCheck(state).check).toEqual([]);
    state = afterVerdict(state, [1], 'committed');
    const plan = planCheck(state);
    expect(plan.unseen).toEqual([1]);
    state = afterGreatest(state, plan, new Map([[1, 9n]]));
    expect(planCheck(state).check).toEqual([{ shard: 1, seq: 9n, xid: NO_XID }]);
  });

  test('with deferred records that rolled back is free at the next check', () => {
    const state = afterVerdict(afterDefer(EMPTY, [1]), [1], 'rolled-back');
    expect(afterCheck(state, planCheck(state), new Set()).size).toBe(0);
  });

  test('in doubt waits until every transaction that could hold its record has ended', () => {
    let state = afterVerdict(afterDefer(EMPTY, [1]), [1], 'unknown');
    expect(planCheck(state)).toMatchObject({ doubts: true, check: [], unseen: [] });
    state = afterSnapshot(state, planCheck(state), { xmin: '90', xmax: '100' });
    state = afterSnapshot(state, planCheck(state), { xmin: '100', xmax: '120' });
    expect(planCheck(state).doubts).toBe(true);
    state = afterSnapshot(state, planCheck(state), { xmin: '101', xmax: '120' });
    expect(planCheck(state)).toMatchObject({ doubts: false, unseen: [1] });
  });

  test('with a lost insert is in doubt, and with rows from before needs no transaction to end', () => {
    expect(planCheck(afterLostInsert(EMPTY, 3)).doubts).toBe(true);
    expect(planCheck(afterStart(EMPTY, [{ shard: 3, seq: 4n }])).check).toEqual([{ shard: 3, seq: 4n, xid: NO_XID }]);
  });

  test('of very many transactions remembers the greatest only', () => {
    let state = EMPTY;
    for (let xid = 1; xid <= MAX_XIDS + 1; xid += 1)
      state = afterInsert(state, [{ shard: 1, seq: BigInt(xid), xid: String(xid) }]);
    expect(state.get(1)).toMatchObject({ xids: [], doubt: { xid: String(MAX_XIDS + 1) }, seq: BigInt(MAX_XIDS + 1) });
  });
});

/**
 * I11 in a model: one process publishes events of one key, each after the one before it is resolved; by a transaction (seen or deferred,
 * committed or rolled back) or directly. A relay delivers the table in `seq` order at its own pace. The log has to be in the order of
 * the calls.
 */
class SpillModel {
  readonly log: number[] = [];
  readonly expected: number[] = [];
  readonly #rows = new Map<bigint, number>();
  readonly #random: () => number;
  readonly #isSticky: () => boolean;
  #open: { readonly xid: string } | undefined;
  #state: SpillState = EMPTY;
  #seq = 0n;
  #events = 0;

  constructor(seed: number, o: { neverSticky?: boolean }) {
    this.#random = seededRandom(seed);
    this.#isSticky = () => o.neverSticky !== true && this.#state.has(0);
  }

  deliver(): boolean {
    const [lowest] = [...this.#rows.keys()].toSorted((a, b) => Number(a - b));
    if (lowest === undefined) return false;
    this.log.push(this.#rows.get(lowest) ?? -1);
    return this.#rows.delete(lowest);
  }

  #check(): void {
    const highest = [...this.#rows.keys()].reduce((a, b) => (a > b ? a : b), 0n);
    this.#state = afterGreatest(this.#state, planCheck(this.#state), new Map(highest === 0n ? [] : [[0, highest]]));
    const plan = planCheck(this.#state);
    const isLeft = (seq: bigint): boolean => [...this.#rows.keys()].some((row) => row <= seq);
    const sticky = plan.check.some(({ xid, seq }) => this.#open?.xid === xid || isLeft(seq));
    this.#state = afterCheck(this.#state, plan, new Set(sticky ? [0] : []));
  }

  #insert(o: { commits: boolean; deferred: boolean }): void {
    this.#seq += 1n;
    const xid = String(this.#seq + 100n);
    if (o.deferred) this.#state = afterDefer(this.#state, [0]);
    else this.#state = afterInsert(this.#state, [{ shard: 0, seq: this.#seq, xid }]);
    this.#open = { xid };
    if (this.#random() < 0.3) this.#check();
    if (this.#random() < 0.3) this.deliver();
    this.#open = undefined;
    if (o.commits) this.#rows.set(this.#seq, this.#events);
    if (o.deferred) this.#state = afterVerdict(this.#state, [0], o.commits ? 'committed' : 'rolled-back');
  }

  publish(): void {
    this.#events += 1;
    const direct = this.#random() < 0.6;
    const commits = direct || this.#random() < 0.8;
    if (commits) this.expected.push(this.#events);
    if (direct && !this.#isSticky()) this.log.push(this.#events);
    else this.#insert({ commits, deferred: !direct && this.#random() < 0.5 });
  }

  step(): void {
    const dice = this.#random();
    if (dice < 0.3) this.deliver();
    else if (dice < 0.4) this.#check();
    else this.publish();
  }
}

const isOrdered = (seed: number, o: { neverSticky?: boolean } = {}): boolean => {
  const model = new SpillModel(seed, o);
  for (let step = 0; step < 60; step += 1) model.step();
  while (model.deliver());
  return model.log.join() === model.expected.join();
};

const seeds = Array.from({ length: 500 }, (_, index) => index + 1);

describe('I11 direct publishes and transactions of one process', () => {
  test('keep the order of the calls', () => {
    expect(seeds.filter((seed) => !isOrdered(seed))).toEqual([]);
  });

  test('lose it without stickiness', () => {
    expect(seeds.some((seed) => !isOrdered(seed, { neverSticky: true }))).toBe(true);
  });
});
