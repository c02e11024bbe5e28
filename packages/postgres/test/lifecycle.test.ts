import { manualClock } from '@busbar-tooling/test-kit/manual-clock';
import { expect, test } from 'vitest';

import { Lifecycle, PhaseClock, type ConnectionRecord } from '../src/lifecycle.ts';

const record = (id: string): ConnectionRecord => ({
  id,
  host: 'h',
  pid: 1,
  generation: 1,
  createdAtMs: 0,
  tcpMs: 0,
  tlsMs: 0,
  authMs: 0,
  setupMs: 0,
  uses: 0,
  activeMs: 0,
  idleMs: 0,
  waitMs: 0,
  bytesRead: 0,
  bytesWritten: 0,
});

test('R-PG-7 the last 256 ended connections are remembered, the oldest first', () => {
  const lifecycle = new Lifecycle();
  for (let n = 0; n < 300; n += 1) lifecycle.note(record(String(n)));
  expect([lifecycle.ended.length, lifecycle.ended[0]?.id, lifecycle.ended.at(-1)?.id]).toEqual([256, '44', '299']);
});

test('R-PG-7 each step of opening is timed from the end of the one before', async () => {
  const clock = manualClock(1_000);
  const phases = new PhaseClock(clock);
  for (const [step, ms] of [
    ['tcpMs', 3],
    ['authMs', 5],
    ['setupMs', 2],
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await clock.advance(ms);
    phases.end(step);
  }
  await clock.advance(100);
  expect(phases.phases).toEqual({ tcpMs: 3, tlsMs: 0, authMs: 5, setupMs: 2 });
  expect([phases.startedAtMs, phases.totalMs]).toEqual([1_000, 10]);
});
