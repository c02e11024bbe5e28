import { getEventListeners } from 'node:events';

import { manualClock, settle } from '@busbar-tooling/test-kit/manual-clock';
import { AbortedError } from '@busbar/errors';
import { deadlineAfter, sleep, systemClock, systemTimers } from '@busbar/retry';
import { describe, expect, it } from 'vitest';

describe('sleep', () => {
  it('resolves when the time has passed, not before, and leaves no listener', async () => {
    const clock = manualClock();
    const { signal } = new AbortController();
    const sleeping = sleep(50, { timers: clock.timers, signal });
    await clock.advance(49);
    expect(clock.pending()).toBe(1);
    await clock.advance(1);
    await expect(sleeping).resolves.toBeUndefined();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('rejects at once when its signal is aborted, with the reason as the cause, and leaves no timer', async () => {
    const clock = manualClock();
    const controller = new AbortController();
    const reason = new Error('enough');
    const sleeping = sleep(50, { timers: clock.timers, signal: controller.signal });
    controller.abort(reason);
    await expect(sleeping).rejects.toThrow(AbortedError);
    await expect(sleeping).rejects.toMatchObject({ code: 'BUSBAR_ABORTED', cause: reason, outcome: 'not-sent' });
    expect(clock.pending()).toBe(0);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  });

  it('does not begin with an aborted signal', async () => {
    const clock = manualClock();
    await expect(sleep(50, { timers: clock.timers, signal: AbortSignal.abort('no') })).rejects.toMatchObject({
      cause: 'no',
    });
    expect(clock.pending()).toBe(0);
  });

  it('R-STD-3 refuses a time that no timer can keep', async () => {
    for (const ms of [-1, Number.NaN, 2_147_483_648]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other is clearer when one fails
      await expect(sleep(ms)).rejects.toMatchObject({ code: 'BUSBAR_RETRY_OPTIONS' });
    }
  });

  it('uses the timers of the process unless told otherwise', async () => {
    await expect(sleep(1)).resolves.toBeUndefined();
  });
});

describe('system clock and timers', () => {
  it('the clock never goes back', () => {
    const first = systemClock.now();
    expect(systemClock.now()).toBeGreaterThanOrEqual(first);
  });

  it('a cleared timer does not fire, and clearing what is no timer does nothing', async () => {
    let fired = false;
    const handle = systemTimers.set(() => {
      fired = true;
    }, 0);
    systemTimers.clear(handle);
    systemTimers.clear(undefined);
    systemTimers.clear(5);
    systemTimers.clear({});
    await sleep(5);
    await settle();
    expect(fired).toBe(false);
  });
});

describe('deadline', () => {
  it('counts down on its clock and expires exactly at its time', async () => {
    const clock = manualClock(1_000);
    const deadline = deadlineAfter(100, clock);
    expect(deadline.atMs).toBe(1_100);
    await clock.advance(99);
    expect([deadline.remainingMs(), deadline.expired()]).toEqual([1, false]);
    await clock.advance(1);
    expect([deadline.remainingMs(), deadline.expired()]).toEqual([0, true]);
    await clock.advance(1);
    expect([deadline.remainingMs(), deadline.expired()]).toEqual([0, true]);
  });

  it('may be endless, and takes the clock of the process unless told otherwise', () => {
    const deadline = deadlineAfter(Number.POSITIVE_INFINITY);
    expect([deadline.remainingMs(), deadline.expired()]).toEqual([Number.POSITIVE_INFINITY, false]);
  });

  it('R-STD-3 a deadline refuses a time out of range', () => {
    for (const ms of [-1, Number.NaN, 2_147_483_648]) {
      expect(() => deadlineAfter(ms)).toThrow('must be 0..2147483647 or Infinity');
    }
  });
});
