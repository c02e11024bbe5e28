import { manualClock } from '@busbar-tooling/test-kit/manual-clock';
import { expect, test } from 'vitest';

import { Housekeeper } from '../src/housekeeper.ts';

const setUp = () => {
  const clock = manualClock();
  const housekeeper = new Housekeeper({ clock, timers: clock.timers });
  const fired: [name: string, atMs: number][] = [];
  const entry = (name: string, dueAtMs: number, again?: number) => {
    const made = {
      dueAtMs,
      onDue: (nowMs: number) => {
        fired.push([name, nowMs]);
        if (again === undefined) housekeeper.delete(made);
        else made.dueAtMs = nowMs + again;
      },
    };
    housekeeper.add(made);
    return made;
  };
  return { clock, housekeeper, fired, entry };
};

test('a limit takes effect within 50 ms behind its time, never before it', async () => {
  const { clock, fired, entry } = setUp();
  entry('a', 101);
  entry('b', 100);
  await clock.advance(100);
  expect(fired).toEqual([['b', 100]]);
  await clock.advance(50);
  expect(fired).toEqual([
    ['b', 100],
    ['a', 150],
  ]);
});

test('one timer serves all, and none is armed while nothing can be due', async () => {
  const { clock, housekeeper, entry } = setUp();
  const far = entry('far', 10_000);
  const near = entry('near', 40);
  expect(clock.pending()).toBe(1);
  housekeeper.delete(near);
  housekeeper.delete(far);
  expect(clock.pending()).toBe(0);
  entry('parked', Number.POSITIVE_INFINITY);
  expect(clock.pending()).toBe(0);
});

test('an entry may come back, and may be lowered', async () => {
  const { clock, housekeeper, fired, entry } = setUp();
  entry('again', 50, 100);
  const lowered = entry('lowered', 5_000);
  lowered.dueAtMs = 60;
  housekeeper.add(lowered);
  await clock.advance(260);
  expect(fired).toEqual([
    ['again', 50],
    ['lowered', 100],
    ['again', 150],
    ['again', 250],
  ]);
});

test('an entry that another one deleted does not fire', async () => {
  const { clock, housekeeper, fired, entry } = setUp();
  const victim = { dueAtMs: 50, onDue: () => void fired.push(['victim', 0]) };
  housekeeper.add({ dueAtMs: 50, onDue: () => housekeeper.delete(victim) });
  housekeeper.add(victim);
  entry('other', 50);
  await clock.advance(50);
  expect(fired).toEqual([['other', 50]]);
});
