import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { manualClock } from '@busbar-tooling/test-kit/manual-clock';
import { describe, expect, onTestFinished, test } from 'vitest';

import { Holders } from '../src/holders.ts';
import { Housekeeper } from '../src/housekeeper.ts';
import type { ResolvedLeak } from '../src/leak.ts';
import { createCounters } from '../src/stats.ts';
import { containing } from './matchers.ts';

const listen = (): unknown[] => {
  const heard: unknown[] = [];
  const on = (message: unknown, name: string | symbol) => heard.push([name, message]);
  for (const event of ['leak', 'leak-cleared']) subscribe(`busbar:postgres:${event}`, on);
  onTestFinished(() => {
    for (const event of ['leak', 'leak-cleared']) unsubscribe(`busbar:postgres:${event}`, on);
  });
  return heard;
};

const setUp = (own: Partial<ResolvedLeak> = {}) => {
  const clock = manualClock();
  const counters = createCounters();
  const reclaimed: object[] = [];
  const connection = { busy: false, use: { leasedMs: 0 } };
  const holders = new Holders<typeof connection>({
    pool: 'p',
    clock,
    housekeeper: new Housekeeper({ clock, timers: clock.timers }),
    counters,
    leak: { warnAfterMs: 1_000, stack: 'never', reclaimAfterMs: 0, ...own },
    reclaim: (taken) => {
      reclaimed.push(taken);
      holders.lose(taken);
    },
  });
  const begin = (label: string, watched = true) =>
    holders.begin(connection, { slot: 1, label, watched, trace: holders.trace(label, 0) });
  return { clock, counters, reclaimed, connection, holders, begin, heard: listen() };
};

describe('R-PG-7 holders', () => {
  test('a hold becomes a leak once, behind warnAfterMs, and is cleared when it is given back', async () => {
    const { clock, counters, connection, holders, begin, heard } = setUp();
    begin('slow');
    await clock.advance(950);
    expect([holders.leaked, heard]).toEqual([0, []]);
    await clock.advance(50);
    await clock.advance(5_000);
    expect([holders.leaked, counters.leaks]).toEqual([1, 1]);
    expect(holders.reports()).toEqual([{ label: 'slow', heldMs: 6_000 }]);
    expect(holders.giveBack(connection)).toMatchObject({ slot: 1, label: 'slow' });
    expect(holders.giveBack(connection)).toBeUndefined();
    expect(heard).toEqual([
      ['busbar:postgres:leak', { pool: 'p', label: 'slow', heldMs: 1_000 }],
      ['busbar:postgres:leak-cleared', { pool: 'p', label: 'slow', heldMs: 6_000 }],
    ]);
    expect([holders.leaked, connection.use.leasedMs, counters.leasedMs]).toEqual([0, 6_000, 6_000]);
  });

  test('the stack of the label is taken once it was held for half of warnAfterMs', async () => {
    const { clock, connection, holders, begin, heard } = setUp({ stack: 'adaptive' });
    begin('slow');
    await clock.advance(500);
    holders.giveBack(connection);
    begin('slow');
    await clock.advance(1_000);
    expect(heard).toMatchObject([['busbar:postgres:leak', { stack: containing('holders.test.ts') }]]);
    expect(holders.reports()).toMatchObject([{ stack: containing('holders.test.ts') }]);
  });

  test('what nobody holds for long costs no event, and one timer for all', async () => {
    const { clock, connection, holders, begin, heard } = setUp();
    for (let n = 0; n < 100; n += 1) {
      begin('quick');
      holders.giveBack(connection);
    }
    expect(clock.pending()).toBe(1);
    await clock.advance(1_000);
    expect([clock.pending(), heard]).toEqual([0, []]);
    begin('query', false);
    expect(clock.pending()).toBe(0); // its statement has a deadline
    begin('quick');
    holders.rest();
    expect(clock.pending()).toBe(0);
  });

  test('each hold has its own time', async () => {
    const { clock, holders, begin, reclaimed, connection } = setUp({ reclaimAfterMs: 2_000 });
    const late = { busy: false, use: { leasedMs: 0 } };
    begin('early');
    await clock.advance(600);
    holders.begin({ ...late, use: { leasedMs: 0 } }, { slot: 3, label: 'query', watched: false, trace: undefined });
    holders.begin(late, { slot: 2, label: undefined, watched: true, trace: undefined });
    await clock.advance(600);
    expect([holders.leaked, holders.reports().map(({ label }) => label)]).toEqual([1, ['early', 'query', 'unlabeled']]);
    await clock.advance(800);
    expect([holders.leaked, reclaimed]).toEqual([1, [connection]]);
    await clock.advance(600);
    expect(reclaimed).toEqual([connection, late]);
  });

  test('reclaimAfterMs takes the connection away, but not while a statement runs', async () => {
    const { clock, connection, holders, begin, reclaimed, heard } = setUp({ reclaimAfterMs: 2_000 });
    begin('lost');
    connection.busy = true;
    await clock.advance(2_500);
    expect(reclaimed).toEqual([]);
    connection.busy = false;
    await clock.advance(50);
    expect(reclaimed).toEqual([connection]);
    expect([holders.leaked, holders.has(connection), clock.pending()]).toEqual([0, false, 0]);
    expect(heard).toHaveLength(1); // it was not given back
  });
});
