import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { GroupPlan } from '../src/group-plan.ts';
import { emptyResult, type StatementResult } from '../src/pipeline.ts';
import { rowShape, type RowShape } from '../src/row-decoder.ts';
import { StatementCache, type StatementCounters, type StatementPlan } from '../src/statement-cache.ts';

const counters = (): StatementCounters => ({ hits: 0, misses: 0, evicted: 0, reprepared: 0 });

interface Failure {
  readonly failAt: number;
  readonly parseFails: boolean;
}

/** What the server knows: a name is prepared by Parse, dropped by Close, and unknown otherwise. Notes what goes against the rules. */
class Session {
  readonly names = new Map<string, string>();
  readonly faults: string[] = [];

  /** Runs a group as `GroupPlan` sends it. */
  run(cache: StatementCache, texts: readonly string[], o: Failure & { nowMs: number }): void {
    const statements = texts.map((text) => ({ text, values: [], rowLimit: 0, prefix: 'bb' }));
    const plan = new GroupPlan(cache, statements, { nowMs: o.nowMs, split: false });
    for (const name of plan.closing) this.names.delete(name);
    let completed = 0;
    while (
      completed < texts.length &&
      this.#runs(plan.statements[completed], texts[completed] ?? '', { ...o, completed })
    )
      completed += 1;
    const results = texts.slice(0, completed).map(resultOf);
    plan.settle({ results, error: completed < texts.length ? new Error('refused') : undefined });
  }

  #runs(plan: StatementPlan | undefined, text: string, o: Failure & { completed: number }): boolean {
    const { name = '', parse = true, shape } = plan ?? {};
    const fails = o.completed === o.failAt;
    if (parse && fails && o.parseFails) return false;
    if (parse && this.names.has(name)) this.faults.push(`${name} was prepared twice`);
    if (parse) this.names.set(name, text);
    if (this.names.get(name) !== text) this.faults.push(`${name} is not ${text}`);
    if (shape !== undefined) this.#describes(shape, text);
    return !fails;
  }

  #describes({ fields }: RowShape, text: string): void {
    if (fields[0]?.name !== text) this.faults.push(`${text} has columns of another`);
  }
}

/** One column, named as the text. */
const resultOf = (text: string): StatementResult => ({
  ...emptyResult(),
  shape: rowShape([{ name: text, dataTypeID: 23, format: 'text' }]),
});

describe('R-PG-6 S1 the statement cache of a connection', () => {
  test('a name always means its own text, and the server never holds more than the limit and one group', () => {
    const group = fc.record({
      texts: fc.array(
        fc.integer({ min: 0, max: 12 }).map((n) => `select ${n}`),
        { minLength: 1, maxLength: 5 },
      ),
      failAt: fc.integer({ min: 0, max: 12 }),
      parseFails: fc.boolean(),
      passMs: fc.integer({ min: 0, max: 60 }),
      discards: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.constantFrom(0, 100),
        fc.array(group, { maxLength: 80, size: 'max' }),
        (cacheSize, ttlMs, groups) => {
          const counted = counters();
          const cache = new StatementCache({ cacheSize, ttlMs }, counted);
          const session = new Session();
          let nowMs = 0;
          let planned = 0;
          for (const { texts, passMs, discards, ...how } of groups) {
            nowMs += passMs;
            planned += texts.length;
            session.run(cache, texts, { ...how, nowMs });
            if (discards) {
              session.names.clear();
              cache.clear();
            }
            expect(session.faults).toEqual([]);
            expect(cache.size).toBeLessThanOrEqual(cacheSize);
            expect(session.names.size).toBeLessThanOrEqual(cacheSize + 2 * 5);
          }
          expect(counted.hits + counted.misses).toBe(planned);
        },
      ),
    );
  });

  test('what was not used for longest makes room, and is closed by the next group', () => {
    const counted = counters();
    const cache = new StatementCache({ cacheSize: 2, ttlMs: 0 }, counted);
    const plan = (text: string) => cache.plan(text, 'bb', 0);
    expect(['a', 'b', 'a', 'c', 'a', 'b'].map((text) => plan(text))).toEqual([
      { name: 'bb_1', parse: true },
      { name: 'bb_2', parse: true },
      { name: 'bb_1', parse: false },
      { name: 'bb_3', parse: true },
      { name: 'bb_1', parse: false },
      { name: 'bb_4', parse: true },
    ]);
    expect(cache.takeClosing()).toEqual(['bb_2', 'bb_3']);
    expect(cache.takeClosing()).toEqual([]);
    expect(counted).toEqual({ hits: 2, misses: 4, evicted: 2, reprepared: 0 });
  });

  test('S2 a statement is prepared anew when its time is up', () => {
    const cache = new StatementCache({ cacheSize: 2, ttlMs: 100 }, counters());
    const at = (nowMs: number) => cache.plan('a', 'own', nowMs);
    expect([at(0), at(99), at(100)].map(({ name }) => name)).toEqual(['own_1', 'own_1', 'own_2']);
    expect(cache.takeClosing()).toEqual(['own_1']);
  });

  test('without a prefix or without room nothing has a name, and what is not known can be forgotten', () => {
    const cache = new StatementCache({ cacheSize: 1, ttlMs: 0 }, counters());
    const none = new StatementCache({ cacheSize: 0, ttlMs: 0 }, counters());
    expect(cache.plan('a', undefined, 0)).toEqual({ name: '', parse: true });
    expect(none.plan('a', 'bb', 0)).toEqual({ name: '', parse: true });
    cache.forget('a');
    expect(cache.takeClosing()).toEqual([]);
    cache.plan('a', 'bb', 0);
    cache.forget('a');
    expect(cache.takeClosing()).toEqual(['bb_1']);
  });
});
