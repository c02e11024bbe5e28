import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { manualClock } from '@busbar-tooling/test-kit/manual-clock';
import { describe, expect, onTestFinished, test } from 'vitest';

import { Holders, type Holdable } from '../src/holders.ts';
import { Housekeeper } from '../src/housekeeper.ts';
import type { ResolvedLeak } from '../src/leak.ts';
import type { Slot } from '../src/lease-model.ts';
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

const slot: Slot = {
  id: 1,
  generation: 1,
  state: 'leased',
  sinceMs: 0,
  lastUsedAtMs: 0,
  retireAtMs: 9e9,
  dueAtMs: 9e9,
};
const holdable = (): Holdable & { busy: boolean } => ({ busy: false, use: { leasedMs: 0 }, hold: undefined });

const setUp = (own: Partial<ResolvedLeak> = {}) => {
  const clock = manualClock();
  const counters = createCounters();
  const reclaimed: object[] = [];
  const connection = holdable();
  const connections = [connection];
  const holders = new Holders<Holdable & { busy: boolean }>({
    pool: 'p',
    connections: () => connections,
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
    holders.begin(connection, { ...holdNow(), label, watched, trace: holders.trace(label, 0, clock.now()) });
  const holdNow = () => ({ slot, sinceMs: clock.now(), trace: undefined });
  const giveBack = () => holders.giveBack(connection, clock.now());
  return { clock, counters, reclaimed, connection, connections, holders, holdNow, begin, giveBack, heard: listen() };
};

describe('R-PG-7 holders', () => {
  test('a hold becomes a leak once, behind warnAfterMs, and is cleared when it is given back', async () => {
    const { clock, counters, connection, giveBack, holders, begin, heard } = setUp();
    begin('slow');
    await clock.advance(950);
    expect([holders.leaked, heard]).toEqual([0, []]);
    await clock.advance(50);
    await clock.advance(5_000);
    expect([holders.leaked, counters.leaks]).toEqual([1, 1]);
    expect(holders.reports()).toEqual([{ label: 'slow', heldMs: 6_000 }]);
    expect(giveBack()).toMatchObject({ slot: { id: 1 }, label: 'slow' });
    expect(giveBack()).toBeUndefined();
    expect(heard).toEqual([
      ['busbar:postgres:leak', { pool: 'p', label: 'slow', heldMs: 1_000 }],
      ['busbar:postgres:leak-cleared', { pool: 'p', label: 'slow', heldMs: 6_000 }],
    ]);
    expect([holders.leaked, connection.use.leasedMs, counters.leasedMs]).toEqual([0, 6_000, 6_000]);
  });

  test('the stack of the label is taken once it was held for half of warnAfterMs', async () => {
    const { clock, giveBack, holders, begin, heard } = setUp({ stack: 'adaptive' });
    begin('slow');
    await clock.advance(500);
    giveBack();
    begin('slow');
    await clock.advance(1_000);
    expect(heard).toMatchObject([['busbar:postgres:leak', { stack: containing('holders.test.ts') }]]);
    expect(holders.reports()).toMatchObject([{ stack: containing('holders.test.ts') }]);
  });

  test('what nobody holds for long costs no event, and one timer for all', async () => {
    const { clock, giveBack, holders, begin, heard } = setUp();
    for (let n = 0; n < 100; n += 1) {
      begin('quick');
      giveBack();
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
    const { clock, holders, holdNow, begin, reclaimed, connection, connections } = setUp({ reclaimAfterMs: 2_000 });
    const late = holdable();
    const query = holdable();
    connections.push(query, late);
    begin('early');
    await clock.advance(600);
    holders.begin(query, { ...holdNow(), label: 'query', watched: false });
    holders.begin(late, { ...holdNow(), label: undefined, watched: true });
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
    expect([holders.leaked, connection.hold, clock.pending()]).toEqual([0, undefined, 0]);
    expect(heard).toHaveLength(1); // it was not given back
  });
});
