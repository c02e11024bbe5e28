import { manualClock } from '@busbar-tooling/test-kit/manual-clock';
import { expect, test } from 'vitest';

import { Housekeeper } from '../src/housekeeper.ts';
import type { LeaseEvent } from '../src/lease-model.ts';
import { resolvePostgresOptions } from '../src/resolve-options.ts';
import { SlotLife } from '../src/slot-life.ts';
import { createCounters } from '../src/stats.ts';

test('what the core still wants of a slot that is gone is neither done nor answered', async () => {
  const clock = manualClock();
  const told: LeaseEvent[] = [];
  const lives = new SlotLife({
    options: resolvePostgresOptions({ host: 'h', database: 'd', user: 'u', clock, timers: clock.timers }),
    counters: createCounters(),
    source: { open: () => expect.unreachable('nothing is opened') },
    housekeeper: new Housekeeper({ clock, timers: clock.timers }),
    emit: (event) => told.push(event),
    onFailure: () => undefined,
    onFailover: () => undefined,
    onBroken: () => undefined,
    setupSession: () => ({ query: () => Promise.reject(new Error('nobody is set up')) }),
  });
  await Promise.all([lives.probe(7), lives.reset(7)]);
  lives.retire(7, { do: 'destroy', reason: 'idle' });
  lives.cancel(7);
  expect([told, lives.records(), lives.connectionOf(7)]).toEqual([[], [], undefined]);
});
