import { manualClock } from '@busbar-tooling/test-kit/manual-clock';
import { describe, expect, test } from 'vitest';

import { Execution, type ExecutionRequest } from '../src/execution.ts';
import { Housekeeper } from '../src/housekeeper.ts';

/** An execution whose turn has come, and what it asked of its connection. */
const running = (own: Partial<ExecutionRequest>) => {
  const clock = manualClock();
  const asked: string[] = [];
  const execution = new Execution(
    { build: () => [], deadlineAtMs: 100, atLimit: 'cancel', ...own },
    {
      clock,
      housekeeper: new Housekeeper({ clock, timers: clock.timers }),
      commitGraceMs: 200,
      leave: () => asked.push('leave'),
      cancel: () => asked.push('cancel'),
      destroy: (reason) => asked.push(`destroy ${reason}`),
    },
  );
  execution.begin(clock.now());
  return { clock, asked, execution };
};
const answer = { results: [], written: true, status: 'I' } as const;

describe('the limits of a group', () => {
  test('D6 a caller whose limit passed is let go after one sweep; a later abort, and the answer, change nothing for him', async () => {
    const caller = new AbortController();
    const { clock, asked, execution } = running({ signal: caller.signal });
    await clock.advance(100);
    caller.abort();
    expect([asked, execution.isSettled]).toEqual([['cancel'], false]);
    await clock.advance(50);
    expect(await execution.settled).toMatchObject({ stopped: 'deadline', written: true, status: null });
    execution.answer(answer);
    await execution.answered;
    expect(await execution.settled).toMatchObject({ status: null });
    expect([asked, clock.pending()]).toEqual([['cancel'], 0]);
  });

  test('a verdict within the sweep is the one he gets, with the limit that passed', async () => {
    const { clock, execution } = running({});
    await clock.advance(120);
    execution.answer(answer);
    expect(await execution.settled).toEqual({ ...answer, stopped: 'deadline' });
  });

  test('D5 a COMMIT is never cancelled: behind its grace the connection is destroyed', async () => {
    const { clock, asked, execution } = running({ atLimit: 'commit-grace' });
    expect(execution.cancellable).toBe(false);
    await clock.advance(299);
    expect(asked).toEqual([]);
    await clock.advance(51);
    expect([asked, execution.isSettled]).toEqual([['destroy error'], false]);
  });

  test('what is cleaned up in the background is destroyed at its limit', async () => {
    const { clock, asked } = running({ atLimit: 'destroy' });
    await clock.advance(150);
    expect(asked).toEqual(['destroy error']);
  });
});
